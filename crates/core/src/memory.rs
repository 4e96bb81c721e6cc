//! A whole provider in memory: the reference implementation, the model of the conformance suite, and a fake for tests.

mod calls;
mod people;
mod rules;
mod state;

use crate::{Capabilities, Group, Identity, Member, NativeRole, PrincipalId, User, Workspace, WorkspaceId};
use state::State;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A provider whose account lives in memory and behaves as its [`Capabilities`] say: what they do not claim is refused,
/// roles go through their table, and every [`Behaviour`](crate::Behaviour) they declare is obeyed.
///
/// * With `AddUpserts`, adding a member changes their role. With `UserIdsFoldCase`, `Ana` and `ana` are one user.
/// * With `AddMayInvite`, adding an [outsider](InMemory::with_outsider) makes a pending member with an open invitation,
///   and an invitation stays open; without, an outsider cannot be added, and inviting somebody makes them a user at once.
/// * A user with [`Mark::RoleFixed`](crate::Mark::RoleFixed) has the highest role wherever they are added.
/// * Without [`Capability::SeeAddresses`](crate::Capability::SeeAddresses) no answer shows an address; without
///   [`Capability::ListPending`](crate::Capability::ListPending) no listing shows a pending member.
///
/// ```
/// use workspace_members_core::{
///     AddMember, Behaviour, Capabilities, Capability, Evidence, Fit, InMemory, NativeRole, Provider, Role, RoleRow,
///     RoleTable, User, UserId, Workspace, WorkspaceId, WorkspaceMembers, WorkspaceMembersExt,
/// };
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let roles = RoleTable::new([RoleRow::new(Role::Owner, NativeRole::from_static("boss"), Fit::Exact)])?;
/// let capabilities = Capabilities::new(Provider::from_static("example"), roles)
///     .claim(Evidence::Documented, Capability::ALL)
///     .with_behaviours(&[Behaviour::KeepsLastOwner]);
/// let account = InMemory::new(capabilities)
///     .with_workspace(Workspace::new(WorkspaceId::from(1), "Legal"))
///     .with_user(User::new(UserId::from(7)));
/// account.add(&AddMember::new(WorkspaceId::from(1), UserId::from(7), Role::Owner)).await?;
/// assert_eq!(account.roster(&WorkspaceId::from(1)).await?.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct InMemory {
    capabilities: Capabilities,
    me: Option<Identity>,
    ambiguous_not_found: bool,
    in_parts: bool,
    state: Mutex<State>,
}

impl InMemory {
    /// An account with nothing in it.
    pub fn new(capabilities: Capabilities) -> Self {
        Self { capabilities, me: None, ambiguous_not_found: false, in_parts: false, state: Mutex::default() }
    }

    /// Says whom calls act as.
    pub fn with_me(mut self, me: Identity) -> Self {
        self.me = Some(me);
        self
    }

    /// Lets [`get`](crate::WorkspaceMembers::get) answer the same, whichever of workspace, principal and membership is missing.
    pub fn with_ambiguous_not_found(mut self) -> Self {
        self.ambiguous_not_found = true;
        self
    }

    /// Lists members in one part for each native role, as by one request for each.
    pub fn with_listings_in_parts(mut self) -> Self {
        self.in_parts = true;
        self
    }

    /// Adds a workspace, or replaces the one with its id.
    pub fn with_workspace(self, workspace: Workspace) -> Self {
        self.state().workspaces.insert(workspace.id.clone(), workspace);
        self
    }

    /// Adds a user, or replaces the one with the id.
    pub fn with_user(self, user: User) -> Self {
        self.put_person(&mut self.state(), user, false);
        self
    }

    /// Adds somebody whom the provider knows and who is no user of the account.
    pub fn with_outsider(self, user: User) -> Self {
        self.put_person(&mut self.state(), user, true);
        self
    }

    /// Adds a group, or replaces the one with its id.
    pub fn with_group(self, group: Group) -> Self {
        self.state().groups.insert(group.id.clone().into(), group);
        self
    }

    /// Makes somebody a member without any of the provider's rules, for instance in a role that cannot be written. What is
    /// known of the user or group is in the member; an outsider is pending.
    pub fn with_member(self, of: WorkspaceId, who: impl Into<PrincipalId>, role: NativeRole) -> Self {
        self.put_member(&mut self.state(), of, who.into(), role);
        self
    }

