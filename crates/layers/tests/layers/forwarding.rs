//! Each layer, where it has nothing to do, is as if it were not there: every method reaches the account with what it was
//! given, once, and its answer comes back. Also around an `Arc<dyn WorkspaceMembers>`.

use crate::support::{Lines, Scripted, add, capabilities, invite, key, user, workspace};
use std::sync::Arc;
use std::time::Duration;
use workspace_members_core::{
    Capability, ErrorKind, GroupId, ListOf, NativeRole, Notify, Operation, PageRequest, PrincipalId,
    RateLimit as Limit, RemoveMember, Result, Role, SetRole, Support, WorkspaceId, WorkspaceMembers,
};
use workspace_members_layers::{Audit, LayersConfig, Limiter, RetryConfig, Stack};

const SECOND: Duration = Duration::from_secs(1);

type Wrap = fn(Arc<dyn WorkspaceMembers>) -> Arc<dyn WorkspaceMembers>;

/// Every layer, and all of them.
fn layers() -> Vec<(&'static str, Wrap)> {
    vec![
        ("audit", |inner| Arc::new(Stack::new(inner).with_audit(Audit::new(Arc::new(Lines::default()))))),
        ("trace", |inner| Arc::new(Stack::new(inner).with_trace())),
        ("retry", |inner| Arc::new(Stack::new(inner).with_retry(RetryConfig::default()))),
        ("concurrency", |inner| Arc::new(Stack::new(inner).with_concurrency(1))),
        ("rate limit", |inner| {
            let limiter = Limiter::new(inner.capabilities().limits().to_vec());
            Arc::new(Stack::new(inner).with_limiter(limiter))
        }),
        ("timeout", |inner| Arc::new(Stack::new(inner).with_timeout(SECOND))),
        ("standard", |inner| Arc::new(Stack::standard(inner, &LayersConfig::default()).unwrap())),
    ]
}

fn scripted() -> Scripted {
    Scripted::new(capabilities().with_limits([Limit::assumed(&[], 1_000, SECOND, "test")]))
}

fn shown<T: std::fmt::Debug>(result: &Result<T>) -> String {
    match result {
        Ok(value) => format!("{value:?}"),
        Err(error) => format!("{error:?}"),
    }
}

/// Calls everything with arguments that are recognized, and writes down every answer.
async fn call_everything(members: &dyn WorkspaceMembers) -> Vec<String> {
    let page = |n| PageRequest::default().with_size(n);
    let group = PrincipalId::from(GroupId::from(7));
    let role_change = SetRole::new(key(3), Role::Viewer).with_from(Some(NativeRole::from_static("writer")));
    vec![
        members.provider().to_string(),
        format!("{:?}", members.capabilities()),
        shown(&members.me().await),
        shown(&members.workspaces_page(page(1)).await),
        shown(&members.users_page(page(2)).await),
        shown(&members.groups_page(page(3)).await),
        shown(&members.add(&add(3, Role::Editor).with_notify(Notify::MEMBER)).await),
        shown(&members.members_page(&ListOf::Account, page(4)).await),
        shown(&members.members_page(&ListOf::Workspace(workspace()), page(5)).await),
        shown(&members.set_role(&role_change).await),
        shown(&members.get(&workspace(), &user(3)).await),
        shown(&members.get(&workspace(), &group).await),
        shown(&members.remove(&RemoveMember::new(key(3))).await),
        shown(&members.get(&workspace(), &user(3)).await),
        shown(&members.invite(&invite()).await),
        shown(&members.invitations_page(&ListOf::Account, page(6)).await),
        shown(&members.cancel_invitation(&8.into()).await),
        shown(&members.set_user_active(&3.into(), false).await),
        shown(&members.delete_user(&3.into()).await),
        // And refusals as they are.
        shown(&members.get(&WorkspaceId::from(99), &user(3)).await),
        shown(&members.add(&add(99, Role::Viewer)).await),
        shown(&members.add(&add(1, Role::Viewer)).await),
        shown(&members.set_role(&role_change).await),
        shown(&members.remove(&RemoveMember::new(key(3))).await),
    ]
}

#[tokio::test(start_paused = true)]
async fn every_method_passes_every_layer_unchanged() {
    let bare = scripted();
    let expected = call_everything(&bare).await;
    for operation in Operation::ALL {
        assert!(bare.operations().contains(operation), "{operation} is not called by this test");
    }
    for (name, wrap) in layers() {
        let inner = scripted();
        let layer = wrap(Arc::new(inner.clone()));
        assert_eq!(call_everything(&layer).await, expected, "{name}");
        assert_eq!(inner.requests(), bare.requests(), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_only_stack_reads_everything_and_writes_nothing() {
    let inner = scripted();
    let layer = Stack::new(inner.clone()).with_read_only();
    call_everything(&layer).await;
    let expected = scripted();
    call_everything(&expected).await;
    let reads: Vec<_> = expected.operations().into_iter().filter(|operation| !operation.is_write()).collect();
    assert_eq!(inner.operations(), reads);
    assert_eq!(inner.effects(), [] as [String; 0]);

    let group = PrincipalId::from(GroupId::from(7));
    for error in [
        layer.add(&add(3, Role::Viewer)).await.unwrap_err(),
        layer.set_role(&SetRole::new(key(1), Role::Viewer)).await.unwrap_err(),
        layer
            .remove(&RemoveMember::new(workspace_members_core::MemberKey::new(workspace(), group)))
            .await
            .unwrap_err(),
        layer.invite(&invite()).await.unwrap_err(),
        layer.cancel_invitation(&8.into()).await.unwrap_err(),
        layer.set_user_active(&3.into(), true).await.unwrap_err(),
        layer.delete_user(&3.into()).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("read-only"), "{error}");
    }
    for capability in Capability::ALL {
        assert_eq!(layer.capabilities().has(*capability), !capability.is_write(), "{capability}");
    }
}

#[test]
fn what_the_provider_cannot_do_keeps_its_own_reason() {
    let inner = Scripted::new(capabilities().without(&[Capability::AddGroup], "there are no groups"));
    let layer = Stack::new(inner).with_read_only();
    let why = |capability| match layer.capabilities().support(capability) {
        Support::Absent(why) => why.into_owned(),
        Support::Claimed(_) => panic!("{capability} is claimed"),
    };
    assert_eq!(why(Capability::AddGroup), "there are no groups");
    assert!(why(Capability::AddUser).contains("read-only"));
}
