//! See `workspace_members_decoders::cursor`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| workspace_members_decoders::cursor(data));
