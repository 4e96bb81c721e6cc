//! The sample is what the documentation says that it is.

use std::collections::HashSet;

use workspace_members_simulator::paradigm::WorkspaceType;
use workspace_members_simulator::{Simulator, State};

#[test]
fn the_sample_is_as_described() {
    let state = State::sample();
    assert_eq!(state, State::sample(), "the same on every call");
    let (paradigm, pandadoc) = (&state.paradigm, &state.pandadoc);
    assert_eq!((paradigm.users.len(), pandadoc.users.len()), (44, 54));
    let folded = |email: &String| email.to_ascii_lowercase();
    let here: HashSet<String> = paradigm.users.iter().map(|user| folded(&user.email)).collect();
    let there: HashSet<String> = pandadoc.users.iter().map(|user| folded(&user.email)).collect();
    assert_eq!(here.union(&there).count(), 60);
    assert_eq!(here.intersection(&there).count(), 38);
    let exact: HashSet<&String> = paradigm.users.iter().map(|user| &user.email).collect();
    let differs =
        pandadoc.users.iter().filter(|u| here.contains(&folded(&u.email)) && !exact.contains(&u.email));
    assert!(differs.count() >= 3, "some addresses differ in case only");
    let custom = paradigm.workspaces.iter().filter(|w| w.workspace_type == WorkspaceType::Custom);
    let sizes: Vec<_> = custom.map(|w| (w.name.as_str(), w.users.len(), w.groups.len())).collect();
    assert_eq!(sizes, [("Research", 24, 1), ("Sales", 19, 2)]);
    assert_eq!(paradigm.workspaces.len(), 4, "with the company's and a personal one");
    assert_eq!(pandadoc.workspaces.len(), 2);
    let ids: HashSet<&String> = pandadoc
        .users
        .iter()
        .map(|user| &user.user_id)
        .chain(pandadoc.workspaces.iter().map(|workspace| &workspace.id))
        .chain(pandadoc.memberships.iter().map(|membership| &membership.membership_id))
        .collect();
    assert_eq!(ids.len(), 54 + 2 + pandadoc.memberships.len(), "no two ids alike");
    assert!(ids.iter().all(|id| id.len() == 22));
    let middles: HashSet<&str> = ids.iter().map(|id| &id[7..15]).collect();
    let starts: HashSet<&str> = ids.iter().map(|id| &id[..8]).collect();
    assert!(starts.is_disjoint(&middles), "ids are not one another, shifted");
    let full = pandadoc.users.iter().filter(|user| user.license == "Full" && !user.removed).count();
    assert_eq!(pandadoc.organization.seats, full as u64, "no seat is free");
    for membership in &pandadoc.memberships {
        assert!(pandadoc.users.iter().any(|user| user.user_id == membership.user_id));
    }
    assert!(pandadoc.memberships.iter().any(|membership| membership.role == "Legal Reviewer"));
    assert!(pandadoc.memberships.iter().any(|membership| !membership.is_active));
    assert!(paradigm.users.iter().any(|user| user.invitation_status == "pending"));
    for email in here.union(&there) {
        assert!(email.ends_with("@example.com"), "{email}");
    }
}

#[tokio::test]
async fn the_handed_out_keys_are_the_first_ones() {
    let simulator = Simulator::start(State::sample()).await.unwrap();
    assert_eq!(simulator.paradigm_key(), "simulated-paradigm-company-admin");
    assert_eq!(simulator.pandadoc_key(), "simulated-pandadoc-org-admin");
    assert!(simulator.paradigm_url().starts_with("http://127.0.0.1:"));
    assert_ne!(simulator.paradigm_url(), simulator.pandadoc_url());
    let shown = format!("{simulator:?}");
    let state = simulator.state();
    let keys = state.paradigm.keys.iter().map(|key| &key.key);
    let keys = keys.chain(state.pandadoc.keys.iter().map(|key| &key.key));
    let keys = keys.chain(state.pandadoc.oauth_clients.iter().map(|client| &client.client_secret));
    let keys =
        keys.chain(state.pandadoc.oauth_tokens.iter().flat_map(|t| [&t.access_token, &t.refresh_token]));
    for (number, key) in keys.enumerate() {
        assert!(!shown.contains(&format!("\"{}\"", key.expose())), "secret {number} in Debug");
    }
    simulator.shutdown().await;
}
