//! A change of several requests that was begun and is not known to be finished.

use serde::{Deserialize, Serialize};
use workspace_members_core::{NativeRole, PrincipalId, WorkspaceId};

/// Somebody who is removed only to be added again. Until they were seen inside, they may be outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct OpenChange {
    /// The connection that was used.
    pub connection: String,
    /// Where.
    pub workspace: WorkspaceId,
    /// Who.
    pub principal: PrincipalId,
    /// Who, as a person would say it.
    pub label: String,
    /// The role before.
    pub from: NativeRole,
    /// The role after.
    pub to: NativeRole,
}

/// Identifies an open change of an account. Later changes have higher ids, as long as one is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChangeId(pub u64);
