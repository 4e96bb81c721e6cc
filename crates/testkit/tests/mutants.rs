//! The suite catches what it is there to catch: each of these adapters has one fault planted, and fails.

use async_trait::async_trait;
use std::sync::Arc;
use workspace_members_core::{
    AddMember, Behaviour, Capabilities, Capability, Error, ErrorKind, Evidence, Fit, Group, Identity,
    InMemory, ListOf, Member, MemberKey, NativeRole, Page, PageRequest, PrincipalId, Provider, RemoveMember,
    Result, Role, RoleRow, RoleTable, SetRole, User, UserId, Workspace, WorkspaceId, WorkspaceMembers,
};
use workspace_members_testkit::{Harness, HarnessError, Seed, Suite, World, in_memory, truth_of};

const MODEL: &str = "random_calls_do_what_the_reference_does";

/// What is wrong with an adapter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bug {
    None,
    RemovingOneRemovesAll,
    AddingOneReplacesTheRest,
    AnAddLosesItsRole,
    AListingMissesTheLastPage,
    APageRepeatsAMember,
    SetRoleChangesNothing,
    AUsersRoleGoesToTheGroupOfThatId,
    // Beyond the classical ones:
    RolesAreSwappedInWritingAndInReading,
    AddingAgainOverwrites,
    RemovingAnOutsiderSucceeds,
    AnOutsiderIsGot,
    TheFirstPageForAnyCursor,
    ARoleGoesToEveryWorkspace,
    AnUnclaimedCallSucceeds,
    ClaimsMoreThanItDoes,
}

#[derive(Debug)]
struct Mutant {
    bug: Bug,
    account: Arc<InMemory>,
    claims: Capabilities,
}

fn roles() -> RoleTable {
    let row = |role, native| RoleRow::new(role, NativeRole::from_static(native), Fit::Exact);
    let rows = [row(Role::Owner, "owner"), row(Role::Editor, "editor"), row(Role::Viewer, "viewer")];
    RoleTable::new(rows).expect("one row for each role")
}

fn capabilities() -> Capabilities {
    let custom = [Capability::AddCustomRole, Capability::SetCustomRole];
    let life_of_users = [
        Capability::InviteUser,
        Capability::ListInvitations,
        Capability::CancelInvitation,
        Capability::SetUserActive,
        Capability::DeleteUser,
    ];
    Capabilities::new(Provider::from_static("mutant"), roles())
        .claim(Evidence::Documented, Capability::ALL)
        .without(&custom, "the table has no custom roles")
        .without(&life_of_users, "the mutants have not written it")
        .with_behaviours(&[Behaviour::KeepsLastOwner])
        .with_page_size(3)
}

impl Mutant {
    fn is(&self, bug: Bug) -> bool {
        self.bug == bug
    }

    /// Editor for viewer and the other way round.
    fn swap(&self, role: &Role) -> Role {
        let native = self.account.capabilities().roles().resolve(role).map(|resolved| resolved.role);
        match (self.bug, native) {
            (Bug::RolesAreSwappedInWritingAndInReading, Ok(Role::Editor)) => Role::Viewer,
            (Bug::RolesAreSwappedInWritingAndInReading, Ok(Role::Viewer)) => Role::Editor,
            _ => role.clone(),
        }
    }

    fn shown(&self, member: &Member) -> Member {
        let role = self.swap(&member.role);
        self.in_role(member, &role)
    }

    /// The member, as if in this role.
    fn in_role(&self, member: &Member, role: &Role) -> Member {
        let table = self.account.capabilities().roles();
        let native =
            table.resolve(role).map_or_else(|_| member.native_role.clone(), |resolved| resolved.native);
        let mut member = member.clone();
        member.role = table.normalize(&native);
        member.native_role = native;
        member
    }

