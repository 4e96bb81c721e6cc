use crate::fixture::*;

#[tokio::test]
async fn removing_twice_is_removed_once() {
    let account = account(everything());
    assert_eq!(account.remove_member(&ws(), &user(3)).await.unwrap(), Change::Applied);
    assert_eq!(account.remove_member(&ws(), &user(3)).await.unwrap(), Change::Unchanged);
    let error = account.remove_member(&WorkspaceId::from(9), &user(3)).await.unwrap_err();
    assert_eq!(error.missing(), [Resource::Workspace]);
}

#[tokio::test]
async fn a_key_can_die_with_its_users_membership() {
    let account = account(everything().with_behaviours(&[Behaviour::KeyDiesWithMembership]));
    let mut guarded = account.guarded().allow(Protection::ActingIdentity);
    assert_eq!(guarded.remove_member(&ws(), &user(1)).await.unwrap(), Change::Applied);
    assert_eq!(account.me().await.unwrap_err().kind(), ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn a_lost_answer_of_a_removal_is_resolved_by_one_read() {
    let happened = Twisted::new(account(everything())).removes(&[Fault::Lose]);
    assert_eq!(happened.remove_member(&ws(), &user(3)).await.unwrap(), Change::Applied);
    assert_eq!(happened.calls(), ["get", "me", "remove user:3", "get"]);

    let dropped = Twisted::new(account(everything())).removes(&[Fault::Drop]);
    let error = dropped.remove_member(&ws(), &user(3)).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Timeout, Effect::NotApplied));
    assert_eq!(dropped.writes().len(), 1, "sending again is for the retry layer");
    assert_eq!(dropped.remove_member(&ws(), &user(3)).await.unwrap(), Change::Applied);
}

#[tokio::test]
async fn a_lost_answer_is_resolved_where_a_not_found_lists_several() {
    let ambiguous = || Twisted::new(account(everything()).with_ambiguous_not_found()).removes(&[Fault::Lose]);
    assert_eq!(ambiguous().remove_member(&ws(), &user(3)).await.unwrap(), Change::Applied);
    let blind = ambiguous().broken(&[Operation::ListWorkspaces]);
    let error = blind.remove_member(&ws(), &user(3)).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Timeout, Effect::Unknown), "{error}");
}

#[tokio::test]
async fn somebody_who_left_meanwhile_needs_no_removal() {
    #[derive(Debug)]
    struct Leaving(InMemory);
    #[async_trait::async_trait]
    impl WorkspaceMembers for Leaving {
        fn provider(&self) -> Provider {
            self.0.provider()
        }
        fn capabilities(&self) -> &Capabilities {
            self.0.capabilities()
        }
        async fn me(&self) -> Result<Identity> {
            self.0.me().await
        }
        async fn members_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Member>> {
            self.0.members_page(of, page).await
        }
        async fn get(&self, workspace: &WorkspaceId, principal: &PrincipalId) -> Result<Option<Member>> {
            self.0.get(workspace, principal).await
        }
        async fn add(&self, request: &AddMember) -> Result<Member> {
            self.0.add(request).await
        }
        async fn remove(&self, request: &RemoveMember) -> Result<()> {
            self.0.remove(request).await?;
            self.0.remove(request).await
        }
    }
    let account = Leaving(account(everything()));
    assert_eq!(account.remove_member(&ws(), &user(3)).await.unwrap(), Change::Unchanged);
}
