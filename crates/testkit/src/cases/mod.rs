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

/// The files of cases in the order of the summary, each with the macro that makes its tests.
macro_rules! files {
    ($($file:ident $tests:ident,)+) => {
        pub(crate) fn all() -> impl Iterator<Item = &'static Case> {
            [$($file::CASES),+].into_iter().flatten()
        }

        /// Makes the tests of all cases. Only for [`conformance!`](crate::conformance).
        #[doc(hidden)]
        #[macro_export]
        macro_rules! __tests {
            (tests) => { $($crate::$tests!(tests);)+ };
            (names) => { [$($crate::$tests!(names)),+].concat() };
        }
    };
}

files! {
    requests __requests_cases,
    identity __identity_cases,
    spelling __spelling_cases,
    workspaces __workspaces_cases,
    listing __listing_cases,
    missing __missing_cases,
    paging __paging_cases,
    changing __changing_cases,
    adding __adding_cases,
    upserting __upserting_cases,
    pending __pending_cases,
    fixed __fixed_cases,
    roles __roles_cases,
    changes __changes_cases,
    removing __removing_cases,
    protection __protection_cases,
    guards __guards_cases,
    lifecycle __lifecycle_cases,
    errors __errors_cases,
    faults __faults_cases,
    concurrency __concurrency_cases,
    model __model_cases,
}
