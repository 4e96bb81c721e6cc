#![doc = include_str!("../README.md")]

mod account;
pub mod adapter;
mod capability;
mod error;
mod id;
mod invitation;
mod listing;
mod member;
mod members;
mod memory;
pub mod ops;
mod record;
mod role;
mod roster;

pub use account::{Group, Identity, Status, User, Workspace};
pub use capability::{Behaviour, Capabilities, Capability, Evidence, IdForm, Operation, RateLimit, Support};
pub use error::{Effect, Error, ErrorKind, Protection, Resource, Result};
pub use id::{
    EmailAddress, GroupId, InvalidId, InvitationId, MAX_ID_BYTES, MembershipId, PrincipalId, PrincipalKind,
    Provider, UserId, Who, WorkspaceId,
};
pub use invitation::{CancelInvitation, DeleteUser, Invitation, Invite, Invited, SetUserActive};
pub use listing::{Listing, MAX_EMPTY_PAGES, MAX_PAGES, MemberStream, collect as collect_listing};
pub use member::{Change, Cursor, Mark, Member, MemberKey, Page, PageRequest};
#[cfg(feature = "mock")]
pub use members::MockWorkspaceMembers;
pub use members::{AddMember, ListOf, Notify, RemoveMember, SetRole, WorkspaceMembers};
pub use memory::InMemory;
pub use ops::{BoundWorkspace, Ensured, Guarded, IfPresent, WorkspaceMembersExt};
pub use role::{
    Fit, InvalidRoleTable, NativeRole, Role, RolePolicy, RoleRow, RoleTable, UnknownRole, UnsupportedRole,
};
pub use roster::{Fingerprint, Roster};
