//! The verbs of several requests, over a provider in memory that can be made to fail at will.
#![expect(clippy::unwrap_used, reason = "a fixture that cannot be built fails the test")]

use async_trait::async_trait;
use std::collections::VecDeque;
use std::sync::Mutex;
use workspace_members_core::{
    AddMember, Behaviour, Capabilities, Capability, Change, Cursor, Effect, EmailAddress, Error, ErrorKind,
    Evidence, Fit, Group, GroupId, Identity, IfPresent, InMemory, ListOf, Mark, Member, NativeRole,
    Operation, Page, PageRequest, PrincipalId, Protection, Provider, RemoveMember, Resource, Result, Role,
    RolePolicy, RoleRow, RoleTable, Roster, SetRole, Status, User, UserId, Workspace, WorkspaceId,
    WorkspaceMembers, WorkspaceMembersExt,
};

/// What happens to the next call of a write.
#[derive(Debug, Clone, Copy)]
enum Fault {
    /// It works.
    Pass,
    /// It is refused.
    Refuse,
    /// It takes effect, and the answer is lost.
    Lose,
    /// It takes effect, and cannot be recorded.
    Unrecorded,
    /// It is refused, and meanwhile somebody else adds the same user as a viewer.
    Overtaken,
}

type Twist = Box<dyn Fn(Page<Member>) -> Page<Member> + Send + Sync>;

/// An account that counts calls, fails writes on demand, and may show other pages than it has.
struct Twisted {
    inner: InMemory,
    adds: Mutex<VecDeque<Fault>>,
    removes: Mutex<VecDeque<Fault>>,
    pages: Option<Twist>,
    writes: Mutex<Vec<String>>,
    may_list_users: bool,
    /// Listings under way now, and the most there ever were.
    listings: Mutex<(usize, usize)>,
}

impl std::fmt::Debug for Twisted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inner.fmt(f)
    }
}

impl Twisted {
    fn new(inner: InMemory) -> Self {
        let none = || Mutex::new(VecDeque::new());
        let (writes, listings) = (Mutex::default(), Mutex::default());
        let may_list_users = true;
        Self { inner, adds: none(), removes: none(), pages: None, writes, may_list_users, listings }
    }

    fn adds(self, faults: &[Fault]) -> Self {
        *self.adds.lock().unwrap() = faults.iter().copied().collect();
        self
    }

    fn removes(self, faults: &[Fault]) -> Self {
        *self.removes.lock().unwrap() = faults.iter().copied().collect();
        self
    }

    fn pages(mut self, twist: impl Fn(Page<Member>) -> Page<Member> + Send + Sync + 'static) -> Self {
        self.pages = Some(Box::new(twist));
        self
    }

    fn writes(&self) -> Vec<String> {
        self.writes.lock().unwrap().clone()
    }
}

fn refused() -> Error {
    Error::new(ErrorKind::Unavailable, Effect::NotApplied, "out of order")
}

fn unrecorded() -> Error {
    let error = Error::new(ErrorKind::RecordFailed, Effect::Partial, "the audit log does not say so");
    error.with_done(vec!["the change".to_owned()])
}

fn lost() -> Error {
    Error::new(ErrorKind::Timeout, Effect::Unknown, "no answer came in time")
}

