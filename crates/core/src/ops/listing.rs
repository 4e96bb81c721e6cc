//! Listings as streams, and the complete rosters of many workspaces in as few requests as the provider allows.

use super::find::missing_workspace;
use crate::listing::{collect, walk};
use crate::{
    Capability, Error, Group, ListOf, Listing, Member, Operation, Resource, Result, Roster, User, Workspace,
    WorkspaceId, WorkspaceMembers,
};
use futures_util::future::{FutureExt, TryFutureExt};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use std::collections::BTreeMap;

/// How many workspaces are read side by side where each has a list of its own. A layer that bounds concurrency may
/// allow fewer; this bounds what is done without one.
const SIDE_BY_SIDE: usize = 32;

pub(super) fn workspaces<M: WorkspaceMembers + ?Sized>(members: &M) -> Listing<'_, Workspace> {
    walk(Operation::ListWorkspaces, members.capabilities(), |page| members.workspaces_page(page))
}

pub(super) fn users<M: WorkspaceMembers + ?Sized>(members: &M) -> Listing<'_, User> {
    walk(Operation::ListUsers, members.capabilities(), |page| members.users_page(page))
}

pub(super) fn groups<M: WorkspaceMembers + ?Sized>(members: &M) -> Listing<'_, Group> {
    walk(Operation::ListGroups, members.capabilities(), |page| members.groups_page(page))
}

pub(super) fn members<M: WorkspaceMembers + ?Sized>(members: &M, of: ListOf) -> Listing<'_, Member> {
    walk(Operation::ListMembers, members.capabilities(), move |page| {
        let of = of.clone();
        async move { members.members_page(&of, page).await }
    })
}

/// With the account's workspaces as listed before, if they were.
pub(super) async fn rosters<M: WorkspaceMembers + ?Sized>(
    members: &M,
    ids: &[WorkspaceId],
    listed: Option<&[Workspace]>,
) -> Result<Vec<Roster>> {
    let capabilities = members.capabilities();
    capabilities.require(Capability::Roster, Operation::ListMembers)?;
    if !capabilities.rosters_need_workspaces() {
        return complete(members, ids).await;
    }
    let fetched;
    let listed = if let Some(listed) = listed {
        listed
    } else {
        fetched = collect(|| workspaces(members)).await?;
        &fetched
    };
    let known: BTreeMap<&WorkspaceId, &Workspace> =
        listed.iter().map(|workspace| (&workspace.id, workspace)).collect();
    if let Some(missing) = ids.iter().find(|id| !known.contains_key(id)) {
        return Err(Error::not_found(missing_workspace(missing), &[Resource::Workspace])
            .with_operation(Operation::ListMembers)
            .with_provider(members.provider()));
    }
    let mut rosters = complete(members, ids).await?;
    for roster in &mut rosters {
        if let Some(workspace) = known.get(roster.workspace()) {
            roster.mark_owner(workspace);
        }
    }
    Ok(rosters)
}

/// The roster of a workspace that is known to exist, without the marks that only the list of workspaces gives. Depends on
/// nothing but the listing of members.
pub(super) async fn roster_of_known<M: WorkspaceMembers + ?Sized>(
    members: &M,
    id: &WorkspaceId,
) -> Result<Roster> {
    members.capabilities().require(Capability::Roster, Operation::ListMembers)?;
    let mut rosters = complete(members, std::slice::from_ref(id)).await?;
    Ok(rosters.remove(0))
}

/// Everybody in each of these workspaces, in the order asked.
async fn complete<M: WorkspaceMembers + ?Sized>(of: &M, ids: &[WorkspaceId]) -> Result<Vec<Roster>> {
    let capabilities = of.capabilities();
    if !capabilities.has(Capability::ListAccountMembers) {
        let one = |id: &WorkspaceId| {
            let id = id.clone();
            let listed = ListOf::Workspace(id.clone());
            collect(move || members(of, listed.clone()))
                .map_ok(move |members| Roster::from_complete(&id, members, of.capabilities()))
                .boxed()
        };
        let all: Vec<_> = ids.iter().map(one).collect();
        return stream::iter(all).buffered(SIDE_BY_SIDE).try_collect().await;
    }
    let mut by_workspace: BTreeMap<WorkspaceId, Vec<Member>> = BTreeMap::new();
    for member in collect(|| members(of, ListOf::Account)).await? {
        by_workspace.entry(member.key.workspace.clone()).or_default().push(member);
    }
    let mut rosters: Vec<Roster> = Vec::with_capacity(ids.len());
    for (at, id) in ids.iter().enumerate() {
        // Nobody is in it, or it was asked for before.
        let before = ids[..at].iter().position(|earlier| earlier == id);
        let roster = match (before, by_workspace.remove(id)) {
            (Some(before), _) => rosters[before].clone(),
            (None, members) => Roster::from_complete(id, members.unwrap_or_default(), capabilities),
        };
        rosters.push(roster);
    }
    Ok(rosters)
}
