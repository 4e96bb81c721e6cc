//! Listings that are read while something changes, or is said to.

use super::paging::{Listed, Walk, claimed};
use super::prelude::*;
use futures_util::future::BoxFuture;

cases! {
    __changing_cases;
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
    for (number, role) in (MANY..).zip(natives(context).iter().cycle().take(9)) {
        seed.users.push(context.make_user(number, "P", &format!("p{number}@example.com")));
        seed.members.push(Grant::new(context.legal.clone(), context.user(number), role.clone()));
    }
    seed
}

/// The words of the table that can be written.
fn natives(context: &Context) -> Vec<NativeRole> {
    let roles = context.capabilities.roles();
    let asked = roles.rows().iter().map(|row| Role::Custom(row.native.clone()));
    asked.filter_map(|role| roles.resolve(&role).ok()).map(|resolved| resolved.native).collect()
}

fn listing_of_members(context: &Context) -> Checked<Listed> {
    let listed = [Listed::Members, Listed::Account].into_iter().find(|it| context.has(it.capability()));
    listed.ok_or_else(|| Stop::not_applicable("there is no listing of members"))
}

/// Somebody else gives the member this role.
async fn give(stage: &Stage, who: &PrincipalId, role: &NativeRole) -> Checked<BoxFuture<'static, ()>> {
    let members = stage.members().clone();
    let role = Role::Custom(role.clone());
    Ok(if stage.has(Capability::SetUserRole) {
        let change = stage.setting(who, &role).await?;
        Box::pin(async move { drop(members.set_role(&change).await) })
    } else {
        let add = stage.adding(who.clone(), &role);
        Box::pin(async move { drop(members.add(&add).await) })
    })
}

/// Where a listing takes several requests of different kinds, such as one for each role, somebody who is promoted or
/// demoted between two of them could be seen in neither.
///
/// Some members get each other role at each boundary of pages. The listing shows everybody, or says that it changed; and
/// then a roster, which starts over once, shows everybody.
async fn a_role_that_changes_while_a_listing_is_read_loses_nobody(context: &Context) -> Checked {
    let listed = listing_of_members(context)?;
    let upserts = context.behaves(Behaviour::AddUpserts) && context.has(Capability::AddUser);
    only_if(context.has(Capability::SetUserRole) || upserts, "no role changes in one step")?;
    let natives = natives(context);
    only_if(natives.len() > 1, "there is only one role")?;
    let stage = context.stage(seed(context)).await?;
    let everybody: BTreeSet<_> = stage.expected_listing(&stage.legal).into_keys().collect();
    let others = stage.seed.members.iter().filter(|grant| grant.principal != stage.user(ME));
    let mut moves = Vec::new();
    for grant in others.take(natives.len()) {
        let roles = natives.iter().filter(|becomes| grant.role != **becomes);
        moves.extend(roles.map(|becomes| (grant, becomes)));
    }
    let forms: &[bool] = if stage.has(Capability::Roster) { &[false, true] } else { &[false] };
    for boundary in 1..listed.walk(&stage, None).await?.pages {
        for (grant, becomes) in &moves {
            for roster in forms {
                let change = give(&stage, &grant.principal, becomes).await?;
                let result = listed_while(&stage, boundary, change, *roster).await;
                let what = format!("{} became {becomes} before page {}", grant.principal, boundary + 1);
                match result {
                    Ok(members) => {
                        let ids: BTreeSet<_> =
                            members.iter().map(|member| stage.folded(&member.key.principal)).collect();
                        check!(ids == everybody, "{what}, and the listing is of {ids:?}");
                    }
                    Err(error) if error.kind() == ErrorKind::ListingChanged && !roster => {}
                    other => return Err(Stop::failed(format!("{what}: {}", outcome(&other)))),
                }
                give(&stage, &grant.principal, &grant.role).await?.await;
            }
        }
    }
    let used = [Capability::ListMembers, Capability::ListAccountMembers, Capability::Roster];
    for capability in used {
        stage.note_exercised(capability);
    }
    Ok(())
}

/// The listing, or the roster, while this happens after so many pages.
async fn listed_while(
    stage: &Stage,
    pages: usize,
    change: BoxFuture<'static, ()>,
    roster: bool,
) -> Result<Vec<Member>, Error> {
    let members = stage.scripted();
    members.happens_after(pages, Operation::ListMembers, change);
    if roster {
        Ok(members.roster(&stage.legal).await?.members().to_vec())
    } else {
        members.members(stage.list_of(&stage.legal)).try_collect().await
    }
}

