//! Desired states of one person in one workspace, so that a single change goes through the same plan as a whole file.

use super::{Desired, DesiredMember, DesiredMembership, DesiredWorkspace, Entry, Mode, Target};
use workspace_members_core::{IfPresent, Notify, Role};

/// One change in one workspace; nobody else there is touched.
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
impl Desired {
    /// Somebody should be a member in a role. `if_present` says what to do with whoever is one already: with
    /// [`IfPresent::Fail`] the plan is refused, with [`IfPresent::Keep`] it is empty, with [`IfPresent::SetRole`] they
    /// get the role, also where that is a lower one.
    pub fn add(
        target: Target,
        who: impl Into<Entry>,
        role: Role,
        notify: Notify,
        if_present: IfPresent,
    ) -> Self {
        Self::one(target, notify, DesiredMember::new(who, DesiredMembership::Add { role, if_present }))
    }

    /// A member should have a role. The plan is refused for whoever is not a member.
    pub fn set_role(target: Target, who: impl Into<Entry>, role: Role) -> Self {
        Self::one(target, Notify::NOBODY, DesiredMember::new(who, DesiredMembership::SetRole(role)))
    }

    /// Somebody should not be a member. The plan is empty for whoever is none.
    pub fn remove(target: Target, who: impl Into<Entry>) -> Self {
        Self::one(target, Notify::NOBODY, DesiredMember::new(who, DesiredMembership::Absent))
    }

    fn one(target: Target, notify: Notify, desired_member: DesiredMember) -> Self {
        let workspace = DesiredWorkspace::new(target, Mode::Additive).with_notify(notify);
        Self::new().with_workspace(workspace.with_member(desired_member))
    }
}
