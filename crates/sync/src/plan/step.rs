//! One change, why it is made, how, and what follows from it.

use crate::desired::{Target, text, text::display_as_named};
use serde::{Deserialize, Serialize};
use std::fmt;
use workspace_members_core::{Fit, IfPresent, Mark, Member, NativeRole, PrincipalId, Role, RoleTable};

/// What a step does to a member's rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// They become a member.
    Add,
    /// They get a higher role.
    Promote,
    /// They get a role that is neither higher nor lower as far as is known. Judged as if it were lower.
    Change,
    /// They get a lower role.
    Demote,
    /// They cease to be a member.
    Remove,
}

/// How a step is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Strategy {
    /// In one request.
    Atomic,
    /// Added in the lowest role, then given the custom role, which the provider does not accept when adding.
    AddThenSetRole,
    /// Removed and added again, because the provider has no other way. They have no access between the two.
    RemoveThenAdd,
}

display_as_named!(Action, Strategy);

/// What else happens when a step is carried out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Consequence {
    /// The provider sends mails.
    Mails {
        /// How many.
        count: u32,
    },
    /// The provider buys a seat if none is free. Alone, without [`LicenceUpgraded`](Self::LicenceUpgraded), it says that
    /// their licence is not known.
    SeatMayBeBought,
    /// The member's licence becomes a higher one.
    LicenceUpgraded,
    /// The credential stops working.
    KeyDeactivated,
    /// What they made stays theirs, out of others' reach until it is handed over.
    DocumentsOrphaned,
    /// They keep access through groups that are members too.
    AccessRemainsThroughGroup {
        /// The groups, as `group:ID`.
        groups: Vec<String>,
        /// Whether it is known that they are in them; otherwise they may be.
        certain: bool,
    },
    /// They have no access between two requests.
    AccessGap,
    /// They are blocked or deactivated, so the access they get lies idle.
    Inactive,
    /// Whether this principal exists was not checked: the account's users or groups cannot be listed, or an addition by
    /// id does not need it.
    Unverified,
    /// It may end as an invitation, which they have to accept.
    MayInvite,
    /// The provider sets their role by something else, whatever is asked for.
    RoleSetByProvider,
    /// Whether they are a member already could not be read.
    MembershipUnknown,
}

impl fmt::Display for Consequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mails { count: 1 } => "one mail is sent",
            Self::Mails { count } => return write!(f, "{count} mails are sent"),
            Self::SeatMayBeBought => "may cost money: a seat may be bought",
            Self::LicenceUpgraded => "the licence is upgraded",
            Self::KeyDeactivated => "the key stops working",
            Self::DocumentsOrphaned => "their documents stay theirs until handed over",
            Self::AccessRemainsThroughGroup { groups, certain } => {
                let verb = if *certain { "access remains" } else { "access may remain" };
                return write!(f, "{verb} through {}", groups.join(", "));
            }
            Self::AccessGap => "removed and added again; without access for a moment",
            Self::Inactive => "they are blocked and cannot use it",
            Self::Unverified => "not checked beforehand: whether they exist",
            Self::MayInvite => "may end as an invitation that they have to accept",
            Self::RoleSetByProvider => "their role will be what the provider sets",
            Self::MembershipUnknown => "could not be read: whether they are a member already",
        })
    }
}

/// One change that a plan would make.
///
/// `Display` is one sentence without a full stop: `promote ana@example.com from viewer to editor in paradigm:42`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Step {
    /// Its place in the plan, from 1.
    pub number: usize,
    /// Where.
    pub target: Target,
    /// Who.
    pub principal: PrincipalId,
    /// Who, as a person would say it: the address, the name, or the id.
    pub label: String,
    /// What happens to their rights.
    pub action: Action,
    /// How.
    pub strategy: Strategy,
    /// The role until now, in the provider's word; `None` for somebody who is not a member.
    pub from: Option<NativeRole>,
    /// The role desired; `None` for a removal.
    #[serde(serialize_with = "text::serialize_option", deserialize_with = "text::deserialize_option")]
    pub role: Option<Role>,
    /// What is written for it, in the provider's word.
    pub to: Option<NativeRole>,
    /// How well that fits what was desired.
    pub fit: Option<Fit>,
    /// Why.
    pub reason: String,
    /// What to do if they turn out to be a member already, for an addition of somebody of whom that could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub if_present: Option<IfPresent>,
    /// What else happens, sorted.
    pub consequences: Vec<Consequence>,
    /// How many requests it takes, the reading before it included.
    pub requests: u64,
}

