//! See `workspace_members_decoders::journal`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| workspace_members_decoders::journal(data));
