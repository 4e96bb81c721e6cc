//! The cases about what providers declare catch what they are there to catch: each line is one fault, planted in a
//! provider that is sound without it, and a case that fails for it.

mod variants;

use std::sync::Arc;
use variants::spoilt::{Bug, Spoilt};
use workspace_members_testkit::{Harness, InMemoryHarness, Layered, Suite};

/// The provider that the fault is planted in.
#[derive(Debug, Clone, Copy)]
enum In {
    Everything,
    GitHub,
    GitHubWithPending,
    WholeLife,
    Unknown,
}

use In::{Everything, GitHub, GitHubWithPending, Unknown, WholeLife};

/// The fault, where it is planted, the case that catches it, and what its failure speaks of.
const TABLE: &[(Bug, In, &str, &str)] = &[
    // Additions of members.
    (Bug::UpsertKeepsTheRole, GitHub, "adding_a_member_again_gives_them_the_role", "the provider's members"),
    (Bug::UpsertIsRefused, GitHub, "adding_a_member_again_gives_them_the_role", "already_member"),
    (
        Bug::UpsertIsNotDeclared,
        Everything,
        "adding_a_member_again_is_refused_and_changes_nothing",
        "AlreadyMember",
    ),
    (
        Bug::UpsertIsNotDeclared,
        Everything,
        "ensure_reads_first_where_adding_changes_roles",
        "ensuring a member",
    ),
    (
        Bug::UpsertIsNotDeclared,
        Everything,
        "somebody_added_in_between_keeps_their_role_where_that_can_be",
        "added in between",
    ),
    (
        Bug::MembersAreReadAsOutsiders,
        GitHub,
        "ensure_reads_first_where_adding_changes_roles",
        "ensuring a member",
    ),
    (
        Bug::ReadsShowWhatWasLastAsked,
        GitHub,
        "a_lost_addition_does_not_undo_somebody_elses_change",
        "another role since",
    ),
    // Spellings.
    (Bug::IdsAreComparedExactly, GitHub, "a_member_is_read_by_another_spelling", "by another spelling"),
    (Bug::IdsAreComparedExactly, GitHub, "a_member_is_changed_by_another_spelling", "not found"),
    (Bug::IdsAreComparedExactly, GitHub, "adding_by_another_spelling_adds_nobody_twice", "not found"),
    (
        Bug::IdsFoldAndItIsNotDeclared,
        Everything,
        "another_spelling_is_another_user_where_ids_are_exact",
        "differs from a member's by case",
    ),
    (Bug::AnotherSpellingIsAnotherMember, GitHub, "one_workspace_lists_its_own_members", "came twice"),
    (Bug::IdsAreComparedExactly, GitHub, "random_calls_do_what_the_reference_does", "came to"),
    (Bug::UpsertKeepsTheRole, GitHub, "random_calls_do_what_the_reference_does", "the provider's members"),
    // Parts.
    (Bug::APartIsSkipped, GitHub, "one_workspace_lists_its_own_members", "not listed"),
    (
        Bug::PartsAreNotReadAgain,
        GitHub,
        "a_role_that_changes_while_a_listing_is_read_loses_nobody",
        "and the listing is of",
    ),
    (
        Bug::OnlyTheFirstPartIsReadAgain,
        GitHub,
        "a_role_that_changes_while_a_listing_is_read_loses_nobody",
        "and the listing is of",
    ),
    (
        Bug::TheTotalIsOfThePage,
        GitHub,
        "a_total_is_the_same_on_every_page_that_has_one",
        "the total of Members",
    ),
    // Addresses and invitations.
    (
        Bug::AddressesAreHiddenAndItIsNotDeclared,
        Everything,
        "awkward_addresses_find_their_user",
        "no user of the account has the address",
    ),
    (Bug::AddressesAreHiddenAndItIsNotDeclared, Everything, "users_are_who_they_are", "the address of"),
    (
        Bug::PendingIsAnsweredAsActive,
        GitHub,
        "an_addition_that_invites_is_pending",
        "the status in the answer",
    ),
    (
        Bug::PendingIsAnsweredAsActive,
        GitHubWithPending,
        "members_who_have_not_accepted_are_listed",
        "the status of a pending member",
    ),
    (
        Bug::PendingIsListedAndItIsNotDeclared,
        GitHub,
        "whatever_is_not_claimed_is_refused_without_a_request",
        "a listing shows",
    ),
    (Bug::PendingIsNotListed, GitHubWithPending, "members_who_have_not_accepted_are_listed", "not listed"),
    (Bug::EverybodyIsPending, GitHub, "an_addition_that_lets_in_is_not_pending", "the answer says pending"),
    (Bug::MailsAreDeclaredAndNotSent, Everything, "an_invitation_is_mailed_where_it_always_is", "mails sent"),
    (Bug::PendingIsReadAsOutside, GitHub, "somebody_pending_is_added_once", "who was invited"),
    (Bug::PendingCannotBeRemoved, GitHub, "somebody_who_has_not_accepted_can_be_removed", "not found"),
    // Roles that something else sets.
    (
        Bug::FixedRolesAreUnconfirmed,
        GitHub,
        "an_addition_answered_with_a_fixed_role_is_done",
        "answered with a fixed role",
    ),
    (
        Bug::FixedRolesAreNotMarkedOnUsers,
        GitHub,
        "a_fixed_role_is_known_before_the_first_addition",
        "whether something else sets the role",
    ),
    (
        Bug::FixedRolesAreNotMarkedOnUsers,
        GitHub,
        "users_are_who_they_are",
        "whether something else sets the role",
    ),
    (
        Bug::FixedRolesAreNotMarkedOnMembers,
        GitHub,
        "an_addition_answered_with_a_fixed_role_is_done",
        "does not say that something else sets the role",
    ),
    (
        Bug::FixedRolesAreNotMarkedOnMembers,
        GitHub,
        "a_fixed_role_is_not_asked_for_again_and_again",
        "something else sets the role",
    ),
    (Bug::FixedRolesCannotBeRemoved, GitHub, "a_member_with_a_fixed_role_can_be_removed", "this one stays"),
    // Native roles.
    (Bug::TwoNativeRolesAreOne, GitHub, "native_roles_of_one_role_stay_apart", "native role"),
    (Bug::TwoNativeRolesAreOne, GitHub, "every_row_reads_as_the_table_says", "a member seeded as triage"),
    // Reads that find nothing.
    (
        Bug::OnlyTheUserMayBeMissing,
        GitHub,
        "a_read_that_finds_nothing_says_what_may_be_missing",
        "is not among",
    ),
    (Bug::UnknownWorkspacesAreEmpty, GitHub, "a_read_that_finds_nothing_is_narrowed_down", "does not exist"),
    (
        Bug::OnlyTheUserMayBeMissing,
        GitHub,
        "removing_somebody_who_is_not_found_changes_nothing",
        "a call failed that must work",
    ),
    (Bug::UnknownIsNo, Everything, "a_workspace_that_may_be_manageable_is_tried", "not known to be allowed"),
    // Guards.
    (Bug::ActsAsSomebodyElse, GitHub, "verbs_keep_the_user_that_the_key_acts_as", "expected [Protected]"),
    (
        Bug::ShowsAnOwnerWhoIsNone,
        Everything,
        "verbs_keep_the_last_owner",
        "what was written though it was refused",
    ),
    (Bug::ShowsAnOwnerWhoIsNone, GitHub, "a_demotion_of_the_last_owner_is_refused", "expected [Protected]"),
    (
        Bug::KeepsOwnersAndItIsNotDeclared,
        GitHub,
        "what_is_allowed_is_left_to_the_provider",
        "once it was allowed",
    ),
    (
        Bug::SaysWhoActsUndeclared,
        Unknown,
        "nobody_is_removed_while_it_is_unknown_who_acts",
        "expected [Protected]",
    ),
    (Bug::SaysWhoActsUndeclared, Unknown, "the_acting_identity_is_known", "must be refused"),
    (Bug::ShowsEverybodyAsOwner, Everything, "a_guard_reads_no_more_than_it_needs", "listings read"),
    // The life of users.
    (Bug::InvitationsComeToNothing, WholeLife, "an_invitation_says_what_became_of_it", "neither a user now"),
    (Bug::InvitationsAreNotListed, WholeLife, "an_open_invitation_is_listed", "as listed and as answered"),
    (
        Bug::InvitationsAreListedOnOnePage,
        WholeLife,
        "invitations_come_whole_over_every_page_boundary",
        "by pages of",
    ),
    (
        Bug::AnybodyIsInvitedAgain,
        WholeLife,
        "inviting_somebody_of_the_account_is_refused_or_harmless",
        "users with the address of one",
    ),
    (
        Bug::AnyWorkspaceIsInvitedTo,
        WholeLife,
        "an_invitation_into_an_unknown_workspace_is_not_found",
        "expected [NotFound",
    ),
    (Bug::InvitationsComeToNothing, WholeLife, "an_invitation_is_mailed_as_declared", "mails sent"),
    (
        Bug::InvitationsAreNotWithdrawn,
        WholeLife,
        "an_invitation_is_withdrawn_once",
        "withdrawing an invitation again",
    ),
    (
        Bug::UnknownInvitationsAreWithdrawn,
        WholeLife,
        "withdrawing_an_unknown_invitation_is_not_found",
        "expected [NotFound]",
    ),
    (Bug::UsersStayActive, WholeLife, "a_user_is_deactivated_and_activated", "as listed and as answered"),
    (
        Bug::UnknownUsersAreDeactivated,
        WholeLife,
        "deactivating_an_unknown_user_is_not_found",
        "expected [NotFound]",
    ),
    (
        Bug::DeletedUsersStayMembers,
        WholeLife,
        "a_deleted_user_is_in_no_workspace",
        "after a user was deleted",
    ),
    (
        Bug::DeletedUsersAreDeletedAgain,
        WholeLife,
        "deleting_a_user_twice_is_not_found",
        "expected [NotFound]",
    ),
    (Bug::TheDefaultBodyAnswers, WholeLife, "every_claim_works", "invite_user is claimed"),
    (Bug::TheDefaultBodyAnswers, WholeLife, "pointers_forward_every_method", "through three pointers"),
];

