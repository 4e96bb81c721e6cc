//! The adapter: builds a request, sends it once, converts the answer.

use crate::config::{KeyKind, PROVIDER, PandaDocConfig, Reach, TOKEN_PATH, USERS_PAGE, WORKSPACES_PAGE};
use crate::convert::{self, Incomplete};
use crate::{errors, wire};
use async_trait::async_trait;
use std::sync::Arc;
use workspace_members_core::adapter::ResolvedRole;
use workspace_members_core::{
    AddMember, Capabilities, Capability, Effect, Error, ErrorKind, Identity, ListOf, Member, MemberKey,
    MembershipId, Operation, Page, PageRequest, PrincipalId, Provider, RemoveMember, Result, SetRole, User,
    Workspace, WorkspaceId, WorkspaceMembers,
};
use workspace_members_http::{
    AdapterConfig, Answer, Client, Credential, HttpSettings, Method, PageNumber, Request,
};

/// One PandaDoc account: an organization, or the one workspace of a key.
///
/// **A sandbox key changes the same, real members**: PandaDoc has no separate sandbox data. `Debug` shows no key.
#[derive(Debug)]
pub struct PandaDoc {
    client: Client,
    capabilities: Capabilities,
    reach: Reach,
}

impl AdapterConfig for PandaDocConfig {
    fn connect(&self, http: &HttpSettings, credential: Credential) -> Result<Arc<dyn WorkspaceMembers>> {
        Ok(Arc::new(PandaDoc::new(self, http, credential)?))
    }

    fn only_workspace(&self) -> Option<&WorkspaceId> {
        match &self.reach {
            Reach::Workspace(id) => Some(id),
            Reach::Organization => None,
        }
    }

    fn notes(&self) -> &'static [&'static str] {
        &[
            "PandaDoc has no sandbox of its own: a SANDBOX KEY CHANGES REAL MEMBERS, and nothing shows which kind a key is",
        ]
    }

    fn warning(&self) -> Option<&'static str> {
        (self.key_kind == KeyKind::Sandbox).then_some("a sandbox key changes real members")
    }
}

impl PandaDoc {
    /// Checks the configuration. Sends nothing.
    pub fn new(
        config: &PandaDocConfig,
        http: &HttpSettings,
        credential: impl Into<Credential>,
    ) -> Result<Self> {
        let credential = credential.into();
        let (base, transport, scheme) = (config.base(http)?, http.pool()?, config.scheme(&credential)?);
        let capabilities =
            config.capabilities(http, &base).with_own_timeout(Some(transport.request_timeout()));
        let token_url = format!("{}{TOKEN_PATH}", base.as_str().trim_end_matches('/'));
        let source = credential.into_source(Some(token_url), &transport)?;
        let client = Client::new(PROVIDER, base, &transport, scheme, source)?;
        let client = client.below(&["public", "v1"]).with_message_fields(errors::MESSAGE_FIELDS);
        Ok(Self { client, capabilities, reach: config.reach.clone() })
    }

    /// An answer that reports success.
    async fn send(&self, request: Request<'_>) -> Result<Answer> {
        let mut answer = self.client.send(request).await?;
        answer.retry_after = errors::wait(&answer);
        answer.success(|answer| errors::classify(answer, &self.reach))
    }

    async fn read(&self, operation: Operation, path: &[&str], query: &[(&str, &str)]) -> Result<Answer> {
        self.send(Request::new(operation, Method::GET, path).with_query(query)).await
    }

    /// The member that a write answers, if that is the one asked for and in the role asked for.
    fn changed(&self, answer: &Answer, key: MemberKey, role: &ResolvedRole) -> Result<Member> {
        let asked = key.membership.clone();
        let member = convert::changed(answer.json()?, key, &role.native, self.capabilities.roles())
            .map_err(unusable(answer))?;
        if asked.is_some() && member.key.membership != asked {
            let message = "the provider reported success and answered another member than the one asked for";
            return Err(answer.error(Error::new(ErrorKind::Unconfirmed, Effect::Unknown, message)));
        }
        self.capabilities.confirm(role, member, answer.operation).map_err(|error| answer.error(error))
    }

