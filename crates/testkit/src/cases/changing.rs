//! Listings that are read while something changes, or is said to.

use super::paging::{Listed, Walk, claimed};
use crate::case::{Outcome, RAN, Verdict, cases};
use crate::cast::{LEGAL, ME};
use crate::context::Context;
use crate::failure::{Failure, check, check_eq, outcome};
use crate::proxy::{Answer, Fault, Rule};
use crate::scripted::{Interruption, Meanwhile, Scripted};
use crate::seed::{Grant, Seed};
use crate::stage::Stage;
use futures_util::TryStreamExt;
use std::collections::BTreeSet;
use workspace_members_core::{
    AddMember, Behaviour, Capability, Error, ErrorKind, Member, NativeRole, Operation, PageRequest,
    PrincipalId, Role, SetRole, WorkspaceMembersExt,
};

cases! {
    a_role_that_changes_while_a_listing_is_read_loses_nobody [];
    a_total_is_the_same_on_every_page_that_has_one [];
    a_page_that_comes_again_ends_the_listing [] over http;
    a_total_that_moves_ends_the_listing [] over http;
    a_total_that_disagrees_ends_the_listing [] over http;
    a_listing_that_changed_once_is_read_again [ListUsers, SeeAddresses] over http;
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
    let asked = roles.rows().iter().map(|row| Role::Custom(row.native.clone()));
    asked.filter_map(|role| roles.resolve(&role).ok()).map(|resolved| resolved.native).collect()
}

