//! Who should be in which workspace, as what, and how much of the workspace that rules.

mod definitions;
mod entry;
mod faults;
mod file;
mod source;
pub(crate) mod text;

pub use entry::{Entry, People, Person, Target};
pub use faults::{DesiredError, DesiredErrors};
pub use text::InvalidText;

use crate::guards::Guards;
use crate::setters::setters;
use faults::Faults;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use text::display_as_named;
use workspace_members_core::{IfPresent, Notify, Role};

/// How much of a workspace a desired state rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// All of it: those who are named get that role, and all others are removed.
    Authoritative,
    /// It only gives: those who are named are added or raised. Nobody is removed, and no role becomes lower; where a
    /// member has a role that is higher or not comparable, it stays and is reported.
    Additive,
    /// It only removes those who are not named. Nobody is added, and no role is changed.
    RemoveOnly,
}

impl Mode {
    /// Whether members who are not named are removed.
    pub const fn removes(self) -> bool {
        matches!(self, Self::Authoritative | Self::RemoveOnly)
    }
}

display_as_named!(Mode = "mode", "authoritative, additive or remove-only");

/// What is desired of one member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum DesiredMembership {
    /// To have this role, as far as the workspace's [`Mode`] goes.
    Role(#[serde(with = "text")] Role),
    /// To be added in this role; for somebody who is a member already, what `if_present` says.
    Add {
        /// The role.
        #[serde(with = "text")]
        role: Role,
        /// What to do with a member.
        if_present: IfPresent,
    },
    /// To have exactly this role, and to be a member already.
    SetRole(#[serde(with = "text")] Role),
    /// Not to be a member.
    Absent,
}

impl DesiredMembership {
    /// Whether it may take rights from the member, whatever the mode.
    pub(crate) fn may_lower(&self) -> bool {
        match self {
            Self::Role(_) => false,
            Self::Add { if_present, .. } => *if_present == IfPresent::SetRole,
            Self::SetRole(_) | Self::Absent => true,
        }
    }
}

/// Somebody, and what is desired of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct DesiredMember {
    /// Who.
    pub who: Entry,
    /// What.
    pub membership: DesiredMembership,
    /// The team through which the file names them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
}

impl DesiredMember {
    /// Somebody named directly.
    pub fn new(who: impl Into<Entry>, membership: DesiredMembership) -> Self {
        Self { who: who.into(), membership, team: None }
    }
}

/// One workspace as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct DesiredWorkspace {
    /// Which workspace.
    pub target: Target,
    /// How much of it is ruled.
    pub mode: Mode,
    /// What the provider must call the account, by id or name. Refused otherwise.
    #[serde(default)]
    pub account: Option<String>,
    /// What the provider must call the workspace. Refused otherwise.
    #[serde(default)]
    pub name: Option<String>,
    /// Whom the provider mails about additions.
    #[serde(default)]
    pub notify: Notify,
    /// Who should be in it. Sorted, nobody twice. Shared, so that a plan holds the desired state without a copy of it.
    pub members: Arc<[DesiredMember]>,
}

impl DesiredWorkspace {
    /// A workspace that names nobody yet.
    pub fn new(target: Target, mode: Mode) -> Self {
        Self { target, mode, account: None, name: None, notify: Notify::NOBODY, members: Arc::default() }
    }

    setters! { with_notify(notify: Notify); }

    /// Whether a plan for it may take rights from anybody.
    pub(crate) fn may_lower(&self) -> bool {
        self.mode.removes() || self.members.iter().any(|member| member.membership.may_lower())
    }

    /// Whether it only adds people, and leaves members as they are.
    pub(crate) fn only_adds(&self) -> bool {
        let adds = |member: &DesiredMember| matches!(member.membership, DesiredMembership::Add { .. });
        !self.members.is_empty() && !self.may_lower() && self.members.iter().all(adds)
    }

    /// Whether it asks for changes of single people, rather than saying how the workspace should be.
    pub(crate) fn is_change(&self) -> bool {
        let described = |member: &DesiredMember| matches!(member.membership, DesiredMembership::Role(_));
        self.mode == Mode::Additive && !self.members.iter().any(described)
    }

    /// Names these, except those who are named already with the same desired state. Copies the list, which is shared: call
    /// it once.
    pub fn with_members(mut self, more: impl IntoIterator<Item = DesiredMember>) -> Self {
        let mut all: Vec<DesiredMember> = self.members.iter().cloned().chain(more).collect();
        // Stable, so that of two desired states for one entry the first stays first.
        all.sort_by(|a, b| a.who.cmp(&b.who));
        let mut members: Vec<DesiredMember> = Vec::with_capacity(all.len());
        for desired_member in all {
            let mut same = members.iter().rev().take_while(|known| known.who == desired_member.who);
            if !same.any(|known| *known == desired_member) {
                members.push(desired_member);
            }
        }
        self.members = members.into();
        self
    }
}