    /// A connection that reaches one workspace is refused any other, unsent.
    fn check_workspace(&self, workspace: &WorkspaceId, operation: Operation) -> Result<()> {
        match &self.reach {
            Reach::Workspace(only) if only != workspace => {
                let message = format!(
                    "this connection reaches workspace {only} only; {workspace} takes reach organization"
                );
                Err(Error::unsupported(message).with_operation(operation).with_provider(PROVIDER))
            }
            _ => Ok(()),
        }
    }

    /// One page of the organization's users, those without a membership left out.
    async fn users(&self, operation: Operation, page: PageNumber) -> Result<Answer> {
        let (number, count) = (page.number.to_string(), page.size.to_string());
        // Removed people are included unless asked otherwise.
        let query = [("show_removed", "false"), ("count", &count), ("page", &number)];
        self.read(operation, &["users"], &query).await
    }

    /// All members of the key's own workspace, in one page.
    async fn own_members(&self, operation: Operation, workspace: &WorkspaceId) -> Result<Vec<Member>> {
        let answer = self.read(operation, &["members"], &[]).await?;
        let listing: wire::Listing<wire::Details> = answer.json()?;
        let convert = |details| convert::details(details, workspace, self.capabilities.roles());
        listing.results.into_iter().map(convert).collect::<Result<_, _>>().map_err(unusable(&answer))
    }

    async fn organization_members(
        &self,
        of: Option<&WorkspaceId>,
        page: PageRequest,
    ) -> Result<Page<Member>> {
        let operation = Operation::ListMembers;
        let page = self.client.page(&page, self.capabilities.page_size(), USERS_PAGE, operation)?;
        let answer = self.users(operation, page).await?;
        let listing: wire::Listing<wire::User> = answer.json()?;
        let next = next_page(page, &listing);
        let mut members = Vec::with_capacity(listing.results.len());
        let mut records = Vec::with_capacity(listing.results.len());
        for user in listing.results {
            let record = convert::members(user, of, self.capabilities.roles(), &mut members);
            records.push(record.map_err(unusable(&answer))?);
        }
        Ok(Page::of_records(members, records).with_next(next).with_total(listing.total))
    }
}

/// An error about an answer that cannot be used.
fn unusable(answer: &Answer) -> impl Fn(Incomplete) -> Error {
    |incomplete| answer.unexpected(incomplete.0)
}

/// The provider announces no next page: there is one up to its total or, where that is missing, after a page that is full.
fn next_page<T>(page: PageNumber, listing: &wire::Listing<T>) -> Option<workspace_members_core::Cursor> {
    match listing.total {
        Some(total) => page.next_of(total),
        None if listing.results.len() >= page.size as usize => {
            Some(page.cursor(page.number.saturating_add(1)))
        }
        None => None,
    }
}