fn suite(bug: Bug, provider: In) -> Suite {
    fn spoilt(bug: Bug, harness: impl Harness) -> Suite {
        let wrap = move |members| -> Arc<dyn workspace_members_core::WorkspaceMembers> {
            Arc::new(Spoilt::new(members, bug))
        };
        Suite::new(Layered::new(format!("{bug:?}"), harness, wrap).bare())
    }
    match provider {
        Everything => spoilt(bug, InMemoryHarness::new()),
        GitHub => spoilt(bug, variants::like_github(false)),
        GitHubWithPending => spoilt(bug, variants::like_github(true)),
        WholeLife => spoilt(bug, variants::whole_life()),
        Unknown => spoilt(bug, variants::acts_unknown()),
    }
}

#[test]
fn each_fault_is_caught_by_its_case() {
    let mut wrong = Vec::new();
    for (bug, provider, case, speaks_of) in TABLE {
        if let Err(failure) = suite(Bug::None, *provider).run(case) {
            wrong.push(format!("{case} fails in {provider:?} without a fault: {failure}"));
            continue;
        }
        match suite(*bug, *provider).run(case) {
            Ok(()) => wrong.push(format!("{case} does not catch {bug:?} in {provider:?}")),
            Err(failure) if failure.to_string().contains(speaks_of) => {}
            Err(failure) => wrong.push(format!("{case} fails for another reason than {bug:?}: {failure}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Without a fault, the wrapper is none.
#[test]
fn the_wrapper_without_a_fault_passes() {
    let report = suite(Bug::None, WholeLife).report();
    assert!(report.complaints.is_empty(), "{:?}", report.complaints);
}

#[test]
fn a_failure_names_what_was_done_to_which_call() {
    let case = "a_lost_addition_does_not_undo_somebody_elses_change";
    let failure =
        suite(Bug::ReadsShowWhatWasLastAsked, GitHub).run(case).expect_err("it is caught").to_string();
    for named in ["the answer to the 1st add was lost", "something else happened before the 2nd get"] {
        assert!(failure.contains(&format!("\n  after: {named}\n")), "{named}: {failure}");
    }
}