    async fn remove_others(&self, workspace: &WorkspaceId, but: &PrincipalId) {
        for member in self.account.all_members() {
            if member.key.workspace == *workspace && member.key.principal != *but {
                // The account keeps the last owner.
                let _ = self.account.remove(&RemoveMember::new(member.key)).await;
            }
        }
    }

    async fn spoilt(&self, of: &ListOf, mut page: Page<Member>) -> Result<Page<Member>> {
        match (self.bug, &page.next) {
            (Bug::AListingMissesTheLastPage, Some(next)) => {
                page.total = None;
                let following = self.account.members_page(of, PageRequest::at(Some(next.clone()))).await?;
                if following.next.is_none() {
                    page.next = None;
                }
            }
            (Bug::AListingMissesTheLastPage, None) => page.total = None,
            (Bug::APageRepeatsAMember, _) => page.items.extend(page.items.first().cloned()),
            _ => {}
        }
        page.items = page.items.iter().map(|member| self.shown(member)).collect();
        Ok(page)
    }
}

#[async_trait]
impl WorkspaceMembers for Mutant {
    fn provider(&self) -> Provider {
        self.account.provider()
    }
    fn capabilities(&self) -> &Capabilities {
        &self.claims
    }
    async fn me(&self) -> Result<Identity> {
        if self.is(Bug::AnUnclaimedCallSucceeds) {
            return Ok(Identity::new(UserId::from(1)));
        }
        self.account.me().await
    }
    async fn workspaces_page(&self, page: PageRequest) -> Result<Page<Workspace>> {
        self.account.workspaces_page(page).await
    }
    async fn users_page(&self, page: PageRequest) -> Result<Page<User>> {
        self.account.users_page(page).await
    }
    async fn groups_page(&self, page: PageRequest) -> Result<Page<Group>> {
        self.account.groups_page(page).await
    }
    async fn members_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Member>> {
        let page = if self.is(Bug::TheFirstPageForAnyCursor) {
            self.account.members_page(of, PageRequest::default()).await?.with_next(None).with_total(None)
        } else {
            self.account.members_page(of, page).await?
        };
        self.spoilt(of, page).await
    }
    async fn get(&self, workspace: &WorkspaceId, principal: &PrincipalId) -> Result<Option<Member>> {
        let got = self.account.get(workspace, principal).await?;
        if got.is_none() && self.is(Bug::AnOutsiderIsGot) {
            let elsewhere =
                self.account.all_members().into_iter().find(|member| member.key.principal == *principal);
            return Ok(elsewhere);
        }
        Ok(got.map(|member| self.shown(&member)))
    }
    async fn add(&self, request: &AddMember) -> Result<Member> {
        let mut sent = request.clone();
        sent.role = self.swap(&request.role);
        if self.is(Bug::AnAddLosesItsRole) {
            self.account.capabilities().check_add(request)?;
            sent.role = Role::Viewer;
        }
        match self.account.add(&sent).await {
            Err(error) if error.kind() == ErrorKind::AlreadyMember && self.is(Bug::AddingAgainOverwrites) => {
                self.account.set_role(&SetRole::new(request.key(), request.role.clone())).await
            }
            Err(error) => Err(error),
            Ok(member) => {
                if self.is(Bug::AddingOneReplacesTheRest) {
                    self.remove_others(&request.workspace, &request.principal).await;
                }
                Ok(self.in_role(&member, &request.role))
            }
        }
    }
    async fn set_role(&self, request: &SetRole) -> Result<Member> {
        let mut sent = request.clone();
        sent.role = self.swap(&request.role);
        if self.is(Bug::SetRoleChangesNothing) {
            self.account.capabilities().check_set_role(request)?;
            if let Some(member) = self.account.get(&request.key.workspace, &request.key.principal).await? {
                return Ok(self.in_role(&member, &request.role));
            }
        }
        if let (Bug::AUsersRoleGoesToTheGroupOfThatId, Some(user)) =
            (self.bug, request.key.principal.as_user())
        {
            let group = workspace_members_core::GroupId::new(user.as_str()).expect("a user's id");
            let group_member =
                self.account.get(&request.key.workspace, &PrincipalId::from(group.clone())).await?;
            let member = self.account.get(&request.key.workspace, &request.key.principal).await?;
            if let (Some(_), Some(member)) = (group_member, member) {
                let key = MemberKey::new(request.key.workspace.clone(), group);
                self.account.set_role(&SetRole::new(key, request.role.clone())).await?;
                return Ok(self.in_role(&member, &request.role));
            }
        }
        let member = self.account.set_role(&sent).await?;
        if self.is(Bug::ARoleGoesToEveryWorkspace) {
            for other in self.account.all_members() {
                if other.key.principal == request.key.principal {
                    let _ = self.account.set_role(&SetRole::new(other.key, request.role.clone())).await;
                }
            }
        }
        Ok(self.in_role(&member, &request.role))
    }
    async fn remove(&self, request: &RemoveMember) -> Result<()> {
        let removed = self.account.remove(request).await;
        match (self.bug, removed) {
            (Bug::RemovingOneRemovesAll, Ok(())) => {
                self.remove_others(&request.key.workspace, &request.key.principal).await;
                Ok(())
            }
            (Bug::RemovingAnOutsiderSucceeds, Err(error)) if error.kind() == ErrorKind::NotFound => Ok(()),
            (_, removed) => removed,
        }
    }
}

