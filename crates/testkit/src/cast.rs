//! Who is in the suite's seeds.

use crate::context::Context;
use crate::seed::{Grant, Seed, Seedable, valid};
use workspace_members_core::{
    AddMember, Behaviour, EmailAddress, Group, Identity, Mark, NativeRole, PrincipalId, Role, Status, User,
    UserId, Workspace, WorkspaceId,
};

/// The user that the credential acts as.
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
/// A group that is a member of the first workspace.
pub(crate) const MEMBER_GROUP: u64 = 8;
/// A group that is in no workspace.
pub(crate) const OTHER_GROUP: u64 = 9;
/// A pending member of the first workspace ([`Seedable::Pending`]).
pub(crate) const PIA: u64 = 10;
/// In no workspace, and has not accepted the invitation to the account ([`Seedable::Pending`]).
pub(crate) const OTTO: u64 = 11;
/// In no workspace; something else sets their role ([`Seedable::RoleFixed`]).
pub(crate) const REX: u64 = 12;
/// In no workspace, without an address ([`Seedable::NoAddress`]).
pub(crate) const NOEL: u64 = 13;
/// The first of the users whom a case adds to the seed for itself.
pub(crate) const EXTRA: u64 = 50;
/// A workspace that a case adds to the seed for itself.
pub(crate) const THIRD: u64 = 103;
/// The first of many: users, groups, workspaces.
pub(crate) const MANY: u64 = 1_000;
/// A user, a group or a workspace that does not exist.
pub(crate) const NOBODY: u64 = 404_404;

pub(crate) fn email(text: &str) -> EmailAddress {
    valid(EmailAddress::new(text))
}

impl Context {
    pub(crate) fn user_id(&self, number: u64) -> UserId {
        self.ids().make(number)
    }

    pub(crate) fn user(&self, number: u64) -> PrincipalId {
        self.user_id(number).into()
    }

    pub(crate) fn group(&self, number: u64) -> PrincipalId {
        PrincipalId::Group(self.ids().make(number))
    }

    pub(crate) fn workspace(&self, number: u64) -> WorkspaceId {
        self.ids().make(number)
    }

    /// The request to add somebody to the first workspace.
    pub(crate) fn adding(&self, who: impl Into<PrincipalId>, role: &Role) -> AddMember {
        AddMember::new(self.legal.clone(), who, role.clone())
    }

    pub(crate) fn make_user(&self, number: u64, name: &str, address: &str) -> User {
        let user = User::new(self.user_id(number)).with_email(Some(email(address)));
        user.with_name(Some(name.to_owned())).with_status(Status::Active)
    }

    pub(crate) fn make_workspace(&self, number: u64, name: &str, owner: &str) -> Workspace {
        let owner = self.behaves(Behaviour::FixedWorkspaceOwner).then(|| email(owner));
        Workspace::new(self.workspace(number), name).with_owner(owner)
    }

    /// The acting identity, one workspace, and nobody else.
    pub(crate) fn alone(&self) -> Seed {
        let address = "acting@example.com";
        let me = Identity::new(self.user_id(ME)).with_email(Some(email(address)));
        Seed {
            me: me.with_name(Some("Acting".to_owned())).with_admin(Some(true)),
            users: vec![self.make_user(ME, "Acting", address)],
            groups: Vec::new(),
            workspaces: vec![self.make_workspace(101, "Legal", address)],
            members: vec![Grant::new(self.legal.clone(), self.user(ME), self.highest())],
            custom_roles: self.custom_role().into_iter().collect(),
        }
    }

    /// The world of most cases: see the constants.
    pub(crate) fn seed(&self) -> Seed {
        let mut seed = self.alone();
        let named = |number, name: &str| {
            self.make_user(number, name, &format!("{}@example.com", name.to_ascii_lowercase()))
        };
        let people =
            [(BOSS, "Boss"), (ANA, "Ana"), (BEN, "Ben"), (CLEO, "Cleo"), (DAN, "Dan"), (SEVEN, "Seven")];
        seed.users.extend(people.map(|(number, name)| named(number, name)));
        let boss = "boss@example.com";
        seed.workspaces =
            vec![self.make_workspace(101, "Legal", boss), self.make_workspace(102, "Sales", boss)];
        let (first, second) = (self.native(&self.first), self.native(&self.second));
        let legal = |who, role: &NativeRole| Grant::new(self.legal.clone(), who, role.clone());
        seed.members = vec![legal(self.user(ANA), &first), legal(self.user(BEN), &second)];
        for workspace in [&self.legal, &self.sales] {
            self.add_owners(&mut seed, workspace);
        }
        if self.can_seed(Seedable::Pending) {
            let pending = [(PIA, "Pia"), (OTTO, "Otto")];
            seed.users.extend(pending.map(|(number, name)| named(number, name).with_status(Status::Pending)));
            seed.members.push(legal(self.user(PIA), &first));
        }
        if self.can_seed(Seedable::RoleFixed) {
            seed.users.push(named(REX, "Rex").with_mark(Mark::RoleFixed));
        }
        if self.can_seed(Seedable::NoAddress) {
            seed.users.push(named(NOEL, "Noel").with_email(None));
        }
        if self.has_groups() {
            let groups = [(SEVEN, "The seven"), (MEMBER_GROUP, "Counsel"), (OTHER_GROUP, "Interns")];
            seed.groups = groups.map(|(number, name)| Group::new(self.ids().make(number), name)).into();
            seed.members.push(legal(self.group(MEMBER_GROUP), &first));
        }
        seed
    }

    /// The acting identity and one more own the workspace.
    pub(crate) fn add_owners(&self, seed: &mut Seed, workspace: &WorkspaceId) {
        let owners = [ME, BOSS].map(|owner| Grant::new(workspace.clone(), self.user(owner), self.highest()));
        seed.members.extend(owners);
    }

    /// So many users, `members` of them in the first workspace: for listings of several pages.
    pub(crate) fn crowd(&self, users: u64, members: u64) -> Seed {
        let mut seed = self.alone();
        let role = self.native(&self.first);
        for number in MANY..MANY + users.saturating_sub(1) {
            seed.users.push(self.make_user(number, "P", &format!("p{number}@example.com")));
        }
        for number in MANY..MANY + members.saturating_sub(1) {
            seed.members.push(Grant::new(self.legal.clone(), self.user(number), role.clone()));
        }
        seed
    }
}
