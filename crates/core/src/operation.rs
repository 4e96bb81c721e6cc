//! The operations of a provider.

use crate::macros::names;

names! {
    /// One method of [`WorkspaceMembers`](crate::WorkspaceMembers), as it stands in errors, logs and rate limits.
    Operation {
        /// [`me`](crate::WorkspaceMembers::me).
        Me = "me",
        /// [`workspaces_page`](crate::WorkspaceMembers::workspaces_page).
        ListWorkspaces = "list_workspaces",
        /// [`users_page`](crate::WorkspaceMembers::users_page).
        ListUsers = "list_users",
        /// [`groups_page`](crate::WorkspaceMembers::groups_page).
        ListGroups = "list_groups",
        /// [`members_page`](crate::WorkspaceMembers::members_page).
        ListMembers = "list_members",
        /// [`get`](crate::WorkspaceMembers::get).
        Get = "get",
        /// [`add`](crate::WorkspaceMembers::add).
        Add = "add",
        /// [`set_role`](crate::WorkspaceMembers::set_role).
        SetRole = "set_role",
        /// [`remove`](crate::WorkspaceMembers::remove).
        Remove = "remove",
        /// [`invite`](crate::WorkspaceMembers::invite).
        Invite = "invite",
        /// [`invitations_page`](crate::WorkspaceMembers::invitations_page).
        ListInvitations = "list_invitations",
        /// [`cancel_invitation`](crate::WorkspaceMembers::cancel_invitation).
        CancelInvitation = "cancel_invitation",
        /// [`set_user_active`](crate::WorkspaceMembers::set_user_active).
        SetUserActive = "set_user_active",
        /// [`delete_user`](crate::WorkspaceMembers::delete_user).
        DeleteUser = "delete_user",
    }
}

impl Operation {
    /// Whether it changes something at the provider.
    pub const fn is_write(self) -> bool {
        matches!(
            self,
            Self::Add
                | Self::SetRole
                | Self::Remove
                | Self::Invite
                | Self::CancelInvitation
                | Self::SetUserActive
                | Self::DeleteUser
        )
    }
}