struct MutantHarness(Bug);

#[async_trait]
impl Harness for MutantHarness {
    fn name(&self) -> String {
        format!("{:?}", self.0)
    }

    async fn start(&self, seed: &Seed) -> std::result::Result<World, HarnessError> {
        let mut real = capabilities();
        if self.0 == Bug::AnUnclaimedCallSucceeds || self.0 == Bug::ClaimsMoreThanItDoes {
            real = real.without(&[Capability::Me, Capability::RemoveGroup], "not in this one");
        }
        let claims = if self.0 == Bug::ClaimsMoreThanItDoes { capabilities() } else { real.clone() };
        let account = Arc::new(in_memory(seed, real));
        let reader = account.clone();
        let mutant = Mutant { bug: self.0, account, claims };
        Ok(World::new(mutant).with_truth(move || truth_of(&reader)))
    }
}

/// The case must fail, and its failure must speak of what is wrong.
#[track_caller]
fn caught(bug: Bug, case: &str, speaks_of: &str) {
    let failure = Suite::new(MutantHarness(bug))
        .run(case)
        .expect_err(&format!("{case} does not catch {bug:?}"))
        .to_string();
    assert!(failure.contains(speaks_of), "{case} fails for another reason than {bug:?}: {failure}");
}

#[test]
fn the_mutant_without_a_fault_passes() {
    let report = Suite::new(MutantHarness(Bug::None)).report();
    assert!(report.complaints.is_empty(), "{:?}", report.complaints);
}

#[test]
fn removing_one_removes_all() {
    caught(Bug::RemovingOneRemovesAll, MODEL, "after Remove");
    caught(Bug::RemovingOneRemovesAll, "a_removed_user_is_gone_and_nobody_else", "after removing");
    caught(Bug::RemovingOneRemovesAll, "a_removed_group_is_gone_and_nobody_else", "after removing");
}

#[test]
fn adding_one_replaces_the_rest() {
    caught(Bug::AddingOneReplacesTheRest, MODEL, "the provider's members");
    caught(Bug::AddingOneReplacesTheRest, "additions_leave_everybody_else_alone", "after adding user");
}

#[test]
fn an_add_loses_its_role() {
    caught(Bug::AnAddLosesItsRole, MODEL, "the provider's members");
    caught(Bug::AnAddLosesItsRole, "every_role_can_be_added_and_reads_back", "after adding user");
}

#[test]
fn a_listing_misses_the_last_page() {
    caught(Bug::AListingMissesTheLastPage, MODEL, "the whole account");
    caught(Bug::AListingMissesTheLastPage, "members_come_whole_over_every_page_boundary", "records by pages");
}

