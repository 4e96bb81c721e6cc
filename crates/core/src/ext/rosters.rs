//! The complete rosters of many workspaces, in as few requests as the provider allows.

use super::missing::missing_workspace;
use crate::listing::collect;
use crate::{
    Capability, Error, ListOf, Member, Operation, Resource, Result, Roster, Workspace, WorkspaceId,
    WorkspaceMembers, WorkspaceMembersExt,
};
use futures_util::future::{FutureExt, TryFutureExt};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use std::collections::BTreeMap;

/// How many workspaces are read side by side where each has a list of its own. A layer that bounds concurrency may
/// allow fewer; this bounds what is done without one.
const SIDE_BY_SIDE: usize = 32;

/// With the account's workspaces as listed before, if they were.
pub(super) async fn rosters<M: WorkspaceMembers + ?Sized>(
    members: &M,
    workspaces: &[WorkspaceId],
    listed: Option<&[Workspace]>,
) -> Result<Vec<Roster>> {
    let capabilities = members.capabilities();
    capabilities.require(Capability::Roster, Operation::ListMembers)?;
    let fetched;
    let mut known: BTreeMap<&WorkspaceId, &Workspace> = BTreeMap::new();
    if capabilities.rosters_need_workspaces() {
        let listed = if let Some(listed) = listed {
            listed
        } else {
            fetched = collect(|| members.workspaces()).await?;
            &fetched
        };
        known.extend(listed.iter().map(|workspace| (&workspace.id, workspace)));
        if let Some(missing) = workspaces.iter().find(|id| !known.contains_key(id)) {
            return Err(Error::not_found(missing_workspace(missing), &[Resource::Workspace])
                .with_operation(Operation::ListMembers)
                .with_provider(members.provider()));
        }
    }
    let mut rosters: Vec<Roster> = Vec::with_capacity(workspaces.len());
    if capabilities.has(Capability::ListAccountMembers) {
        let mut by_workspace: BTreeMap<WorkspaceId, Vec<Member>> = BTreeMap::new();
        for member in collect(|| members.members(ListOf::Account)).await? {
            by_workspace.entry(member.key.workspace.clone()).or_default().push(member);
        }
        for (at, id) in workspaces.iter().enumerate() {
            let roster = if let Some(members) = by_workspace.remove(id) {
                Roster::from_complete(id, members)
            } else {
                // Nobody is in it, or it was asked for before.
                let before = workspaces[..at].iter().position(|earlier| earlier == id);
                before.map_or_else(|| Roster::from_complete(id, Vec::new()), |at| rosters[at].clone())
            };
            rosters.push(roster);
        }
    } else {
        let one = |id: &WorkspaceId| {
            let id = id.clone();
            let of = id.clone();
            collect(move || members.members(of.clone()))
                .map_ok(move |members| Roster::from_complete(&id, members))
                .boxed()
        };
        let all: Vec<_> = workspaces.iter().map(one).collect();
        rosters = stream::iter(all).buffered(SIDE_BY_SIDE).try_collect().await?;
    }
    for roster in &mut rosters {
        if let Some(workspace) = known.get(roster.workspace()) {
            roster.mark_owner(workspace);
        }
    }
    Ok(rosters)
}
