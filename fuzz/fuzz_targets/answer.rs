//! See `workspace_members_decoders::answer`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| workspace_members_decoders::answer(data));
