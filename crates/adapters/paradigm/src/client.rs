//! The adapter: builds a request, sends it once, converts the answer.

use crate::config::{DEFAULT_BASE_URL, LARGEST_PAGE, Level, PROVIDER, ParadigmConfig, USERS_PAGE};
use crate::wire::{self, Next};
use crate::{convert, errors};
use async_trait::async_trait;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use workspace_members_core::adapter::Record;
use workspace_members_core::{
    AddMember, Capabilities, Capability, Effect, Error, ErrorKind, Group, Identity, ListOf, Member,
    Operation, Page, PageRequest, PrincipalId, PrincipalKind, Provider, RemoveMember, Result, User,
    Workspace, WorkspaceId, WorkspaceMembers,
};
use workspace_members_http::{
    AdapterConfig, Answer, AuthScheme, Client, Credential, HttpSettings, Method, PageNumber, Request,
    page_of_next,
};

/// One Paradigm account: whatever one API key reaches at one level.
///
/// The interface to members is marked alpha by LightOn and may change. `Debug` shows no key.
#[derive(Debug)]
pub struct Paradigm {
    client: Client,
    capabilities: Capabilities,
    level: Level,
}

impl AdapterConfig for ParadigmConfig {
    fn connect(&self, http: &HttpSettings, credential: Credential) -> Result<Arc<dyn WorkspaceMembers>> {
        Ok(Arc::new(Paradigm::new(self, http, credential)?))
    }
}

impl Paradigm {
    /// Checks the configuration. Sends nothing.
    pub fn new(
        config: &ParadigmConfig,
        http: &HttpSettings,
        credential: impl Into<Credential>,
    ) -> Result<Self> {
        let (base, transport) = (http.base(DEFAULT_BASE_URL)?, http.pool()?);
        let capabilities =
            config.capabilities(http, &base).with_own_timeout(Some(transport.request_timeout()));
        let source = credential.into().into_source(None, &transport)?;
        let client = Client::new(PROVIDER, base, &transport, AuthScheme::BEARER, source)?;
        let client = client.below(&["api", "v3"]);
        Ok(Self { client, capabilities, level: config.level })
    }

    /// An answer that reports success.
    async fn send(&self, request: Request<'_>, about: Option<PrincipalKind>) -> Result<Answer> {
        self.client.send(request).await?.success(|answer| errors::classify(answer, self.level, about))
    }

    async fn read(&self, operation: Operation, path: &[&str], query: &[(&str, &str)]) -> Result<Answer> {
        self.send(Request::new(operation, Method::GET, path).with_query(query), None).await
    }

    /// `workspaces/…`, with the level's prefix.
    fn below_workspaces<'a>(&self, rest: &[&'a str]) -> Vec<&'a str> {
        self.level.prefix().into_iter().chain(["workspaces"]).chain(rest.iter().copied()).collect()
    }

    async fn list<W, T: Record>(
        &self,
        operation: Operation,
        path: &[&str],
        page: PageNumber,
        size_name: Option<&str>,
        convert: impl Fn(W) -> T,
    ) -> Result<Page<T>>
    where
        W: DeserializeOwned,
    {
        let (number, size) = (page.number.to_string(), page.size.to_string());
        let query = [("page", number.as_str()), (size_name.unwrap_or_default(), size.as_str())];
        let query = if size_name.is_some() { &query[..] } else { &query[..1] };
        let answer = self.read(operation, path, query).await?;
        let listing: wire::Listing<W> = answer.json()?;
        let pagination = listing.pagination.unwrap_or_default();
        // The form that prose describes has no schema, so any of its fields may say that there is more. Where none does, a
        // page that is full is not taken for the last.
        let more_pages = |unsaid: bool| match (pagination.total_pages, pagination.count) {
            (Some(pages), _) => page.number < pages,
            (None, Some(total)) => {
                u64::from(page.number) * u64::from(pagination.per_page.unwrap_or(page.size)) < total
            }
            (None, None) => unsaid && listing.count.is_none() && listing.results.len() >= page.size as usize,
        };
        let more = page.number.saturating_add(1);
        let next = match (listing.next, pagination.next) {
            (Next::At(url), _) | (_, Next::At(url)) => Some(
                page_of_next(&url)
                    .ok_or_else(|| answer.unexpected("the next page's address names no page number"))?,
            ),
            (Next::Unsaid, Next::Unsaid) => more_pages(true).then_some(more),
            _ => more_pages(false).then_some(more),
        };
        Ok(Page::new(listing.results.into_iter().map(convert).collect())
            .with_next(next.map(|number| page.cursor(number)))
            .with_total(listing.count.or(pagination.count)))
    }

    /// All members of a workspace, in the provider's only page.
    async fn read_members(&self, operation: Operation, workspace: &WorkspaceId) -> Result<Vec<Member>> {
        integer(workspace.as_str(), "workspace", operation)?;
        let path = self.below_workspaces(&[workspace.as_str(), "members"]);
        let answer = self.read(operation, &path, &[]).await?;
        Ok(convert::members(workspace, answer.json()?, self.capabilities.roles()).collect())
    }
}

