//! One call per capability, so that a case can be about all of them.

use crate::cast::{ANA, BEN, CLEO, LEGAL, MEMBER_GROUP, NOBODY, SEVEN, valid};
use crate::failure::Failure;
use crate::stage::{People, Stage};
use workspace_members_core::{
    AddMember, CancelInvitation, Capability, DeleteUser, EmailAddress, Error, InvitationId, Invite, ListOf,
    NativeRole, Notify, PageRequest, PrincipalId, RemoveMember, Role, SetRole, SetUserActive, WorkspaceId,
    WorkspaceMembers, WorkspaceMembersExt,
};

/// A call that is ready to be sent: what it needs to know was read before.
#[derive(Debug, Clone)]
pub(crate) enum Call {
    Me,
    Workspaces,
    Users,
    Groups,
    Members(ListOf),
    Roster(WorkspaceId),
    Get(WorkspaceId, PrincipalId),
    Add(AddMember),
    SetRole(SetRole),
    Remove(RemoveMember),
    /// Somebody by address.
    Find(EmailAddress),
    Invite(Invite),
    Invitations(ListOf),
    CancelInvitation(CancelInvitation),
    SetUserActive(SetUserActive),
    DeleteUser(DeleteUser),
}

/// Whom the suite invites: nobody has the address.
pub(crate) const INVITED: &str = "newcomer@example.com";

impl Call {
    /// Something that exercises the capability, and works in the usual world if it is claimed.
    pub(crate) async fn of(stage: &Stage, capability: Capability) -> Result<Self, Failure> {
        let legal = stage.workspace(LEGAL);
        let (first, second) = stage.two_roles();
        let custom = || stage.custom_role().unwrap_or(NativeRole::from_static("Legal review"));
        let add = |who: PrincipalId, role: Role| AddMember::new(legal.clone(), who, role);
        Ok(match capability {
            Capability::ListWorkspaces => Self::Workspaces,
            Capability::ListUsers => Self::Users,
            Capability::ListGroups => Self::Groups,
            Capability::ListMembers => Self::Members(ListOf::Workspace(legal)),
            Capability::ListAccountMembers => Self::Members(ListOf::Account),
            Capability::Roster => Self::Roster(legal),
            Capability::GetMember => Self::Get(legal, stage.user(ANA)),
            Capability::AddUser => Self::Add(add(stage.user(CLEO), first)),
            Capability::AddGroup => Self::Add(add(stage.group(SEVEN), first)),
            Capability::AddCustomRole => Self::Add(add(stage.user(CLEO), Role::Custom(custom()))),
            Capability::NotifyMember => Self::Add(add(stage.user(CLEO), first).with_notify(Notify::MEMBER)),
            Capability::NotifyAdmins => {
                Self::Add(add(stage.user(CLEO), first).with_notify(Notify::NOBODY.with_admins(true)))
            }
            Capability::SetUserRole => {
                Self::SetRole(SetRole::new(stage.key(&legal, &stage.user(BEN)).await?, first))
            }
            Capability::SetGroupRole => {
                Self::SetRole(SetRole::new(stage.key(&legal, &stage.group(MEMBER_GROUP)).await?, second))
            }
            Capability::SetCustomRole => Self::SetRole(SetRole::new(
                stage.key(&legal, &stage.user(BEN)).await?,
                Role::Custom(custom()),
            )),
            Capability::RemoveUser => {
                Self::Remove(RemoveMember::new(stage.key(&legal, &stage.user(BEN)).await?))
            }
            Capability::RemoveGroup => {
                Self::Remove(RemoveMember::new(stage.key(&legal, &stage.group(MEMBER_GROUP)).await?))
            }
            Capability::SeeAddresses => Self::Find(valid(EmailAddress::new("ana@example.com"))),
            Capability::ListPending => Self::Members(stage.list_of(&legal)),
            Capability::InviteUser => Self::Invite(Self::invitation(stage)),
            Capability::ListInvitations => Self::Invitations(ListOf::Account),
            Capability::CancelInvitation => {
                let mut id = valid(InvitationId::new(stage.ids().text(NOBODY)));
                if stage.has(capability) && stage.has(Capability::InviteUser) {
                    // Somebody else than the call for inviting is about, so that a world may see both.
                    let mut invite = Self::invitation(stage);
                    invite.email = valid(EmailAddress::new("unwanted@example.com"));
                    let invited = stage.members().invite(&invite).await?;
                    id = invited.invitation.map_or(id, |invitation| invitation.id);
                }
                Self::CancelInvitation(CancelInvitation::new(id))
            }
            Capability::SetUserActive => Self::SetUserActive(SetUserActive::new(stage.user_id(CLEO), false)),
            Capability::DeleteUser => Self::DeleteUser(DeleteUser::new(stage.user_id(BEN))),
            // Asking who one is, and whatever the core may name that this suite does not know yet.
            _ => Self::Me,
        })
    }