#[async_trait]
impl WorkspaceMembers for Twisted {
    fn provider(&self) -> Provider {
        self.inner.provider()
    }
    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }
    async fn me(&self) -> Result<Identity> {
        self.inner.me().await
    }
    async fn workspaces_page(&self, page: PageRequest) -> Result<Page<Workspace>> {
        self.inner.workspaces_page(page).await
    }
    async fn users_page(&self, page: PageRequest) -> Result<Page<User>> {
        if !self.may_list_users {
            let error = Error::new(ErrorKind::Forbidden, Effect::Rejected, "it takes an administrator");
            return Err(error.with_operation(Operation::ListUsers));
        }
        self.inner.users_page(page).await
    }
    async fn groups_page(&self, page: PageRequest) -> Result<Page<Group>> {
        self.inner.groups_page(page).await
    }
    async fn members_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Member>> {
        {
            let (now, most) = &mut *self.listings.lock().unwrap();
            *now += 1;
            *most = (*most).max(*now);
        }
        tokio::task::yield_now().await;
        self.listings.lock().unwrap().0 -= 1;
        let page = self.inner.members_page(of, page).await?;
        Ok(match &self.pages {
            Some(twist) => twist(page),
            None => page,
        })
    }
    async fn get(&self, workspace: &WorkspaceId, principal: &PrincipalId) -> Result<Option<Member>> {
        self.inner.get(workspace, principal).await
    }
    async fn add(&self, request: &AddMember) -> Result<Member> {
        self.writes.lock().unwrap().push(format!("add {} {}", request.principal, request.role));
        let fault = self.adds.lock().unwrap().pop_front().unwrap_or(Fault::Pass);
        match fault {
            Fault::Pass => self.inner.add(request).await,
            Fault::Refuse => Err(refused()),
            Fault::Lose => self.inner.add(request).await.and(Err(lost())),
            Fault::Unrecorded => self.inner.add(request).await.and(Err(unrecorded())),
            Fault::Overtaken => {
                let mut other = request.clone();
                other.role = Role::Viewer;
                self.inner.add(&other).await.and(Err(refused()))
            }
        }
    }
    async fn set_role(&self, request: &SetRole) -> Result<Member> {
        self.writes.lock().unwrap().push(format!("set {} {}", request.key.principal, request.role));
        self.inner.set_role(request).await
    }
    async fn remove(&self, request: &RemoveMember) -> Result<()> {
        self.writes.lock().unwrap().push(format!("remove {}", request.key.principal));
        let fault = self.removes.lock().unwrap().pop_front().unwrap_or(Fault::Pass);
        match fault {
            Fault::Pass => self.inner.remove(request).await,
            Fault::Lose => self.inner.remove(request).await.and(Err(lost())),
            Fault::Unrecorded => self.inner.remove(request).await.and(Err(unrecorded())),
            _ => Err(refused()),
        }
    }
}

fn ws() -> WorkspaceId {
    WorkspaceId::from(1)
}

fn user(id: u64) -> PrincipalId {
    UserId::from(id).into()
}

fn native(role: &str) -> NativeRole {
    NativeRole::new(role)
}

fn roles() -> RoleTable {
    RoleTable::new([
        RoleRow::new(Role::Owner, native("boss"), Fit::Exact),
        RoleRow::new(Role::Editor, native("writer"), Fit::Exact),
        RoleRow::new(Role::Viewer, native("reader"), Fit::Narrower),
    ])
    .unwrap()
    .with_custom_roles(true)
    .with_placeholder(native("Custom"))
}

fn everything() -> Capabilities {
    Capabilities::new(Provider::from_static("example"), roles())
        .claim(Evidence::Documented, Capability::ALL)
        .with_behaviours(&[Behaviour::KeepsLastOwner, Behaviour::GroupsGrantAccess])
        .with_page_size(3)
}

/// Users 1 to 8 (1 acts), groups 1 and 2, a workspace of four members.
fn account(capabilities: Capabilities) -> InMemory {
    let mut account = InMemory::new(capabilities)
        .with_me(Identity::new(UserId::from(1)))
        .with_workspace(Workspace::new(ws(), "Legal"))
        .with_workspace(Workspace::new(WorkspaceId::from(2), "Sales"))
        .with_workspace(Workspace::new(WorkspaceId::from(3), "Sales"))
        .with_group(Group::new(GroupId::from(1), "All"))
        .with_group(Group::new(GroupId::from(2), "Some"));
    for id in 1..=8 {
        let email = EmailAddress::new(format!("u{id}@example.com")).unwrap();
        account = account
            .with_user(User::new(UserId::from(id)).with_email(Some(email)).with_status(Status::Active));
    }
    account
        .with_member(ws(), UserId::from(1), native("boss"))
        .with_member(ws(), UserId::from(2), native("boss"))
        .with_member(ws(), UserId::from(3), native("writer"))
        .with_member(ws(), GroupId::from(1), native("reader"))
}

#[tokio::test]
async fn a_roster_is_everybody_over_all_pages() {
    let account = account(everything());
    let roster = account.roster(&ws()).await.unwrap();
    assert_eq!(roster.len(), 4);
    assert_eq!(roster.get(&user(3)).unwrap().role, Role::Editor);
    assert_eq!(roster.get(&GroupId::from(1).into()).unwrap().role, Role::Viewer);
    assert_eq!(roster.owners().count(), 2);
    assert_eq!(roster.by_email(&EmailAddress::new("U3@EXAMPLE.com").unwrap()).count(), 1);
}

