//! From PandaDoc's JSON to the core types.

use crate::wire;
use workspace_members_core::{
    EmailAddress, Identity, InvalidId, Mark, Member, MemberKey, MembershipId, NativeRole, RecordKey,
    RoleTable, Status, User, UserId, Workspace, WorkspaceId,
};

/// A record lacks what it cannot be used without. Skipping it would make a list look complete that is not.
#[derive(Debug)]
pub(crate) struct Incomplete(String);

impl Incomplete {
    /// The record is of somebody else.
    pub(crate) fn other_user() -> Self {
        Self("the answer is about another user than the one asked for".to_owned())
    }

    pub(crate) fn message(self) -> String {
        self.0
    }
}

impl From<InvalidId> for Incomplete {
    fn from(error: InvalidId) -> Self {
        // Without the text: whatever a server puts in place of an id belongs in no log.
        Self(format!("the answer cannot be read: an id in it is not valid: {}", error.why()))
    }
}

fn needed(value: Option<String>, field: &str) -> Result<String, Incomplete> {
    value.ok_or_else(|| Incomplete(format!("the answer cannot be read: a record has no {field}")))
}

/// All memberships of one user, or only those in one workspace.
pub(crate) fn members(
    wire: wire::User,
    of: Option<&WorkspaceId>,
    roles: &RoleTable,
) -> Result<(RecordKey, Vec<Member>), Incomplete> {
    let person = UserId::new(needed(wire.user_id, "user_id")?)?;
    let (email, name) = (email(wire.email), name(wire.first_name, wire.last_name));
    let marks = marks(wire.is_organization_owner, wire.license.as_deref());
    let mut members = Vec::new();
    for membership in wire.workspaces.unwrap_or_default() {
        let workspace = WorkspaceId::new(needed(membership.workspace_id, "workspace_id")?)?;
        if of.is_some_and(|wanted| *wanted != workspace) {
            continue;
        }
        let id = membership.membership_id.map(MembershipId::new).transpose()?;
        let key = MemberKey::new(workspace, person.clone()).with_membership(id);
        let member = Member::new(key, NativeRole::new(needed(membership.role, "role")?), roles)
            .with_email(email.clone())
            .with_name(name.clone());
        let member = member.with_license(wire.license.clone());
        members.push(marks.iter().copied().fold(member, Member::with_mark));
    }
    Ok((RecordKey::of(&person), members))
}

/// A promotion of whoever has a Guest licence makes it a full one, and buys a seat if none is free.
fn marks(organization_owner: Option<bool>, license: Option<&str>) -> Vec<Mark> {
    let guest = license.is_some_and(|license| license.eq_ignore_ascii_case("guest"));
    let owner = (organization_owner == Some(true)).then_some(Mark::AccountOwner);
    owner.into_iter().chain(guest.then_some(Mark::SeatOnPromotion)).collect()
}

pub(crate) fn user(wire: wire::User) -> Result<User, Incomplete> {
    let marks = marks(wire.is_organization_owner, wire.license.as_deref());
    let user = User::new(UserId::new(needed(wire.user_id, "user_id")?)?)
        .with_email(email(wire.email))
        .with_name(name(wire.first_name, wire.last_name))
        .with_license(wire.license);
    Ok(marks.into_iter().fold(user, User::with_mark))
}

pub(crate) fn workspace(wire: wire::Workspace) -> Result<Workspace, Incomplete> {
    let id = WorkspaceId::new(needed(wire.id, "id")?)?;
    Ok(Workspace::new(id, wire.name.unwrap_or_default()).with_owner(email(wire.owner)))
}

/// A member of the key's own workspace, whose id the provider does not say.
pub(crate) fn details(
    wire: wire::Details,
    workspace: &WorkspaceId,
    roles: &RoleTable,
) -> Result<Member, Incomplete> {
    let person = UserId::new(needed(wire.user_id, "user_id")?)?;
    let id = wire.membership_id.map(MembershipId::new).transpose()?;
    let key = MemberKey::new(workspace.clone(), person).with_membership(id);
    let status = match wire.is_active {
        Some(true) => Status::Active,
        Some(false) => Status::Inactive,
        None => Status::Unknown,
    };
    let member = Member::new(key, NativeRole::new(needed(wire.role, "role")?), roles)
        .with_email(email(wire.email))
        .with_name(name(wire.first_name, wire.last_name))
        .with_status(status);
    let marks = marks(None, wire.user_license.as_deref());
    Ok(marks.into_iter().fold(member.with_license(wire.user_license), Member::with_mark))
}

pub(crate) fn identity(wire: wire::Details) -> Result<Identity, Incomplete> {
    Ok(Identity::new(UserId::new(needed(wire.user_id, "user_id")?)?)
        .with_email(email(wire.email))
        .with_name(name(wire.first_name, wire.last_name)))
}

/// What a write answers. A field that it leaves out is as it was asked for, but an answer that shows neither membership
/// nor role (`{}`, `[]`) is anybody's and confirms nothing.
pub(crate) fn changed(
    wire: wire::Changed,
    key: &MemberKey,
    asked: &NativeRole,
    roles: &RoleTable,
) -> Result<Member, Incomplete> {
    if wire.member_id.is_none() && wire.role.is_none() {
        return Err(Incomplete("the answer shows no member".to_owned()));
    }
    let id = wire.member_id.map(MembershipId::new).transpose()?.or_else(|| key.membership.clone());
    let key = MemberKey::new(key.workspace.clone(), key.principal.clone()).with_membership(id);
    let role = wire.role.map_or_else(|| asked.clone(), NativeRole::new);
    Ok(Member::new(key, role, roles)
        .with_email(email(wire.email))
        .with_name(name(wire.first_name, wire.last_name)))
}

/// An address that is not one is left out: it could not be found by, and is shown nowhere.
fn email(text: Option<String>) -> Option<EmailAddress> {
    EmailAddress::new(text?).ok()
}

fn name(first: Option<String>, last: Option<String>) -> Option<String> {
    let parts = [first, last].into_iter().flatten().filter(|part| !part.is_empty());
    let joined = parts.collect::<Vec<_>>().join(" ");
    (!joined.is_empty()).then_some(joined)
}
