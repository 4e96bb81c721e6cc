//! One fault planted in a provider that is sound without it.

use async_trait::async_trait;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use workspace_members_core::{
    AddMember, Behaviour, Capabilities, Capability, Effect, Error, ErrorKind, Group, Identity, Invitation,
    InvitationId, Invite, Invited, ListOf, Mark, Member, MemberKey, NativeRole, Page, PageRequest,
    PrincipalId, Protection, Provider, RemoveMember, Resource, Result, Role, SetRole, Status, User, UserId,
    Workspace, WorkspaceId, WorkspaceMembers,
};

/// How many parts the listing has: one for each native role, and one for all others.
const PARTS: usize = 6;

/// What is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bug {
    None,
    // Additions of members.
    UpsertKeepsTheRole,
    UpsertIsRefused,
    UpsertIsNotDeclared,
    MembersAreReadAsOutsiders,
    ReadsShowWhatWasLastAsked,
    // Spellings.
    IdsAreComparedExactly,
    IdsFoldAndItIsNotDeclared,
    AnotherSpellingIsAnotherMember,
    // Parts.
    APartIsSkipped,
    PartsAreNotReadAgain,
    OnlyTheFirstPartIsReadAgain,
    TheTotalIsOfThePage,
    // Addresses and invitations.
    AddressesAreHiddenAndItIsNotDeclared,
    PendingIsAnsweredAsActive,
    PendingIsListedAndItIsNotDeclared,
    PendingIsNotListed,
    EverybodyIsPending,
    PendingIsReadAsOutside,
    MailsAreDeclaredAndNotSent,
    PendingCannotBeRemoved,
    // Roles that something else sets.
    FixedRolesAreUnconfirmed,
    FixedRolesAreNotMarkedOnUsers,
    FixedRolesAreNotMarkedOnMembers,
    FixedRolesCannotBeRemoved,
    // Native roles.
    TwoNativeRolesAreOne,
    // Reads that find nothing.
    OnlyTheUserMayBeMissing,
    UnknownWorkspacesAreEmpty,
    OutsidersAreRemoved,
    UnknownIsNo,
    // Guards.
    ActsAsSomebodyElse,
    ShowsAnOwnerWhoIsNone,
    ShowsEverybodyAsOwner,
    KeepsOwnersAndItIsNotDeclared,
    SaysWhoActsUndeclared,
    // The life of users.
    InvitationsComeToNothing,
    InvitationsAreNotListed,
    InvitationsAreListedOnOnePage,
    AnybodyIsInvitedAgain,
    AnyWorkspaceIsInvitedTo,
    InvitationsAreNotWithdrawn,
    UnknownInvitationsAreWithdrawn,
    UsersStayActive,
    UnknownUsersAreDeactivated,
    DeletedUsersStayMembers,
    DeletedUsersAreDeletedAgain,
    TheDefaultBodyAnswers,
}

#[derive(Debug)]
pub(crate) struct Spoilt {
    members: Arc<dyn WorkspaceMembers>,
    bug: Bug,
    claims: Capabilities,
    asked: std::sync::Mutex<Option<Role>>,
    made_up: AtomicU64,
}

impl Spoilt {
    pub(crate) fn new(members: Arc<dyn WorkspaceMembers>, bug: Bug) -> Self {
        let mut claims = members.capabilities().clone();
        if bug == Bug::MailsAreDeclaredAndNotSent {
            claims = claims.with_behaviours(&[Behaviour::InvitationsMail]);
        }
        Self { members, bug, claims, asked: std::sync::Mutex::default(), made_up: AtomicU64::new(0) }
    }

    fn is(&self, bug: Bug) -> bool {
        self.bug == bug
    }

    /// Whether there is a user of exactly this spelling.
    async fn is_spelled_so(&self, who: &PrincipalId) -> Result<bool> {
        let users = self.members.users_page(PageRequest::default()).await?;
        let mut next = users.next;
        let mut all = users.items;
        while let Some(cursor) = next {
            let page = self.members.users_page(PageRequest::at(Some(cursor))).await?;
            all.extend(page.items);
            next = page.next;
        }
        Ok(all.iter().any(|user| who.as_user() == Some(&user.id)))
    }