    /// Everybody in every workspace, whatever is claimed.
    pub fn all_members(&self) -> Vec<Member> {
        self.state().members.values().cloned().collect()
    }

    /// How many mails were sent: those that were asked for, and those of invitations where each is mailed
    /// ([`Behaviour::InvitationsMail`](crate::Behaviour::InvitationsMail)).
    pub fn mails_sent(&self) -> usize {
        self.state().mails
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while the lock is taken; were it so, the state would still be whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        AddMember, Behaviour, Capability, EmailAddress, ErrorKind, Evidence, Fit, GroupId, Invite, ListOf,
        Listing, Mark, Member, Operation, PageRequest, Protection, Provider, RemoveMember, Resource, Role,
        RoleRow, RoleTable, SetRole, Status, UserId, WorkspaceMembers, WorkspaceMembersExt,
    };
    use futures_util::TryStreamExt;

    fn native(name: &'static str) -> NativeRole {
        NativeRole::from_static(name)
    }

    fn everything() -> Capabilities {
        let roles = RoleTable::new([
            RoleRow::new(Role::Owner, native("boss"), Fit::Exact),
            RoleRow::new(Role::Editor, native("clerk"), Fit::Exact),
            RoleRow::new(Role::Viewer, native("guest"), Fit::Exact),
        ]);
        Capabilities::new(Provider::from_static("example"), roles.unwrap().with_custom_roles(true))
            .claim(Evidence::Documented, Capability::ALL)
            .with_page_size(2)
    }

    fn behaving(behaviours: &[Behaviour]) -> Capabilities {
        everything().with_behaviours(behaviours)
    }

    fn ws() -> WorkspaceId {
        WorkspaceId::from(1)
    }

    fn id(text: &str) -> UserId {
        UserId::new(text).unwrap()
    }

    fn email(text: &str) -> EmailAddress {
        EmailAddress::new(format!("{text}@example.com")).unwrap()
    }

    fn person(text: &str) -> User {
        User::new(id(text)).with_email(Some(email(text))).with_status(Status::Active)
    }

    /// `me` and `ana` own it, `ben` is in it, `cleo` is not, `dan` is no user of the account.
    fn account(capabilities: Capabilities) -> InMemory {
        ["me", "ana", "ben", "cleo"]
            .into_iter()
            .fold(InMemory::new(capabilities), |account, who| account.with_user(person(who)))
            .with_outsider(person("dan"))
            .with_me(Identity::new(id("me")))
            .with_workspace(Workspace::new(ws(), "Legal"))
            .with_workspace(Workspace::new(WorkspaceId::from(2), "Sales"))
            .with_member(ws(), id("me"), native("boss"))
            .with_member(ws(), id("ana"), native("boss"))
            .with_member(ws(), id("ben"), native("clerk"))
    }

    fn add(who: &str, role: Role) -> AddMember {
        AddMember::new(ws(), id(who), role)
    }

    async fn all<T>(listing: Listing<'_, T>) -> Vec<T> {
        listing.try_collect().await.unwrap()
    }

    fn who(members: &[Member]) -> Vec<String> {
        members
            .iter()
            .map(|member| format!("{} {}", member.key.principal.as_str(), member.native_role))
            .collect()
    }

    #[test]
    fn a_member_has_the_marks_of_the_user() {
        let guest =
            User::new(UserId::from(7)).with_mark(Mark::SeatOnPromotion).with_mark(Mark::SeatOnPromotion);
        assert!(guest.is(Mark::SeatOnPromotion) && !guest.is(Mark::AccountOwner));
        let account = InMemory::new(everything())
            .with_workspace(Workspace::new(ws(), "Legal"))
            .with_user(guest)
            .with_member(ws(), UserId::from(7), native("boss"));
        assert_eq!(account.all_members()[0].marks, [Mark::SeatOnPromotion]);
    }

    #[test]
    fn all_members_shows_what_no_call_may_read() {
        let role = native("clerk");
        let account =
            InMemory::new(Capabilities::new(Provider::from_static("example"), RoleTable::new([]).unwrap()))
                .with_member(WorkspaceId::from(1), UserId::from(7), role.clone())
                .with_member(WorkspaceId::from(2), UserId::from(7), role);
        let of: Vec<_> = account.all_members().into_iter().map(|member| member.key.workspace).collect();
        assert_eq!(of, [WorkspaceId::from(1), WorkspaceId::from(2)]);
    }

