//! Who is in the suite's seeds, in the ids, roles and claims of one adapter.

use crate::seed::{Grant, Ids, Seed, Seedable};
use workspace_members_core::{
    Behaviour, Capabilities, Capability, EmailAddress, Fit, Group, GroupId, Identity, Mark, NativeRole,
    PrincipalId, Role, Status, User, UserId, Workspace, WorkspaceId,
};

/// Builds seeds for one adapter: knows its ids, roles and claims.
#[derive(Debug, Clone)]
pub(crate) struct Cast {
    ids: Ids,
    capabilities: Capabilities,
    seedable: Vec<Seedable>,
}

/// The users that every seed of the suite begins with.
pub(crate) const ME: u64 = 1;
/// Owns the workspaces beside the acting identity, so that either could go.
pub(crate) const BOSS: u64 = 2;
/// A member of the first workspace in the first ordinary role.
pub(crate) const ANA: u64 = 3;
/// A member of the first workspace in the second ordinary role.
pub(crate) const BEN: u64 = 4;
/// In no workspace.
pub(crate) const CLEO: u64 = 5;
/// In no workspace.
pub(crate) const DAN: u64 = 6;
/// In no workspace; a group has the same id.
pub(crate) const SEVEN: u64 = 7;
/// A pending member of the first workspace ([`Seedable::Pending`]).
pub(crate) const PIA: u64 = 10;
/// In no workspace, and has not accepted the invitation to the account ([`Seedable::Pending`]).
pub(crate) const OTTO: u64 = 11;
/// In no workspace; something else sets their role ([`Seedable::RoleFixed`]).
pub(crate) const REX: u64 = 12;
/// In no workspace, without an address ([`Seedable::NoAddress`]).
pub(crate) const NOEL: u64 = 13;
/// A group that is a member of the first workspace.
pub(crate) const MEMBER_GROUP: u64 = 8;
/// A user or group that exists nowhere.
pub(crate) const NOBODY: u64 = 404_404;
/// The first workspace: everybody who is anywhere is here.
pub(crate) const LEGAL: u64 = 101;
/// The second workspace: owners only.
pub(crate) const SALES: u64 = 102;

impl Cast {
    pub(crate) fn new(ids: Ids, capabilities: Capabilities, seedable: Vec<Seedable>) -> Self {
        Self { ids, capabilities, seedable }
    }

    pub(crate) fn can_seed(&self, what: Seedable) -> bool {
        self.seedable.contains(&what)
    }

    pub(crate) fn ids(&self) -> Ids {
        self.ids
    }

    pub(crate) fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    pub(crate) fn user_id(&self, number: u64) -> UserId {
        valid(UserId::new(self.ids.text(number)))
    }

    pub(crate) fn group_id(&self, number: u64) -> GroupId {
        valid(GroupId::new(self.ids.text(number)))
    }

    pub(crate) fn user(&self, number: u64) -> PrincipalId {
        self.user_id(number).into()
    }

    pub(crate) fn group(&self, number: u64) -> PrincipalId {
        self.group_id(number).into()
    }

    pub(crate) fn workspace(&self, number: u64) -> WorkspaceId {
        valid(WorkspaceId::new(self.ids.text(number)))
    }

    pub(crate) fn has_groups(&self) -> bool {
        use Capability::{AddGroup, ListGroups, RemoveGroup, SetGroupRole};
        [ListGroups, AddGroup, SetGroupRole, RemoveGroup].iter().any(|claim| self.capabilities.has(*claim))
    }

    /// The role of those who rule: the provider's word for the highest role that it has.
    pub(crate) fn ruling(&self) -> NativeRole {
        let rows = self.capabilities.roles().rows();
        let highest = Role::BUILT_IN.iter().find_map(|role| rows.iter().find(|row| row.role == *role));
        highest.map_or(NativeRole::from_static("owner"), |row| row.native.clone())
    }

    /// The roles that can be written, highest first.
    pub(crate) fn writable(&self) -> Vec<Role> {
        let roles = self.capabilities.roles();
        Role::BUILT_IN
            .into_iter()
            .filter(|role| roles.resolve(role).is_ok_and(|resolved| resolved.role == *role))
            .collect()
    }

    /// Two different roles that can be written, below the ruling one as far as there are enough. Equal if there is but
    /// one role.
    pub(crate) fn two_roles(&self) -> (Role, Role) {
        let writable = self.writable();
        match writable.as_slice() {
            [.., second, first] => (first.clone(), second.clone()),
            [one] => (one.clone(), one.clone()),
            [] => (Role::Viewer, Role::Viewer),
        }
    }

    /// The provider's word for a role that can be written.
    pub(crate) fn native(&self, role: &Role) -> NativeRole {
        let roles = self.capabilities.roles();
        roles.resolve(role).map_or_else(|_| self.ruling(), |resolved| resolved.native)
    }

