//! The adapter: builds a request, sends it once, converts the answer.

use crate::config::{ClubhouseConfig, DEFAULT_BASE_URL, PAGE, PROVIDER};
use crate::{config, convert, errors, wire};
use async_trait::async_trait;
use serde::de::DeserializeOwned;
use serde_json::json;
use std::sync::Arc;
use workspace_members_core::adapter::Record;
use workspace_members_core::{
    AddMember, Capabilities, Effect, Error, ErrorKind, Identity, ListOf, Member, MemberKey, Operation, Page,
    PageRequest, PrincipalId, Provider, RemoveMember, Resource, Result, Role, SetRole, User, Workspace,
    WorkspaceId, WorkspaceMembers,
};
use workspace_members_http::{
    AdapterConfig, Answer, AuthScheme, Client, Credential, HttpSettings, Method, PageNumber, Request,
};

/// One account at Clubhouse.
#[derive(Debug)]
pub struct Clubhouse {
    client: Client,
    capabilities: Capabilities,
}

impl AdapterConfig for ClubhouseConfig {
    fn connect(&self, http: &HttpSettings, credential: Credential) -> Result<Arc<dyn WorkspaceMembers>> {
        Ok(Arc::new(Clubhouse::new(self, http, credential)?))
    }
}

impl Clubhouse {
    /// Checks the settings. Sends nothing.
    pub fn new(
        config: &ClubhouseConfig,
        http: &HttpSettings,
        credential: impl Into<Credential>,
    ) -> Result<Self> {
        let (base, transport) = (http.base(DEFAULT_BASE_URL)?, http.pool()?);
        // Only the adapter knows when a request is sent, so it is the one who bounds its time.
        let own_timeout = Some(transport.request_timeout());
        let capabilities = config::capabilities(http, &base).with_own_timeout(own_timeout);
        let source = credential.into().into_source(None, &transport)?;
        let mut client = Client::new(PROVIDER, base, &transport, AuthScheme::BEARER, source)?;
        if let Some(version) = &config.version {
            client = client.with_header("X-Clubhouse-Version", version)?;
        }
        Ok(Self { client, capabilities })
    }

    async fn send(&self, request: Request<'_>) -> Result<Answer> {
        self.client.send(request).await?.success(errors::classify)
    }

    async fn ask<T: DeserializeOwned>(&self, request: Request<'_>) -> Result<T> {
        self.send(request).await?.json()
    }

    async fn list<W: DeserializeOwned, T: Record>(
        &self,
        operation: Operation,
        path: &[&str],
        page: &PageRequest,
        convert: impl Fn(W) -> T,
    ) -> Result<Page<T>> {
        let page: PageNumber = self.client.page(page, PAGE, PAGE, operation)?;
        let (number, size) = (page.number.to_string(), page.size.to_string());
        let query = [("page", number.as_str()), ("size", size.as_str())];
        let request = Request::new(operation, Method::GET, path).with_query(&query);
        let listing: wire::Listing<W> = self.ask(request).await?;
        let items = listing.items.into_iter().map(convert).collect();
        Ok(Page::new(items).with_next(page.next_of(listing.total)).with_total(Some(listing.total)))
    }

    fn member(&self, club: &WorkspaceId, seat: wire::Seat) -> Member {
        convert::member(club, seat, self.capabilities.roles())
    }

    /// Adding and changing differ in the method only.
    async fn take(&self, method: Method, key: &MemberKey, role: &Role, of: Operation) -> Result<Member> {
        let asked = self.capabilities.roles().resolve(role)?;
        let path = ["clubs", key.workspace.as_str(), "people", key.principal.as_str()];
        let body = json!({ "role": asked.native.as_str() });
        let request = Request::new(of, method, &path).with_json(&body)?;
        let member = self.member(&key.workspace, self.ask(request).await?);
        if !self.capabilities.same_principal(&member.key.principal, &key.principal) {
            let error =
                Error::new(ErrorKind::Unconfirmed, Effect::Unknown, "the answer is about another person");
            return Err(error.with_operation(of).with_provider(PROVIDER));
        }
        self.capabilities.confirm(&asked, member, of)
    }
}

#[async_trait]
impl WorkspaceMembers for Clubhouse {
    fn provider(&self) -> Provider {
        PROVIDER
    }
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }
    async fn me(&self) -> Result<Identity> {
        self.ask(Request::new(Operation::Me, Method::GET, &["me"])).await.map(convert::identity)
    }
    async fn workspaces_page(&self, page: PageRequest) -> Result<Page<Workspace>> {
        self.list(Operation::ListWorkspaces, &["clubs"], &page, convert::workspace).await
    }
    async fn users_page(&self, page: PageRequest) -> Result<Page<User>> {
        self.list(Operation::ListUsers, &["people"], &page, convert::user).await
    }
    async fn members_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Member>> {
        self.capabilities.check_list(of)?;
        let ListOf::Workspace(club) = of else { return Ok(Page::new(Vec::new())) };
        let path = ["clubs", club.as_str(), "people"];
        self.list(Operation::ListMembers, &path, &page, |seat| self.member(club, seat)).await
    }
    async fn get(&self, workspace: &WorkspaceId, principal: &PrincipalId) -> Result<Option<Member>> {
        self.capabilities.check_get(principal)?;
        let path = ["clubs", workspace.as_str(), "people", principal.as_str()];
        match self.ask(Request::new(Operation::Get, Method::GET, &path)).await {
            Ok(seat) => Ok(Some(self.member(workspace, seat))),
            Err(error) if error.missing() == [Resource::Member] => Ok(None),
            Err(error) => Err(error),
        }
    }
    async fn add(&self, request: &AddMember) -> Result<Member> {
        self.capabilities.check_add(request)?;
        self.take(Method::PUT, &request.key(), &request.role, Operation::Add).await
    }
    async fn set_role(&self, request: &SetRole) -> Result<Member> {
        self.capabilities.check_set_role(request)?;
        self.take(Method::PATCH, &request.key, &request.role, Operation::SetRole).await
    }
    async fn remove(&self, request: &RemoveMember) -> Result<()> {
        self.capabilities.check_remove(request)?;
        let path = ["clubs", request.key.workspace.as_str(), "people", request.key.principal.as_str()];
        let request = Request::new(Operation::Remove, Method::DELETE, &path);
        self.send(request).await?.confirm_done()
    }
}