    #[tokio::test]
    async fn adding_a_member_changes_their_role_only_where_that_is_declared() {
        let error = account(everything()).add(&add("ben", Role::Viewer)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyMember);
        let upserting = account(behaving(&[Behaviour::AddUpserts, Behaviour::KeepsLastOwner]));
        assert_eq!(upserting.add(&add("ben", Role::Viewer)).await.unwrap().role, Role::Viewer);
        upserting.add(&add("ana", Role::Viewer)).await.unwrap();
        let error = upserting.add(&add("me", Role::Viewer)).await.unwrap_err();
        assert_eq!(error.protection(), Some(Protection::LastOwner));
        assert_eq!(upserting.all_members().len(), 3);
    }

    #[tokio::test]
    async fn logins_are_one_in_any_spelling_only_where_that_is_declared() {
        let folding = account(behaving(&[Behaviour::UserIdsFoldCase]));
        let found = folding.get(&ws(), &id("BEN").into()).await.unwrap().unwrap();
        assert_eq!(found.key.principal, id("ben").into(), "in the provider's spelling");
        assert_eq!(
            folding.add(&add("Ben", Role::Viewer)).await.unwrap_err().kind(),
            ErrorKind::AlreadyMember
        );
        assert_eq!(folding.add(&add("CLEO", Role::Viewer)).await.unwrap().key.principal, id("cleo").into());
        let key = crate::MemberKey::new(ws(), id("Ben"));
        assert_eq!(
            folding.set_role(&SetRole::new(key.clone(), Role::Viewer)).await.unwrap().role,
            Role::Viewer
        );
        folding.remove(&RemoveMember::new(key)).await.unwrap();
        assert_eq!(folding.all_members().len(), 3);
        // A membership in one spelling, of a user who is known in another.
        let folding = folding.with_member(ws(), id("Eve"), native("clerk")).with_user(person("eve"));
        folding.set_user_active(&id("EVE"), false).await.unwrap();
        let eve = folding.get(&ws(), &id("eve").into()).await.unwrap().unwrap();
        assert_eq!(eve.status, Status::Inactive);
        folding.delete_user(&id("EVE")).await.unwrap();
        assert_eq!(folding.all_members().len(), 3);
        let exact = account(everything());
        assert!(exact.get(&ws(), &id("BEN").into()).await.unwrap().is_none());
        assert_eq!(exact.add(&add("CLEO", Role::Viewer)).await.unwrap_err().missing(), [Resource::User]);
    }

