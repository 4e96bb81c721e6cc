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

        $crate::__each_case! {
            every_claim_works,
            whatever_is_not_claimed_is_refused_without_a_request,
            one_method_sends_at_most_one_request,
            capabilities_cost_nothing_and_stay_the_same,
            pointers_forward_every_method,
            no_secret_shows,
            the_acting_identity_is_known,
            awkward_addresses_find_their_user,
            an_address_of_two_users_is_ambiguous,
            an_address_that_nobody_has_is_not_found,
            awkward_ids_address_only_what_they_name,
            ids_that_the_provider_cannot_have_are_refused,
            a_user_and_a_group_of_one_id_are_two,
            a_role_goes_to_the_user_not_to_the_group_of_that_id,
            removing_a_user_leaves_the_group_of_that_id,
            removing_a_group_leaves_the_user_of_that_id,
            a_member_is_read_by_another_spelling,
            a_member_is_changed_by_another_spelling,
            adding_by_another_spelling_adds_nobody_twice,
            another_spelling_is_another_user_where_ids_are_exact,
            workspaces_are_what_they_are,
            a_workspace_is_found_by_id_or_name,
            workspaces_of_one_name_are_ambiguous,
            fixed_workspaces_are_left_out_or_marked,
            adding_to_a_fixed_workspace_is_refused,
            a_workspace_that_may_be_manageable_is_tried,
            users_are_who_they_are,
            groups_are_what_they_are,
            one_workspace_lists_its_own_members,
            the_account_lists_every_workspace,
            rosters_come_in_the_order_asked_for,
            a_fingerprint_tells_rosters_apart,
            a_workspace_without_members_is_empty_or_refused,
            the_roster_of_an_unknown_workspace_is_not_found,
            listing_an_unknown_workspace_yields_nobody,
            a_member_is_got_and_an_outsider_is_not,
            a_read_that_finds_nothing_says_what_may_be_missing,
            a_read_that_finds_nothing_is_narrowed_down,
            removing_somebody_who_is_not_found_changes_nothing,
            workspaces_come_whole_over_every_page_boundary,
            users_come_whole_over_every_page_boundary,
            groups_come_whole_over_every_page_boundary,
            members_come_whole_over_every_page_boundary,
            account_members_come_whole_over_every_page_boundary,
            pages_of_any_size_make_the_same_listing,
            a_cursor_from_elsewhere_is_refused,
            a_role_that_changes_while_a_listing_is_read_loses_nobody,
            a_total_is_the_same_on_every_page_that_has_one,
            a_page_that_comes_again_ends_the_listing,
            a_total_that_moves_ends_the_listing,
            a_total_that_disagrees_ends_the_listing,
            a_listing_that_changed_once_is_read_again,
            an_added_user_is_there_in_that_role,
            an_added_group_is_there_in_that_role,
            an_addition_shows_in_get,
            additions_leave_everybody_else_alone,
            a_user_can_be_in_two_workspaces_in_two_roles,
            adding_a_member_again_is_refused_and_changes_nothing,
            adding_a_group_again_is_refused_and_changes_nothing,
            adding_an_unknown_user_is_not_found,
            adding_an_unknown_group_is_not_found,
            adding_to_an_unknown_workspace_is_not_found,
            ensure_refuses_a_member_with_fail,
            ensure_keeps_the_role_with_keep,
            ensure_sets_the_role_with_set_role,
            ensure_refuses_a_change_of_role_that_is_not_supported,
            ensure_adds_an_outsider_with_any_of_them,
            ensure_gives_a_custom_role_in_one_step_or_two,
            nobody_is_notified_unless_asked,
            a_member_can_be_notified,
            administrators_can_be_notified,
            adding_a_member_again_gives_them_the_role,
            ensure_reads_first_where_adding_changes_roles,
            ensure_adds_nobody_whom_it_could_not_read,
            a_lost_addition_does_not_undo_somebody_elses_change,
            somebody_added_in_between_keeps_their_role_where_that_can_be,
            an_addition_that_invites_is_pending,
            an_addition_that_lets_in_is_not_pending,
            somebody_pending_is_added_once,
            an_invitation_is_mailed_where_it_always_is,
            members_who_have_not_accepted_are_listed,
            somebody_who_has_not_accepted_can_be_removed,
            a_fixed_role_is_known_before_the_first_addition,
            an_addition_answered_with_a_fixed_role_is_done,
            a_fixed_role_is_not_asked_for_again_and_again,
            a_member_with_a_fixed_role_can_be_removed,
            every_role_can_be_added_and_reads_back,
            every_role_can_be_added_to_a_group_and_reads_back,
            every_role_can_be_set_and_reads_back,
            every_role_can_be_set_for_a_group_and_reads_back,
            every_row_reads_as_the_table_says,
            a_native_name_writes_its_own_row,
            native_roles_of_one_role_stay_apart,
            a_role_without_a_row_is_refused_without_a_request,
            nothing_wider_than_asked_is_ever_written,
            an_unheard_of_role_is_kept_when_read,
            an_unheard_of_role_is_not_written_by_guess,
            a_custom_role_can_be_added,
            a_custom_role_can_be_set,
            a_placeholder_is_never_written,
            setting_the_role_they_have_changes_nothing,
            setting_a_role_leaves_everybody_else_alone,
            setting_an_outsiders_role_is_not_found,
            setting_a_role_without_the_membership_id_is_refused,
            change_role_says_whether_it_changed_anything,
            a_role_changes_by_removing_and_adding,
            removing_and_adding_refuses_to_lock_itself_out,
            a_removed_user_is_gone_and_nobody_else,
            a_removed_group_is_gone_and_nobody_else,
            removing_twice_is_not_found,
            removing_a_group_twice_is_not_found,
            removing_an_outsider_is_not_found,
            removing_from_one_workspace_leaves_the_other,
            somebody_removed_can_come_back,
            removing_without_the_membership_id_is_refused,
            an_old_membership_id_does_not_end_a_new_membership,
            remove_member_says_whether_it_removed_anybody,
            remove_member_in_an_unknown_workspace_is_not_found,
            the_owner_whom_the_provider_keeps_is_not_removed,
            the_owner_whom_the_provider_keeps_stays_owner,
            the_owner_whom_the_provider_keeps_is_marked,
            the_last_owner_is_not_removed,
            the_last_owner_stays_owner,
            the_last_owner_can_be_given_the_role_they_have,
            an_owner_who_is_not_the_last_can_go,
            a_key_dies_with_its_users_membership,
            verbs_keep_the_user_that_the_key_acts_as,
            verbs_keep_the_last_owner,
            a_demotion_of_the_last_owner_is_refused,
            what_is_allowed_is_left_to_the_provider,
            nobody_is_removed_while_it_is_unknown_who_acts,
            a_guard_reads_no_more_than_it_needs,
            an_invitation_says_what_became_of_it,
            an_open_invitation_is_listed,
            invitations_come_whole_over_every_page_boundary,
            inviting_somebody_of_the_account_is_refused_or_harmless,
            an_invitation_into_an_unknown_workspace_is_not_found,
            an_invitation_is_mailed_as_declared,
            an_invitation_is_withdrawn_once,
            withdrawing_an_unknown_invitation_is_not_found,
            a_user_is_deactivated_and_activated,
            deactivating_an_unknown_user_is_not_found,
            a_deleted_user_is_in_no_workspace,
            deleting_a_user_twice_is_not_found,
            a_refused_key_is_unauthenticated,
            a_missing_right_is_forbidden,
            what_is_not_there_is_not_found,
            an_unknown_refusal_is_rejected,
            a_conflict_is_rejected_or_known,
            too_many_requests_is_rate_limited_and_says_how_long,
            a_server_out_of_order_is_unavailable,
            an_html_page_is_not_an_answer,
            an_empty_answer_is_not_success,
            a_truncated_answer_is_not_success,
            an_answer_of_another_shape_is_not_success,
            redirects_are_not_followed_elsewhere,
            a_lost_answer_to_adding_a_user_is_resolved_by_one_more_call,
            a_lost_answer_to_adding_a_group_is_resolved_by_one_more_call,
            a_lost_answer_to_setting_a_users_role_is_resolved_by_one_more_call,
            a_lost_answer_to_setting_a_groups_role_is_resolved_by_one_more_call,
            a_lost_answer_to_removing_a_user_is_resolved_by_one_more_call,
            a_lost_answer_to_removing_a_group_is_resolved_by_one_more_call,
            a_connection_cut_before_the_server_acted_is_of_unknown_effect,
            a_gateway_that_fails_after_the_server_acted_is_of_unknown_effect,
            a_lost_answer_to_a_read_changes_nothing,
            a_server_that_nobody_reaches_is_not_applied,
            the_connection_is_made_anew_after_a_cut,
            removing_and_adding_survives_a_lost_answer_to_the_removal,
            removing_and_adding_survives_a_lost_answer_to_the_addition,
            removing_and_adding_puts_the_old_role_back,
            removing_and_adding_says_when_it_left_somebody_outside,
            a_slow_answer_holds_nobody_else_up,
            a_call_without_an_answer_ends_if_the_stack_says_so,
            a_value_is_used_from_many_tasks_at_once,
            of_two_who_add_one_member_one_wins,
            two_who_add_two_members_both_do,
            of_two_who_remove_one_member_one_does,
            of_two_roles_set_at_once_one_stays,
            a_dropped_addition_is_whole_or_not_at_all,
            a_dropped_change_of_role_is_whole_or_not_at_all,
            a_dropped_removal_is_whole_or_not_at_all,
            random_calls_do_what_the_reference_does,
        }

        /// Not named like the cases, because it is about all of them.
        #[test]
        fn conformance_summary() {
            CONFORMANCE.summarize();
        }
    };
}

/// Makes the tests. Only for [`conformance!`](crate::conformance).
#[doc(hidden)]
#[macro_export]
macro_rules! __each_case {
    ($($name:ident,)+) => {
        $(
            #[test]
            fn $name() {
                CONFORMANCE.check(stringify!($name));
            }
        )+

        #[test]
        fn conformance_has_a_test_for_every_case() {
            assert_eq!([$(stringify!($name)),+].as_slice(), $crate::Suite::names().as_slice());
        }
    };
}
