//! The adapter keeps every promise of the contract, and carries out a plan like any other.

mod clubhouse;

use async_trait::async_trait;
use clubhouse::{House, serve};
use clubhouse_adapter::{Clubhouse, ClubhouseConfig};
use std::sync::{Arc, LazyLock, Mutex};
use workspace_members_core::{NativeRole, UserId, WorkspaceId, WorkspaceMembers, WorkspaceMembersExt};
use workspace_members_http::{Credential, HttpSettings, Transport, TransportConfig};
use workspace_members_layers::{LayersConfig, Stack};
use workspace_members_sync::{ApplyOptions, Connections, Desired, Guards, Plan, apply, observe};
use workspace_members_testkit::{Grant, Harness, HarnessError, Proxy, Seed, World, conformance};

const KEY: &str = "a-key-that-must-show-nowhere";

/// One pool for all worlds of the suite: setting TLS up for each would take most of the time.
static TRANSPORT: LazyLock<Transport> =
    LazyLock::new(|| Transport::new(TransportConfig::default()).expect("TLS"));

fn adapter(url: &str) -> workspace_members_core::Result<Clubhouse> {
    let http = HttpSettings::at(url).with_transport(TRANSPORT.clone());
    Clubhouse::new(&ClubhouseConfig::default(), &http, Credential::from_key(KEY))
}

struct Clubs;

#[async_trait]
impl Harness for Clubs {
    fn name(&self) -> String {
        "clubhouse".to_owned()
    }

    async fn start(&self, seed: &Seed) -> Result<World, HarnessError> {
        let mut house = House { key: KEY.to_owned(), me: seed.me.user.to_string(), ..House::default() };
        for user in &seed.users {
            let email = user.email.as_ref().map(ToString::to_string).unwrap_or_default();
            house.people.push((user.id.to_string(), email));
        }
        for workspace in &seed.workspaces {
            house.clubs.push((workspace.id.to_string(), workspace.name.clone()));
        }
        for grant in &seed.members {
            let at = (grant.workspace.to_string(), grant.principal.as_str().to_owned());
            house.seats.insert(at, grant.role.to_string());
        }
        let house = Arc::new(Mutex::new(house));
        let proxy = Proxy::start(&serve(house.clone()).await?).await?;
        let adapter = adapter(&proxy.url())?;
        Ok(World::new(adapter).with_proxy(proxy).with_secret(KEY).with_truth(move || truth(&house)))
    }
}

/// Who is where, read from the house itself.
fn truth(house: &Mutex<House>) -> Vec<Grant> {
    let grant = |((club, who), role): (&(String, String), &String)| {
        let (club, who) = (WorkspaceId::new(club).expect("as seeded"), UserId::new(who).expect("as seeded"));
        Grant::new(club, who, NativeRole::new(role))
    };
    house.lock().expect("nobody panics").seats.iter().map(grant).collect()
}

conformance!(Clubs);

#[tokio::test]
async fn a_plan_is_carried_out() -> Result<(), HarnessError> {
    let named = |name: &str| (name.to_owned(), format!("{name}@example.com"));
    let seat = |(who, role): (&str, &str)| (("chess".to_owned(), who.to_owned()), role.to_owned());
    let house = House {
        key: KEY.to_owned(),
        me: "robot".to_owned(),
        people: ["robot", "ana", "ben", "cleo"].map(named).into(),
        clubs: vec![("chess".to_owned(), "Chess".to_owned())],
        seats: [("robot", "host"), ("ana", "reader"), ("cleo", "reader")].map(seat).into(),
    };
    let members = adapter(&serve(Arc::new(Mutex::new(house))).await?)?;
    let members: Arc<dyn WorkspaceMembers> = Arc::new(Stack::standard(members, &LayersConfig::default())?);
    let connections = Connections::from([("clubs".to_owned(), members.clone())]);
    let desired = r#"
        [[workspace]]
        target = "clubs:chess"
        mode = "authoritative"
        members = { owner = ["robot@example.com"], editor = ["ana@example.com", "ben@example.com"] }
    "#;
    let desired = Desired::from_toml(desired, "desired.toml")?;
    let plan = Plan::compute(&desired, &observe(&connections, &desired).await?, &Guards::new())?;
    assert_eq!(plan.steps.len(), 3, "promote ana, add ben, remove cleo: {plan:?}");
    let report = apply(&connections, &plan, &ApplyOptions::new(tempfile::tempdir()?.path())).await?;
    assert!(report.is_complete(), "{report:?}");
    let roster = members.roster(&WorkspaceId::new("chess")?).await?;
    let roles: Vec<_> = roster.iter().map(|member| format!("{} {}", member.label(), member.role)).collect();
    assert_eq!(roles, ["ana@example.com editor", "ben@example.com editor", "robot@example.com owner"]);
    Ok(())
}
