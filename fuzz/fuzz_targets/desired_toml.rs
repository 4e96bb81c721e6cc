//! See `workspace_members_decoders::desired_toml`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| workspace_members_decoders::desired_toml(data));
