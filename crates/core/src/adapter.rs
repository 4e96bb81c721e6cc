//! What only implementors of [`WorkspaceMembers`](crate::WorkspaceMembers) need.
//!
//! * [`Capabilities::require`](crate::Capabilities::require) and the `check_*` methods refuse what is not claimed before a
//!   request is built, and [`confirm`](crate::Capabilities::confirm) compares the answer with what was asked.
//! * [`Record`] and [`RecordKey`] say what must not repeat within a listing.
//! * [`Parts`] chains the requests of a listing that takes several kinds of them. A listing may have [`MAX_PAGES`] pages, and
//!   [`MAX_EMPTY_PAGES`] in a row that are empty.

mod checks;
mod parts;

pub use crate::listing::{MAX_EMPTY_PAGES, MAX_PAGES};
pub use crate::page::{Record, RecordKey};
pub use crate::role::ResolvedRole;
pub use parts::{Part, Parts};
