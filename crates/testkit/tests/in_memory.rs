//! The reference implementation keeps every promise, whatever part of them it claims, and however it behaves.

mod variants;

mod everything {
    workspace_members_testkit::conformance!(workspace_members_testkit::InMemoryHarness::new());
}

mod users_by_membership_id {
    workspace_members_testkit::conformance!(crate::variants::like_pandadoc());
}

mod no_change_of_role {
    workspace_members_testkit::conformance!(crate::variants::like_paradigm());
}

mod github_teams {
    workspace_members_testkit::conformance!(crate::variants::like_github(false));
}

mod github_teams_with_pending {
    workspace_members_testkit::conformance!(crate::variants::like_github(true));
}

mod scim_groups {
    workspace_members_testkit::conformance!(crate::variants::like_scim());
}

mod whole_life_of_users {
    workspace_members_testkit::conformance!(crate::variants::whole_life());
}

mod who_acts_unknown {
    workspace_members_testkit::conformance!(crate::variants::acts_unknown());
}

mod only_what_must_be_written {
    workspace_members_testkit::conformance!(crate::variants::only_what_must_be_written());
}

mod reads {
    workspace_members_testkit::conformance!(crate::variants::reads());
}

mod through_two_wrappers {
    use std::sync::Arc;
    use workspace_members_testkit::{InMemoryHarness, Layered, Scripted};

    workspace_members_testkit::conformance!(
        Layered::new("scripted", InMemoryHarness::new(), |members| {
            Arc::new(Scripted::new(Scripted::new(members)))
        })
        .bare()
    );
}