    #[tokio::test]
    async fn a_fixed_role_is_what_they_have_whatever_is_asked() {
        for behaviours in [&[][..], &[Behaviour::AddUpserts]] {
            let account = account(behaving(behaviours)).with_user(person("root").with_mark(Mark::RoleFixed));
            let added = account.add(&add("root", Role::Viewer)).await.unwrap();
            assert_eq!((added.role, added.marks), (Role::Owner, vec![Mark::RoleFixed]));
            let set = SetRole::new(added.key.clone(), Role::Viewer);
            assert_eq!(account.set_role(&set).await.unwrap().role, Role::Owner);
            account.remove(&RemoveMember::new(added.key)).await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_listing_in_parts_shows_everybody_once() {
        let account = account(everything())
            .with_listings_in_parts()
            .with_member(ws(), id("eve"), native("Legal review"))
            .with_member(WorkspaceId::from(2), id("ben"), native("guest"));
        let members = all(account.members(ws())).await;
        assert_eq!(who(&members), ["ana boss", "me boss", "ben clerk", "eve Legal review"]);
        assert_eq!(account.roster(&ws()).await.unwrap().len(), 4);
        assert_eq!(all(account.members(ListOf::Account)).await.len(), 5);
    }

    #[tokio::test]
    async fn somebody_whose_role_changes_between_two_parts_is_not_missed() {
        let account = account(everything()).with_listings_in_parts();
        let mut request = PageRequest::default();
        let mut seen = 0;
        let key = crate::MemberKey::new(ws(), id("ben"));
        let mut again = Vec::new();
        for step in 0.. {
            let page = account.members_page(&ws().into(), request).await.unwrap();
            seen += page.items.len();
            again.extend(page.again);
            if step == 0 {
                account.set_role(&SetRole::new(key.clone(), Role::Owner)).await.unwrap();
            }
            let Some(next) = page.next else { break };
            request = PageRequest::at(Some(next));
        }
        assert_eq!((seen, again.len()), (2, 3), "the owners were read before ben became one, and once more");
    }

    #[tokio::test]
    async fn hidden_addresses_are_in_no_answer() {
        let hiding = everything().without(&[Capability::SeeAddresses], "hidden");
        let account =
            account(hiding).with_workspace(Workspace::new(ws(), "Legal").with_owner(Some(email("ana"))));
        assert!(all(account.users()).await.iter().all(|user| user.email.is_none()));
        assert!(all(account.members(ws())).await.iter().all(|member| member.email.is_none()));
        assert!(all(account.workspaces()).await.iter().all(|workspace| workspace.owner.is_none()));
        assert_eq!(account.get(&ws(), &id("ben").into()).await.unwrap().unwrap().email, None);
        assert_eq!(account.add(&add("cleo", Role::Viewer)).await.unwrap().email, None);
        let key = crate::MemberKey::new(ws(), id("ana"));
        let error = account.remove(&RemoveMember::new(key)).await.unwrap_err();
        assert_eq!(
            error.protection(),
            Some(Protection::ProviderOwner),
            "the provider knows them all the same"
        );
    }

    #[tokio::test]
    async fn everything_that_is_missing_can_be_answered_alike() {
        let account = account(everything()).with_ambiguous_not_found();
        for (workspace, who) in [(ws(), "cleo"), (ws(), "nobody"), (WorkspaceId::from(9), "ben")] {
            let error = account.get(&workspace, &id(who).into()).await.unwrap_err();
            assert_eq!(error.missing(), [Resource::Workspace, Resource::User, Resource::Member]);
        }
        assert!(account.get(&ws(), &id("ben").into()).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn adding_an_outsider_invites_them_only_where_that_is_declared() {
        let error = account(everything()).add(&add("dan", Role::Viewer)).await.unwrap_err();
        assert_eq!(error.missing(), [Resource::User]);

        let inviting = account(behaving(&[Behaviour::AddMayInvite]));
        assert_eq!(inviting.add(&add("cleo", Role::Viewer)).await.unwrap().status, Status::Active);
        let pending = inviting.add(&add("dan", Role::Viewer)).await.unwrap();
        assert_eq!(pending.status, Status::Pending);
        assert_eq!(inviting.get(&ws(), &id("dan").into()).await.unwrap(), Some(pending.clone()));
        assert!(all(inviting.members(ws())).await.contains(&pending));
        assert_eq!(all(inviting.users()).await.len(), 4, "dan is no user of the account yet");
        let open = inviting.invitations_page(&ListOf::Account, PageRequest::default()).await.unwrap().items;
        assert_eq!((open.len(), open[0].user.clone()), (1, Some(id("dan"))));
        inviting.remove(&RemoveMember::new(pending.key)).await.unwrap();
        let open = inviting.invitations_page(&ListOf::Account, PageRequest::default()).await.unwrap();
        assert!(open.items.is_empty(), "an invitation into nothing is none");

        let silent = behaving(&[Behaviour::AddMayInvite]).without(&[Capability::ListPending], "not shown");
        let silent = account(silent);
        silent.add(&add("dan", Role::Viewer)).await.unwrap();
        assert_eq!(all(silent.members(ws())).await.len(), 3);
        assert!(silent.get(&ws(), &id("dan").into()).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn somebody_invited_is_a_user_or_has_to_accept() {
        let bare = || Invite::new(email("finn")).with_name(Some("Finn".into()));
        let into = || bare().with_workspace(ws(), Role::Editor);
        for behaviours in [&[][..], &[Behaviour::AddMayInvite]] {
            let account = account(behaving(behaviours));
            let invited = account.invite(&into()).await.unwrap();
            assert_eq!(invited.user.is_some(), behaviours.is_empty());
            assert_eq!(invited.invitation.is_some(), !behaviours.is_empty());
            if let Some(user) = &invited.user {
                assert_eq!((user.name.as_deref(), user.status), (Some("Finn"), Status::Active));
                assert_eq!(who(&invited.members), [format!("{} clerk", user.id)]);
                assert!(account.get(&ws(), &user.id.clone().into()).await.unwrap().is_some());
            }
            for known in ["finn", "ben"] {
                let error = account.invite(&Invite::new(email(known))).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::AlreadyMember, "{known}");
            }
            let nowhere = Invite::new(email("gil")).with_workspace(WorkspaceId::from(9), Role::Viewer);
            assert_eq!(account.invite(&nowhere).await.unwrap_err().missing(), [Resource::Workspace]);
        }
    }

    #[tokio::test]
    async fn an_invitation_can_be_listed_and_withdrawn_once() {
        let account = account(behaving(&[Behaviour::AddMayInvite]));
        let dan = Invite::new(email("dan")).with_workspace(ws(), Role::Editor);
        let invited = account.invite(&dan).await.unwrap();
        assert_eq!(who(&invited.members), ["dan clerk"], "the provider knows who that is");
        account
            .invite(&Invite::new(email("finn")).with_workspace(WorkspaceId::from(2), Role::Viewer))
            .await
            .unwrap();
        // A group's membership is nobody's invitation.
        let group = GroupId::from(7);
        let account = account.with_member(WorkspaceId::from(2), group.clone(), native("guest"));
        let key = crate::MemberKey::new(WorkspaceId::from(2), group);
        account.remove(&RemoveMember::new(key)).await.unwrap();
        let listed =
            async |of: ListOf| account.invitations_page(&of, PageRequest::default()).await.unwrap().items;
        assert_eq!(listed(ListOf::Account).await.len(), 2);
        assert_eq!(listed(ws().into()).await, [invited.invitation.clone().unwrap()]);
        assert_eq!(listed(WorkspaceId::from(2).into()).await.len(), 1);
        let cancel = invited.invitation.unwrap().id;
        account.cancel_invitation(&cancel).await.unwrap();
        assert_eq!(account.cancel_invitation(&cancel).await.unwrap_err().kind(), ErrorKind::NotFound);
        assert!(account.get(&ws(), &id("dan").into()).await.unwrap().is_none(), "and with it the membership");
    }

    #[tokio::test]
    async fn a_user_is_deactivated_activated_and_deleted() {
        let account = account(behaving(&[Behaviour::KeepsLastOwner]))
            .with_user(person("boss").with_mark(Mark::AccountOwner));
        for (active, status) in [(false, Status::Inactive), (true, Status::Active)] {
            let user = account.set_user_active(&id("ben"), active).await.unwrap();
            assert_eq!(user.status, status);
            let member = account.get(&ws(), &id("ben").into()).await.unwrap().unwrap();
            assert_eq!(member.status, status, "wherever they are");
        }
        account.delete_user(&id("ben")).await.unwrap();
        assert!(account.get(&ws(), &id("ben").into()).await.unwrap().is_none());
        let error = account.delete_user(&id("ben")).await.unwrap_err();
        assert_eq!(error.missing(), [Resource::User]);
        let error = account.delete_user(&id("boss")).await.unwrap_err();
        assert_eq!(error.protection(), Some(Protection::ProviderOwner));
        account.delete_user(&id("ana")).await.unwrap();
        let error = account.delete_user(&id("me")).await.unwrap_err();
        assert_eq!(error.protection(), Some(Protection::LastOwner));
        account.set_user_active(&id("me"), false).await.unwrap();
        assert_eq!(account.me().await.unwrap_err().kind(), ErrorKind::Unauthenticated);
    }

    #[tokio::test]
    async fn the_life_of_users_takes_its_claims() {
        let account = account(everything().read_only("it is read-only"));
        let ben = id("ben");
        for (operation, error) in [
            (Operation::Invite, account.invite(&Invite::new(email("finn"))).await.unwrap_err()),
            (Operation::CancelInvitation, account.cancel_invitation(&1.into()).await.unwrap_err()),
            (Operation::SetUserActive, account.set_user_active(&ben.clone(), false).await.unwrap_err()),
            (Operation::DeleteUser, account.delete_user(&ben).await.unwrap_err()),
        ] {
            assert_eq!(
                (error.kind(), error.operation()),
                (ErrorKind::Unsupported, Some(operation)),
                "{error}"
            );
            assert!(error.message().ends_with("it is read-only"), "{error}");
        }
        let first = PageRequest::default();
        assert!(account.invitations_page(&ListOf::Account, first.clone()).await.is_ok());
        let without =
            InMemory::new(everything().without(&[Capability::ListInvitations], "it cannot list them"));
        let error = without.invitations_page(&ListOf::Account, first).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.operation()),
            (ErrorKind::Unsupported, Some(Operation::ListInvitations))
        );
    }
}
