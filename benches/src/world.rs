//! A made-up account of any size with a desired state for it, as the library's types and as two tables.

use crate::floor::Result;
use async_trait::async_trait;
use std::collections::BTreeMap;
use workspace_members_core as core;
use workspace_members_core::{
    AddMember, Behaviour, Capabilities, Capability, EmailAddress, Evidence, Group, Identity, ListOf, Member,
    MemberKey, Page, PageRequest, PrincipalId, Provider, RemoveMember, Role, SetRole, Status, User, UserId,
    Who, Workspace, WorkspaceId, WorkspaceMembers,
};
use workspace_members_sync::{
    Desired, DesiredMember, DesiredMembership, DesiredWorkspace, Entry, Guards, Limit, Mode, Observed, Target,
};

/// The connection's name.
pub const CONNECTION: &str = "measured";

/// How the desired state names people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// By `user:ID`.
    Id,
    /// By address.
    Email,
}

/// One row of a table: workspace, principal (id or address, as the desired state names them), native role.
pub type TableRow = (String, String, &'static str);

/// An account of `workspaces` times `each` members, and what should become of it: of every hundred members one is
/// removed, one gets another role and one is added.
#[derive(Debug)]
pub struct World {
    account: Account,
    /// What is desired.
    pub desired: Desired,
    /// What is, as a table.
    pub actual_rows: Vec<TableRow>,
    /// What is desired, as a table.
    pub desired_rows: Vec<TableRow>,
}

const ROLES: [(&str, Role); 4] = [
    ("Admin", Role::Owner),
    ("Manager", Role::Manager),
    ("Member", Role::Editor),
    ("Collaborator", Role::Viewer),
];

fn user_id(number: usize) -> String {
    format!("{number:08}jN7eGutJZsRKjQ")
}

fn address(number: usize) -> String {
    format!("user.{number}@example.com")
}

fn workspace_id(number: usize) -> Result<WorkspaceId> {
    Ok(WorkspaceId::new(format!("{number:08}ZdFaF9dHVAeVxP"))?)
}

impl World {
    /// Everybody is in ten workspaces, if there are so many.
    pub fn new(workspaces: usize, each: usize, naming: Naming) -> Result<Self> {
        let people = each.max(workspaces * each / 10) + each / 100 * 2;
        let email = |number| EmailAddress::new(address(number));
        let name_of = |number| match naming {
            Naming::Id => user_id(number),
            Naming::Email => address(number),
        };
        let entry = |number| -> Result<Entry> {
            Ok(match naming {
                Naming::Id => Who::Id(UserId::new(user_id(number))?.into()).into(),
                Naming::Email => email(number)?.into(),
            })
        };
        let capabilities = capabilities();
        let (mut desired, mut actual_rows, mut desired_rows) = (Desired::new(), Vec::new(), Vec::new());
        let mut account =
            Account { capabilities, workspaces: Vec::new(), users: Vec::new(), members: BTreeMap::new() };
        for number in 0..people {
            let user = User::new(UserId::new(user_id(number))?);
            account.users.push(user.with_email(Some(email(number)?)).with_status(Status::Active));
        }
        for number in 0..workspaces {
            let id = workspace_id(number)?;
            let (mut members, mut desired_member) = (Vec::with_capacity(each), Vec::with_capacity(each));
            for place in 0..each + each / 100 {
                let person = (number * each + place) % people;
                // Two owners each, who stay.
                let rank = if place < 2 { 0 } else { 1 + place % 3 };
                if place < each {
                    let key = MemberKey::new(id.clone(), UserId::new(user_id(person))?);
                    let native = account.capabilities.roles().native(ROLES[rank].0);
                    members.push(
                        Member::new(key, native, account.capabilities.roles())
                            .with_email(Some(email(person)?))
                            .with_status(Status::Active),
                    );
                    actual_rows.push((id.to_string(), name_of(person), ROLES[rank].0));
                }
                let rank = match place % 100 {
                    2 if place < each => continue,
                    3 if place < each => 1 + (place + 1) % 3,
                    _ => rank,
                };
                desired_member
                    .push(DesiredMember::new(entry(person)?, DesiredMembership::Role(ROLES[rank].1.clone())));
                desired_rows.push((id.to_string(), name_of(person), ROLES[rank].0));
            }
            desired_member.sort_by(|a, b| a.who.cmp(&b.who));
            let mut workspace =
                DesiredWorkspace::new(Target::new(CONNECTION, id.clone()), Mode::Authoritative);
            workspace.members = desired_member.into();
            desired.workspaces.push(workspace);
            account.workspaces.push(Workspace::new(id.clone(), format!("Workspace {number}")));
            account.members.insert(id, members);
        }
        Ok(Self { account, desired, actual_rows, desired_rows })
    }

    /// What a plan is made from.
    pub async fn observe(&self) -> Result<Observed> {
        Ok(Observed::read(&self.account, CONNECTION, &self.desired).await?)
    }

    /// Guards that refuse nothing of this.
    pub fn guards() -> Guards {
        Guards::new()
            .with_max_removals(Limit::percent(100))
            .with_max_demotions(Limit::percent(100))
            .with_max_owner_changes(Limit::percent(100))
            .with_billable(true)
    }
}

fn capabilities() -> Capabilities {
    use Capability::{
        AddUser, GetMember, ListMembers, ListUsers, ListWorkspaces, Me, RemoveUser, Roster, SeeAddresses,
        SetUserRole,
    };
    Capabilities::new(Provider::from_static("memory"), workspace_members_pandadoc::roles())
        .claim(
            Evidence::Documented,
            &[
                Me,
                ListWorkspaces,
                ListUsers,
                SeeAddresses,
                ListMembers,
                Roster,
                GetMember,
                AddUser,
                SetUserRole,
                RemoveUser,
            ],
        )
        .with_behaviours(&[Behaviour::KeepsLastOwner])
}

/// Answers every listing in one page. Only reads.
#[derive(Debug)]
struct Account {
    capabilities: Capabilities,
    workspaces: Vec<Workspace>,
    users: Vec<User>,
    members: BTreeMap<WorkspaceId, Vec<Member>>,
}

fn none<T>(operation: core::Operation) -> core::Result<T> {
    Err(core::Error::unsupported("this account is only read").with_operation(operation))
}

#[async_trait]
impl WorkspaceMembers for Account {
    fn provider(&self) -> Provider {
        self.capabilities.provider().clone()
    }
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }
    async fn me(&self) -> core::Result<Identity> {
        Ok(Identity::new(UserId::new("administrator")?))
    }
    async fn workspaces_page(&self, _page: PageRequest) -> core::Result<Page<Workspace>> {
        Ok(Page::new(self.workspaces.clone()))
    }
    async fn users_page(&self, _page: PageRequest) -> core::Result<Page<User>> {
        Ok(Page::new(self.users.clone()))
    }
    async fn groups_page(&self, _page: PageRequest) -> core::Result<Page<Group>> {
        Ok(Page::new(Vec::new()))
    }
    async fn members_page(&self, of: &ListOf, _page: PageRequest) -> core::Result<Page<Member>> {
        match of {
            ListOf::Workspace(id) => Ok(Page::new(self.members.get(id).cloned().unwrap_or_default())),
            _ => none(core::Operation::ListMembers),
        }
    }
    async fn get(&self, _workspace: &WorkspaceId, _principal: &PrincipalId) -> core::Result<Option<Member>> {
        none(core::Operation::Get)
    }
    async fn add(&self, _request: &AddMember) -> core::Result<Member> {
        none(core::Operation::Add)
    }
    async fn set_role(&self, _request: &SetRole) -> core::Result<Member> {
        none(core::Operation::SetRole)
    }
    async fn remove(&self, _request: &RemoveMember) -> core::Result<()> {
        none(core::Operation::Remove)
    }
}
