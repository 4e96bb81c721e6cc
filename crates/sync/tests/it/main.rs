//! Plans made and carried out on accounts in memory.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::print_stderr, reason = "none of these is shipped")]

mod applies;
mod crashes;
mod faulty;
mod guards;
mod plans;
mod properties;
mod support;
