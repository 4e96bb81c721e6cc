//! What follows from the steps of one workspace taken together.

use super::directory::Directory;
use super::groups::Tri;
use super::members::Members;
use super::step::{Action, Consequence, Step};
use std::collections::BTreeSet;
use workspace_members_core::{Behaviour, GroupId, Notify};

/// Notes on every addition how many mails it sends at most. Somebody who is made owner may be mailed about that, and about
/// those who follow.
pub(super) fn mails(steps: &mut [Step], notify: Notify, members: Members<'_>, directory: &Directory<'_>) {
    let capabilities = directory.observed.capabilities();
    let mut owners = u32::try_from(members.owners().count()).unwrap_or(u32::MAX);
    for step in steps.iter_mut().filter(|step| step.action == Action::Add) {
        if step.makes_owner(capabilities.roles()) || step.has(&Consequence::RoleSetByProvider) {
            owners = owners.saturating_add(1);
        }
        let invited = step.has(&Consequence::MayInvite) && capabilities.behaves(Behaviour::InvitationsMail);
        let to_member = u32::from(notify.member || invited);
        let count = to_member.saturating_add(if notify.admins { owners } else { 0 });
        if count > 0 {
            step.consequences.push(Consequence::Mails { count });
        }
    }
}

/// Notes on every step that lowers a user which groups of the outcome keep them in.
pub(super) fn groups(steps: &mut [Step], members: Members<'_>, directory: &Directory<'_>) {
    if !directory.observed.capabilities().behaves(Behaviour::GroupsGrantAccess) {
        return;
    }
    let mut groups: BTreeSet<GroupId> =
        members.all.iter().filter_map(|member| member.key.principal.as_group()).cloned().collect();
    for step in steps.iter() {
        match (step.principal.as_group(), step.action) {
            (Some(group), Action::Add) => _ = groups.insert(group.clone()),
            (Some(group), Action::Remove) => _ = groups.remove(group),
            _ => {}
        }
    }
    let names = |holds: &dyn Fn(&GroupId) -> bool| -> Vec<String> {
        groups.iter().filter(|group| holds(group)).map(|group| format!("group:{group}")).collect()
    };
    // They may hold anybody.
    let unknown = names(&|group| directory.users_in(group).is_none());
    for step in steps.iter_mut().filter(|step| step.lowers()) {
        let Some(user) = step.principal.as_user() else { continue };
        let theirs = names(&|group| directory.holds(group, user) == Tri::Yes);
        let certain = !theirs.is_empty();
        let groups = if certain { theirs } else { unknown.clone() };
        if !groups.is_empty() {
            step.consequences.push(Consequence::AccessRemainsThroughGroup { groups, certain });
        }
    }
}