#[async_trait]
impl WorkspaceMembers for PandaDoc {
    fn provider(&self) -> Provider {
        PROVIDER
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn me(&self) -> Result<Identity> {
        self.capabilities.require(Capability::Me, Operation::Me)?;
        let answer = self.read(Operation::Me, &["members", "current"], &[]).await?;
        convert::identity(answer.json()?).map_err(unusable(&answer))
    }

    async fn workspaces_page(&self, page: PageRequest) -> Result<Page<Workspace>> {
        let operation = Operation::ListWorkspaces;
        self.capabilities.require(Capability::ListWorkspaces, operation)?;
        let page: PageNumber = self.client.page(&page, WORKSPACES_PAGE, WORKSPACES_PAGE, operation)?;
        let (number, count) = (page.number.to_string(), page.size.to_string());
        let query = [("count", count.as_str()), ("page", number.as_str())];
        let answer = self.read(operation, &["workspaces"], &query).await?;
        let listing: wire::Listing<wire::Workspace> = answer.json()?;
        let (next, total) = (next_page(page, &listing), listing.total);
        let workspaces: Vec<Workspace> = listing
            .results
            .into_iter()
            .map(convert::workspace)
            .collect::<Result<_, _>>()
            .map_err(unusable(&answer))?;
        let within = workspaces.into_iter().map(|workspace| {
            let reached = self.check_workspace(&workspace.id, operation).is_ok();
            workspace.with_manageable(Some(reached))
        });
        Ok(Page::new(within.collect()).with_next(next).with_total(total))
    }

    async fn users_page(&self, page: PageRequest) -> Result<Page<User>> {
        let operation = Operation::ListUsers;
        self.capabilities.require(Capability::ListUsers, operation)?;
        let page = self.client.page(&page, self.capabilities.page_size(), USERS_PAGE, operation)?;
        let answer = self.users(operation, page).await?;
        let listing: wire::Listing<wire::User> = answer.json()?;
        let (next, total) = (next_page(page, &listing), listing.total);
        let users: Result<_, _> = listing.results.into_iter().map(convert::user).collect();
        let users = users.map_err(unusable(&answer))?;
        Ok(Page::new(users).with_next(next).with_total(total))
    }

    async fn members_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Member>> {
        self.capabilities.check_list(of)?;
        let operation = Operation::ListMembers;
        match (of, &self.reach) {
            (ListOf::Workspace(id), Reach::Organization) => self.organization_members(Some(id), page).await,
            (ListOf::Workspace(id), Reach::Workspace(_)) => {
                self.check_workspace(id, operation)?;
                if page.cursor.is_some() {
                    let message =
                        "PandaDoc's list of one workspace's members has one page, so there is no cursor";
                    let error = Error::invalid_input(message);
                    return Err(error.with_operation(operation).with_provider(PROVIDER));
                }
                self.own_members(operation, id).await.map(Page::new)
            }
            _ => self.organization_members(None, page).await,
        }
    }

    async fn get(&self, workspace: &WorkspaceId, principal: &PrincipalId) -> Result<Option<Member>> {
        let operation = Operation::Get;
        self.capabilities.check_get(principal)?;
        self.check_workspace(workspace, operation)?;
        let found = match &self.reach {
            Reach::Organization => {
                let answer = self.read(operation, &["users", principal.as_str()], &[]).await?;
                let (user, mut members): (wire::User, _) = (answer.json()?, Vec::new());
                // Somebody else's memberships would read as "no member".
                if user.user_id.as_str() != principal.as_str() {
                    return Err(unusable(&answer)(Incomplete(
                        "the answer is about another user than the one asked for".to_owned(),
                    )));
                }
                convert::members(user, Some(workspace), self.capabilities.roles(), &mut members)
                    .map_err(unusable(&answer))?;
                members
            }
            // A workspace administrator may not read users, and the membership id that could be read by is not known.
            Reach::Workspace(_) => self.own_members(operation, workspace).await?,
        };
        self.capabilities.only_member(found, principal, operation)
    }

    async fn add(&self, request: &AddMember) -> Result<Member> {
        let operation = Operation::Add;
        let role = self.capabilities.check_add(request)?;
        self.check_workspace(&request.workspace, operation)?;
        // Undocumented defaults might mail people, so both are always said.
        let flag = |on: bool| if on { "true" } else { "false" };
        let query =
            [("notify_user", flag(request.notify.member)), ("notify_ws_admins", flag(request.notify.admins))];
        let path = ["workspaces", request.workspace.as_str(), "members"];
        let body = wire::AddRequest { user_id: request.principal.as_str(), role: role.native.as_str() };
        let post = Request::new(operation, Method::POST, &path).with_query(&query).with_json(&body)?;
        let answer = self.send(post).await?;
        self.changed(&answer, request.key(), &role)
    }

    async fn set_role(&self, request: &SetRole) -> Result<Member> {
        let operation = Operation::SetRole;
        let role = self.capabilities.check_set_role(request)?;
        let key = &request.key;
        self.check_workspace(&key.workspace, operation)?;
        let path = ["workspaces", key.workspace.as_str(), "members", membership(key), "role"];
        let body = wire::RoleRequest { role: role.native.as_str() };
        let answer = self.send(Request::new(operation, Method::PATCH, &path).with_json(&body)?).await?;
        self.changed(&answer, key.clone(), &role)
    }

    async fn remove(&self, request: &RemoveMember) -> Result<()> {
        let operation = Operation::Remove;
        self.capabilities.check_remove(request)?;
        let key = &request.key;
        self.check_workspace(&key.workspace, operation)?;
        let path = ["workspaces", key.workspace.as_str(), "members", membership(key)];
        let answer = self.send(Request::new(operation, Method::DELETE, &path)).await?;
        answer.confirm_done()
    }
}

/// PandaDoc removes and re-roles by membership id. A key without one was refused before.
fn membership(key: &MemberKey) -> &str {
    key.membership.as_ref().map_or("", MembershipId::as_str)
}