#[tokio::test]
async fn rosters_of_one_pass_equal_rosters_of_single_listings() {
    let one_pass = account(everything());
    let single = account(
        everything().without(&[Capability::ListAccountMembers], "each workspace has a list of its own"),
    );
    // One is empty, one is asked for twice.
    let ids = [ws(), WorkspaceId::from(2), ws()];
    assert_eq!(one_pass.rosters(&ids).await.unwrap(), single.rosters(&ids).await.unwrap());
}

#[tokio::test]
async fn rosters_are_read_side_by_side_within_a_bound_and_answered_in_order() {
    let mut inner = account(everything().without(&[Capability::ListAccountMembers], "none"));
    let ids: Vec<WorkspaceId> = (1..=80).rev().map(WorkspaceId::from).collect();
    for id in &ids {
        inner = inner.with_workspace(Workspace::new(id.clone(), "One of many"));
    }
    let account = Twisted::new(inner);
    let rosters = account.rosters(&ids).await.unwrap();
    assert!(rosters.iter().map(Roster::workspace).eq(&ids));
    assert_eq!(*account.listings.lock().unwrap(), (0, 32));
}

#[tokio::test]
async fn an_unknown_workspace_is_never_an_empty_roster() {
    for capabilities in [everything(), everything().without(&[Capability::ListAccountMembers], "none")] {
        let error = account(capabilities).roster(&WorkspaceId::from(9)).await.unwrap_err();
        assert_eq!((error.kind(), error.missing()), (ErrorKind::NotFound, &[Resource::Workspace][..]));
    }
}

#[tokio::test]
async fn a_listing_that_cannot_be_proven_complete_makes_no_roster() {
    let capabilities = everything().without(&[Capability::Roster], "it may be another workspace's");
    let error = account(capabilities).roster(&ws()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn whatever_is_wrong_with_pages_makes_no_roster() {
    let twists: Vec<(&str, ErrorKind, Twist)> = vec![
        ("the last page is missing", ErrorKind::ListingChanged, Box::new(|page| page.with_next(None))),
        (
            "the total disagrees",
            ErrorKind::ListingChanged,
            Box::new(|page| {
                let total = page.total.map(|total| total + 1);
                page.with_total(total)
            }),
        ),
        (
            "a cursor comes again",
            ErrorKind::UnexpectedResponse,
            Box::new(|page| Page::new(Vec::new()).with_next(Some(Cursor::new("0"))).with_total(page.total)),
        ),
        (
            "a member comes twice",
            ErrorKind::ListingChanged,
            Box::new(|mut page| {
                page.items.push(page.items[0].clone());
                Page::new(page.items).with_next(page.next)
            }),
        ),
    ];
    for (what, kind, twist) in twists {
        let account = Twisted::new(account(everything())).pages(twist);
        let error = account.roster(&ws()).await.expect_err(what);
        assert_eq!(error.kind(), kind, "{what}: {error}");
    }
}

#[tokio::test]
async fn empty_pages_do_not_end_a_listing_and_do_not_go_on_forever() {
    let counter = Mutex::new(0_u32);
    let endless = Twisted::new(account(everything())).pages(move |_| {
        let mut counter = counter.lock().unwrap();
        *counter += 1;
        Page::new(Vec::new()).with_next(Some(Cursor::new(counter.to_string())))
    });
    assert_eq!(endless.roster(&ws()).await.unwrap_err().kind(), ErrorKind::UnexpectedResponse);
}

#[tokio::test]
async fn a_listing_that_changed_once_is_read_again() {
    let first = Mutex::new(true);
    let moving = Twisted::new(account(everything())).pages(move |page| {
        if std::mem::take(&mut *first.lock().unwrap()) { page.with_total(Some(99)) } else { page }
    });
    assert_eq!(moving.roster(&ws()).await.unwrap().len(), 4);
}

#[tokio::test]
async fn the_workspaces_owner_is_marked() {
    let capabilities = everything().with_behaviours(&[Behaviour::FixedWorkspaceOwner]);
    let owner = EmailAddress::new("U2@example.com").unwrap();
    let account = account(capabilities).with_workspace(Workspace::new(ws(), "Legal").with_owner(Some(owner)));
    let roster = account.roster(&ws()).await.unwrap();
    assert!(roster.get(&user(2)).unwrap().is(Mark::Immovable));
    assert!(!roster.get(&user(1)).unwrap().is(Mark::Immovable));
    let error = account.remove_member(&ws(), &user(2)).await.unwrap_err();
    assert_eq!(error.protection(), Some(Protection::ProviderOwner));
}

#[tokio::test]
async fn ensure_adds_keeps_changes_or_fails() {
    let account = account(everything());
    let as_editor = |id| AddMember::new(ws(), UserId::from(id), Role::Editor);
    let added = account.ensure(&as_editor(4), IfPresent::Fail).await.unwrap();
    assert_eq!((added.change, added.member.role), (Change::Applied, Role::Editor));
    let again = account.ensure(&as_editor(4), IfPresent::SetRole).await.unwrap();
    assert_eq!(again.change, Change::Unchanged);
    let error = account.ensure(&as_editor(4), IfPresent::Fail).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyMember);
    let kept = account.ensure(&as_editor(2), IfPresent::Keep).await.unwrap();
    assert_eq!((kept.change, kept.member.role), (Change::Unchanged, Role::Owner));
    let changed = account.ensure(&as_editor(2), IfPresent::SetRole).await.unwrap();
    assert_eq!((changed.change, changed.member.role), (Change::Applied, Role::Editor));
}

#[tokio::test]
async fn ensure_never_removes_and_adds_unasked() {
    let capabilities = everything().without(&[Capability::SetUserRole], "no operation changes a role");
    let account = Twisted::new(account(capabilities));
    let request = AddMember::new(ws(), UserId::from(3), Role::Viewer);
    let error = account.ensure(&request, IfPresent::SetRole).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.message().contains("removing and adding"), "{error}");
    assert_eq!(account.writes(), ["add user:3 viewer"]);
    assert_eq!(account.get(&ws(), &user(3)).await.unwrap().unwrap().role, Role::Editor);
}

