//! Every method of the contract as data, so that a table can hold calls.

use workspace_members_core::{
    AddMember, ListOf, MemberKey, MembershipId, Operation, PageRequest, PrincipalId, RemoveMember, Result,
    Role, SetRole, WorkspaceId, WorkspaceMembers,
};

/// One call of one method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// `me`
    Me,
    /// `workspaces_page`
    Workspaces(PageRequest),
    /// `users_page`
    Users(PageRequest),
    /// `groups_page`
    Groups(PageRequest),
    /// `members_page`
    Members(ListOf, PageRequest),
    /// `get`
    Get(WorkspaceId, PrincipalId),
    /// `add`
    Add(AddMember),
    /// `set_role`
    SetRole(SetRole),
    /// `remove`
    Remove(RemoveMember),
}

impl Call {
    /// The first page of a workspace's members.
    pub fn list(of: &str) -> Self {
        Self::Members(ListOf::Workspace(workspace(of)), PageRequest::default())
    }

    /// One member.
    pub fn get(of: &str, who: &str) -> Self {
        Self::Get(workspace(of), principal(who))
    }

    /// An addition that mails nobody.
    pub fn add(to: &str, who: &str, role: Role) -> Self {
        Self::Add(AddMember::new(workspace(to), principal(who), role))
    }

    /// A change of role.
    pub fn set_role(key: MemberKey, role: Role) -> Self {
        Self::SetRole(SetRole::new(key, role))
    }

    /// A removal.
    pub fn remove(key: MemberKey) -> Self {
        Self::Remove(RemoveMember::new(key))
    }

    /// Which operation it is.
    pub fn operation(&self) -> Operation {
        match self {
            Self::Me => Operation::Me,
            Self::Workspaces(_) => Operation::ListWorkspaces,
            Self::Users(_) => Operation::ListUsers,
            Self::Groups(_) => Operation::ListGroups,
            Self::Members(..) => Operation::ListMembers,
            Self::Get(..) => Operation::Get,
            Self::Add(_) => Operation::Add,
            Self::SetRole(_) => Operation::SetRole,
            Self::Remove(_) => Operation::Remove,
        }
    }

    /// Makes the call; answers what came back, for people.
    pub async fn run(&self, members: &dyn WorkspaceMembers) -> Result<String> {
        Ok(match self.clone() {
            Self::Me => format!("{:?}", members.me().await?),
            Self::Workspaces(page) => format!("{:?}", members.workspaces_page(page).await?),
            Self::Users(page) => format!("{:?}", members.users_page(page).await?),
            Self::Groups(page) => format!("{:?}", members.groups_page(page).await?),
            Self::Members(of, page) => format!("{:?}", members.members_page(&of, page).await?),
            Self::Get(workspace, who) => format!("{:?}", members.get(&workspace, &who).await?),
            Self::Add(request) => format!("{:?}", members.add(&request).await?),
            Self::SetRole(request) => format!("{:?}", members.set_role(&request).await?),
            Self::Remove(request) => format!("{:?}", members.remove(&request).await?),
        })
    }
}

/// A workspace's id.
pub fn workspace(id: &str) -> WorkspaceId {
    WorkspaceId::new(id).unwrap_or_else(|error| panic!("{error}"))
}

/// `user:7` or `group:7`.
pub fn principal(text: &str) -> PrincipalId {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

/// A member's key, with a membership id where one is given.
pub fn member(of: &str, who: &str, membership: Option<&str>) -> MemberKey {
    let id = membership.map(|id| MembershipId::new(id).unwrap_or_else(|error| panic!("{error}")));
    MemberKey::new(workspace(of), principal(who)).with_membership(id)
}
