//! See `workspace_members_decoders::plan`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| workspace_members_decoders::plan(data));
