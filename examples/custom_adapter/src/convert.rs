//! From Clubhouse's JSON to the core types.

use crate::wire;
use workspace_members_core::{Identity, Member, MemberKey, RoleTable, User, Workspace, WorkspaceId};

pub(crate) fn member(club: &WorkspaceId, seat: wire::Seat, roles: &RoleTable) -> Member {
    let key = MemberKey::new(club.clone(), seat.person.id);
    Member::new(key, seat.role, roles).with_email(Some(seat.person.email))
}

pub(crate) fn workspace(club: wire::Club) -> Workspace {
    Workspace::new(club.id, club.name)
}

pub(crate) fn user(person: wire::Person) -> User {
    User::new(person.id).with_email(Some(person.email))
}

pub(crate) fn identity(me: wire::Person) -> Identity {
    Identity::new(me.id).with_email(Some(me.email))
}
