//! One test per case.

/// Runs the whole suite on a harness: one test per case, and one that prints the counts and fails if a claimed capability
/// ran no case.
///
/// Goes into a test file, or a module of one. The argument is an expression that makes a
/// [`Harness`](crate::Harness).
///
/// ```
/// workspace_members_testkit::conformance!(workspace_members_testkit::InMemoryHarness::new());
/// ```
#[macro_export]
macro_rules! conformance {
    ($harness:expr) => {
        #[doc(hidden)]
        static CONFORMANCE: ::std::sync::LazyLock<$crate::Suite> =
            ::std::sync::LazyLock::new(|| $crate::Suite::new($harness));

        $crate::__tests! {
            __requests_cases,
            __identity_cases,
            __spelling_cases,
            __workspaces_cases,
            __listing_cases,
            __missing_cases,
            __paging_cases,
            __changing_cases,
            __adding_cases,
            __upserting_cases,
            __pending_cases,
            __fixed_cases,
            __roles_cases,
            __changes_cases,
            __removing_cases,
            __protection_cases,
            __guards_cases,
            __lifecycle_cases,
            __errors_cases,
            __faults_cases,
            __concurrency_cases,
            __model_cases,
        }

        /// Not named like the cases, because it is about all of them.
        #[test]
        fn conformance_summary() {
            CONFORMANCE.summarize();
        }
    };
}

/// Makes the tests of each file of cases. Only for [`conformance!`](crate::conformance).
#[doc(hidden)]
#[macro_export]
macro_rules! __tests {
    ($($cases:ident,)+) => {
        $($crate::$cases!(tests);)+

        #[test]
        fn conformance_has_a_test_for_every_case() {
            assert_eq!([$($crate::$cases!(names)),+].concat(), $crate::Suite::names());
        }
    };
}
