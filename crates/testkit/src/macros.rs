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

        $crate::__tests!(tests);

        #[test]
        fn conformance_has_a_test_for_every_case() {
            assert_eq!($crate::__tests!(names), $crate::Suite::names());
        }

        /// Not named like the cases, because it is about all of them.
        #[test]
        fn conformance_summary() {
            CONFORMANCE.summarize();
        }
    };
}