#[tokio::test]
async fn a_custom_role_that_adding_cannot_give_takes_two_steps() {
    let capabilities = everything().without(&[Capability::AddCustomRole], "only its own roles");
    let account = Twisted::new(account(capabilities));
    let role = Role::Custom(native("Legal review"));
    let ensured =
        account.ensure(&AddMember::new(ws(), UserId::from(5), role.clone()), IfPresent::Fail).await.unwrap();
    assert_eq!(ensured.member.role, role);
    assert_eq!(account.writes(), ["add user:5 native:reader", "set user:5 native:Legal review"]);
}

#[tokio::test]
async fn the_first_of_two_steps_is_taken_under_any_policy() {
    let roles = roles().with_policy(RolePolicy::ExactOnly);
    let capabilities =
        everything().with_roles(roles).without(&[Capability::AddCustomRole], "only its own roles");
    let role = Role::Custom(native("Legal review"));
    let request = AddMember::new(ws(), UserId::from(5), role.clone());
    let ensured = account(capabilities).ensure(&request, IfPresent::Fail).await.unwrap();
    assert_eq!(ensured.member.role, role);
}

#[tokio::test]
async fn the_first_of_two_steps_is_not_taken_where_the_second_is_impossible() {
    let capabilities =
        everything().without(&[Capability::AddCustomRole, Capability::SetGroupRole], "not for groups");
    let account = Twisted::new(account(capabilities));
    let request = AddMember::new(ws(), GroupId::from(2), Role::Custom(native("Legal review")));
    let error = account.ensure(&request, IfPresent::Fail).await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Unsupported, Some(Operation::Add)));
    assert!(account.writes().is_empty(), "{:?}", account.writes());
}

#[test]
fn a_placeholder_confirms_a_custom_role_and_no_other() {
    let capabilities = everything();
    let shown = || {
        let key = AddMember::new(ws(), UserId::from(5), Role::Viewer).key();
        Member::new(key, native("Custom"), capabilities.roles())
    };
    let confirm = |role| {
        let asked = capabilities.roles().resolve(&role).unwrap();
        capabilities.confirm(&asked, shown(), Operation::Add)
    };
    assert!(confirm(Role::Custom(native("Legal review"))).is_ok());
    assert_eq!(confirm(Role::Viewer).unwrap_err().kind(), ErrorKind::Unconfirmed);
}

