//! What takes several requests, written once for all providers, and the one resolver of outcomes.
//!
//! * [`WorkspaceMembersExt`] has the verbs, [`Guarded`] those that may take something away from somebody, with their guards.
//! * [`resolve`] decides what became of a write whose answer was lost: for the verbs, for retries and for plans.

mod bound;
mod ensure;
mod find;
mod guarded;
mod listing;
mod resolve;
mod role;
mod verbs;
mod write;

pub use bound::BoundWorkspace;
pub use ensure::{Ensured, IfPresent};
pub use find::read_member;
pub use guarded::Guarded;
pub use resolve::{Attempt, Verdict, resolve};
pub use verbs::WorkspaceMembersExt;
pub use write::{About, Write};
