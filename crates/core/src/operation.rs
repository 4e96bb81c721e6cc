//! The operations of a provider, and how enums get names.

use std::fmt;

macro_rules! names {
    ($(#[$doc:meta])* $enum:ident { $($(#[$vdoc:meta])* $variant:ident = $name:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[non_exhaustive]
        pub enum $enum {
            $($(#[$vdoc])* #[cfg_attr(feature = "serde", serde(rename = $name))] $variant,)+
        }

        impl $enum {
            /// Every value, in a fixed order.
            pub const ALL: &'static [$enum] = &[$($enum::$variant),+];

            /// The name used in text and data.
            pub const fn as_str(self) -> &'static str {
                match self { $($enum::$variant => $name,)+ }
            }
        }

        impl fmt::Display for $enum {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}
pub(crate) use names;

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
