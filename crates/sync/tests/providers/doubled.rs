//! Somebody who is twice in one workspace.

use crate::transport;
use serde_json::json;
use std::sync::Arc;
use workspace_members_core::WorkspaceMembers;
use workspace_members_http::{HttpSettings, StaticCredential};
use workspace_members_pandadoc::{PandaDoc, PandaDocConfig};
use workspace_members_sync::{Cause, Connections, Desired, Guards, Plan, Problem, Refusal, observe};
use workspace_members_tests::{Reply, Server};

#[tokio::test]
async fn nothing_is_planned_about_somebody_with_two_memberships() {
    let server = Server::start(|request, _| match request.path() {
        "/public/v1/users" => {
            let of =
                |workspace, id, role| json!({"workspace_id": workspace, "membership_id": id, "role": role});
            let both = [of("W1", "m2", "Member"), of("W1", "m3", "Manager"), of("W2", "m4", "Member")];
            let other = json!({"user_id": "u2", "workspaces": []});
            Reply::json(200, json!({"total": 2, "results": [{"user_id": "u1", "workspaces": both}, other]}))
        }
        "/public/v1/workspaces" => {
            Reply::json(200, json!({"total": 2, "results": [{"id": "W1"}, {"id": "W2"}]}))
        }
        _ => Reply::json(200, json!({"user_id": "me"})),
    })
    .await;
    let settings = HttpSettings::at(server.url()).with_transport(transport());
    let key = Arc::new(StaticCredential::new("key".into()));
    let pandadoc = PandaDoc::new(&PandaDocConfig::default(), &settings, key).unwrap();
    let connections =
        Connections::from([("acme".to_owned(), Arc::new(pandadoc) as Arc<dyn WorkspaceMembers>)]);
    // Whom a plan does not touch, it is not about.
    for (workspace, who, mode, refused) in [
        ("W1", "u1", "authoritative", true),
        ("W1", "u1", "additive", true),
        ("W1", "u2", "authoritative", true),
        ("W1", "u2", "additive", false),
        ("W2", "u1", "additive", false),
    ] {
        let text = format!(
            "[[workspace]]\ntarget = \"acme:{workspace}\"\nmode = \"{mode}\"\nmembers.manager = [\"user:{who}\"]\n"
        );
        let desired = Desired::from_toml(&text, "desired.toml").unwrap();
        let observed = observe(&connections, &desired).await.unwrap();
        let planned = Plan::compute(&desired, &observed, &Guards::new());
        let refusals = planned.map_or_else(|refused| refused.refusals, |_| Vec::new());
        let doubled = |refusal: &Refusal| refusal.cause == Cause::Problem(Problem::Ambiguous);
        let found: Vec<_> = refusals.iter().filter(|refusal| doubled(refusal)).collect();
        assert_eq!(found.len(), usize::from(refused), "{refusals:?}");
        assert!(found.iter().all(|refusal| refusal.message.contains("m2 and m3")), "{found:?}");
    }
}
