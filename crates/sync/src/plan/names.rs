//! Whether a desired state is about the account and the workspace that were read, and about each once.

use super::refusal::{Cause, Problem, Refusal};
use crate::desired::{Desired, DesiredWorkspace, Target};
use crate::observe::Observed;
use std::collections::BTreeMap;

/// The account and the workspace must be called what the desired state says, and their members must be manageable.
pub(super) fn check(desired: &DesiredWorkspace, observed: &Observed) -> Vec<Refusal> {
    let mut problems = Vec::new();
    let mut problem = |problem, message: String, advice: &str| {
        problems.push(Refusal::new(Cause::Problem(problem), desired.target.clone(), None, message, advice));
    };
    if let Some(account) = &desired.account {
        let names = observed.me().map(|me| [me.account_id.as_ref(), me.account_name.as_ref()]);
        let names: Vec<&String> = names.into_iter().flatten().flatten().collect();
        if !names.contains(&account) {
            let names: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
            let is = match names.join(" or ") {
                none if none.is_empty() => "does not say which it is".to_owned(),
                names => format!("is {names}"),
            };
            let message = format!("the account should be {account:?}, and this one {is}");
            problem(Problem::Account, message, "check the connection, or the desired state's account");
        }
    }
    let known = observed.workspace(&desired.target.workspace);
    if let Some(name) = &desired.name
        && known.is_none_or(|workspace| workspace.name != *name)
    {
        let is = known
            .map_or("its name cannot be read".to_owned(), |known| format!("it is called {:?}", known.name));
        let message = format!("the workspace should be called {name:?}, and {is}");
        problem(Problem::Name, message, "check the target, or the desired state's name");
    }
    if known.is_some_and(|workspace| !workspace.may_be_manageable()) {
        let message = "this key cannot manage the members of this workspace".to_owned();
        problem(Problem::NotManageable, message, "leave it out of the desired state");
    }
    problems
}

/// The targets of workspaces that another target means too. Each would be judged as if the other did not exist. Two
/// connections may be one account, unless the provider says that their accounts are two.
pub(super) fn twice(desired: &Desired, observed: &[Observed]) -> Vec<Refusal> {
    let (mut problems, mut first) = (Vec::new(), BTreeMap::<_, Vec<(&Target, Option<&String>)>>::new());
    let mut targets: Vec<&Target> = desired.workspaces.iter().map(|workspace| &workspace.target).collect();
    targets.sort();
    for target in targets {
        let Some(seen) = observed.iter().find(|seen| seen.connection() == target.connection) else {
            continue;
        };
        let account = seen.me().and_then(|me| me.account_id.as_ref());
        let at = (seen.provider(), seen.capabilities().endpoint(), &target.workspace);
        let named = first.entry(at).or_default();
        let same = |(other, of): &&(&Target, Option<&String>)| {
            *other == target || account.is_none() || of.is_none() || account == *of
        };
        let Some((other, _)) = named.iter().find(same) else {
            named.push((target, account));
            continue;
        };
        let message = if *other == target {
            "the desired state names this workspace twice".to_owned()
        } else {
            format!("this is the workspace that the desired state names as {other} too")
        };
        let advice = "put all that is desired of a workspace under one target";
        let cause = Cause::Problem(Problem::Conflict);
        problems.push(Refusal::new(cause, target.clone(), None, message, advice));
    }
    problems
}
