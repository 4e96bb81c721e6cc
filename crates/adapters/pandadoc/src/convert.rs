//! From PandaDoc's JSON to the core types.

use crate::wire;
use workspace_members_core::adapter::RecordKey;
use workspace_members_core::{
    EmailAddress, Identity, InvalidId, Mark, Member, MemberKey, MembershipId, NativeRole, RoleTable, Status,
    User, UserId, Workspace, WorkspaceId,
};
use workspace_members_http::IdText;

/// Why an answer cannot be used: a record lacks something, for instance. Skipping it would make a list look complete that
/// is not.
#[derive(Debug)]
pub(crate) struct Incomplete(pub(crate) String);

impl From<InvalidId> for Incomplete {
    fn from(error: InvalidId) -> Self {
        // Without the text: what a server puts in place of an id belongs in no log.
        Self(format!("the answer cannot be read: an id in it is not valid: {}", error.why()))
    }
}

fn needed<T>(value: Option<T>, field: &str) -> Result<T, Incomplete> {
    value.ok_or_else(|| Incomplete(format!("the answer cannot be read: a record has no {field}")))
}

fn person(id: IdText) -> Result<UserId, Incomplete> {
    Ok(UserId::new(id.into_string())?)
}

fn membership(id: Option<IdText>) -> Result<Option<MembershipId>, Incomplete> {
    Ok(id.map(|id| MembershipId::new(id.into_string())).transpose()?)
}

/// Appends all memberships of one user, or only those in one workspace.
pub(crate) fn members(
    wire: wire::User,
    of: Option<&WorkspaceId>,
    roles: &RoleTable,
    members: &mut Vec<Member>,
) -> Result<RecordKey, Incomplete> {
    let person = person(wire.user_id)?;
    let record = RecordKey::of(&person);
    let (email, name) = (email(wire.email), name(wire.first_name, wire.last_name));
    let marks = marks(wire.is_organization_owner, wire.license.as_deref());
    // Who is in no workspace has an empty list. To take a missing one for that would show a member as removed.
    let memberships = needed(wire.workspaces, "workspaces")?;
    for one in memberships {
        let id = one.workspace_id;
        // Neighbours in a list are often in the same workspace, and then share its id.
        let known = of.or_else(|| members.last().map(|member| &member.key.workspace));
        let workspace = match known {
            Some(known) if known.as_str() == id.as_str() => known.clone(),
            _ => WorkspaceId::new(id.into_string())?,
        };
        if of.is_some_and(|asked| *asked != workspace) {
            continue;
        }
        let key = MemberKey::new(workspace, person.clone()).with_membership(membership(one.membership_id)?);
        let mut member = Member::new(key, roles.native(&needed(one.role, "role")?), roles)
            .with_email(email.clone())
            .with_name(name.clone())
            .with_license(wire.license.clone());
        member.marks.clone_from(&marks);
        members.push(member);
    }
    Ok(record)
}

/// A member of the key's own workspace, whose id the provider does not say.
pub(crate) fn details(
    wire: wire::Details,
    workspace: &WorkspaceId,
    roles: &RoleTable,
) -> Result<Member, Incomplete> {
    let person = person(wire.user_id)?;
    let key = MemberKey::new(workspace.clone(), person).with_membership(membership(wire.membership_id)?);
    let status = match wire.is_active {
        Some(true) => Status::Active,
        Some(false) => Status::Inactive,
        None => Status::Unknown,
    };
    let mut member = Member::new(key, roles.native(&needed(wire.role, "role")?), roles)
        .with_email(email(wire.email))
        .with_name(name(wire.first_name, wire.last_name))
        .with_status(status);
    member.marks = marks(None, wire.user_license.as_deref());
    Ok(member.with_license(wire.user_license))
}

pub(crate) fn workspace(wire: wire::Workspace) -> Result<Workspace, Incomplete> {
    let id = WorkspaceId::new(wire.id.into_string())?;
    let name = wire.name.unwrap_or_default();
    Ok(Workspace::new(id, name).with_owner(email(wire.owner)))
}