#[tokio::test]
async fn what_is_missing_is_found_out_by_reading() {
    let account = account(everything());
    let vague = |resources: &[Resource]| Error::not_found("one of several", resources);
    let both = [Resource::Workspace, Resource::User];
    let key = |workspace, id| AddMember::new(workspace, UserId::from(id), Role::Viewer).key();
    let missing = |error: Error| error.missing().to_vec();
    let narrowed = account.narrow_not_found(vague(&both), &key(WorkspaceId::from(9), 1)).await;
    assert_eq!(missing(narrowed), [Resource::Workspace]);
    let narrowed = account.narrow_not_found(vague(&both), &key(ws(), 99)).await;
    assert_eq!(missing(narrowed), [Resource::User]);
    let narrowed =
        account.narrow_not_found(vague(&[Resource::Workspace, Resource::Member]), &key(ws(), 8)).await;
    assert_eq!(missing(narrowed), [Resource::Member]);
    let open = account.narrow_not_found(vague(&both), &key(ws(), 8)).await;
    assert_eq!(missing(open), both, "nothing is missing as far as can be seen, so nothing is claimed");
}

#[tokio::test]
async fn nothing_is_said_of_what_nobody_could_look_for() {
    let three = [Resource::Workspace, Resource::User, Resource::Member];
    let narrowed = async |without: &[Capability], id| {
        let account = account(everything().without(without, "it cannot be listed"));
        let key = AddMember::new(ws(), UserId::from(id), Role::Viewer).key();
        account.narrow_not_found(Error::not_found("one of several", &three), &key).await
    };
    let error = narrowed(&[Capability::ListWorkspaces], 8).await;
    assert_eq!(error.missing(), [Resource::Workspace, Resource::Member], "{error}");
    let error = narrowed(&[Capability::ListWorkspaces], 99).await;
    assert_eq!(error.missing(), [Resource::User], "{error}");
    let error = narrowed(&[Capability::ListUsers], 8).await;
    assert_eq!(error.missing(), [Resource::User, Resource::Member], "{error}");
    assert!(error.message().contains("workspace 1 exists"), "{error}");
    let error = narrowed(&[Capability::ListWorkspaces, Capability::ListUsers], 8).await;
    assert_eq!(error.missing(), three, "{error}");
    // Of two, the one that is left is not known to be missing: settling an interrupted change rests on that.
    for without in [Capability::ListWorkspaces, Capability::ListUsers] {
        let account = account(everything().without(&[without], "it cannot be listed"));
        let key = AddMember::new(ws(), UserId::from(8), Role::Viewer).key();
        let both = [Resource::Workspace, Resource::User];
        let error = account.narrow_not_found(Error::not_found("one of two", &both), &key).await;
        assert_eq!(error.missing(), both, "{error}");
        assert!(error.message().ends_with("exists"), "{error}");
    }
}

#[tokio::test]
async fn remove_then_add_changes_a_role_and_refuses_lockouts() {
    let capabilities = everything().without(&[Capability::SetUserRole], "no operation changes a role");
    let account = Twisted::new(account(capabilities));
    let changed = account.change_role_by_remove_then_add(&ws(), &user(3), &Role::Viewer).await.unwrap();
    assert_eq!(changed.member.role, Role::Viewer);
    assert_eq!(account.writes(), ["remove user:3", "add user:3 viewer"]);
    let same = account.change_role_by_remove_then_add(&ws(), &user(3), &Role::Viewer).await.unwrap();
    assert_eq!(same.change, Change::Unchanged);

    let me = account.change_role_by_remove_then_add(&ws(), &user(1), &Role::Viewer).await.unwrap_err();
    assert_eq!(me.protection(), Some(Protection::ActingIdentity));
    account.remove_member(&ws(), &user(1)).await.unwrap();
    let last = account.change_role_by_remove_then_add(&ws(), &user(2), &Role::Viewer).await.unwrap_err();
    assert_eq!(last.protection(), Some(Protection::LastOwner));
    assert_eq!(account.writes().len(), 3, "a refusal writes nothing");
}

#[tokio::test]
async fn a_group_through_which_the_key_may_own_is_not_taken_out() {
    let account = account(everything());
    account.remove_member(&ws(), &user(1)).await.unwrap();
    account.add(&AddMember::new(ws(), GroupId::from(2), Role::Owner)).await.unwrap();
    let group = GroupId::from(2).into();
    let error = account.change_role_by_remove_then_add(&ws(), &group, &Role::Viewer).await.unwrap_err();
    assert_eq!(error.protection(), Some(Protection::ActingIdentity));
}

