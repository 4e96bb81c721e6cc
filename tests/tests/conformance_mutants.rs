//! What only shows on the wire is caught there: each of these stands around a sound adapter and breaks one promise.

#[path = "../../crates/adapters/pandadoc/tests/harness/mod.rs"]
mod pandadoc_harness;

use async_trait::async_trait;
use pandadoc_harness::PandaDocHarness;
use std::sync::Arc;
use workspace_members_core::{
    AddMember, Capabilities, Effect, Error, ErrorKind, Group, Identity, ListOf, Member, Page, PageRequest,
    PrincipalId, Provider, RemoveMember, Result, SetRole, User, Workspace, WorkspaceId, WorkspaceMembers,
};
use workspace_members_testkit::{Layered, Suite};
use workspace_members_tests::CANARY;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bug {
    None,
    RepeatsBlind,
    LooksFirst,
    TakesSilenceForSuccess,
    TakesSilenceForFailure,
    ForgetsHowLongToWait,
    DropsTheProvider,
    ShowsTheKey,
}

struct Mutant {
    inner: Arc<dyn WorkspaceMembers>,
    bug: Bug,
}

impl std::fmt::Debug for Mutant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let key = if self.bug == Bug::ShowsTheKey { CANARY } else { "" };
        write!(f, "Mutant({key} {:?})", self.inner)
    }
}

impl Mutant {
    fn spoil<T>(&self, result: Result<T>, success: impl FnOnce() -> Option<T>) -> Result<T> {
        let error = match result {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        let lost = error.effect() == Effect::Unknown;
        match self.bug {
            Bug::TakesSilenceForSuccess if lost => success().ok_or(error),
            Bug::TakesSilenceForFailure if lost => Err(error.with_effect(Effect::NotApplied)),
            Bug::ForgetsHowLongToWait => Err(error.with_retry_after(None)),
            Bug::DropsTheProvider => {
                Err(Error::new(error.kind(), error.effect(), error.message().to_owned()))
            }
            _ => Err(error),
        }
    }

    fn repeats<T>(&self, result: &Result<T>) -> bool {
        let transient =
            |error: &Error| error.kind().is_transient() || error.kind() == ErrorKind::UnexpectedResponse;
        self.bug == Bug::RepeatsBlind && result.as_ref().is_err_and(transient)
    }
}

#[async_trait]
impl WorkspaceMembers for Mutant {
    fn provider(&self) -> Provider {
        self.inner.provider()
    }
    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }
    async fn me(&self) -> Result<Identity> {
        self.spoil(self.inner.me().await, || None)
    }
    async fn workspaces_page(&self, page: PageRequest) -> Result<Page<Workspace>> {
        self.spoil(self.inner.workspaces_page(page).await, || None)
    }
    async fn users_page(&self, page: PageRequest) -> Result<Page<User>> {
        self.spoil(self.inner.users_page(page).await, || None)
    }
    async fn groups_page(&self, page: PageRequest) -> Result<Page<Group>> {
        self.spoil(self.inner.groups_page(page).await, || None)
    }
    async fn members_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Member>> {
        self.spoil(self.inner.members_page(of, page).await, || None)
    }
    async fn get(&self, workspace: &WorkspaceId, principal: &PrincipalId) -> Result<Option<Member>> {
        self.spoil(self.inner.get(workspace, principal).await, || Some(None))
    }
    async fn add(&self, request: &AddMember) -> Result<Member> {
        if self.bug == Bug::LooksFirst {
            let _ = self.inner.get(&request.workspace, &request.principal).await;
        }
        let mut result = self.inner.add(request).await;
        if self.repeats(&result) {
            result = self.inner.add(request).await;
        }
        let roles = self.capabilities().roles();
        let success = || Some(Member::new(request.key(), roles.resolve(&request.role).ok()?.native, roles));
        self.spoil(result, success)
    }
    async fn set_role(&self, request: &SetRole) -> Result<Member> {
        let mut result = self.inner.set_role(request).await;
        if self.repeats(&result) {
            result = self.inner.set_role(request).await;
        }
        self.spoil(result, || None)
    }
    async fn remove(&self, request: &RemoveMember) -> Result<()> {
        let mut result = self.inner.remove(request).await;
        if self.repeats(&result) {
            result = self.inner.remove(request).await;
        }
        self.spoil(result, || Some(()))
    }
}

fn suite(bug: Bug, bare: bool) -> Suite {
    let wrap = move |inner| -> Arc<dyn WorkspaceMembers> { Arc::new(Mutant { inner, bug }) };
    let layered = Layered::new(format!("{bug:?}"), PandaDocHarness::default(), wrap);
    Suite::new(if bare { layered.bare() } else { layered })
}

/// The sound one passes the case, and the mutant fails it for the right reason.
#[track_caller]
fn caught(bug: Bug, bare: bool, case: &str, speaks_of: &str) {
    if let Err(failure) = suite(Bug::None, bare).run(case) {
        panic!("{case} fails without a fault: {failure}");
    }
    let failure =
        suite(bug, bare).run(case).expect_err(&format!("{case} does not catch {bug:?}")).to_string();
    assert!(failure.contains(speaks_of), "{case} fails for another reason than {bug:?}: {failure}");
}

#[test]
fn a_blind_repetition_is_caught_in_adapters_and_in_stacks() {
    let cut = "a_connection_cut_before_the_server_acted_is_of_unknown_effect";
    caught(Bug::RepeatsBlind, true, cut, "how many requests");
    caught(Bug::RepeatsBlind, false, cut, "without reading whether it had happened");
    let lost = "a_lost_answer_to_adding_a_user_is_resolved_by_one_more_call";
    caught(Bug::RepeatsBlind, false, lost, "without reading whether it had happened");
}

#[test]
fn a_look_before_a_write_is_caught() {
    caught(Bug::LooksFirst, true, "one_method_sends_at_most_one_request", "requests sent");
}

#[test]
fn silence_is_neither_success_nor_failure() {
    let lost = "a_lost_answer_to_adding_a_user_is_resolved_by_one_more_call";
    caught(Bug::TakesSilenceForSuccess, true, lost, "reports success");
    caught(Bug::TakesSilenceForFailure, true, lost, "the effect");
    let cut = "a_connection_cut_before_the_server_acted_is_of_unknown_effect";
    caught(Bug::TakesSilenceForSuccess, true, cut, "the provider's members");
    caught(Bug::TakesSilenceForFailure, true, cut, "the effect");
}

#[test]
fn how_long_to_wait_is_kept() {
    caught(
        Bug::ForgetsHowLongToWait,
        true,
        "too_many_requests_is_rate_limited_and_says_how_long",
        "asks to wait",
    );
}

#[test]
fn errors_name_the_provider() {
    caught(Bug::DropsTheProvider, true, "a_missing_right_is_forbidden", "does not name the provider");
}

#[test]
fn the_key_shows_nowhere() {
    caught(Bug::ShowsTheKey, true, "no_secret_shows", "the credential shows in Debug");
}