pub(crate) fn user(wire: wire::User) -> Result<User, Incomplete> {
    let marks = marks(wire.is_organization_owner, wire.license.as_deref());
    let mut user = User::new(person(wire.user_id)?)
        .with_email(email(wire.email))
        .with_name(name(wire.first_name, wire.last_name))
        .with_license(wire.license);
    user.marks = marks;
    Ok(user)
}

pub(crate) fn identity(wire: wire::Details) -> Result<Identity, Incomplete> {
    Ok(Identity::new(person(wire.user_id)?)
        .with_email(email(wire.email))
        .with_name(name(wire.first_name, wire.last_name)))
}

/// What a write answers. A field that it leaves out is as it was asked for, but an answer that shows neither membership
/// nor role (`{}`, `[]`) is anybody's and confirms nothing.
pub(crate) fn changed(
    wire: wire::Changed,
    mut key: MemberKey,
    asked: &NativeRole,
    roles: &RoleTable,
) -> Result<Member, Incomplete> {
    if wire.member_id.is_none() && wire.role.is_none() {
        return Err(Incomplete("the answer shows no member".to_owned()));
    }
    key.membership = membership(wire.member_id)?.or(key.membership);
    let role = wire.role.map_or_else(|| asked.clone(), |role| roles.native(&role));
    Ok(Member::new(key, role, roles)
        .with_email(email(wire.email))
        .with_name(name(wire.first_name, wire.last_name)))
}

/// Sorted. A promotion makes a Guest licence a full one, and buys a seat if none is free.
fn marks(organization_owner: Option<bool>, license: Option<&str>) -> Vec<Mark> {
    let mut marks = Vec::new();
    if organization_owner == Some(true) {
        marks.push(Mark::AccountOwner);
    }
    if license.is_some_and(|license| license.eq_ignore_ascii_case("guest")) {
        marks.push(Mark::SeatOnPromotion);
    }
    marks
}

/// An address that is not one is left out: it could not be found by, and is shown nowhere.
fn email(text: Option<String>) -> Option<EmailAddress> {
    EmailAddress::new(text?).ok()
}

fn name(first: Option<String>, last: Option<String>) -> Option<String> {
    let parts: Vec<_> = [first, last].into_iter().flatten().filter(|part| !part.is_empty()).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roles::roles;

    #[test]
    fn a_user_in_several_workspaces_is_the_same_in_each() {
        let membership = |of: &str, id: &str| {
            format!(r#"{{"role":"Member","workspace_id":"{of}","membership_id":"{id}"}}"#)
        };
        let user = |id: &str, memberships: &[String]| {
            let about = r#""email":"a@b","first_name":"A","license":"Guest","is_organization_owner":true"#;
            format!(r#"{{"user_id":"{id}",{about},"workspaces":[{}]}}"#, memberships.join(","))
        };
        let users = [
            user("u1", &[membership("W1", "m1"), membership("W2", "m2"), membership("W2", "m3")]),
            user("u2", &[membership("W2", "m4"), membership("W1", "m5")]),
        ];
        let read = |of: Option<&WorkspaceId>| {
            let mut all = Vec::new();
            for user in &users {
                let user = serde_json::from_str(user).unwrap();
                members(user, of, &roles(), &mut all).unwrap();
            }
            for member in &all {
                assert_eq!(member.email.as_ref().map(EmailAddress::as_str), Some("a@b"));
                assert_eq!((member.name.as_deref(), member.license.as_deref()), (Some("A"), Some("Guest")));
                assert_eq!(member.marks, [Mark::AccountOwner, Mark::SeatOnPromotion]);
            }
            let shown = all.iter().map(|member| {
                let MemberKey { workspace, principal, membership, .. } = &member.key;
                format!("{principal} {workspace} {}", membership.as_ref().unwrap())
            });
            shown.collect::<Vec<_>>()
        };
        let all = ["user:u1 W1 m1", "user:u1 W2 m2", "user:u1 W2 m3", "user:u2 W2 m4", "user:u2 W1 m5"];
        assert_eq!(read(None), all);
        assert_eq!(read(Some(&WorkspaceId::new("W1").unwrap())), [all[0], all[4]]);
    }
}