    /// A custom role that exists at the provider, if any can be written.
    pub(crate) fn custom_role(&self) -> Option<NativeRole> {
        let claimed = [Capability::AddCustomRole, Capability::SetCustomRole];
        let writes = claimed.iter().any(|claim| self.capabilities.has(*claim));
        (writes && self.capabilities.roles().accepts_custom())
            .then(|| NativeRole::from_static("Legal review"))
    }

    pub(crate) fn make_user(&self, number: u64, name: &str, email: &str) -> User {
        User::new(self.user_id(number))
            .with_email(Some(valid(EmailAddress::new(email))))
            .with_name(Some(name.to_owned()))
            .with_status(Status::Active)
    }

    pub(crate) fn make_workspace(&self, number: u64, name: &str, owner: &str) -> Workspace {
        let fixed = self.capabilities.behaves(Behaviour::FixedWorkspaceOwner);
        let owner = fixed.then(|| valid(EmailAddress::new(owner)));
        Workspace::new(self.workspace(number), name).with_owner(owner)
    }

    /// The acting identity, one workspace, and nobody else.
    pub(crate) fn alone(&self) -> Seed {
        let email = "acting@example.com";
        let me = Identity::new(self.user_id(ME))
            .with_email(Some(valid(EmailAddress::new(email))))
            .with_name(Some("Acting".to_owned()))
            .with_admin(Some(true));
        Seed {
            me,
            users: vec![self.make_user(ME, "Acting", email)],
            groups: Vec::new(),
            workspaces: vec![self.make_workspace(LEGAL, "Legal", email)],
            members: vec![Grant::new(self.workspace(LEGAL), self.user(ME), self.ruling())],
            custom_roles: self.custom_role().into_iter().collect(),
        }
    }

    /// The world of most cases: see the constants.
    pub(crate) fn seed(&self) -> Seed {
        let mut seed = self.alone();
        let people =
            [(BOSS, "Boss"), (ANA, "Ana"), (BEN, "Ben"), (CLEO, "Cleo"), (DAN, "Dan"), (SEVEN, "Seven")];
        for (number, name) in people {
            let email = format!("{}@example.com", name.to_ascii_lowercase());
            seed.users.push(self.make_user(number, name, &email));
        }
        let boss = "boss@example.com";
        seed.workspaces =
            vec![self.make_workspace(LEGAL, "Legal", boss), self.make_workspace(SALES, "Sales", boss)];
        let (first, second) = self.two_roles();
        let legal = |who, role| Grant::new(self.workspace(LEGAL), who, role);
        let sales = |who, role| Grant::new(self.workspace(SALES), who, role);
        seed.members = vec![
            legal(self.user(ME), self.ruling()),
            legal(self.user(BOSS), self.ruling()),
            legal(self.user(ANA), self.native(&first)),
            legal(self.user(BEN), self.native(&second)),
            sales(self.user(ME), self.ruling()),
            sales(self.user(BOSS), self.ruling()),
        ];
        if self.can_seed(Seedable::Pending) {
            for (number, name) in [(PIA, "Pia"), (OTTO, "Otto")] {
                let email = format!("{}@example.com", name.to_ascii_lowercase());
                seed.users.push(self.make_user(number, name, &email).with_status(Status::Pending));
            }
            seed.members.push(legal(self.user(PIA), self.native(&first)));
        }
        if self.can_seed(Seedable::RoleFixed) {
            seed.users.push(self.make_user(REX, "Rex", "rex@example.com").with_mark(Mark::RoleFixed));
        }
        if self.can_seed(Seedable::NoAddress) {
            seed.users.push(self.make_user(NOEL, "Noel", "noel@example.com").with_email(None));
        }
        if self.has_groups() {
            seed.groups = [(SEVEN, "The seven"), (MEMBER_GROUP, "Counsel"), (9, "Interns")]
                .map(|(number, name)| Group::new(self.group_id(number), name))
                .into();
            seed.members.push(legal(self.group(MEMBER_GROUP), self.native(&first)));
        }
        seed
    }

    /// As many users as asked, `people` of them members of the first workspace: what listings are walked over.
    pub(crate) fn crowd(&self, users: u64, people: u64) -> Seed {
        let mut seed = self.alone();
        let role = self.native(&self.two_roles().0);
        for number in 0..users.saturating_sub(1) {
            let email = format!("p{number}@example.com");
            seed.users.push(self.make_user(1_000 + number, &format!("P {number}"), &email));
        }
        for number in 0..people.saturating_sub(1) {
            seed.members.push(Grant::new(self.workspace(LEGAL), self.user(1_000 + number), role.clone()));
        }
        seed
    }
}

/// A native role for which the table's reading is a role without any loss.
pub(crate) fn is_exact(capabilities: &Capabilities, role: &Role) -> bool {
    capabilities.roles().rows().iter().any(|row| row.role == *role && row.fit == Fit::Exact)
}

/// The suite's own ids and addresses are valid; the adapter has no part in this.
#[track_caller]
pub(crate) fn valid<T, E: std::fmt::Display>(made: Result<T, E>) -> T {
    match made {
        Ok(made) => made,
        Err(error) => panic!("the suite made up something invalid: {error}"),
    }
}
