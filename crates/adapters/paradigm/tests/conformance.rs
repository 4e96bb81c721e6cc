//! Paradigm's adapter keeps every promise of the contract, over its simulator.

mod harness;

mod owner {
    use crate::harness::ParadigmHarness;

    workspace_members_testkit::conformance!(ParadigmHarness::default());
}

mod company {
    use crate::harness::ParadigmHarness;
    use workspace_members_paradigm::Level;

    workspace_members_testkit::conformance!(ParadigmHarness { level: Level::Company, ..Default::default() });
}

mod company_inferred {
    use crate::harness::ParadigmHarness;
    use workspace_members_paradigm::Level;

    workspace_members_testkit::conformance!(ParadigmHarness {
        level: Level::Company,
        inferred: true,
        ..Default::default()
    });
}

mod instance_inferred {
    use crate::harness::ParadigmHarness;
    use workspace_members_paradigm::Level;

    workspace_members_testkit::conformance!(ParadigmHarness {
        level: Level::Instance,
        inferred: true,
        ..Default::default()
    });
}

mod company_quirks {
    use crate::harness::ParadigmHarness;
    use workspace_members_paradigm::Level;

    workspace_members_testkit::conformance!(ParadigmHarness {
        level: Level::Company,
        quirks: true,
        ..Default::default()
    });
}