fn lists(context: &Context) -> Option<Outcome> {
    let upserts = context.behaves(Behaviour::AddUpserts) && context.has(Capability::AddUser);
    let changes = context.has(Capability::SetUserRole) || upserts;
    let why = if !context.has(Capability::ListMembers) && !context.has(Capability::ListAccountMembers) {
        "there is no listing of members"
    } else if !changes {
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
    let role = Role::Custom(role.clone());
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
/// Some members get each other role at each boundary of pages. The listing shows everybody, or says that it changed; and
/// then a roster, which starts over once, shows everybody.
async fn a_role_that_changes_while_a_listing_is_read_loses_nobody(context: &Context) -> Verdict {
    if let Some(apart) = lists(context) {
        return Ok(apart);
    }
    let natives = natives(context);
    let stage = context.stage(seed(context)).await?;
    let everybody = everybody(&stage);
    let others = stage.seed.members.iter().filter(|grant| grant.principal != stage.user(ME));
    let moves: Vec<_> = others
        .take(natives.len())
        .flat_map(|grant| natives.iter().map(move |becomes| (grant, becomes)))
        .filter(|(grant, becomes)| grant.role != **becomes)
        .collect();
    for boundary in 1..pages(&stage).await? {
        for (grant, becomes) in &moves {
            for whole in [false, true] {
                if whole && !stage.has(Capability::Roster) {
                    continue;
                }
                let change = give(&stage, &grant.principal, becomes).await?;
                let result = listed_while(&stage, boundary, change, whole).await;
                let what = format!("{} became {becomes} before page {}", grant.principal, boundary + 1);
                match result {
                    Ok(listed) => {
                        let listed = ids(&stage, &listed);
                        check!(listed == everybody, "{what}, and the listing is of {listed:?}");
                    }
                    Err(error) if error.kind() == ErrorKind::ListingChanged && !whole => {}
                    other => return Err(Failure::new(format!("{what}: {}", outcome(&other)))),
                }
                give(&stage, &grant.principal, &grant.role).await?.happens().await;
            }
        }
    }
    let used = [Capability::ListMembers, Capability::ListAccountMembers, Capability::Roster];
    Ok(Outcome::Ran(used.into_iter().filter(|capability| stage.has(*capability)).collect()))
}

/// The listing, or the roster, while this happens after so many pages.
async fn listed_while(
    stage: &Stage,
    pages: usize,
    change: Meanwhile,
    roster: bool,
) -> Result<Vec<Member>, Error> {
    let (members, legal) = (Scripted::new(stage.members().clone()), stage.workspace(LEGAL));
    for _ in 0..pages {
        members.interrupt(Operation::ListMembers, Interruption::First(Meanwhile::nothing()));
    }
    members.interrupt(Operation::ListMembers, Interruption::First(change));
    if roster {
        Ok(members.roster(&legal).await?.members().to_vec())
    } else {
        members.members(stage.list_of(&legal)).try_collect().await
    }
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

const LOST: [ErrorKind; 2] = [ErrorKind::ListingChanged, ErrorKind::UnexpectedResponse];

/// Runs a check for every listing that has pages.
async fn for_paged<'a, F>(context: &'a Context, check: impl Fn(Listed, Stage, Walk) -> F) -> Verdict
where
    F: Future<Output = Result<bool, Failure>> + Send + 'a,
{
    let (mut ran, mut without) = (Vec::new(), Vec::new());
    for listed in claimed(context) {
        let applies = match listed.paged(context).await? {
            Some((stage, walk)) => check(listed, stage, walk).await?,
            None => false,
        };
        if applies {
            ran.push(listed.capability());
        } else {
            without.push(listed.capability().as_str());
        }
    }
    if ran.is_empty() {
        let why = format!("no pages, or no total: {}", without.join(", "));
        return Ok(Outcome::NotApplicable(why));
    }
    Ok(Outcome::Ran(ran))
}

/// The answers that a walk got, in order.
fn answers(stage: &Stage) -> Result<Vec<Answer>, Failure> {
    Ok(stage.proxy()?.log().iter().map(Answer::from).collect())
}

async fn a_page_that_comes_again_ends_the_listing(context: &Context) -> Verdict {
    for_paged(context, |listed, stage, _| async move {
        let Some(first) = answers(&stage)?.first().cloned() else {
            return Err(Failure::new("a listing sent no request"));
        };
        stage.forget();
        let armed = stage.proxy()?.inject(Rule::new(Fault::Answer(first)).times(usize::MAX));
        let result = listed.stream(&stage).await;
        check!(
            result.as_ref().is_err_and(|error| LOST.contains(&error.kind())),
            "{listed:?}, a server that always sends the first page: {}",
            outcome(&result)
        );
        check!(armed.struck() >= 2, "{listed:?}: the second page was never asked for");
        Ok(true)
    })
    .await
}

async fn a_total_that_moves_ends_the_listing(context: &Context) -> Verdict {
    for_paged(context, |listed, stage, walk| async move {
        if walk.total.is_none() {
            return Ok(false);
        }
        let more = stage.stage(listed.seed(&stage, walk.ids.len() as u64 + 1)).await?;
        listed.walk(&more, None).await?;
        let Some(second) = answers(&more)?.get(1).cloned() else {
            return Err(Failure::new("a listing of several pages sent one request"));
        };
        let armed = stage.proxy()?.inject(Rule::new(Fault::Answer(second)).nth(2));
        let result = listed.stream(&stage).await;
        check!(
            result.as_ref().is_err_and(|error| error.kind() == ErrorKind::ListingChanged),
            "{listed:?}, a total that moves between pages: {}",
            outcome(&result)
        );
        check_eq!(armed.struck(), 1, "{listed:?}: how often the second page was asked for");
        Ok(true)
    })
    .await
}

async fn a_total_that_disagrees_ends_the_listing(context: &Context) -> Verdict {
    for_paged(context, |listed, stage, walk| async move {
        if walk.total.is_none() {
            return Ok(false);
        }
        let Some(last) = answers(&stage)?.last().cloned() else {
            return Err(Failure::new("a listing sent no request"));
        };
        let armed = stage.proxy()?.inject(Rule::new(Fault::Answer(last)).nth(2));
        let result = listed.stream(&stage).await;
        check!(
            result.as_ref().is_err_and(|error| error.kind() == ErrorKind::ListingChanged),
            "{listed:?}, a listing that ends before its total: {}",
            outcome(&result)
        );
        check_eq!(armed.struck(), 1, "{listed:?}: how often the second page was asked for");
        Ok(true)
    })
    .await
}

async fn a_listing_that_changed_once_is_read_again(context: &Context) -> Verdict {
    let Some((stage, walk)) = Listed::Users.paged(context).await? else {
        return Ok(Outcome::NotApplicable("the list of users has no pages".to_owned()));
    };
    let Some(first) = answers(&stage)?.first().cloned() else {
        return Err(Failure::new("a listing sent no request"));
    };
    let (Some(last), Some(email)) =
        (walk.ids.last(), stage.seed.users.last().and_then(|user| user.email.clone()))
    else {
        return Err(Failure::new("a listing of several pages is empty"));
    };
    let armed = stage.proxy()?.inject(Rule::new(Fault::Answer(first)).nth(2));
    let found = stage.members().find_user(&email).await?;
    check_eq!(armed.struck(), 1, "how often the first page came again");
    check_eq!(found.email, Some(email), "the user found after reading again");
    check_eq!(&found.id.to_string(), last, "the user found after reading again");
    Ok(RAN)
}
