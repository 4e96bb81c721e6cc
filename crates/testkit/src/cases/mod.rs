//! Every case of the suite, by what it is about.

mod adding;
mod changes;
mod changing;
mod concurrency;
mod errors;
mod faults;
mod fixed;
mod guards;
mod identity;
mod lifecycle;
mod listing;
mod missing;
mod model;
mod paging;
mod pending;
mod prelude;
mod protection;
mod removing;
mod requests;
mod roles;
mod spelling;
mod strike;
mod upserting;
mod workspaces;

use crate::case::Case;

/// All cases, in the order of the summary.
pub(crate) fn all() -> impl Iterator<Item = &'static Case> {
    [
        requests::CASES,
        identity::CASES,
        spelling::CASES,
        workspaces::CASES,
        listing::CASES,
        missing::CASES,
        paging::CASES,
        changing::CASES,
        adding::CASES,
        upserting::CASES,
        pending::CASES,
        fixed::CASES,
        roles::CASES,
        changes::CASES,
        removing::CASES,
        protection::CASES,
        guards::CASES,
        lifecycle::CASES,
        errors::CASES,
        faults::CASES,
        concurrency::CASES,
        model::CASES,
    ]
    .into_iter()
    .flatten()
}