#[tokio::test]
async fn a_failed_addition_puts_the_old_role_back() {
    let account = Twisted::new(account(everything())).adds(&[Fault::Refuse]);
    let error = account.change_role_by_remove_then_add(&ws(), &user(3), &Role::Viewer).await.unwrap_err();
    assert_eq!(error.effect(), Effect::NotApplied, "it may be asked again: the provider was out of order");
    assert_eq!(account.get(&ws(), &user(3)).await.unwrap().unwrap().role, Role::Editor);
}

#[tokio::test]
async fn nobody_is_removed_whose_role_could_not_be_given_back() {
    for (case, roles, capabilities) in [
        ("roles are fixed", roles().with_custom_roles(false), everything()),
        (
            "custom roles are given in a second step only",
            roles(),
            everything().without(&[Capability::AddCustomRole], "only its own roles"),
        ),
    ] {
        let account = account(capabilities.with_roles(roles));
        let account = Twisted::new(account.with_member(ws(), UserId::from(4), native("Legal review")));
        let error = account.change_role_by_remove_then_add(&ws(), &user(4), &Role::Viewer).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Unsupported, Effect::Rejected), "{case}");
        assert!(error.message().contains("could not be put back"), "{case}: {error}");
        assert!(account.writes().is_empty(), "{case}: {:?}", account.writes());
    }
}

#[tokio::test]
async fn whoever_is_found_inside_is_not_called_outside() {
    let account = Twisted::new(account(everything())).adds(&[Fault::Overtaken, Fault::Pass]);
    let changed = account.change_role_by_remove_then_add(&ws(), &user(3), &Role::Viewer).await.unwrap();
    assert_eq!((changed.change, changed.member.role), (Change::Applied, Role::Viewer));

    account.adds.lock().unwrap().push_back(Fault::Overtaken);
    let error = account.change_role_by_remove_then_add(&ws(), &user(2), &Role::Editor).await.unwrap_err();
    assert_eq!(error.effect(), Effect::NotApplied);
    assert!(error.message().contains("reader") && error.done().is_empty(), "{error:?}");
}

#[tokio::test]
async fn a_removal_that_could_not_be_recorded_leaves_nobody_out() {
    let account = Twisted::new(account(everything())).removes(&[Fault::Unrecorded]);
    let error = account.change_role_by_remove_then_add(&ws(), &user(3), &Role::Viewer).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::RecordFailed, Effect::Partial));
    assert_eq!(error.done().len(), 2, "{error:?}");
    let now = account.get(&ws(), &user(3)).await.unwrap().unwrap();
    assert_eq!(now.role, Role::Viewer);
}

#[tokio::test]
async fn a_lost_answer_is_settled_by_reading() {
    let account = Twisted::new(account(everything())).adds(&[Fault::Lose]).removes(&[Fault::Lose]);
    let changed = account.change_role_by_remove_then_add(&ws(), &user(3), &Role::Viewer).await.unwrap();
    assert_eq!(changed.member.role, Role::Viewer);
    assert_eq!(account.writes().len(), 2, "nothing was written twice");
}

#[tokio::test]
async fn a_verb_that_stopped_half_way_says_what_is_done() {
    let account = Twisted::new(account(everything())).adds(&[Fault::Refuse, Fault::Refuse]);
    let error = account.change_role_by_remove_then_add(&ws(), &user(3), &Role::Viewer).await.unwrap_err();
    assert_eq!(error.effect(), Effect::Partial);
    assert_eq!(error.done(), ["removed user:3 in workspace 1 (writer)"]);
    assert!(error.message().ends_with("so they are outside"), "{error}");
}

#[tokio::test]
async fn removing_twice_is_removed_once() {
    let account = account(everything());
    assert_eq!(account.remove_member(&ws(), &user(3)).await.unwrap(), Change::Applied);
    assert_eq!(account.remove_member(&ws(), &user(3)).await.unwrap(), Change::Unchanged);
    let error = account.remove_member(&WorkspaceId::from(9), &user(3)).await.unwrap_err();
    assert_eq!(error.missing(), [Resource::Workspace]);
}

#[tokio::test]
async fn the_provider_keeps_its_last_owner() {
    let account = account(everything());
    account.remove_member(&ws(), &user(2)).await.unwrap();
    let error = account.remove_member(&ws(), &user(1)).await.unwrap_err();
    assert_eq!((error.kind(), error.protection()), (ErrorKind::Protected, Some(Protection::LastOwner)));
    assert!(account.change_role(&ws(), &user(1), &Role::Viewer).await.is_err());
    assert_eq!(account.change_role(&ws(), &user(1), &Role::Owner).await.unwrap().change, Change::Unchanged);
}