#[test]
fn a_page_repeats_a_member() {
    caught(Bug::APageRepeatsAMember, MODEL, "the whole account");
    caught(Bug::APageRepeatsAMember, "members_come_whole_over_every_page_boundary", "twice");
}

#[test]
fn set_role_changes_nothing_and_reports_success() {
    caught(Bug::SetRoleChangesNothing, MODEL, "the provider's members");
    caught(Bug::SetRoleChangesNothing, "every_role_can_be_set_and_reads_back", "after setting");
}

#[test]
fn a_users_role_is_written_to_the_group_of_the_same_id() {
    caught(Bug::AUsersRoleGoesToTheGroupOfThatId, MODEL, "the provider's members");
    let case = "a_role_goes_to_the_user_not_to_the_group_of_that_id";
    caught(Bug::AUsersRoleGoesToTheGroupOfThatId, case, "after giving user");
}

#[test]
fn faults_that_cancel_out_show_in_the_truth() {
    caught(Bug::RolesAreSwappedInWritingAndInReading, MODEL, "the provider's members");
    caught(
        Bug::RolesAreSwappedInWritingAndInReading,
        "an_added_user_is_there_in_that_role",
        "the provider's members",
    );
}

#[test]
fn adding_again_overwrites() {
    caught(Bug::AddingAgainOverwrites, MODEL, "came to");
    let case = "adding_a_member_again_is_refused_and_changes_nothing";
    caught(Bug::AddingAgainOverwrites, case, "AlreadyMember");
}

#[test]
fn removing_an_outsider_succeeds() {
    caught(Bug::RemovingAnOutsiderSucceeds, MODEL, "came to");
    caught(Bug::RemovingAnOutsiderSucceeds, "removing_twice_is_not_found", "NotFound");
}

#[test]
fn an_outsider_is_got() {
    caught(Bug::AnOutsiderIsGot, MODEL, "came to");
    caught(Bug::AnOutsiderIsGot, "a_member_is_got_and_an_outsider_is_not", "is got");
}

#[test]
fn every_cursor_yields_the_first_page() {
    caught(Bug::TheFirstPageForAnyCursor, MODEL, "the whole account");
    caught(Bug::TheFirstPageForAnyCursor, "a_cursor_from_elsewhere_is_refused", "expected");
}

#[test]
fn a_role_goes_to_every_workspace() {
    caught(Bug::ARoleGoesToEveryWorkspace, MODEL, "the provider's members");
}

#[test]
fn what_is_not_claimed_must_be_refused() {
    caught(Bug::AnUnclaimedCallSucceeds, "the_acting_identity_is_known", "must be refused");
    caught(
        Bug::AnUnclaimedCallSucceeds,
        "whatever_is_not_claimed_is_refused_without_a_request",
        "must be refused",
    );
}

#[test]
fn what_is_claimed_must_work() {
    caught(Bug::ClaimsMoreThanItDoes, "every_claim_works", "is claimed");
    caught(Bug::ClaimsMoreThanItDoes, "the_acting_identity_is_known", "must work");
    caught(Bug::ClaimsMoreThanItDoes, "a_removed_group_is_gone_and_nobody_else", "must work");
}

/// A harness whose every world fails to start.
struct Broken;

#[async_trait]
impl Harness for Broken {
    fn name(&self) -> String {
        "broken".to_owned()
    }
    async fn start(&self, _: &Seed) -> std::result::Result<World, HarnessError> {
        Err(HarnessError::from(Error::invalid_input("no server")))
    }
}

#[test]
fn a_harness_that_runs_nothing_fails() {
    let report = Suite::new(Broken).report();
    assert!(report.complaints.iter().any(|complaint| complaint == "no case ran"), "{:?}", report.complaints);
    assert!(report.complaints.len() > Suite::names().len(), "every case fails too");
}
