//! Accounts in memory that behave like the two providers, and short ways to read and plan them.

use std::collections::BTreeMap;
use std::time::Duration;
use workspace_members_core::{
    Behaviour, Capabilities, Capability, EmailAddress, Evidence, Fit, Group, GroupId, Identity, InMemory,
    Mark, NativeRole, Operation, Provider, RateLimit, Role, RoleRow, RoleTable, Status, User, UserId,
    Workspace, WorkspaceId, WorkspaceMembers, WorkspaceMembersExt,
};
use workspace_members_sync::{
    ApplyOptions, Connections, Desired, Guards, Limit, Observed, Plan, Refused, Report, StepOutcome, apply,
    observe, recover,
};

pub(crate) fn native(name: &str) -> NativeRole {
    NativeRole::new(name)
}

pub(crate) fn email(name: &str) -> EmailAddress {
    EmailAddress::new(format!("{name}@example.com")).unwrap()
}

pub(crate) fn ws(id: u64) -> WorkspaceId {
    WorkspaceId::from(id)
}

pub(crate) fn user(id: u64) -> UserId {
    UserId::from(id)
}

/// Groups, no one-step change of role, small pages.
pub(crate) fn paradigm() -> Capabilities {
    let row = |role, name| RoleRow::new(role, NativeRole::from_static(name), Fit::Exact);
    let roles =
        RoleTable::new([row(Role::Owner, "owner"), row(Role::Editor, "editor"), row(Role::Viewer, "viewer")]);
    let absent = [
        Capability::ListAccountMembers,
        Capability::SetUserRole,
        Capability::SetGroupRole,
        Capability::AddCustomRole,
        Capability::SetCustomRole,
        Capability::NotifyMember,
        Capability::NotifyAdmins,
    ];
    Capabilities::new(Provider::from_static("paradigm"), roles.unwrap())
        .with_endpoint("https://paradigm.example")
        .claim(Evidence::Documented, Capability::ALL)
        .without(&absent, "the provider has no such operation")
        .with_behaviours(&[Behaviour::KeepsLastOwner, Behaviour::GroupsGrantAccess])
        .with_page_size(20)
        .with_limits([RateLimit::assumed(&[], 60, Duration::from_mins(1), "test")])
}

/// One pass over the account, membership ids, seats, custom roles that cannot be given when adding, a fixed owner.
pub(crate) fn pandadoc() -> Capabilities {
    let row = |role, name, fit| RoleRow::new(role, NativeRole::from_static(name), fit);
    let roles = RoleTable::new([
        row(Role::Owner, "Admin", Fit::Exact),
        row(Role::Manager, "Manager", Fit::Exact),
        row(Role::Editor, "Member", Fit::Narrower),
        row(Role::Viewer, "Collaborator", Fit::Incomparable),
    ]);
    let roles = roles.unwrap().with_custom_roles(true).with_placeholder(NativeRole::from_static("Custom"));
    let absent =
        [Capability::AddGroup, Capability::SetGroupRole, Capability::RemoveGroup, Capability::ListGroups];
    Capabilities::new(Provider::from_static("pandadoc"), roles)
        .with_endpoint("https://pandadoc.example")
        .claim(Evidence::Documented, Capability::ALL)
        .without(&absent, "the provider has no groups")
        .without(&[Capability::AddCustomRole], "the provider takes built-in roles only when adding")
        .with_behaviours(&[
            Behaviour::MembershipIds,
            Behaviour::SellsSeats,
            Behaviour::FixedWorkspaceOwner,
            Behaviour::KeyDiesWithMembership,
            Behaviour::OrphansDocuments,
        ])
        .with_page_size(50)
        .with_limits([RateLimit::published(&[Operation::Add], 2, Duration::from_mins(1), "test")])
}

pub(crate) fn person(id: u64, name: &str) -> User {
    User::new(user(id))
        .with_email(Some(email(name)))
        .with_status(Status::Active)
        .with_license(Some("Full".to_owned()))
}

pub(crate) const NAMES: [&str; 8] = ["ana", "bo", "cy", "di", "ed", "flo", "gus", "hal"];

