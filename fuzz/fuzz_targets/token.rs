//! See `workspace_members_decoders::token`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| workspace_members_decoders::token(data));