impl Step {
    /// Whether somebody has fewer rights afterwards, or for a moment, or may have.
    pub fn lowers(&self) -> bool {
        matches!(self.action, Action::Change | Action::Demote | Action::Remove)
            || self.strategy == Strategy::RemoveThenAdd
    }

    /// Whether it gives the owner's role.
    pub(crate) fn makes_owner(&self, roles: &RoleTable) -> bool {
        self.to.as_ref().is_some_and(|native| roles.normalize(native) == Role::Owner)
    }

    /// Whether it may cost money.
    pub fn may_cost(&self) -> bool {
        self.has(&Consequence::SeatMayBeBought) || self.has(&Consequence::LicenceUpgraded)
    }

    /// Where it stands among the steps of its workspace.
    ///
    /// What is given comes before what is taken, and what is done in one request before what leaves a gap. Among those
    /// who gain, owners come first; among those who lose, last, and with them those whose role the provider does not
    /// name.
    pub(super) fn rank(&self, roles: &RoleTable) -> (Action, bool, usize) {
        let rank = |role: &Role| Role::BUILT_IN.iter().position(|known| known == role);
        let lowest = Role::BUILT_IN.len();
        let order = match (self.action, &self.from) {
            (Action::Add | Action::Promote, _) | (_, None) => {
                self.role.as_ref().and_then(rank).unwrap_or(lowest)
            }
            (_, Some(native)) if roles.is_placeholder(native) => lowest,
            (_, Some(native)) => lowest - rank(&roles.normalize(native)).unwrap_or(lowest),
        };
        (self.action, self.strategy == Strategy::RemoveThenAdd, order)
    }

    /// How many mails it sends.
    pub(super) fn mails(&self) -> u64 {
        let count = |consequence: &Consequence| match consequence {
            Consequence::Mails { count } => u64::from(*count),
            _ => 0,
        };
        self.consequences.iter().map(count).sum()
    }

    /// Whether this follows from it.
    pub(crate) fn has(&self, consequence: &Consequence) -> bool {
        self.consequences.contains(consequence)
    }

    /// Whether a member is as this step leaves them: in its role by any of the provider's names for it, in one that the
    /// provider does not name, or in one that something else sets.
    pub(crate) fn is_met_by(&self, member: Option<&Member>, roles: &RoleTable) -> bool {
        let (Some(member), Some(to)) = (member, &self.to) else {
            return member.is_none() && self.to.is_none();
        };
        member.native_role == *to
            || self.role.as_ref().is_some_and(|role| roles.satisfies(role, &member.native_role))
            || roles.is_placeholder(&member.native_role)
            || member.is(Mark::RoleFixed)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |role: &Option<NativeRole>| role.as_ref().map(ToString::to_string).unwrap_or_default();
        let (from, to) = (name(&self.from), name(&self.to));
        match self.action {
            Action::Add => write!(f, "add {} as {to} to {}", self.label, self.target),
            Action::Remove => write!(f, "remove {} ({from}) from {}", self.label, self.target),
            action => write!(f, "{action} {} from {from} to {to} in {}", self.label, self.target),
        }
    }
}

/// Why somebody stays as they are although the desired state says otherwise, or says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum KeptReason {
    /// The provider does not let go of them.
    Immovable,
    /// The credential acts as them, or as somebody in this group, or may.
    ActingIdentity,
    /// A guard protects them.
    Protected,
    /// They own the whole account, whatever their role in the workspace.
    AccountOwner,
    /// The provider does not name their role, so it cannot be compared.
    PlaceholderRole,
    /// Their role is set by something else, whatever is asked for.
    RoleFixed,
    /// The workspace's mode does not go that far.
    Mode,
}

impl KeptReason {
    /// One clause for a person.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Immovable => "the provider neither removes them nor changes their role",
            Self::ActingIdentity => "the key acts as them, or may through this group",
            Self::Protected => "they are protected, or may be",
            Self::AccountOwner => "they own the account",
            Self::PlaceholderRole => "the provider does not name their role",
            Self::RoleFixed => "the provider sets their role",
            Self::Mode => "outside the mode of the desired state",
        }
    }
}

/// Somebody who stays as they are, contrary to the desired state or unmentioned in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Kept {
    /// Where.
    pub target: Target,
    /// Who.
    pub principal: PrincipalId,
    /// Who, as a person would say it.
    pub label: String,
    /// Their role, in the provider's word.
    pub role: NativeRole,
    /// The role desired; `None` for somebody who is not in the desired state.
    #[serde(serialize_with = "text::serialize_option", deserialize_with = "text::deserialize_option")]
    pub desired: Option<Role>,
    /// Why.
    pub reason: KeptReason,
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "keep {} ({}) in {}: {}", self.label, self.role, self.target, self.reason.as_str())
    }
}
