//! What every file of cases uses: `use super::prelude::*;`.

pub(super) use crate::call::{Call, methods};
pub(super) use crate::case::cases;
pub(super) use crate::cast::*;
pub(super) use crate::context::Context;
pub(super) use crate::failure::{Checked, Stop, check, check_eq, only_if, outcome, shown};
pub(super) use crate::proxy::{Answer, Fault, Rule};
pub(super) use crate::seed::{Grant, Ids, Seed, Seedable, valid};
pub(super) use crate::stage::Stage;
pub(super) use futures_util::TryStreamExt;
pub(super) use std::collections::{BTreeMap, BTreeSet};
pub(super) use std::sync::Arc;
pub(super) use std::time::Duration;
pub(super) use workspace_members_core::{
    AddMember, Behaviour, Capabilities, Capability, Change, Cursor, Effect, EmailAddress, Ensured, Error,
    ErrorKind, Fit, Group, IfPresent, InMemory, Invitation, InvitationId, Invite, Invited, ListOf, Mark,
    Member, MemberKey, MembershipId, NativeRole, Operation, Page, PageRequest, PrincipalId, PrincipalKind,
    Protection, RemoveMember, Resource, Role, SetRole, Status, User, UserId, Workspace, WorkspaceId,
    WorkspaceMembers, WorkspaceMembersExt, ops,
};
