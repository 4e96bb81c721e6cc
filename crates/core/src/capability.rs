//! What an adapter may claim, how that is known, and how a provider may behave.

use crate::PrincipalKind;
use crate::macros::names;
use std::borrow::Cow;

names! {
    /// One thing that an adapter may claim. Claimed, it works; not claimed, the call answers
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) before any request is sent.
    Capability
    /// What it is, as messages name it: `adding a user`.
    description {
        Me = "me": "asking who the credential acts as",
        ListWorkspaces = "list_workspaces": "listing workspaces",
        ListUsers = "list_users": "listing users",
        /// The list of users shows their e-mail addresses, so that somebody can be found by address.
        SeeAddresses = "see_addresses": "seeing users' addresses",
        ListGroups = "list_groups": "listing groups",
        ListMembers = "list_members": "listing one workspace's members",
        ListAccountMembers = "list_account_members": "listing all workspaces' members in one pass",
        /// A listing is known to be complete and to be of the workspace asked for, so that it makes a roster.
        Roster = "roster": "a complete roster",
        /// Listings of members show those who were invited and have not accepted, as
        /// [`Status::Pending`](crate::Status::Pending).
        ListPending = "list_pending": "listing members who have not accepted",
        GetMember = "get_member": "reading one member",
        AddUser = "add_user": "adding a user",
        AddGroup = "add_group": "adding a group",
        AddCustomRole = "add_custom_role": "adding with a custom role",
        SetUserRole = "set_user_role": "changing a user's role in one step",
        SetGroupRole = "set_group_role": "changing a group's role in one step",
        SetCustomRole = "set_custom_role": "giving a custom role",
        RemoveUser = "remove_user": "removing a user",
        RemoveGroup = "remove_group": "removing a group",
        /// Have the provider mail the member who was added.
        NotifyMember = "notify_member": "mailing the new member",
        /// Have the provider mail the workspace's administrators about an addition.
        NotifyAdmins = "notify_admins": "mailing the workspace's administrators",
        InviteUser = "invite_user": "inviting somebody",
        ListInvitations = "list_invitations": "listing invitations",
        CancelInvitation = "cancel_invitation": "withdrawing an invitation",
        /// Deactivate a user of the account, and activate them again.
        SetUserActive = "set_user_active": "deactivating and activating users",
        DeleteUser = "delete_user": "deleting users",
    }
}

impl Capability {
    /// Whether it changes something at the provider.
    pub const fn is_write(self) -> bool {
        matches!(
            self,
            Self::AddUser
                | Self::AddGroup
                | Self::AddCustomRole
                | Self::SetUserRole
                | Self::SetGroupRole
                | Self::SetCustomRole
                | Self::RemoveUser
                | Self::RemoveGroup
                | Self::NotifyMember
                | Self::NotifyAdmins
                | Self::InviteUser
                | Self::CancelInvitation
                | Self::SetUserActive
                | Self::DeleteUser
        )
    }

    /// What is needed to add this kind of principal.
    pub const fn add(kind: PrincipalKind) -> Self {
        match kind {
            PrincipalKind::User => Self::AddUser,
            PrincipalKind::Group => Self::AddGroup,
        }
    }

    /// What is needed to change the role of this kind of principal.
    pub const fn set_role(kind: PrincipalKind) -> Self {
        match kind {
            PrincipalKind::User => Self::SetUserRole,
            PrincipalKind::Group => Self::SetGroupRole,
        }
    }

    /// What is needed to remove this kind of principal.
    pub const fn remove(kind: PrincipalKind) -> Self {
        match kind {
            PrincipalKind::User => Self::RemoveUser,
            PrincipalKind::Group => Self::RemoveGroup,
        }
    }
}

names! {
    /// How an adapter knows that something works.
    Evidence {
        /// The provider documents it.
        Documented = "documented",
        /// It follows from what is documented nearby, and has not been seen.
        Inferred = "inferred",
    }
}

names! {
    /// How a provider behaves beyond what its operations say; planning and guards depend on it.
    Behaviour {
        /// Removing and changing a role go by [`MembershipId`](crate::MembershipId), which a listing or
        /// [`get`](crate::WorkspaceMembers::get) yields.
        MembershipIds = "membership_ids",
        /// Users hold licences that cost money, and some changes buy one.
        SellsSeats = "sells_seats",
        /// A workspace has one owner, shown in the list of workspaces, who can be neither removed nor given another role.
        FixedWorkspaceOwner = "fixed_workspace_owner",
        /// The provider refuses to leave a workspace without an owner.
        KeepsLastOwner = "keeps_last_owner",
        /// The credential stops working when its user leaves the workspace.
        KeyDiesWithMembership = "key_dies_with_membership",
        /// What a removed member made stays theirs, out of others' reach until it is handed over.
        OrphansDocuments = "orphans_documents",
        /// Members of a group that is a member have access too.
        GroupsGrantAccess = "groups_grant_access",
        /// Adding somebody who is a member already changes their role, and never answers
        /// [`ErrorKind::AlreadyMember`](crate::ErrorKind::AlreadyMember).
        AddUpserts = "add_upserts",
        /// User ids are logins that compare with ASCII case folded: `Ana` and `ana` are one user.
        UserIdsFoldCase = "user_ids_fold_case",
        /// An addition may end as an invitation that is still to be accepted: the member is
        /// [`Status::Pending`](crate::Status::Pending) in the answer.
        AddMayInvite = "add_may_invite",
        /// Every invitation is mailed, whatever [`Notify`](crate::Notify) says.
        InvitationsMail = "invitations_mail",
    }
}

/// Whether something is claimed, and why (not).
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "lowercase"))]
pub enum Support {
    /// It works, and this is how it is known.
    Claimed(Evidence),
    /// It does not, and this is why, or what would turn it on.
    Absent(Cow<'static, str>),
}

/// What the ids of an account's workspaces look like, so that an id is known from a name without asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum IdForm {
    /// Not known: any text may be an id or a name.
    #[default]
    Any,
    /// Positive integers, written without sign and leading zeros.
    Integer,
    /// So many ASCII letters and digits, as far as is known.
    Alphanumeric {
        /// How many.
        length: usize,
    },
}

impl IdForm {
    /// Whether a text is an id by its looks. Never so where the form is not known.
    pub fn is_id(self, text: &str) -> bool {
        match self {
            Self::Any => false,
            Self::Integer => {
                text.starts_with(|first: char| matches!(first, '1'..='9'))
                    && text.bytes().all(|byte| byte.is_ascii_digit())
            }
            Self::Alphanumeric { length } => {
                text.len() == length && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
            }
        }
    }
}
