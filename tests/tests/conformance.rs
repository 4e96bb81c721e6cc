//! Both adapters keep every promise of the contract, over the simulators.

mod paradigm_owner {
    use workspace_members_paradigm::Level;
    use workspace_members_tests::harness::ParadigmHarness;

    workspace_members_testkit::conformance!(ParadigmHarness::new(Level::Owner));
}

mod paradigm_company {
    use workspace_members_paradigm::Level;
    use workspace_members_tests::harness::ParadigmHarness;

    workspace_members_testkit::conformance!(ParadigmHarness::new(Level::Company));
}

mod paradigm_company_inferred {
    use workspace_members_paradigm::Level;
    use workspace_members_tests::harness::ParadigmHarness;

    workspace_members_testkit::conformance!(ParadigmHarness::new(Level::Company).inferred());
}

mod paradigm_instance_inferred {
    use workspace_members_paradigm::Level;
    use workspace_members_tests::harness::ParadigmHarness;

    workspace_members_testkit::conformance!(ParadigmHarness::new(Level::Instance).inferred());
}

mod paradigm_company_quirks {
    use workspace_members_paradigm::Level;
    use workspace_members_tests::harness::ParadigmHarness;

    workspace_members_testkit::conformance!(ParadigmHarness::new(Level::Company).quirks());
}

mod pandadoc_organization {
    use workspace_members_tests::harness::PandaDocHarness;

    workspace_members_testkit::conformance!(PandaDocHarness::organization());
}

mod pandadoc_organization_quirks {
    use workspace_members_tests::harness::PandaDocHarness;

    workspace_members_testkit::conformance!(PandaDocHarness::organization().quirks());
}

mod pandadoc_one_workspace {
    use workspace_members_tests::harness::PandaDocHarness;

    workspace_members_testkit::conformance!(PandaDocHarness::one_workspace());
}
