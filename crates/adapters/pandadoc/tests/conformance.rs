//! PandaDoc's adapter keeps every promise of the contract, over its simulator.

mod harness;

mod organization {
    use crate::harness::PandaDocHarness;

    workspace_members_testkit::conformance!(PandaDocHarness::default());
}

mod organization_quirks {
    use crate::harness::PandaDocHarness;

    workspace_members_testkit::conformance!(PandaDocHarness { quirks: true, ..Default::default() });
}

mod one_workspace {
    use crate::harness::PandaDocHarness;

    workspace_members_testkit::conformance!(PandaDocHarness { one_workspace: true, ..Default::default() });
}

/// Whoever mends an adapter must see what was done to it.
#[test]
fn a_failed_case_names_the_fault_that_was_injected() {
    use std::sync::Arc;
    use workspace_members_core::{Effect, Error, ErrorKind, Operation};
    use workspace_members_testkit::{Layered, Scripted, Suite};

    let sends_no_addition = Layered::new("broken", harness::PandaDocHarness::default(), |members| {
        let broken = Scripted::new(members);
        broken.fail(Operation::Add, Error::new(ErrorKind::Transport, Effect::Unknown, "it was never sent"));
        Arc::new(broken)
    });
    let case = "a_lost_answer_to_adding_a_user_is_resolved_by_one_more_call";
    let failure = Suite::new(sends_no_addition).run(case).expect_err("the adapter is broken").to_string();
    let named = "after: no request met this: the answer to a request was lost";
    assert!(failure.contains("met the fault") && failure.contains(named), "{failure}");
}
