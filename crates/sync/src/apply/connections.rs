//! The connections that a plan is carried out over.

use super::error::ApplyError;
use std::collections::BTreeMap;
use std::sync::Arc;
use workspace_members_core::WorkspaceMembers;

/// The connections that a plan is carried out over, by name.
pub type Connections = BTreeMap<String, Arc<dyn WorkspaceMembers>>;

/// Those of them that a run uses.
pub(super) type Picked<'a> = BTreeMap<&'a str, &'a dyn WorkspaceMembers>;

pub(super) fn pick<'a>(
    connections: &'a Connections,
    names: impl IntoIterator<Item = &'a str>,
) -> Result<Picked<'a>, ApplyError> {
    let one = |name: &'a str| match connections.get(name) {
        Some(members) => Ok((name, &**members)),
        None => Err(ApplyError::NoConnection(name.to_owned())),
    };
    names.into_iter().map(one).collect()
}
