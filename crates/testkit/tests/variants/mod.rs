//! Providers that are not alike, made of the reference implementation.
#![allow(dead_code, reason = "each test file uses its own part of this")]

pub(crate) mod spoilt;

use async_trait::async_trait;
use std::sync::Arc;
use workspace_members_core::{
    AddMember, Behaviour, Capabilities, Capability, Evidence, Fit, ListOf, Member, NativeRole, Page,
    PageRequest, PrincipalId, Provider, RemoveMember, Result, Role, RolePolicy, RoleRow, RoleTable,
    WorkspaceId, WorkspaceMembers,
};
use workspace_members_testkit::{InMemoryHarness, Layered, Seedable};

fn row(role: Role, native: &'static str, fit: Fit) -> RoleRow {
    RoleRow::new(role, NativeRole::from_static(native), fit)
}

fn claim_all_but(roles: RoleTable, absent: &[Capability]) -> Capabilities {
    Capabilities::new(Provider::from_static("made-up"), roles)
        .claim(Evidence::Documented, Capability::ALL)
        .without(absent, "left out by the test")
}

/// What no provider claims yet.
const LIFE_OF_USERS: [Capability; 5] = [
    Capability::InviteUser,
    Capability::ListInvitations,
    Capability::CancelInvitation,
    Capability::SetUserActive,
    Capability::DeleteUser,
];

/// Users only, addressed by membership ids, one owner whom nobody moves, custom roles that only a second step gives.
pub(crate) fn like_pandadoc() -> InMemoryHarness {
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
        Capability::ListPending,
        Capability::AddCustomRole,
    ];
    let capabilities = claim_all_but(roles, &[&absent[..], &LIFE_OF_USERS].concat())
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
pub(crate) fn like_paradigm() -> InMemoryHarness {
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
        Capability::ListPending,
        Capability::NotifyMember,
        Capability::NotifyAdmins,
    ];
    let capabilities = claim_all_but(roles, &[&absent[..], &LIFE_OF_USERS].concat())
        .with_behaviours(&[Behaviour::KeepsLastOwner])
        .with_page_size(2);
    InMemoryHarness::with_capabilities("no change of role in one step", capabilities)
}

/// Reads only, and only one page at a time; a policy that refuses what does not fit.
pub(crate) fn reads() -> InMemoryHarness {
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
    InMemoryHarness::with_capabilities("reads", capabilities)
}

/// Adds and removes, and cannot say whom it acts as.
pub(crate) fn acts_unknown() -> InMemoryHarness {
    let roles =
        RoleTable::new([row(Role::Owner, "lead", Fit::Exact), row(Role::Viewer, "reader", Fit::Exact)]);
    let claims = [
        Capability::ListWorkspaces,
        Capability::ListMembers,
        Capability::Roster,
        Capability::GetMember,
        Capability::AddUser,
        Capability::SetUserRole,
        Capability::RemoveUser,
    ];
    let capabilities =
        Capabilities::new(Provider::from_static("made-up"), roles.expect("one row for each role"))
            .claim(Evidence::Documented, &claims)
            .with_page_size(3);
    InMemoryHarness::with_capabilities("who acts unknown", capabilities)
}

/// What a team at GitHub is like: logins, additions that change roles and may invite, addresses that nobody sees.
pub(crate) fn github_capabilities(lists_pending: bool) -> Capabilities {
    let roles = RoleTable::new([
        row(Role::Owner, "admin", Fit::Exact),
        row(Role::Manager, "maintain", Fit::Narrower),
        row(Role::Editor, "write", Fit::Exact),
        row(Role::Viewer, "triage", Fit::Wider).read_only(),
        row(Role::Viewer, "read", Fit::Exact),
    ])
    .expect("one row that is written for each role");
    let mut absent = vec![
        Capability::SeeAddresses,
        Capability::ListGroups,
        Capability::AddGroup,
        Capability::SetGroupRole,
        Capability::RemoveGroup,
        Capability::ListAccountMembers,
        Capability::AddCustomRole,
        Capability::SetCustomRole,
        Capability::NotifyMember,
        Capability::NotifyAdmins,
    ];
    absent.extend(LIFE_OF_USERS);
    absent.extend((!lists_pending).then_some(Capability::ListPending));
    claim_all_but(roles, &absent)
        .with_behaviours(&[
            Behaviour::AddUpserts,
            Behaviour::UserIdsFoldCase,
            Behaviour::AddMayInvite,
            Behaviour::InvitationsMail,
        ])
        .with_page_size(3)
}