    /// Invites somebody to the first workspace.
    pub(crate) fn invitation(stage: &Stage) -> Invite {
        let (role, _) = stage.two_roles();
        Invite::new(valid(EmailAddress::new(INVITED))).with_workspace(stage.workspace(LEGAL), role)
    }

    /// Makes the call; the answer itself is checked elsewhere.
    pub(crate) async fn send(&self, members: &dyn WorkspaceMembers) -> Result<(), Error> {
        let page = PageRequest::default();
        match self {
            Self::Me => members.me().await.map(drop),
            Self::Workspaces => members.workspaces_page(page).await.map(drop),
            Self::Users => members.users_page(page).await.map(drop),
            Self::Groups => members.groups_page(page).await.map(drop),
            Self::Members(of) => members.members_page(of, page).await.map(drop),
            Self::Roster(workspace) => members.roster(workspace).await.map(drop),
            Self::Get(workspace, principal) => members.get(workspace, principal).await.map(drop),
            Self::Add(request) => members.add(request).await.map(drop),
            Self::SetRole(request) => members.set_role(request).await.map(drop),
            Self::Remove(request) => members.remove(request).await,
            Self::Find(email) => members.find_user(email).await.map(drop),
            Self::Invite(request) => members.invite(request).await.map(drop),
            Self::Invitations(of) => members.invitations_page(of, page).await.map(drop),
            Self::CancelInvitation(request) => members.cancel_invitation(request).await,
            Self::SetUserActive(request) => members.set_user_active(request).await.map(drop),
            Self::DeleteUser(request) => members.delete_user(request).await,
        }
    }

    pub(crate) fn is_write(&self) -> bool {
        matches!(
            self,
            Self::Add(_)
                | Self::SetRole(_)
                | Self::Remove(_)
                | Self::Invite(_)
                | Self::CancelInvitation(_)
                | Self::SetUserActive(_)
                | Self::DeleteUser(_)
        )
    }

    /// Whether success may be an answer without a body.
    pub(crate) fn ends_something(&self) -> bool {
        matches!(self, Self::Remove(_) | Self::CancelInvitation(_) | Self::DeleteUser(_))
    }

    /// What the first workspace holds once the call took effect, given what was there before.
    pub(crate) fn applied(&self, stage: &Stage, mut people: People) -> People {
        let native = |role: &Role| stage.claims().roles().resolve(role).ok().map(|resolved| resolved.native);
        match self {
            Self::Add(request) => {
                people.extend(native(&request.role).map(|role| (request.principal.clone(), role)));
            }
            Self::SetRole(request) => {
                people.extend(native(&request.role).map(|role| (request.key.principal.clone(), role)));
            }
            Self::Remove(request) => {
                people.remove(&request.key.principal);
            }
            Self::DeleteUser(request) => {
                people.remove(&PrincipalId::from(request.user.clone()));
            }
            _ => {}
        }
        people
    }
}

/// The capabilities that one method of the trait stands for: those that a single request shows to work.
pub(crate) const METHODS: [Capability; 18] = [
    Capability::Me,
    Capability::ListWorkspaces,
    Capability::ListUsers,
    Capability::ListGroups,
    Capability::ListMembers,
    Capability::ListAccountMembers,
    Capability::GetMember,
    Capability::AddUser,
    Capability::AddGroup,
    Capability::SetUserRole,
    Capability::SetGroupRole,
    Capability::RemoveUser,
    Capability::RemoveGroup,
    Capability::InviteUser,
    Capability::ListInvitations,
    Capability::CancelInvitation,
    Capability::SetUserActive,
    Capability::DeleteUser,
];
