//! One call per capability, so that a case can be about all of them.

use crate::cast::{ANA, BEN, CLEO, MEMBER_GROUP, NOBODY, SEVEN, email};
use crate::context::{CUSTOM_ROLE, Context};
use crate::failure::Checked;
use crate::stage::Stage;
use workspace_members_core::{
    AddMember, Capability, EmailAddress, Error, InvitationId, Invite, ListOf, MemberKey, Notify, PageRequest,
    PrincipalId, RemoveMember, Role, SetRole, UserId, WorkspaceId, WorkspaceMembers, WorkspaceMembersExt,
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
    CancelInvitation(InvitationId),
    SetUserActive(UserId, bool),
    DeleteUser(UserId),
}

/// Whom the suite invites: nobody has the address.
pub(crate) const INVITED: &str = "newcomer@example.com";

impl Call {
    /// Something that exercises the capability, and works in the usual world if it is claimed.
    pub(crate) async fn of(stage: &Stage, capability: Capability) -> Checked<Self> {
        stage.note_exercised(capability);
        let legal = stage.legal.clone();
        let (ben, counsel) = (stage.user(BEN), stage.group(MEMBER_GROUP));
        let custom = Role::Custom(CUSTOM_ROLE);
        let add_cleo = |role: &Role| stage.adding(stage.user(CLEO), role);
        Ok(match capability {
            Capability::ListWorkspaces => Self::Workspaces,
            Capability::ListUsers => Self::Users,
            Capability::ListGroups => Self::Groups,
            Capability::ListMembers => Self::Members(ListOf::Workspace(legal)),
            Capability::ListAccountMembers => Self::Members(ListOf::Account),
            Capability::Roster => Self::Roster(legal),
            Capability::GetMember => Self::Get(legal, stage.user(ANA)),
            Capability::AddUser => Self::Add(add_cleo(&stage.first)),
            Capability::AddGroup => Self::Add(stage.adding(stage.group(SEVEN), &stage.first)),
            Capability::AddCustomRole => Self::Add(add_cleo(&custom)),
            Capability::NotifyMember => Self::Add(add_cleo(&stage.first).with_notify(Notify::MEMBER)),
            Capability::NotifyAdmins => {
                Self::Add(add_cleo(&stage.first).with_notify(Notify::NOBODY.with_admins(true)))
            }
            Capability::SetUserRole => Self::SetRole(stage.setting(&ben, &stage.first).await?),
            Capability::SetGroupRole => Self::SetRole(stage.setting(&counsel, &stage.second).await?),
            Capability::SetCustomRole => Self::SetRole(stage.setting(&ben, &custom).await?),
            Capability::RemoveUser => Self::Remove(stage.removing(&ben).await?),
            Capability::RemoveGroup => Self::Remove(stage.removing(&counsel).await?),
            Capability::SeeAddresses => Self::Find(email("ana@example.com")),
            Capability::ListPending => Self::Members(stage.list_of(&legal)),
            Capability::InviteUser => Self::Invite(Self::invitation(stage, INVITED)),
            Capability::ListInvitations => Self::Invitations(ListOf::Account),
            Capability::CancelInvitation => {
                let mut id = stage.ids().make(NOBODY);
                if stage.has(capability) && stage.has(Capability::InviteUser) {
                    // Somebody else than the call for inviting is about, so that a world may see both.
                    let invite = Self::invitation(stage, "unwanted@example.com");
                    let invited = stage.members().invite(&invite).await?;
                    id = invited.invitation.map_or(id, |invitation| invitation.id);
                }
                Self::CancelInvitation(id)
            }
            Capability::SetUserActive => Self::SetUserActive(stage.user_id(CLEO), false),
            Capability::DeleteUser => Self::DeleteUser(stage.user_id(BEN)),
            // Asking who one is, and whatever the core may name that this suite does not know yet.
            _ => Self::Me,
        })
    }

    /// Invites this address to the first workspace.
    pub(crate) fn invitation(stage: &Stage, address: &str) -> Invite {
        Invite::new(email(address)).with_workspace(stage.legal.clone(), stage.first.clone())
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
            Self::CancelInvitation(id) => members.cancel_invitation(id).await,
            Self::SetUserActive(user, active) => members.set_user_active(user, *active).await.map(drop),
            Self::DeleteUser(user) => members.delete_user(user).await,
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
                | Self::SetUserActive(..)
                | Self::DeleteUser(_)
        )
    }

    /// Whether success may be an answer without a body.
    pub(crate) fn ends_something(&self) -> bool {
        matches!(self, Self::Remove(_) | Self::CancelInvitation(_) | Self::DeleteUser(_))
    }

    /// From now on, the first workspace is expected to hold what the call makes of it.
    pub(crate) fn expect_effect(&self, stage: &Stage) {
        match self {
            Self::Add(AddMember { principal, role, .. })
            | Self::SetRole(SetRole { key: MemberKey { principal, .. }, role, .. }) => {
                if let Ok(written) = stage.capabilities.roles().resolve(role) {
                    stage.expect_in(&stage.legal, principal, written.native);
                }
            }
            Self::Remove(request) => stage.expect_out(&stage.legal, &request.key.principal),
            Self::DeleteUser(user) => stage.expect_out(&stage.legal, &user.clone().into()),
            _ => {}
        }
    }

    /// The call took effect, or did not, in the first workspace, and nothing happened elsewhere.
    pub(crate) async fn expect_applied(&self, stage: &Stage, happened: bool, when: &str) -> Checked {
        if matches!(self, Self::Invite(_) | Self::CancelInvitation(_)) {
            // Who an invitation is for has no id before they accept: the cases of invitations look closer.
            return Ok(());
        }
        if happened {
            self.expect_effect(stage);
        }
        stage.expect_state(when).await
    }
}

/// The claimed capabilities that one method of the trait stands for: those that a single request shows to work.
pub(crate) fn methods(context: &Context) -> impl Iterator<Item = Capability> + '_ {
    use Capability::{
        AddCustomRole, ListPending, NotifyAdmins, NotifyMember, Roster, SeeAddresses, SetCustomRole,
    };
    let others =
        [Roster, SeeAddresses, ListPending, AddCustomRole, SetCustomRole, NotifyMember, NotifyAdmins];
    let claimed = Capability::ALL.iter().copied().filter(|capability| context.has(*capability));
    claimed.filter(move |capability| !others.contains(capability))
}
