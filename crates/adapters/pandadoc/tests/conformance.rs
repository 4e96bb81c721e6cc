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