    /// The spelling that the provider has for a user, compared with case folded.
    async fn first_spelling(&self, who: &PrincipalId) -> Result<PrincipalId> {
        let Some(asked) = who.as_user() else { return Ok(who.clone()) };
        let mut request = PageRequest::default();
        loop {
            let page = self.members.users_page(request).await?;
            let found = page.items.iter().find(|user| user.id.as_str().eq_ignore_ascii_case(asked.as_str()));
            if let Some(user) = found {
                return Ok(user.id.clone().into());
            }
            let Some(next) = page.next else { return Ok(who.clone()) };
            request = PageRequest::at(Some(next));
        }
    }

    fn missing(&self, resource: Resource) -> Error {
        Error::not_found("not found", &[resource]).with_provider(self.provider())
    }

    /// A member as this shows them.
    fn shown(&self, mut member: Member) -> Member {
        match self.bug {
            Bug::EverybodyIsPending => member.status = Status::Pending,
            Bug::FixedRolesAreNotMarkedOnMembers => member.marks.clear(),
            Bug::PendingIsAnsweredAsActive if member.status == Status::Pending => {
                member.status = Status::Active;
            }
            Bug::ShowsEverybodyAsOwner => member.role = Role::Owner,
            Bug::TwoNativeRolesAreOne if member.native_role.as_str() == "triage" => {
                member.native_role = NativeRole::from_static("read");
            }
            _ => {}
        }
        member
    }

    fn user(&self, mut user: User) -> User {
        match self.bug {
            Bug::AddressesAreHiddenAndItIsNotDeclared => user.email = None,
            Bug::FixedRolesAreNotMarkedOnUsers => user.marks.clear(),
            _ => {}
        }
        user
    }

    async fn is_pending(&self, key: &MemberKey) -> Result<bool> {
        let found = self.members.get(&key.workspace, &key.principal).await?;
        Ok(found.is_some_and(|member| member.status == Status::Pending))
    }
}