/// Workspaces 1 and 2, users 1 to 8 by name, and `robot` (99), who acts and owns both workspaces.
pub(crate) fn account(capabilities: Capabilities) -> InMemory {
    let owner = capabilities.roles().resolve(&Role::Owner).unwrap().native;
    let mut account = InMemory::new(capabilities)
        .with_me(
            Identity::new(user(99))
                .with_email(Some(email("robot")))
                .with_account(Some("acme".into()), Some("Acme".into())),
        )
        .with_workspace(Workspace::new(ws(1), "Legal"))
        .with_workspace(Workspace::new(ws(2), "Sales"))
        .with_user(person(99, "robot"));
    for (index, name) in NAMES.iter().enumerate() {
        account = account.with_user(person(index as u64 + 1, name));
    }
    account.with_member(ws(1), user(99), owner.clone()).with_member(ws(2), user(99), owner)
}

pub(crate) fn guest(id: u64, name: &str) -> User {
    person(id, name).with_license(Some("Guest".to_owned())).with_mark(Mark::SeatOnPromotion)
}

pub(crate) fn group(id: u64, users: Option<&[u64]>) -> Group {
    let users = users.map(|ids| ids.iter().map(|id| user(*id)).collect());
    Group::new(GroupId::from(id), format!("group {id}")).with_users(users)
}

/// Guards that let everything through that is not about a single person.
pub(crate) fn loose() -> Guards {
    let all = Limit::percent(100);
    Guards::new()
        .with_min_owners(0)
        .with_max_removals(all)
        .with_max_demotions(all)
        .with_max_owner_changes(all)
        .with_floor(1000)
        .with_billable(true)
        .with_remove_then_add(true)
}

/// One workspace as a file says it: `acme:1`, a mode, and `role = [...]` lines.
pub(crate) fn desired(mode: &str, lists: &str) -> Desired {
    Desired::from_toml(
        &format!("[[workspace]]\ntarget = \"acme:1\"\nmode = \"{mode}\"\n[workspace.members]\n{lists}\n"),
        "desired.toml",
    )
    .unwrap()
}

pub(crate) async fn plan(
    account: &dyn WorkspaceMembers,
    desired: &Desired,
    guards: &Guards,
) -> Result<Plan, Box<Refused>> {
    let observed = Observed::read(account, "acme", desired).await.unwrap();
    Plan::compute(desired, &[observed], guards).map_err(Box::new)
}

/// Who is in a workspace, as `user:1` -> native role.
pub(crate) async fn who(account: &dyn WorkspaceMembers, workspace: u64) -> BTreeMap<String, String> {
    let roster = account.roster(&ws(workspace)).await.unwrap();
    roster.iter().map(|member| (member.key.principal.to_string(), member.native_role.to_string())).collect()
}

/// Each step as one line.
pub(crate) fn lines(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(ToString::to_string).collect()
}

/// The guards or problems that refuse, in order.
pub(crate) fn causes(refused: &Refused) -> Vec<String> {
    let name = |cause| {
        serde_json::to_value(cause).unwrap().as_object().unwrap().values().next().unwrap().to_string()
    };
    refused.refusals.iter().map(|refusal| name(refusal.cause).trim_matches('"').to_owned()).collect()
}

/// The one connection of these tests.
pub(crate) fn connections(members: std::sync::Arc<dyn WorkspaceMembers>) -> Connections {
    Connections::from([("acme".to_owned(), members)])
}

/// Recovers, plans and applies, as one run of the command line does.
pub(crate) async fn run(
    members: std::sync::Arc<dyn WorkspaceMembers>,
    desired: &Desired,
    guards: &Guards,
    state: &std::path::Path,
) -> Result<Report, String> {
    let connections = connections(members);
    let options = ApplyOptions::new(state);
    let recovered = recover(&connections, &options).await.map_err(|error| format!("{error:?}"))?;
    let observed = observe(&connections, desired).await.map_err(|error| format!("{error:?}"))?;
    let plan = Plan::compute(desired, &observed, guards).map_err(|refused| refused.to_string())?;
    let mut report = apply(&connections, &plan, &options).await.map_err(|error| format!("{error:?}"))?;
    report.recovered.splice(0..0, recovered);
    Ok(report)
}

/// Each step's outcome, in order.
pub(crate) fn outcomes(report: &Report) -> Vec<StepOutcome> {
    report.steps.iter().map(|step| step.outcome).collect()
}

/// A folder for leases and open changes. In memory where there is one: these tests are about what is written, and a disk
/// would take minutes to make each line of thousands of journals safe.
pub(crate) fn state() -> tempfile::TempDir {
    let memory = std::path::Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.unwrap()
}
