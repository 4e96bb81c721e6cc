//! The adapter: build a request, convert the answer, classify the refusal.

use crate::wire;
use async_trait::async_trait;
use serde::de::DeserializeOwned;
use serde_json::json;
use std::sync::Arc;
use workspace_members_core::adapter::Record;
use workspace_members_core::{
    AddMember, Behaviour, Capabilities, Capability, Effect, Error, ErrorKind, Evidence, Fit, Group, Identity,
    ListOf, Member, MemberKey, NativeRole, Operation, Page, PageRequest, PrincipalId, Protection, Provider,
    RemoveMember, Resource, Result, Role, RoleRow, RoleTable, SetRole, User, Workspace, WorkspaceId,
    WorkspaceMembers,
};
use workspace_members_http::{
    Answer, AuthScheme, Client, CredentialSource, Method, Request, Transport, check_base_url,
};

const PROVIDER: Provider = Provider::from_static("clubhouse");
/// The most that Clubhouse puts on a page.
const PAGE: u32 = 10;

/// What works. For everything else there is no code.
const CLAIMS: [Capability; 9] = {
    use Capability::{
        AddUser, GetMember, ListMembers, ListUsers, ListWorkspaces, Me, RemoveUser, Roster, SetUserRole,
    };
    [Me, ListWorkspaces, ListUsers, ListMembers, Roster, GetMember, AddUser, SetUserRole, RemoveUser]
};

/// One account at Clubhouse.
#[derive(Debug)]
pub struct Clubhouse {
    client: Client,
    capabilities: Capabilities,
}

impl Clubhouse {
    /// Checks the base URL. Sends nothing.
    pub fn new(base_url: &str, transport: &Transport, key: Arc<dyn CredentialSource>) -> Result<Self> {
        let base = check_base_url(base_url)?;
        let row = |role, native| RoleRow::new(role, NativeRole::from_static(native), Fit::Exact);
        let rows = [row(Role::Owner, "host"), row(Role::Editor, "writer"), row(Role::Viewer, "reader")];
        let roles = RoleTable::new(rows)
            .map_err(|error| Error::new(ErrorKind::Config, Effect::Rejected, error.to_string()))?;
        let capabilities = Capabilities::new(PROVIDER, roles)
            .claim(Evidence::Documented, &CLAIMS)
            .with_behaviours(&[Behaviour::KeepsLastOwner])
            .with_endpoint(base.as_str())
            .with_page_size(PAGE)
            .with_own_timeout(Some(transport.request_timeout()));
        let client = Client::new(PROVIDER, base, transport, AuthScheme::BEARER, key)?;
        Ok(Self { client, capabilities })
    }

    async fn send(&self, request: Request<'_>) -> Result<Answer> {
        let operation = request.operation;
        let answer = self.client.send(request).await?;
        if answer.is_success() { Ok(answer) } else { Err(self.refused(&answer, operation)) }
    }

    async fn ask<T: DeserializeOwned>(&self, request: Request<'_>) -> Result<T> {
        let operation = request.operation;
        self.send(request).await?.json(operation, &PROVIDER)
    }

    /// What Clubhouse's own words mean; the rest means the same at every provider.
    fn refused(&self, answer: &Answer, operation: Operation) -> Error {
        let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let error = match body["error"].as_str().unwrap_or_default() {
            "no such club" => Error::not_found("the club does not exist", &[Resource::Workspace]),
            "no such person" => Error::not_found("the person does not exist", &[Resource::User]),
            "no seat" => Error::not_found("they are not in the club", &[Resource::Member]),
            "has a seat" => Error::new(ErrorKind::AlreadyMember, Effect::Rejected, "they have a seat"),
            "last host" => Error::protected("a club keeps its last host", Protection::LastOwner),
            _ => return self.client.failure(answer, operation),
        };
        self.client.classified(error, answer, operation)
    }

    async fn list<W: DeserializeOwned, T: Record>(
        &self,
        operation: Operation,
        path: &[&str],
        page: &PageRequest,
        convert: impl Fn(W) -> T,
    ) -> Result<Page<T>> {
        let page = self.client.page_number(page, PAGE, PAGE, operation)?;
        let (number, size) = (page.number.to_string(), page.size.to_string());
        let query = [("page", number.as_str()), ("size", size.as_str())];
        let request = Request::new(operation, Method::GET, path).with_query(&query);
        let listing: wire::Listing<W> = self.ask(request).await?;
        let items = listing.items.into_iter().map(convert).collect();
        Ok(Page::new(items).with_next(page.next_of(listing.total)).with_total(Some(listing.total)))
    }

    fn member(&self, club: &WorkspaceId, seat: wire::Seat) -> Member {
        let key = MemberKey::new(club.clone(), seat.person.id);
        Member::new(key, seat.role, self.capabilities.roles()).with_email(Some(seat.person.email))
    }

    /// Adding and changing differ in the method only.
    async fn take(&self, method: Method, key: &MemberKey, role: &Role, of: Operation) -> Result<Member> {
        let asked = self.capabilities.roles().resolve(role)?;
        let path = ["clubs", key.workspace.as_str(), "people", key.principal.as_str()];
        let body = json!({ "role": asked.native.as_str() });
        let request = Request::new(of, method, &path).with_json(&body)?;
        let member = self.member(&key.workspace, self.ask(request).await?);
        if member.key.principal != key.principal {
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
        let me: wire::Person = self.ask(Request::new(Operation::Me, Method::GET, &["me"])).await?;
        Ok(Identity::new(me.id).with_email(Some(me.email)))
    }
    async fn workspaces_page(&self, page: PageRequest) -> Result<Page<Workspace>> {
        let convert = |club: wire::Club| Workspace::new(club.id, club.name);
        self.list(Operation::ListWorkspaces, &["clubs"], &page, convert).await
    }
    async fn users_page(&self, page: PageRequest) -> Result<Page<User>> {
        let convert = |person: wire::Person| User::new(person.id).with_email(Some(person.email));
        self.list(Operation::ListUsers, &["people"], &page, convert).await
    }
    async fn groups_page(&self, _: PageRequest) -> Result<Page<Group>> {
        self.capabilities.require(Capability::ListGroups, Operation::ListGroups)?;
        Ok(Page::new(Vec::new()))
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
        self.send(request).await?.confirm_done(Operation::Remove, &PROVIDER)
    }
}