#[async_trait]
impl WorkspaceMembers for Spoilt {
    fn provider(&self) -> Provider {
        self.members.provider()
    }
    fn capabilities(&self) -> &Capabilities {
        &self.claims
    }
    async fn me(&self) -> Result<Identity> {
        if self.is(Bug::SaysWhoActsUndeclared) {
            return Ok(Identity::new(UserId::from(404)));
        }
        let mut me = self.members.me().await?;
        if self.is(Bug::ActsAsSomebodyElse) {
            me.user = UserId::from(404);
        }
        Ok(me)
    }
    async fn workspaces_page(&self, page: PageRequest) -> Result<Page<Workspace>> {
        self.members.workspaces_page(page).await
    }
    async fn users_page(&self, page: PageRequest) -> Result<Page<User>> {
        let mut page = self.members.users_page(page).await?;
        page.items = page.items.into_iter().map(|user| self.user(user)).collect();
        if self.made_up.load(Ordering::SeqCst) > 0 {
            if page.next.is_none() {
                let cleo = "cleo@example.com".parse().ok();
                page.items.push(User::new(UserId::from(405)).with_email(cleo));
            }
            page = Page::new(page.items).with_next(page.next);
        }
        Ok(page)
    }
    async fn groups_page(&self, page: PageRequest) -> Result<Page<Group>> {
        self.members.groups_page(page).await
    }
    async fn members_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Member>> {
        let step = page.cursor.as_ref().and_then(|cursor| cursor.as_str().split(':').next()?.parse().ok());
        let read_to = match self.bug {
            Bug::PartsAreNotReadAgain => PARTS,
            Bug::OnlyTheFirstPartIsReadAgain => PARTS + 1,
            _ => usize::MAX,
        };
        if step.is_some_and(|step: usize| step >= read_to) {
            return Ok(Page::new(Vec::new()));
        }
        let first = page.cursor.is_none();
        let mut page = self.members.members_page(of, page).await?;
        match self.bug {
            Bug::APartIsSkipped => {
                page.items.retain(|member| member.native_role.as_str() != "write");
                page = Page::new(page.items).with_next(page.next);
            }
            Bug::TheTotalIsOfThePage => page.total = Some(page.records.len() as u64),
            Bug::PendingIsNotListed => {
                page.items.retain(|member| member.status != Status::Pending);
                page = Page::new(page.items).with_next(page.next);
            }
            Bug::AnotherSpellingIsAnotherMember => {
                let twice = page.items.first().cloned().filter(|_| first);
                page.items.extend(twice.map(|mut member| {
                    let id = member.key.principal.as_str().to_ascii_uppercase();
                    member.key.principal = UserId::new(id).expect("an id in capitals").into();
                    member
                }));
                page = Page::new(page.items).with_next(page.next);
            }
            Bug::PendingIsListedAndItIsNotDeclared => {
                if let Some(member) = page.items.first_mut() {
                    member.status = Status::Pending;
                }
            }
            Bug::ShowsAnOwnerWhoIsNone if first => {
                if let Some(mut member) = page.items.first().cloned() {
                    member.key.principal = UserId::from(404).into();
                    member.role = Role::Owner;
                    page.items.push(member);
                    page = Page::new(page.items).with_next(page.next);
                }
            }
            Bug::ShowsAnOwnerWhoIsNone => page.total = None,
            _ => {}
        }
        page.items = page.items.into_iter().map(|member| self.shown(member)).collect();
        Ok(page)
    }
    async fn get(&self, workspace: &WorkspaceId, principal: &PrincipalId) -> Result<Option<Member>> {
        match self.bug {
            Bug::IdsAreComparedExactly if !self.is_spelled_so(principal).await? => return Ok(None),
            Bug::IdsFoldAndItIsNotDeclared => {
                let principal = self.first_spelling(principal).await?;
                return self.members.get(workspace, &principal).await;
            }
            _ => {}
        }
        let got = self.members.get(workspace, principal).await;
        let got = match (self.bug, got) {
            (Bug::OnlyTheUserMayBeMissing, Err(error)) if error.kind() == ErrorKind::NotFound => {
                return Err(error.with_missing(&[Resource::User]));
            }
            (Bug::OnlyTheUserMayBeMissing, Ok(None)) => return Err(self.missing(Resource::User)),
            (Bug::UnknownWorkspacesAreEmpty, Err(error)) if error.kind() == ErrorKind::NotFound => None,
            (_, got) => got?,
        };
        Ok(match self.bug {
            Bug::MembersAreReadAsOutsiders => None,
            Bug::PendingIsReadAsOutside => got.filter(|member| member.status != Status::Pending),
            Bug::ReadsShowWhatWasLastAsked => got.map(|mut member| {
                let asked = self.asked.lock().expect("nobody panics").clone();
                if let Some(native) =
                    asked.and_then(|role| Some(self.claims.roles().resolve(&role).ok()?.native))
                {
                    member.native_role = native;
                }
                member
            }),
            _ => got.map(|member| self.shown(member)),
        })
    }
    async fn add(&self, request: &AddMember) -> Result<Member> {
        let mut request = request.clone();
        self.asked.lock().expect("nobody panics").get_or_insert_with(|| request.role.clone());
        let there = |this: &Self| {
            let (members, key) = (this.members.clone(), request.key());
            async move { Ok::<_, Error>(members.get(&key.workspace, &key.principal).await.ok().flatten()) }
        };
        match self.bug {
            Bug::IdsAreComparedExactly if !self.is_spelled_so(&request.principal).await? => {
                return Err(self.missing(Resource::User));
            }
            Bug::IdsFoldAndItIsNotDeclared => {
                request.principal = self.first_spelling(&request.principal).await?;
            }
            Bug::UpsertKeepsTheRole => {
                if let Some(mut member) = there(self).await? {
                    let asked = self.claims.check_add(&request)?;
                    (member.native_role, member.role) = (asked.native, asked.role);
                    return Ok(member);
                }
            }
            Bug::UpsertIsRefused if there(self).await?.is_some() => {
                let error = Error::new(ErrorKind::AlreadyMember, Effect::Rejected, "a member already");
                return Err(error.with_provider(self.provider()));
            }
            Bug::UpsertIsNotDeclared => {
                if let Some(member) = there(self).await? {
                    return self.members.set_role(&SetRole::new(member.key, request.role)).await;
                }
            }
            Bug::UnknownIsNo => {
                let workspaces = self.members.workspaces_page(PageRequest::default()).await?.items;
                if workspaces.iter().any(|known| known.id == request.workspace && known.manageable.is_none())
                {
                    let error = Error::new(ErrorKind::Forbidden, Effect::Rejected, "not known to be allowed");
                    return Err(error.with_provider(self.provider()));
                }
            }
            Bug::TwoNativeRolesAreOne if request.role == Role::Custom(NativeRole::from_static("triage")) => {
                request.role = Role::Viewer;
            }
            _ => {}
        }
        let member = self.members.add(&request).await?;
        if self.is(Bug::FixedRolesAreUnconfirmed) && member.is(Mark::RoleFixed) {
            let error =
                Error::new(ErrorKind::Unconfirmed, Effect::Unknown, "another role than was asked for");
            return Err(error.with_provider(self.provider()));
        }
        Ok(self.shown(member))
    }
    async fn set_role(&self, request: &SetRole) -> Result<Member> {
        if self.is(Bug::IdsAreComparedExactly) && !self.is_spelled_so(&request.key.principal).await? {
            return Err(self.missing(Resource::Member));
        }
        self.members.set_role(request).await.map(|member| self.shown(member))
    }
    async fn remove(&self, request: &RemoveMember) -> Result<()> {
        let protected =
            |reason| Err(Error::protected("this one stays", reason).with_provider(self.provider()));
        match self.bug {
            Bug::IdsAreComparedExactly if !self.is_spelled_so(&request.key.principal).await? => {
                return Err(self.missing(Resource::Member));
            }
            Bug::PendingCannotBeRemoved if self.is_pending(&request.key).await? => {
                return Err(self.missing(Resource::Member));
            }
            Bug::FixedRolesCannotBeRemoved => {
                let found = self.members.get(&request.key.workspace, &request.key.principal).await?;
                if found.is_some_and(|member| member.is(Mark::RoleFixed)) {
                    return protected(Protection::ProviderOwner);
                }
            }
            Bug::KeepsOwnersAndItIsNotDeclared => return protected(Protection::LastOwner),
            _ => {}
        }
        self.members.remove(request).await
    }
    async fn invite(&self, request: &Invite) -> Result<Invited> {
        let mut request = request.clone();
        match self.bug {
            Bug::TheDefaultBodyAnswers => {
                let capability = Capability::InviteUser;
                return Err(self.claims.unsupported(capability, workspace_members_core::Operation::Invite));
            }
            Bug::InvitationsComeToNothing => return Ok(Invited::default()),
            Bug::InvitationsAreNotListed => {
                let id = InvitationId::new("made-up").expect("an id");
                return Ok(Invited::pending(Invitation::new(id).with_invitee(Some(request.email), None)));
            }
            Bug::AnyWorkspaceIsInvitedTo => request.workspaces.clear(),
            Bug::AnybodyIsInvitedAgain => {
                self.made_up.fetch_add(1, Ordering::SeqCst);
                let user = User::new(UserId::from(405)).with_email(Some(request.email));
                return Ok(Invited::user(user, Vec::new()));
            }
            _ => {}
        }
        self.members.invite(&request).await
    }
    async fn invitations_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Invitation>> {
        let mut page = self.members.invitations_page(of, page).await?;
        if self.is(Bug::InvitationsAreListedOnOnePage) {
            page.next = None;
        }
        Ok(page)
    }
    async fn cancel_invitation(&self, id: &InvitationId) -> Result<()> {
        match self.bug {
            Bug::InvitationsAreNotWithdrawn => Ok(()),
            Bug::UnknownInvitationsAreWithdrawn => {
                let _ = self.members.cancel_invitation(id).await;
                Ok(())
            }
            _ => self.members.cancel_invitation(id).await,
        }
    }
    async fn set_user_active(&self, user: &UserId, active: bool) -> Result<User> {
        match self.bug {
            Bug::UsersStayActive => {
                let status = if active { Status::Active } else { Status::Inactive };
                Ok(User::new(user.clone()).with_status(status))
            }
            Bug::UnknownUsersAreDeactivated => match self.members.set_user_active(user, active).await {
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(User::new(user.clone())),
                done => done,
            },
            _ => self.members.set_user_active(user, active).await,
        }
    }
    async fn delete_user(&self, user: &UserId) -> Result<()> {
        match self.bug {
            Bug::DeletedUsersStayMembers => Ok(()),
            Bug::DeletedUsersAreDeletedAgain => {
                let _ = self.members.delete_user(user).await;
                Ok(())
            }
            _ => self.members.delete_user(user).await,
        }
    }
}