/// On the first page, on the last, or on all.
async fn a_total_is_the_same_on_every_page_that_has_one(context: &Context) -> Checked {
    let listed = listing_of_members(context)?;
    let stage = context.stage(seed(context)).await?;
    let walk = listed.walk(&stage, None).await?;
    let counted = walk.records.len() as u64;
    let right = walk.total.is_none_or(|total| total == counted);
    check!(right, "{counted} records, and a total of {:?}", walk.total);
    Ok(())
}

/// Runs a check for every listing that has pages, or says that it has no meaning for it.
async fn for_paged<'a, F>(context: &'a Context, check: impl Fn(Listed, Stage, Walk) -> F) -> Checked
where
    F: Future<Output = Checked> + Send + 'a,
{
    let mut without = Vec::new();
    let mut ran = false;
    for listed in claimed(context) {
        let checked = match listed.paged(context).await {
            Ok((stage, walk)) => check(listed, stage, walk).await,
            Err(stop) => Err(stop),
        };
        match checked {
            Err(Stop::NotApplicable(_)) => without.push(listed.capability().as_str()),
            checked => {
                checked?;
                context.note_exercised(listed.capability());
                ran = true;
            }
        }
    }
    only_if(ran, &format!("no pages, or no total: {}", without.join(", ")))
}

/// The n-th answer that a walk got, from 0.
fn answer(stage: &Stage, number: usize) -> Checked<Answer> {
    let log = stage.proxy()?.log();
    let answer = log.get(number).map(Answer::from);
    answer.ok_or_else(|| Stop::failed(format!("a listing got no {}. answer", number + 1)))
}

async fn a_page_that_comes_again_ends_the_listing(context: &Context) -> Checked {
    for_paged(context, |listed, stage, _| async move {
        let first = answer(&stage, 0)?;
        let armed = stage.inject(Rule::new(Fault::Answer(first)).times(usize::MAX))?;
        let result = listed.stream(&stage).await;
        let lost = [ErrorKind::ListingChanged, ErrorKind::UnexpectedResponse];
        check!(
            result.as_ref().is_err_and(|error| lost.contains(&error.kind())),
            "{listed:?}, a server that always sends the first page: {}",
            outcome(&result)
        );
        check!(armed.struck() >= 2, "{listed:?}: the second page was never asked for");
        Ok(())
    })
    .await
}

async fn a_total_that_moves_ends_the_listing(context: &Context) -> Checked {
    for_paged(context, |listed, stage, walk| async move {
        only_if(walk.total.is_some(), "no total")?;
        let more = stage.stage(listed.seed(&stage, walk.ids.len() as u64 + 1)).await?;
        listed.walk(&more, None).await?;
        second_page(listed, &stage, answer(&more, 1)?, "a total that moves between pages").await
    })
    .await
}

async fn a_total_that_disagrees_ends_the_listing(context: &Context) -> Checked {
    for_paged(context, |listed, stage, walk| async move {
        only_if(walk.total.is_some(), "no total")?;
        let last = answer(&stage, stage.requests() - 1)?;
        second_page(listed, &stage, last, "a listing that ends before its total").await
    })
    .await
}

/// With this answer to the request for the second page, the listing ends as one that changed.
async fn second_page(listed: Listed, stage: &Stage, answer: Answer, what: &str) -> Checked {
    let armed = stage.inject(Rule::new(Fault::Answer(answer)).nth(2))?;
    let result = listed.stream(stage).await;
    let changed = result.as_ref().is_err_and(|error| error.kind() == ErrorKind::ListingChanged);
    check!(changed, "{listed:?}, {what}: {}", outcome(&result));
    check_eq!(armed.struck(), 1, "{listed:?}: how often the second page was asked for");
    Ok(())
}

async fn a_listing_that_changed_once_is_read_again(context: &Context) -> Checked {
    let (stage, walk) = Listed::Users.paged(context).await?;
    let first = answer(&stage, 0)?;
    let email = stage.seed.users.last().and_then(|user| user.email.clone());
    let (Some(last), Some(email)) = (walk.ids.last(), email) else {
        return Err(Stop::failed("a listing of several pages is empty"));
    };
    let armed = stage.inject(Rule::new(Fault::Answer(first)).nth(2))?;
    let found = stage.members().find_user(&email).await?;
    check_eq!(armed.struck(), 1, "how often the first page came again");
    check_eq!(found.email, Some(email), "the user found after reading again");
    check_eq!(&found.id.to_string(), last, "the user found after reading again");
    Ok(())
}