/// Paradigm's ids are positive integers; anything else is refused before a request.
fn integer(text: &str, what: &str, operation: Operation) -> Result<u64> {
    // `007` and `+7` would be read as 7 and address somebody under a second name.
    let plain = text.starts_with(|first: char| matches!(first, '1'..='9'));
    let number = text.parse().ok().filter(|number| plain && *number <= i64::MAX.unsigned_abs());
    number.ok_or_else(|| {
        Error::invalid_input(format!("{what} id {text:?} is not a positive integer, as Paradigm's ids are"))
            .with_operation(operation)
            .with_provider(PROVIDER)
    })
}

#[async_trait]
impl WorkspaceMembers for Paradigm {
    fn provider(&self) -> Provider {
        PROVIDER
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn me(&self) -> Result<Identity> {
        self.capabilities.require(Capability::Me, Operation::Me)?;
        let answer = self.read(Operation::Me, &["users", "me"], &[]).await?;
        answer.json().map(convert::identity)
    }

    async fn workspaces_page(&self, page: PageRequest) -> Result<Page<Workspace>> {
        let operation = Operation::ListWorkspaces;
        self.capabilities.require(Capability::ListWorkspaces, operation)?;
        let page = self.client.page(&page, self.capabilities.page_size(), LARGEST_PAGE, operation)?;
        let convert = |workspace| convert::workspace(workspace, self.level);
        self.list(operation, &self.below_workspaces(&[]), page, Some("page_size"), convert).await
    }

    async fn users_page(&self, page: PageRequest) -> Result<Page<User>> {
        let operation = Operation::ListUsers;
        self.capabilities.require(Capability::ListUsers, operation)?;
        // Of whatever size was asked for: the provider fixes it, and a page that is full must be seen to be.
        let page = self.client.page(&page.with_size(USERS_PAGE), USERS_PAGE, USERS_PAGE, operation)?;
        self.list(operation, &["users"], page, None, convert::user).await
    }

    async fn groups_page(&self, page: PageRequest) -> Result<Page<Group>> {
        let operation = Operation::ListGroups;
        self.capabilities.require(Capability::ListGroups, operation)?;
        let page = self.client.page(&page, self.capabilities.page_size(), LARGEST_PAGE, operation)?;
        self.list(operation, &["groups"], page, Some("per_page"), convert::group).await
    }

    async fn members_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Member>> {
        self.capabilities.check_list(of)?;
        let operation = Operation::ListMembers;
        match of {
            ListOf::Workspace(id) if page.cursor.is_none() => {
                self.read_members(operation, id).await.map(Page::new)
            }
            _ => {
                Err(Error::invalid_input("Paradigm's lists of members have one page, so there is no cursor")
                    .with_operation(operation)
                    .with_provider(PROVIDER))
            }
        }
    }

    async fn get(&self, workspace: &WorkspaceId, principal: &PrincipalId) -> Result<Option<Member>> {
        let operation = Operation::Get;
        self.capabilities.check_get(principal)?;
        integer(principal.as_str(), principal.kind().as_str(), operation)?;
        let members = self.read_members(operation, workspace).await?;
        self.capabilities.only_member(members, principal, operation)
    }

    async fn add(&self, request: &AddMember) -> Result<Member> {
        let operation = Operation::Add;
        let role = self.capabilities.check_add(request)?;
        let (workspace, kind) = (&request.workspace, request.principal.kind());
        integer(workspace.as_str(), "workspace", operation)?;
        let id = integer(request.principal.as_str(), kind.as_str(), operation)?;
        let of = |asked: PrincipalKind| (kind == asked).then_some(id);
        let (user_id, group_id) = (of(PrincipalKind::User), of(PrincipalKind::Group));
        let path = self.below_workspaces(&[workspace.as_str(), "members"]);
        let body = wire::AddRequest { user_id, group_id, role: role.native.as_str() };
        let post = Request::new(operation, Method::POST, &path).with_json(&body)?;
        let answer = self.send(post, Some(kind)).await?;
        let mut members = convert::members(workspace, answer.json()?, self.capabilities.roles());
        let added = members.find(|member| member.key.principal == request.principal);
        let added = added.ok_or_else(|| {
            let message = "the provider reported success and answered a list without the new member";
            answer.error(Error::new(ErrorKind::Unconfirmed, Effect::Unknown, message))
        })?;
        self.capabilities.confirm(&role, added, operation).map_err(|error| answer.error(error))
    }

    async fn remove(&self, request: &RemoveMember) -> Result<()> {
        let operation = Operation::Remove;
        self.capabilities.check_remove(request)?;
        let key = &request.key;
        let (workspace, id) = (key.workspace.as_str(), key.principal.as_str());
        integer(workspace, "workspace", operation)?;
        integer(id, key.principal.kind().as_str(), operation)?;
        let kind = match &key.principal {
            PrincipalId::User(_) => "users",
            PrincipalId::Group(_) => "groups",
            other => {
                return Err(self.capabilities.unsupported(Capability::remove(other.kind()), operation));
            }
        };
        let path = self.below_workspaces(&[workspace, "members", kind, id]);
        let delete = Request::new(operation, Method::DELETE, &path);
        let answer = self.send(delete, Some(key.principal.kind())).await?;
        answer.confirm_done()
    }
}
