//! See `workspace_members_tests::decoders::answer`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| workspace_members_tests::decoders::answer(data));