/// A desired state: what a file says, read and checked, with its teams expanded.
///
/// ```
/// use workspace_members_sync::{Desired, Mode};
///
/// let desired = Desired::from_toml(
///     r#"
///     [[workspace]]
///     target = "paradigm:42"
///     mode = "authoritative"
///     [workspace.members]
///     owner = ["ana@example.com"]
///     viewer = ["group:7"]
///     "#,
///     "acme.toml",
/// )?;
/// assert_eq!(desired.workspaces[0].mode, Mode::Authoritative);
/// # Ok::<(), workspace_members_sync::DesiredErrors>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Desired {
    /// What the file says about guards.
    #[serde(default)]
    pub guards: Guards,
    /// The people it defines.
    #[serde(default)]
    pub people: People,
    /// The workspaces, ordered by target.
    pub workspaces: Vec<DesiredWorkspace>,
}

impl Desired {
    /// Desires nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a workspace. One that is there twice makes a plan of this refused.
    pub fn with_workspace(mut self, workspace: DesiredWorkspace) -> Self {
        let at = self.workspaces.partition_point(|known| known.target <= workspace.target);
        self.workspaces.insert(at, workspace);
        self
    }

    setters! { with_guards(guards: Guards); }

    /// Somebody should be a member in a role. `if_present` says what to do with somebody who is one already: with
    /// [`IfPresent::Fail`] the plan is refused, with [`IfPresent::Keep`] it is empty, with [`IfPresent::SetRole`] they
    /// get the role, also where that is a lower one.
    ///
    /// ```
    /// use workspace_members_core::{EmailAddress, Role};
    /// use workspace_members_sync::Desired;
    ///
    /// let ana = EmailAddress::new("ana@example.com")?;
    /// let desired = Desired::set_role("paradigm:42".parse()?, ana, Role::Editor);
    /// assert_eq!(desired.workspaces.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn add(
        target: Target,
        who: impl Into<Entry>,
        role: Role,
        notify: Notify,
        if_present: IfPresent,
    ) -> Self {
        Self::one(target, notify, DesiredMember::new(who, DesiredMembership::Add { role, if_present }))
    }

    /// A member should have a role. The plan is refused for somebody who is not a member.
    pub fn set_role(target: Target, who: impl Into<Entry>, role: Role) -> Self {
        Self::one(target, Notify::NOBODY, DesiredMember::new(who, DesiredMembership::SetRole(role)))
    }

    /// Somebody should not be a member. The plan is empty for somebody who is not one.
    pub fn remove(target: Target, who: impl Into<Entry>) -> Self {
        Self::one(target, Notify::NOBODY, DesiredMember::new(who, DesiredMembership::Absent))
    }

    /// One change in one workspace; nobody else there is touched.
    fn one(target: Target, notify: Notify, desired_member: DesiredMember) -> Self {
        let workspace = DesiredWorkspace::new(target, Mode::Additive).with_notify(notify);
        Self::new().with_workspace(workspace.with_members([desired_member]))
    }

    /// Reads a TOML file's text; `file` is its name in errors. Every error is reported, with line and column.
    ///
    /// The table `[workspace.members]` must be there and name at least one role, so that a forgotten table is not
    /// taken for an empty workspace. Within it, a list that is left out names nobody, as an empty one does: in
    /// authoritative mode members who are named in no list are removed, whatever their role.
    pub fn from_toml(text: &str, file: &str) -> Result<Self, DesiredErrors> {
        let mut faults = Faults::new(file, text);
        let root = source::toml(text, &mut faults);
        file::read(&root, faults)
    }

    /// Reads the same from strict JSON, with the same keys.
    pub fn from_json(text: &str, file: &str) -> Result<Self, DesiredErrors> {
        let mut faults = Faults::new(file, text);
        let root = source::json(text, &mut faults);
        file::read(&root, faults)
    }

    /// The names of the connections it needs, sorted, each once.
    pub fn connections(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.workspaces.iter().map(|w| w.target.connection.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The workspaces of one connection.
    pub fn of_connection<'a>(&'a self, connection: &'a str) -> impl Iterator<Item = &'a DesiredWorkspace> {
        self.workspaces.iter().filter(move |workspace| workspace.target.connection == connection)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_are_named_at_once_as_one_by_one() {
        let desired_member = |who: &str, role| {
            DesiredMember::new(who.parse::<Entry>().unwrap(), DesiredMembership::Role(role))
        };
        let list = [
            desired_member("user:3", Role::Viewer),
            desired_member("user:1", Role::Viewer),
            desired_member("user:3", Role::Editor),
            desired_member("ana@example.com", Role::Owner),
            desired_member("user:1", Role::Viewer),
            desired_member("user:3", Role::Viewer),
        ];
        let new = || DesiredWorkspace::new("acme:1".parse().unwrap(), Mode::Additive);
        let at_once = new().with_members(list.clone());
        let one_by_one = list.clone().into_iter().fold(new(), |all, one| all.with_members([one]));
        assert_eq!(at_once, one_by_one);
        assert_eq!(at_once.clone().with_members(list.clone()), at_once);
        // Each desired state once, by whom it is about; of two about the same the first stays first.
        let [three, one, three_too, ana, ..] = list;
        let mut all = vec![three, three_too, one, ana];
        all.sort_by(|a, b| a.who.cmp(&b.who));
        assert_eq!(at_once.members.to_vec(), all);
    }
}
