//! Clubhouse's JSON. Unknown fields are ignored; an id or address that is none makes the answer unreadable.

use serde::Deserialize;
use workspace_members_core::{EmailAddress, NativeRole, UserId, WorkspaceId};

#[derive(Deserialize)]
pub(crate) struct Listing<T> {
    pub(crate) items: Vec<T>,
    pub(crate) total: u64,
}

#[derive(Deserialize)]
pub(crate) struct Club {
    pub(crate) id: WorkspaceId,
    pub(crate) name: String,
}

#[derive(Deserialize)]
pub(crate) struct Person {
    pub(crate) id: UserId,
    pub(crate) email: EmailAddress,
}

#[derive(Deserialize)]
pub(crate) struct Seat {
    #[serde(flatten)]
    pub(crate) person: Person,
    pub(crate) role: NativeRole,
}
