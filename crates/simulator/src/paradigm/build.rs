//! Building a world by hand.

use jiff::Timestamp;

use super::state::{
    Company, Grant, Group, GroupCategory, GroupMember, Key, ParadigmState, User, Workspace, WorkspaceType,
    accepted, manual, member,
};
use crate::secret::Secret;

/// Building a world: each `add_` takes the next free id and returns it.
impl ParadigmState {
    /// Adds a company.
    pub fn add_company(&mut self, name: impl Into<String>) -> u64 {
        let id = next(self.companies.iter().map(|company| company.id));
        self.companies.push(Company { id, name: name.into() });
        id
    }

    /// Adds an active person to a company. Names are taken from the address; change them in [`users`](Self::users).
    pub fn add_user(&mut self, email: impl Into<String>, company: u64) -> u64 {
        let id = next(self.users.iter().map(|user| user.id));
        let email = email.into();
        let (first_name, last_name) = names(&email);
        self.users.push(User {
            id,
            email,
            first_name,
            last_name,
            company,
            is_active: true,
            invitation_status: accepted(),
            roles: Vec::new(),
            date_joined: Timestamp::default(),
            last_login: None,
        });
        id
    }

    /// Adds a custom group of these users to a company.
    pub fn add_group(
        &mut self,
        name: impl Into<String>,
        company: u64,
        users: impl IntoIterator<Item = u64>,
    ) -> u64 {
        let id = next(self.groups.iter().map(|group| group.id));
        self.groups.push(Group {
            id,
            name: name.into(),
            description: String::new(),
            category: GroupCategory::Custom,
            company,
            members: users.into_iter().map(|user| GroupMember { user, role: member() }).collect(),
            created_at: Timestamp::default(),
        });
        id
    }

    /// Adds a custom workspace without members to a company.
    pub fn add_workspace(&mut self, name: impl Into<String>, company: u64) -> u64 {
        let id = next(self.workspaces.iter().map(|workspace| workspace.id));
        self.workspaces.push(Workspace {
            id,
            name: name.into(),
            description: String::new(),
            workspace_type: WorkspaceType::Custom,
            document_upload_method: manual(),
            company,
            users: Vec::new(),
            groups: Vec::new(),
            created_at: Timestamp::default(),
            updated_at: Timestamp::default(),
        });
        id
    }

    /// Adds a key of a user.
    pub fn add_key(&mut self, key: impl Into<Secret>, user: u64) {
        self.keys.push(Key { key: key.into(), user, expires_at: None });
    }

    /// Gives a user a role in a workspace, beside the roles they have through groups, instead of one of their own. Unknown workspaces are ignored.
    pub fn grant_user(&mut self, workspace: u64, user: u64, role: impl Into<String>) {
        if let Some(workspace) = self.workspace_mut(workspace) {
            put(&mut workspace.users, Grant::new(user, role));
        }
    }

    /// Gives a group a role in a workspace, instead of the one it has. Unknown workspaces are ignored.
    pub fn grant_group(&mut self, workspace: u64, group: u64, role: impl Into<String>) {
        if let Some(workspace) = self.workspace_mut(workspace) {
            put(&mut workspace.groups, Grant::new(group, role));
        }
    }
}

/// First and last name as an address has them: `first.last@…`.
pub(crate) fn names(email: &str) -> (String, String) {
    let name = email.split('@').next().unwrap_or_default();
    let (first, last) = name.split_once('.').unwrap_or((name, ""));
    (first.to_owned(), last.to_owned())
}

fn put(grants: &mut Vec<Grant>, grant: Grant) {
    match grants.iter_mut().find(|known| known.id == grant.id) {
        Some(known) => *known = grant,
        None => grants.push(grant),
    }
}

fn next(ids: impl Iterator<Item = u64>) -> u64 {
    ids.max().map_or(1, |highest| highest + 1)
}
