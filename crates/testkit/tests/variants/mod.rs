//! Providers that are not alike, made of the reference implementation: what they claim, and what only a wrapper can show,
//! such as a listing in parts.
#![allow(dead_code, reason = "each test file uses its own part of this")]

pub(crate) mod spoilt;

use async_trait::async_trait;
use std::sync::Arc;
use workspace_members_core::adapter::{Part, Parts};
use workspace_members_core::{
    AddMember, Behaviour, CancelInvitation, Capabilities, Capability, Cursor, DeleteUser, Error, ErrorKind,
    Evidence, Fit, Group, Identity, Invitation, Invite, Invited, ListOf, Member, NativeRole, Operation, Page,
    PageRequest, PrincipalId, PrincipalKind, Provider, RemoveMember, Resource, Result, Role, RolePolicy,
    RoleRow, RoleTable, SetRole, SetUserActive, User, Workspace, WorkspaceId, WorkspaceMembers,
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

fn github_account(lists_pending: bool) -> InMemoryHarness {
    let name = if lists_pending { "github teams, pending listed" } else { "github teams" };
    InMemoryHarness::with_capabilities(name, github_capabilities(lists_pending))
        .with_seedable(Seedable::Pending)
        .with_seedable(Seedable::RoleFixed)
}

/// GitHub's teams: the account, with members listed by role and reads that leave open what they did not find.
pub(crate) fn like_github(lists_pending: bool) -> Layered<InMemoryHarness> {
    Layered::new("by role", github_account(lists_pending), |members| Arc::new(ByRole { members })).bare()
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

/// Lists members by role, each role a request of its own with pages of its own, and says of a member who is not found
/// that the workspace, the user or the membership may be missing.
#[derive(Debug)]
pub(crate) struct ByRole {
    pub(crate) members: Arc<dyn WorkspaceMembers>,
}

/// The last is of all other roles.
const PARTS: [&str; 4] = ["admin", "write", "triage", ""];

impl ByRole {
    /// Everybody whom the account lists.
    pub(crate) async fn everybody(&self, of: &ListOf) -> Result<Vec<Member>> {
        let (mut all, mut request) = (Vec::new(), PageRequest::default());
        loop {
            let page = self.members.members_page(of, request).await?;
            all.extend(page.items);
            let Some(next) = page.next else { return Ok(all) };
            request = PageRequest::at(Some(next));
        }
    }

    /// A page of one part, as the provider answers a request for one role.
    pub(crate) fn part(&self, everybody: &[Member], part: &Part<'_>) -> Result<Page<Member>> {
        let named = |member: &&Member| {
            let role = member.native_role.as_str();
            role == part.name || (part.name.is_empty() && !PARTS.contains(&role))
        };
        let all: Vec<Member> = everybody.iter().filter(named).cloned().collect();
        let from = match &part.page.cursor {
            None => 0,
            Some(cursor) => {
                cursor.as_str().parse().map_err(|_| self.named(Error::invalid_input("no such page")))?
            }
        };
        let own = self.members.capabilities().page_size();
        let size = part.page.size.map_or(own, |size| size.min(own)).max(1) as usize;
        let items: Vec<Member> = all.iter().skip(from).take(size).cloned().collect();
        let next = (from + size < all.len()).then(|| Cursor::new((from + size).to_string()));
        Ok(Page::new(items).with_next(next))
    }

    pub(crate) fn parts(&self) -> Parts<'static> {
        const ALL: Parts<'static> = Parts::new(&PARTS);
        ALL
    }

    pub(crate) fn named(&self, error: Error) -> Error {
        error.with_operation(Operation::ListMembers).with_provider(self.members.provider())
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl WorkspaceMembers for ByRole {
    fn provider(&self) -> Provider {
        self.members.provider()
    }
    fn capabilities(&self) -> &Capabilities {
        self.members.capabilities()
    }
    async fn me(&self) -> Result<Identity> {
        self.members.me().await
    }
    async fn workspaces_page(&self, page: PageRequest) -> Result<Page<Workspace>> {
        self.members.workspaces_page(page).await
    }
    async fn users_page(&self, page: PageRequest) -> Result<Page<User>> {
        self.members.users_page(page).await
    }
    async fn groups_page(&self, page: PageRequest) -> Result<Page<Group>> {
        self.members.groups_page(page).await
    }
    async fn members_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Member>> {
        let everybody = self.everybody(of).await?;
        let part = self.parts().at(&page).map_err(|error| self.named(error))?;
        let page = self.parts().page(&part, self.part(&everybody, &part)?);
        // The whole listing's total, which the provider tells on the last page alone.
        let total = page.next.is_none().then_some(everybody.len() as u64);
        Ok(page.with_total(total))
    }
    async fn get(&self, workspace: &WorkspaceId, principal: &PrincipalId) -> Result<Option<Member>> {
        let got = self.members.get(workspace, principal).await;
        let nobody = match &got {
            Ok(found) => found.is_none(),
            Err(error) => error.kind() == ErrorKind::NotFound,
        };
        if !nobody {
            return got;
        }
        let who = match principal.kind() {
            PrincipalKind::Group => Resource::Group,
            _ => Resource::User,
        };
        let error = Error::not_found("Not Found", &[Resource::Workspace, who, Resource::Member]);
        Err(self.named(error).with_operation(Operation::Get))
    }
    async fn add(&self, request: &AddMember) -> Result<Member> {
        self.members.add(request).await
    }
    async fn set_role(&self, request: &SetRole) -> Result<Member> {
        self.members.set_role(request).await
    }
    async fn remove(&self, request: &RemoveMember) -> Result<()> {
        self.members.remove(request).await
    }
    async fn invite(&self, request: &Invite) -> Result<Invited> {
        self.members.invite(request).await
    }
    async fn invitations_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Invitation>> {
        self.members.invitations_page(of, page).await
    }
    async fn cancel_invitation(&self, request: &CancelInvitation) -> Result<()> {
        self.members.cancel_invitation(request).await
    }
    async fn set_user_active(&self, request: &SetUserActive) -> Result<User> {
        self.members.set_user_active(request).await
    }
    async fn delete_user(&self, request: &DeleteUser) -> Result<()> {
        self.members.delete_user(request).await
    }
}
