//! Whether a wish is about the account and the workspace that were read.

use super::refusal::{Problem, Refusal};
use crate::desired::DesiredWorkspace;
use crate::observe::Observed;

/// The account and the workspace must be called what the wish says, and their members must be manageable.
pub(super) fn check(desired: &DesiredWorkspace, observed: &Observed) -> Vec<Refusal> {
    let mut problems = Vec::new();
    let mut problem = |problem, message: String, advice: &str| {
        problems.push(Refusal::problem(problem, &desired.target, None, message, advice));
    };
    if let Some(account) = &desired.account {
        let me = observed.me();
        let names = [me.and_then(|me| me.account_id.as_ref()), me.and_then(|me| me.account_name.as_ref())];
        if !names.iter().flatten().any(|name| *name == account) {
            let said =
                names.iter().flatten().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(" or ");
            let said =
                if said.is_empty() { "does not say which it is".to_owned() } else { format!("is {said}") };
            let message = format!("the account is to be {account:?}, and this one {said}");
            problem(Problem::Account, message, "check the connection, or the wish's account");
        }
    }
    let known = observed.workspace(&desired.target.workspace);
    if let Some(name) = &desired.name
        && known.is_none_or(|workspace| workspace.name != *name)
    {
        let said = known
            .map_or("its name cannot be read".to_owned(), |known| format!("it is called {:?}", known.name));
        let message = format!("the workspace is to be called {name:?}, and {said}");
        problem(Problem::Name, message, "check the target, or the wish's name");
    }
    if known.is_some_and(|workspace| !workspace.manageable) {
        let message = "the members of this workspace cannot be managed".to_owned();
        problem(Problem::NotManageable, message, "leave it out of the wish");
    }
    problems
}
