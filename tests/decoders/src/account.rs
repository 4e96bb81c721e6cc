//! Accounts at a base URL, and every call on one.

use secrecy::SecretString;
use std::sync::Arc;
use workspace_members_core::{
    AddMember, Error, GroupId, ListOf, MemberKey, MembershipId, Operation, PageRequest, PrincipalId,
    RemoveMember, Role, SetRole, UserId, WorkspaceId, WorkspaceMembers,
};
use workspace_members_http::{CredentialSource, HttpSettings, StaticCredential, Transport};
use workspace_members_pandadoc::{PandaDoc, PandaDocConfig, Reach};
use workspace_members_paradigm::{Level, Paradigm, ParadigmConfig};

/// Paradigm at one level, with every inferred operation.
pub(crate) fn paradigm(
    base: &str,
    key: &str,
    transport: &Transport,
    level: Level,
) -> Box<dyn WorkspaceMembers> {
    let config = ParadigmConfig::default().with_level(level).with_inferred(true);
    let http = HttpSettings::at(base).with_transport(transport.clone());
    Box::new(Paradigm::new(&config, &http, source(key)).expect("a valid configuration"))
}

/// PandaDoc with one reach.
pub(crate) fn pandadoc(
    base: &str,
    key: &str,
    transport: &Transport,
    reach: Reach,
) -> Box<dyn WorkspaceMembers> {
    let config = PandaDocConfig::default().with_reach(reach);
    let http = HttpSettings::at(base).with_transport(transport.clone());
    Box::new(PandaDoc::new(&config, &http, source(key)).expect("a valid configuration"))
}

fn source(key: &str) -> Arc<dyn CredentialSource> {
    Arc::new(StaticCredential::new(SecretString::from(key)))
}

/// Whom a call is about.
pub(crate) struct About {
    pub(crate) workspace: WorkspaceId,
    pub(crate) principal: PrincipalId,
    pub(crate) membership: MembershipId,
    /// Whether to list the whole account.
    pub(crate) account: bool,
}

impl About {
    /// Workspace 7, user or group 1, membership 3.
    pub(crate) fn usual(user: bool) -> Self {
        let principal = if user { UserId::from(1).into() } else { GroupId::from(1).into() };
        Self { workspace: WorkspaceId::from(7), principal, membership: MembershipId::from(3), account: user }
    }
}

/// One call.
pub(crate) async fn call(
    adapter: &dyn WorkspaceMembers,
    operation: Operation,
    about: About,
) -> Result<(), Error> {
    let About { workspace, principal, membership, account } = about;
    let key = MemberKey::new(workspace.clone(), principal.clone()).with_membership(Some(membership));
    let of = if account { ListOf::Account } else { ListOf::Workspace(workspace.clone()) };
    let page = PageRequest::default();
    match operation {
        Operation::Me => adapter.me().await.map(drop),
        Operation::ListWorkspaces => adapter.workspaces_page(page).await.map(drop),
        Operation::ListUsers => adapter.users_page(page).await.map(drop),
        Operation::ListGroups => adapter.groups_page(page).await.map(drop),
        Operation::ListMembers => adapter.members_page(&of, page).await.map(drop),
        Operation::Get => adapter.get(&workspace, &principal).await.map(drop),
        Operation::Add => adapter.add(&AddMember::new(workspace, principal, Role::Editor)).await.map(drop),
        Operation::SetRole => adapter.set_role(&SetRole::new(key, Role::Viewer)).await.map(drop),
        _ => adapter.remove(&RemoveMember::new(key)).await,
    }
}