/// GitHub's teams: members are listed role by role, and a read leaves open what it did not find.
pub(crate) fn like_github(lists_pending: bool) -> InMemoryHarness {
    let name = if lists_pending { "github teams, pending listed" } else { "github teams" };
    InMemoryHarness::with_capabilities(name, github_capabilities(lists_pending))
        .with_seedable(Seedable::Pending)
        .with_seedable(Seedable::RoleFixed)
        .adjusted(|account| account.with_listings_in_parts().with_ambiguous_not_found())
}

/// SCIM's groups: one role, people and groups, ids that mean nothing.
pub(crate) fn like_scim() -> InMemoryHarness {
    let roles = RoleTable::new([row(Role::Viewer, "member", Fit::Exact)]).expect("one row");
    let claims = [
        Capability::ListWorkspaces,
        Capability::ListUsers,
        Capability::SeeAddresses,
        Capability::ListGroups,
        Capability::ListMembers,
        Capability::Roster,
        Capability::GetMember,
        Capability::AddUser,
        Capability::AddGroup,
        Capability::RemoveUser,
        Capability::RemoveGroup,
        Capability::InviteUser,
        Capability::SetUserActive,
        Capability::DeleteUser,
    ];
    let capabilities = Capabilities::new(Provider::from_static("made-up"), roles)
        .claim(Evidence::Documented, &claims)
        .with_behaviours(&[Behaviour::GroupsGrantAccess, Behaviour::AddUpserts])
        .with_page_size(3);
    InMemoryHarness::with_capabilities("scim groups", capabilities)
}

/// Everything that may become of a user, with invitations that are always mailed.
pub(crate) fn whole_life() -> InMemoryHarness {
    let roles = RoleTable::new([
        row(Role::Owner, "owner", Fit::Exact),
        row(Role::Editor, "editor", Fit::Exact),
        row(Role::Viewer, "viewer", Fit::Exact),
    ])
    .expect("one row for each role");
    let capabilities = claim_all_but(roles, &[Capability::AddCustomRole, Capability::SetCustomRole])
        .with_behaviours(&[Behaviour::AddMayInvite, Behaviour::InvitationsMail, Behaviour::KeepsLastOwner])
        .with_page_size(3);
    InMemoryHarness::with_capabilities("the whole life of users", capabilities)
        .with_seedable(Seedable::Pending)
        .with_seedable(Seedable::RoleFixed)
}

/// An adapter that writes no more than it must: what it does not claim is left to the default bodies.
pub(crate) fn only_what_must_be_written() -> Layered<InMemoryHarness> {
    let roles =
        RoleTable::new([row(Role::Owner, "lead", Fit::Exact), row(Role::Viewer, "reader", Fit::Exact)]);
    let claims =
        [Capability::ListMembers, Capability::GetMember, Capability::AddUser, Capability::RemoveUser];
    let capabilities =
        Capabilities::new(Provider::from_static("made-up"), roles.expect("one row for each role"))
            .claim(Evidence::Documented, &claims)
            .with_page_size(3);
    let account = InMemoryHarness::with_capabilities("four operations", capabilities);
    Layered::new("no more than must be written", account, |members| Arc::new(Required { members })).bare()
}

/// The methods without a default body.
#[derive(Debug)]
struct Required {
    members: Arc<dyn WorkspaceMembers>,
}

#[async_trait]
impl WorkspaceMembers for Required {
    fn provider(&self) -> Provider {
        self.members.provider()
    }
    fn capabilities(&self) -> &Capabilities {
        self.members.capabilities()
    }
    async fn members_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Member>> {
        self.members.members_page(of, page).await
    }
    async fn get(&self, workspace: &WorkspaceId, principal: &PrincipalId) -> Result<Option<Member>> {
        self.members.get(workspace, principal).await
    }
    async fn add(&self, request: &AddMember) -> Result<Member> {
        self.members.add(request).await
    }
    async fn remove(&self, request: &RemoveMember) -> Result<()> {
        self.members.remove(request).await
    }
}
