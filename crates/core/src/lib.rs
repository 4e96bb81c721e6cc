#![doc = include_str!("../README.md")]

mod account;
pub mod adapter;
mod capabilities;
mod capability;
mod error;
mod id;
mod invitation;
mod listing;
mod macros;
mod member;
mod members;
mod memory;
mod operation;
pub mod ops;
mod page;
mod request;
mod role;
mod roster;

pub use account::{Group, Identity, Mark, Status, User, Workspace};
pub use capabilities::{Capabilities, RateLimit};
pub use capability::{Behaviour, Capability, Evidence, IdForm, Support};
pub use error::{Effect, Error, ErrorKind, Protection, Resource, Result};
pub use id::{
    EmailAddress, GroupId, InvalidId, InvitationId, MembershipId, PrincipalId, PrincipalKind, Provider,
    UserId, Who, WorkspaceId,
};
pub use invitation::{Invitation, Invited};
pub use listing::{Listing, collect as collect_listing};
pub use member::{Change, Member, MemberKey};
#[cfg(feature = "mock")]
pub use members::MockWorkspaceMembers;
pub use members::WorkspaceMembers;
pub use memory::InMemory;
pub use operation::Operation;
pub use ops::{BoundWorkspace, Ensured, Guarded, IfPresent, WorkspaceMembersExt};
pub use page::{Cursor, Page, PageRequest};
pub use request::{AddMember, Invite, ListOf, Notify, RemoveMember, SetRole};
pub use role::{
    Fit, InvalidRoleTable, NativeRole, Role, RolePolicy, RoleRow, RoleTable, UnknownRole, UnsupportedRole,
};
pub use roster::{Fingerprint, Roster};