#[tokio::test]
async fn people_and_workspaces_are_found_or_named_ambiguous() {
    let twin = EmailAddress::new("U3@Example.com").unwrap();
    let account = account(everything()).with_user(User::new(UserId::from(9)).with_email(Some(twin)));
    let find = |address: &str| EmailAddress::new(address).unwrap();
    assert_eq!(account.find_user(&find("U5@example.COM")).await.unwrap().id, UserId::from(5));
    assert_eq!(account.find_user(&find("u3@example.com")).await.unwrap_err().kind(), ErrorKind::Ambiguous);
    assert_eq!(account.find_user(&find("nobody@example.com")).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(account.find_workspace("Legal").await.unwrap().id, ws());
    assert_eq!(account.find_workspace("2").await.unwrap().id, WorkspaceId::from(2));
    let error = account.find_workspace("Sales").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous);
    assert!(error.message().contains("2, 3"), "{error}");
    assert_eq!(error.operation(), Some(Operation::ListWorkspaces));
    let error = account.find_user(&find("nobody@example.com")).await.unwrap_err();
    assert_eq!(error.operation(), Some(Operation::ListUsers));
}

#[tokio::test]
async fn what_is_not_claimed_is_refused_by_name() {
    let capabilities = everything().without(
        &[Capability::AddGroup, Capability::RemoveGroup, Capability::SetGroupRole, Capability::ListGroups],
        "Example has no groups",
    );
    let account = account(capabilities);
    let group = GroupId::from(1);
    let error = account.add(&AddMember::new(ws(), group.clone(), Role::Viewer)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "add at example: adding a group is not supported: Example has no groups; supported: adding a user"
    );
    assert_eq!(account.get(&ws(), &group.into()).await.unwrap_err().kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn membership_ids_are_needed_where_the_provider_goes_by_them() {
    let account = account(everything().with_behaviours(&[Behaviour::MembershipIds]));
    let bare = RemoveMember::new(AddMember::new(ws(), UserId::from(3), Role::Viewer).key());
    assert_eq!(account.remove(&bare).await.unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(account.remove_member(&ws(), &user(3)).await.unwrap(), Change::Applied);
}

#[tokio::test]
async fn a_key_can_die_with_its_users_membership() {
    let account = account(everything().with_behaviours(&[Behaviour::KeyDiesWithMembership]));
    assert_eq!(account.remove_member(&ws(), &user(1)).await.unwrap(), Change::Applied);
    assert_eq!(account.me().await.unwrap_err().kind(), ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn a_bound_workspace_speaks_of_people() {
    let account: std::sync::Arc<dyn WorkspaceMembers> = std::sync::Arc::new(account(everything()));
    let legal = account.workspace(ws());
    let bo = EmailAddress::new("u6@example.com").unwrap();
    assert!(legal.get(bo.clone()).await.unwrap().is_none());
    assert_eq!(legal.ensure(bo.clone(), Role::Editor).await.unwrap().change, Change::Applied);
    assert_eq!(legal.change_role(bo.clone(), Role::Viewer).await.unwrap().member.role, Role::Viewer);
    assert_eq!(legal.remove(bo.clone()).await.unwrap(), Change::Applied);
    assert_eq!(legal.roster().await.unwrap().len(), 4);
    let three = EmailAddress::new("u3@example.com").unwrap();
    let changed = legal.change_role_by_remove_then_add(three, Role::Viewer).await.unwrap();
    assert_eq!((changed.change, changed.member.role), (Change::Applied, Role::Viewer));
}

#[tokio::test]
async fn a_member_is_found_by_address_though_users_may_not_be_listed() {
    let mut account = Twisted::new(account(everything()));
    account.may_list_users = false;
    let legal = account.workspace(ws());
    let address = |text: &str| EmailAddress::new(text).unwrap();
    assert_eq!(legal.get(address("U3@example.com")).await.unwrap().unwrap().key.principal, user(3));
    assert_eq!(legal.remove(address("u3@example.com")).await.unwrap(), Change::Applied);
    // Whoever is not in the list may exist all the same.
    let error = legal.remove(address("u3@example.com")).await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Forbidden, Some(Operation::ListUsers)));
    let error = legal.ensure(address("u5@example.com"), Role::Viewer).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
}
