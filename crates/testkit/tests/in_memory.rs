//! The reference implementation keeps every promise, whatever part of them it claims.

use workspace_members_core::{
    Behaviour, Capabilities, Capability, Evidence, Fit, NativeRole, Provider, Role, RolePolicy, RoleRow,
    RoleTable,
};
use workspace_members_testkit::InMemoryHarness;

fn row(role: Role, native: &'static str, fit: Fit) -> RoleRow {
    RoleRow::new(role, NativeRole::from_static(native), fit)
}

fn claim_all_but(roles: RoleTable, absent: &[Capability]) -> Capabilities {
    Capabilities::new(Provider::from_static("made-up"), roles)
        .claim(Evidence::Documented, Capability::ALL)
        .without(absent, "left out by the test")
}

/// Users only, addressed by membership ids, one owner whom nobody moves, custom roles that only a second step gives.
fn like_pandadoc() -> InMemoryHarness {
    let roles = RoleTable::new([
        row(Role::Owner, "Admin", Fit::Exact),
        row(Role::Manager, "Manager", Fit::Exact),
        row(Role::Editor, "Member", Fit::Narrower),
        row(Role::Viewer, "Collaborator", Fit::Incomparable),
    ])
    .expect("one row for each role")
    .with_custom_roles(true)
    .with_placeholder(NativeRole::from_static("Custom"));
    let absent = [
        Capability::ListGroups,
        Capability::AddGroup,
        Capability::SetGroupRole,
        Capability::RemoveGroup,
        Capability::ListMembers,
        Capability::AddCustomRole,
    ];
    let capabilities = claim_all_but(roles, &absent)
        .with_behaviours(&[
            Behaviour::MembershipIds,
            Behaviour::FixedWorkspaceOwner,
            Behaviour::KeepsLastOwner,
            Behaviour::KeyDiesWithMembership,
        ])
        .with_page_size(4);
    InMemoryHarness::with_capabilities("users by membership id", capabilities)
}

/// Users and groups, no change of role in one step, a role without a row.
fn like_paradigm() -> InMemoryHarness {
    let roles = RoleTable::new([
        row(Role::Owner, "owner", Fit::Exact),
        row(Role::Editor, "editor", Fit::Exact),
        row(Role::Viewer, "viewer", Fit::Exact),
    ])
    .expect("one row for each role");
    let absent = [
        Capability::SetUserRole,
        Capability::SetGroupRole,
        Capability::SetCustomRole,
        Capability::AddCustomRole,
        Capability::ListAccountMembers,
        Capability::NotifyMember,
        Capability::NotifyAdmins,
    ];
    let capabilities =
        claim_all_but(roles, &absent).with_behaviours(&[Behaviour::KeepsLastOwner]).with_page_size(2);
    InMemoryHarness::with_capabilities("no change of role in one step", capabilities)
}

/// Reads only, and only in parts; a policy that refuses what does not fit.
fn reads_in_parts() -> InMemoryHarness {
    let roles = RoleTable::new([
        row(Role::Owner, "boss", Fit::Wider),
        row(Role::Editor, "clerk", Fit::Exact),
        row(Role::Viewer, "guest", Fit::Narrower),
    ])
    .expect("one row for each role")
    .with_policy(RolePolicy::ExactOnly);
    let reads = [Capability::ListMembers, Capability::ListUsers];
    let capabilities = Capabilities::new(Provider::from_static("made-up"), roles)
        .claim(Evidence::Documented, &reads)
        .with_page_size(1);
    InMemoryHarness::with_capabilities("reads in parts", capabilities)
}

mod everything {
    workspace_members_testkit::conformance!(workspace_members_testkit::InMemoryHarness::new());
}

mod users_by_membership_id {
    workspace_members_testkit::conformance!(super::like_pandadoc());
}

mod no_change_of_role {
    workspace_members_testkit::conformance!(super::like_paradigm());
}

mod reads {
    workspace_members_testkit::conformance!(super::reads_in_parts());
}

mod through_two_wrappers {
    use std::sync::Arc;
    use workspace_members_testkit::{InMemoryHarness, Layered, Scripted};

    workspace_members_testkit::conformance!(
        Layered::new("scripted", InMemoryHarness::new(), |members| {
            Arc::new(Scripted::new(Scripted::new(members)))
        })
        .bare()
    );
}
