//! A workspace as it would be after some steps.

use super::directory::Directory;
use super::key::UserKey;
use super::step::{Consequence, Step, Strategy};
use std::cell::OnceCell;
use std::collections::HashMap;
use workspace_members_core::{Member, NativeRole, PrincipalId, Role, Status};

/// Somebody in an [`Outcome`] whom a step changed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Changed {
    role: Role,
    native: NativeRole,
    status: Status,
    /// Something else sets their role, so it may be any.
    role_fixed: bool,
}

/// Who would be in a workspace, and as what: the members as they were read, and what the steps changed.
///
/// The owners are counted when first asked for and kept up to date from then on, so that a step costs the same however
/// many members there are.
#[derive(Debug, Clone)]
pub(crate) struct Outcome<'a> {
    directory: &'a Directory<'a>,
    /// Ordered by principal.
    members: &'a [Member],
    /// `None` for who is no member any more.
    changed: HashMap<&'a PrincipalId, Option<Changed>>,
    owners: OnceCell<Owners<'a>>,
}

/// The owners that may be active, each with in how many ways.
pub(crate) type Owners<'a> = HashMap<UserKey<'a>, u32>;

impl<'a> Outcome<'a> {
    /// The workspace as it is, or as much of it as was read again, ordered by principal.
    pub(crate) fn of(members: &'a [Member], directory: &'a Directory<'a>) -> Self {
        Self { directory, members, changed: HashMap::new(), owners: OnceCell::new() }
    }

    /// The owners that may be active, each with in how many ways. Users in owner groups count only where they are known,
    /// and known to be active.
    pub(crate) fn active_owners(&self) -> &Owners<'a> {
        self.owners.get_or_init(|| {
            let mut owners = Owners::new();
            for (principal, status) in self.owning() {
                count_owner(&mut owners, self.directory, principal, status, true);
            }
            owners
        })
    }

    /// Counts an owner in, or out, if they are counted yet.
    fn count_owner(&mut self, principal: &'a PrincipalId, status: Status, comes: bool) {
        if let Some(owners) = self.owners.get_mut() {
            count_owner(owners, self.directory, principal, status, comes);
        }
    }

    /// Takes a step of somebody who was read as `member`, if they are one. For a change by removing and adding, also
    /// answers how many owners are left in between.
    pub(super) fn take(&mut self, step: &'a Step, member: Option<&Member>) -> Option<usize> {
        let principal = &step.principal;
        let old = match self.changed.remove(principal) {
            Some(changed) => changed.map(|changed| (changed.is_certain_owner(), changed.status)),
            None => member
                .map(|member| (member.role == Role::Owner, self.directory.status(principal, member.status))),
        };
        if let Some((true, status)) = old {
            self.count_owner(principal, status, false);
        }
        let between = (step.strategy == Strategy::RemoveThenAdd).then(|| {
            self.changed.insert(principal, None);
            self.active_owners().len()
        });
        let new = step.to.as_ref().map(|native| {
            let unread = if step.has(&Consequence::MayInvite) { Status::Pending } else { Status::Unknown };
            let status = old.map_or(unread, |(_, status)| status);
            Changed {
                role: self.directory.observed.capabilities().roles().normalize(native),
                native: native.clone(),
                status: self.directory.status(principal, status),
                role_fixed: step.has(&Consequence::RoleSetByProvider),
            }
        });
        if let Some(changed) = new.as_ref().filter(|changed| changed.is_certain_owner()) {
            self.count_owner(principal, changed.status, true);
        }
        self.changed.insert(principal, new);
        between
    }

    /// Whether a principal who was read as `member` rules the workspace now, as far as is known. A role that the provider
    /// does not name, or sets by something else, may be the owner's.
    pub(super) fn may_own(&self, principal: &PrincipalId, member: Option<&Member>) -> bool {
        let roles = self.directory.observed.capabilities().roles();
        let owns = |role: &Role, native: &NativeRole| *role == Role::Owner || roles.is_placeholder(native);
        match self.changed.get(principal) {
            Some(changed) => changed
                .as_ref()
                .is_some_and(|changed| changed.role_fixed || owns(&changed.role, &changed.native)),
            None => member.is_some_and(|member| owns(&member.role, &member.native_role)),
        }
    }

    /// Those in the owner role, with their status.
    fn owning(&self) -> impl Iterator<Item = (&'a PrincipalId, Status)> + '_ {
        let as_read = self.members.iter().filter(|member| member.role == Role::Owner);
        let as_read = as_read.map(|member| (&member.key.principal, member.status));
        let as_read = as_read.filter(|(principal, _)| !self.changed.contains_key(principal));
        let as_read =
            as_read.map(|(principal, status)| (principal, self.directory.status(principal, status)));
        let changed = self.changed.iter().filter_map(|(principal, changed)| {
            let changed = changed.as_ref().filter(|changed| changed.is_certain_owner())?;
            Some((*principal, changed.status))
        });
        as_read.chain(changed)
    }

    /// Those in the owner role who may be active themselves, and groups in it.
    pub(super) fn acting_owners(&self) -> impl Iterator<Item = &'a PrincipalId> + '_ {
        self.owning().filter(|(_, status)| status.may_be_active()).map(|(principal, _)| principal)
    }
}

impl Changed {
    /// Whether they count when owners that remain are counted.
    fn is_certain_owner(&self) -> bool {
        self.role == Role::Owner && !self.role_fixed
    }
}

/// Counts an owner in, or out.
fn count_owner<'a>(
    owners: &mut Owners<'a>,
    directory: &'a Directory<'a>,
    principal: &'a PrincipalId,
    status: Status,
    comes: bool,
) {
    let mut count = |user: UserKey<'a>| {
        let ways = owners.entry(user.clone()).or_insert(0);
        *ways = if comes { ways.saturating_add(1) } else { ways.saturating_sub(1) };
        if *ways == 0 {
            owners.remove(&user);
        }
    };
    match principal {
        PrincipalId::User(user) if status.may_be_active() => count(directory.folding.user(user)),
        PrincipalId::Group(group) => directory.active_in(group).cloned().for_each(count),
        // An inactive user, or another kind of principal, of which it is not known who would be left: no owner who stays.
        _ => {}
    }
}
