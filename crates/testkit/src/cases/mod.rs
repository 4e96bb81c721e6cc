//! Every case of the suite, by what it is about.

mod adding;
mod changes;
mod concurrency;
mod errors;
mod faults;
mod identity;
mod listing;
mod model;
mod paging;
mod protection;
mod removing;
mod requests;
mod roles;
mod strike;

use crate::case::Case;

/// All cases, in the order of the summary.
pub(crate) fn all() -> impl Iterator<Item = &'static Case> {
    [
        requests::CASES,
        identity::CASES,
        listing::CASES,
        paging::CASES,
        adding::CASES,
        roles::CASES,
        changes::CASES,
        removing::CASES,
        protection::CASES,
        errors::CASES,
        faults::CASES,
        concurrency::CASES,
        model::CASES,
    ]
    .into_iter()
    .flatten()
}
