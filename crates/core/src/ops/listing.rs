//! Listings as streams, and the complete rosters of many workspaces in as few requests as the provider allows.

use crate::listing::{collect, walk};
use crate::{
    Capability, Error, Group, ListOf, Listing, Member, Operation, Resource, Result, Roster, User, Workspace,
    WorkspaceId, WorkspaceMembers,
};
use futures_util::future::FutureExt;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use std::collections::BTreeMap;

/// How many workspaces are read side by side where each has a list of its own. A layer that bounds concurrency may
/// allow fewer; this bounds what is done without one.
const SIDE_BY_SIDE: usize = 32;

pub(super) fn workspaces<M: WorkspaceMembers + ?Sized>(account: &M) -> Listing<'_, Workspace> {
    walk(Operation::ListWorkspaces, account.capabilities(), |page| account.workspaces_page(page))
}

pub(super) fn users<M: WorkspaceMembers + ?Sized>(account: &M) -> Listing<'_, User> {
    walk(Operation::ListUsers, account.capabilities(), |page| account.users_page(page))
}

pub(super) fn groups<M: WorkspaceMembers + ?Sized>(account: &M) -> Listing<'_, Group> {
    walk(Operation::ListGroups, account.capabilities(), |page| account.groups_page(page))
}

pub(super) fn members<M: WorkspaceMembers + ?Sized>(account: &M, of: ListOf) -> Listing<'_, Member> {
    walk(Operation::ListMembers, account.capabilities(), move |page| {
        let of = of.clone();
        async move { account.members_page(&of, page).await }
    })
}

/// The rosters of these workspaces, in the order asked. `listed` are the account's workspaces, if they were listed before.
pub(super) async fn rosters(
    account: &dyn WorkspaceMembers,
    ids: &[WorkspaceId],
    listed: Option<&[Workspace]>,
) -> Result<Vec<Roster>> {
    let capabilities = account.capabilities();
    capabilities.require(Capability::Roster, Operation::ListMembers)?;
    if !capabilities.rosters_need_workspaces() {
        return complete(account, ids).await;
    }
    let fetched;
    let listed = if let Some(listed) = listed {
        listed
    } else {
        fetched = collect(|| workspaces(account)).await?;
        &fetched
    };
    let known: BTreeMap<&WorkspaceId, &Workspace> =
        listed.iter().map(|workspace| (&workspace.id, workspace)).collect();
    if let Some(missing) = ids.iter().find(|id| !known.contains_key(id)) {
        return Err(capabilities.failure(Operation::ListMembers, no_workspace(missing)));
    }
    let mut rosters = complete(account, ids).await?;
    for roster in &mut rosters {
        if let Some(workspace) = known.get(roster.workspace()) {
            roster.mark_owner(workspace);
        }
    }
    Ok(rosters)
}

/// The roster of one workspace.
pub(super) async fn roster(account: &dyn WorkspaceMembers, id: &WorkspaceId) -> Result<Roster> {
    Ok(rosters(account, std::slice::from_ref(id), None).await?.remove(0))
}

/// The roster of a workspace that is known to exist, without the marks that only the list of workspaces gives. Depends on
/// nothing but the listing of members.
pub(super) async fn roster_of_known(account: &dyn WorkspaceMembers, id: &WorkspaceId) -> Result<Roster> {
    account.capabilities().require(Capability::Roster, Operation::ListMembers)?;
    Ok(complete(account, std::slice::from_ref(id)).await?.remove(0))
}

/// Everybody in each of these workspaces, in the order asked.
async fn complete(account: &dyn WorkspaceMembers, ids: &[WorkspaceId]) -> Result<Vec<Roster>> {
    let capabilities = account.capabilities();
    if !capabilities.has(Capability::ListAccountMembers) {
        let one = |id: &WorkspaceId| {
            let id = id.clone();
            let listed = ListOf::Workspace(id.clone());
            collect(move || members(account, listed.clone()))
                .map(move |members| Roster::from_complete(&id, members?, capabilities))
                .boxed()
        };
        let all: Vec<_> = ids.iter().map(one).collect();
        return stream::iter(all).buffered(SIDE_BY_SIDE).try_collect().await;
    }
    let mut by_workspace: BTreeMap<WorkspaceId, Vec<Member>> = BTreeMap::new();
    for member in collect(|| members(account, ListOf::Account)).await? {
        by_workspace.entry(member.key.workspace.clone()).or_default().push(member);
    }
    let mut rosters: Vec<Roster> = Vec::with_capacity(ids.len());
    for id in ids {
        let asked_before = rosters.iter().find(|roster| roster.workspace() == id).cloned();
        rosters.push(match asked_before {
            Some(roster) => roster,
            None => Roster::from_complete(id, by_workspace.remove(id).unwrap_or_default(), capabilities)?,
        });
    }
    Ok(rosters)
}

pub(super) fn no_workspace(id: &WorkspaceId) -> Error {
    Error::not_found(format!("workspace {id} does not exist or is not visible"), &[Resource::Workspace])
}
