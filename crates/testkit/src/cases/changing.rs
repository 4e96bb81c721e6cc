//! Listings that are read while something changes.

use crate::case::{Outcome, RAN, Verdict, cases};
use crate::cast::{LEGAL, ME};
use crate::failure::{Failure, check, outcome};
use crate::scripted::{Interruption, Meanwhile, Scripted};
use crate::seed::{Grant, Seed};
use crate::stage::{Context, Stage};
use futures_util::TryStreamExt;
use std::collections::BTreeSet;
use workspace_members_core::{
    AddMember, Behaviour, Capability, ErrorKind, Member, NativeRole, Operation, PageRequest, PrincipalId,
    SetRole, WorkspaceMembersExt,
};

cases! {
    a_role_that_changes_while_a_listing_is_read_loses_nobody [];
    a_total_is_the_same_on_every_page_that_has_one [];
}

/// A few people in every native role that can be given.
fn seed(context: &Context) -> Seed {
    let mut seed = context.alone();
    for (number, role) in (1_000..).zip(natives(context).iter().cycle().take(9)) {
        seed.users.push(context.make_user(number, "P", &format!("p{number}@example.com")));
        seed.members.push(Grant::new(context.workspace(LEGAL), context.user(number), role.clone()));
    }
    seed
}

/// The words of the table that can be written.
fn natives(context: &Context) -> Vec<NativeRole> {
    let roles = context.capabilities().roles();
    let asked = roles.rows().iter().map(|row| workspace_members_core::Role::Custom(row.native.clone()));
    asked.filter_map(|role| roles.resolve(&role).ok()).map(|resolved| resolved.native).collect()
}

fn lists(context: &Context) -> Option<Outcome> {
    let why = if !context.has(Capability::ListMembers) && !context.has(Capability::ListAccountMembers) {
        "there is no listing of members"
    } else if !context.has(Capability::SetUserRole)
        && !(context.behaves(Behaviour::AddUpserts) && context.has(Capability::AddUser))
    {
        "no role changes in one step"
    } else if natives(context).len() < 2 {
        "there is only one role"
    } else {
        return None;
    };
    Some(Outcome::NotApplicable(why.to_owned()))
}

/// Somebody else gives the member this role.
async fn give(stage: &Stage, who: &PrincipalId, role: &NativeRole) -> Result<Meanwhile, Failure> {
    let members = stage.members().clone();
    let role = workspace_members_core::Role::Custom(role.clone());
    Ok(if stage.has(Capability::SetUserRole) {
        let change = SetRole::new(stage.key(&stage.workspace(LEGAL), who).await?, role);
        Meanwhile::new(async move { drop(members.set_role(&change).await) })
    } else {
        let add = AddMember::new(stage.workspace(LEGAL), who.clone(), role);
        Meanwhile::new(async move { drop(members.add(&add).await) })
    })
}

/// Where a listing takes several requests of different kinds, such as one for each role, somebody who is promoted or
/// demoted between two of them could be seen in neither.
///
/// Each of some members gets each other role at each boundary of pages. The listing shows them all, or says that it
/// changed; and then a roster, which starts over once, shows them all.
async fn a_role_that_changes_while_a_listing_is_read_loses_nobody(context: &Context) -> Verdict {
    if let Some(apart) = lists(context) {
        return Ok(apart);
    }
    let natives = natives(context);
    let stage = context.stage(seed(context)).await?;
    let everybody = everybody(&stage);
    let legal = stage.workspace(LEGAL);
    let pages = pages(&stage).await?;
    let movers: Vec<_> =
        stage.seed.members.iter().filter(|grant| grant.principal != stage.user(ME)).collect();
    let mut role = movers.iter().map(|grant| grant.role.clone()).collect::<Vec<_>>();
    for boundary in 1..pages {
        for (at, mover) in movers.iter().enumerate().take(natives.len()) {
            for becomes in &natives {
                if role.get(at) == Some(becomes) {
                    continue;
                }
                for whole in [false, true] {
                    if whole && !stage.has(Capability::Roster) {
                        continue;
                    }
                    let back = role.get(at).cloned().unwrap_or_else(|| becomes.clone());
                    let members = Scripted::new(stage.members().clone());
                    for _ in 0..boundary {
                        members.interrupt(Operation::ListMembers, Interruption::First(Meanwhile::nothing()));
                    }
                    let change = give(&stage, &mover.principal, becomes).await?;
                    members.interrupt(Operation::ListMembers, Interruption::First(change));
                    let result = if whole {
                        members.roster(&legal).await.map(|roster| roster.members().to_vec())
                    } else {
                        members.members(stage.list_of(&legal)).try_collect::<Vec<Member>>().await
                    };
                    let what = format!("{} became {becomes} before page {}", mover.principal, boundary + 1);
                    match result {
                        Ok(listed) => check!(
                            ids(&stage, &listed) == everybody,
                            "{what}, and the listing is of {:?}",
                            ids(&stage, &listed)
                        ),
                        Err(error) if error.kind() == ErrorKind::ListingChanged && !whole => {}
                        other => return Err(Failure::new(format!("{what}: {}", outcome(&other)))),
                    }
                    give(&stage, &mover.principal, &back).await?.happens().await;
                }
            }
        }
        role.clear();
        role.extend(movers.iter().map(|grant| grant.role.clone()));
    }
    let used = [Capability::ListMembers, Capability::ListAccountMembers, Capability::Roster];
    Ok(Outcome::Ran(used.into_iter().filter(|capability| stage.has(*capability)).collect()))
}

fn ids(stage: &Stage, listed: &[Member]) -> BTreeSet<PrincipalId> {
    listed.iter().map(|member| stage.claims().folded(&member.key.principal).into_owned()).collect()
}

fn everybody(stage: &Stage) -> BTreeSet<PrincipalId> {
    stage.folded(stage.listed_of(&stage.workspace(LEGAL))).into_keys().collect()
}

/// How many pages the listing has.
async fn pages(stage: &Stage) -> Result<usize, Failure> {
    let mut request = PageRequest::default();
    let mut count = 1;
    while let Some(next) =
        stage.members().members_page(&stage.list_of(&stage.workspace(LEGAL)), request).await?.next
    {
        request = PageRequest::at(Some(next));
        count += 1;
    }
    Ok(count)
}

/// On the first page, on the last, or on all.
async fn a_total_is_the_same_on_every_page_that_has_one(context: &Context) -> Verdict {
    if !context.has(Capability::ListMembers) && !context.has(Capability::ListAccountMembers) {
        return Ok(Outcome::NotApplicable("there is no listing of members".to_owned()));
    }
    let stage = context.stage(seed(context)).await?;
    let of = stage.list_of(&stage.workspace(LEGAL));
    let (mut request, mut told, mut records) = (PageRequest::default(), BTreeSet::new(), BTreeSet::new());
    loop {
        let page = stage.members().members_page(&of, request).await?;
        told.extend(page.total);
        records.extend(page.records);
        let Some(next) = page.next else { break };
        request = PageRequest::at(Some(next));
    }
    check!(told.len() <= 1, "different totals on the pages of one listing: {told:?}");
    let counted = records.len() as u64;
    check!(told.iter().all(|total| *total == counted), "{counted} records, and a total of {told:?}");
    Ok(RAN)
}
