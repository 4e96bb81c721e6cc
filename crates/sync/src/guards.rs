//! The limits that a plan's outcome must keep.

use crate::desired::{Entry, InvalidText, text::display_as_named};
use crate::setters::setters;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// One guard, by the name it has in files, refusals and overrides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Guard {
    /// So many owners who may be active must remain.
    MinOwners,
    /// These must stay, or become, owners.
    RequiredOwners,
    /// So many members may be removed.
    MaxRemovals,
    /// So many members may get a lower, or an incomparable, role.
    MaxDemotions,
    /// So many may become or cease to be owner.
    MaxOwnerChanges,
    /// The user that the credential acts as, and groups that hold them or may, are not lowered.
    ActingIdentity,
    /// These are not lowered, nor is the account's owner, where the provider says who that is.
    Protect,
    /// So many mails may be sent.
    MaxMails,
    /// Nothing may cost money.
    AllowBillable,
    /// Nobody may be removed and added again to change their role.
    AllowRemoveThenAdd,
}

impl Guard {
    /// Every guard, in a fixed order.
    pub const ALL: [Self; 10] = [
        Self::MinOwners,
        Self::RequiredOwners,
        Self::MaxRemovals,
        Self::MaxDemotions,
        Self::MaxOwnerChanges,
        Self::ActingIdentity,
        Self::Protect,
        Self::MaxMails,
        Self::AllowBillable,
        Self::AllowRemoveThenAdd,
    ];
}

display_as_named!(Guard = "guard", Guard::ALL.map(|guard| guard.to_string()).join(", "));

/// A limit by share of a workspace's members, by count, or by both, of which the lower holds.
///
/// Spelled `"25%"`, `3`, or `["25%", 3]`. Shares are whole percents, and what they allow is rounded down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "LimitForm", into = "LimitForm")]
pub struct Limit {
    percent: Option<u8>,
    count: Option<u32>,
}

impl Limit {
    /// So many in a hundred members, at most 100.
    pub const fn percent(percent: u8) -> Self {
        Self { percent: Some(if percent > 100 { 100 } else { percent }), count: None }
    }

    /// So many, whatever the size of the workspace.
    pub const fn count(count: u32) -> Self {
        Self { percent: None, count: Some(count) }
    }

    /// Both limits at once: the lower share and the lower count.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            percent: both(self.percent, other.percent, u8::min),
            count: both(self.count, other.count, u32::min),
        }
    }

    /// How many of `members` it allows, with shares of at least `floor` members. Whole numbers throughout: an
    /// empty workspace has a share too.
    pub fn allows(self, members: usize, floor: u32) -> u64 {
        let base = (members as u64).max(u64::from(floor));
        let by_share = self.percent.map(|percent| base.saturating_mul(u64::from(percent)) / 100);
        both(by_share, self.count.map(u64::from), u64::min).unwrap_or(0)
    }
}

fn both<T>(left: Option<T>, right: Option<T>, stricter: impl FnOnce(T, T) -> T) -> Option<T> {
    match (left, right) {
        (Some(left), Some(right)) => Some(stricter(left, right)),
        (left, right) => left.or(right),
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.percent, self.count) {
            (Some(percent), Some(count)) => f.pad(&format!("{percent}% and {count}")),
            (Some(percent), None) => f.pad(&format!("{percent}%")),
            (None, count) => f.pad(&count.unwrap_or(0).to_string()),
        }
    }
}

impl FromStr for Limit {
    type Err = InvalidText;
    /// Reads `25%` or `3`.
    fn from_str(text: &str) -> Result<Self, InvalidText> {
        let (digits, share) = text.strip_suffix('%').map_or((text, false), |digits| (digits, true));
        // `parse` takes a sign too.
        let number = digits.parse().ok().filter(|_| digits.starts_with(|first: char| first.is_ascii_digit()));
        match number {
            Some(percent @ 0..=100) if share => Ok(Self { percent: u8::try_from(percent).ok(), count: None }),
            Some(count) if !share => Ok(Self::count(count)),
            _ => Err(InvalidText::new(
                format!("{text:?} is not a limit"),
                "write a share of whole percents such as \"25%\", or a count such as 3",
            )),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "a limit is a share such as \"25%\", a count such as 3, or a list of both")]
enum LimitForm {
    Count(u32),
    Share(String),
    Both(Vec<LimitForm>),
}

impl From<Limit> for LimitForm {
    fn from(limit: Limit) -> Self {
        let share = limit.percent.map(|percent| Self::Share(format!("{percent}%")));
        match (share, limit.count.map(Self::Count)) {
            (Some(share), Some(count)) => Self::Both(vec![share, count]),
            (share, count) => share.or(count).unwrap_or(Self::Count(0)),
        }
    }
}

impl TryFrom<LimitForm> for Limit {
    type Error = InvalidText;
    fn try_from(form: LimitForm) -> Result<Self, InvalidText> {
        match form {
            LimitForm::Count(count) => Ok(Self::count(count)),
            LimitForm::Share(text) => text.parse(),
            LimitForm::Both(forms) => {
                let limits: Vec<Self> = forms.into_iter().map(Self::try_from).collect::<Result<_, _>>()?;
                let empty =
                    || InvalidText::new("a limit cannot be an empty list", "write a share or a count");
                limits.into_iter().reduce(Self::and).ok_or_else(empty)
            }
        }
    }
}

/// Declares a method for each field named: what it says, or its default.
macro_rules! or_default {
    ($($field:ident: $type:ty = $default:expr;)+) => {$(
        #[doc = concat!("[`", stringify!($field), "`](Self#structfield.", stringify!($field), "), or its default.")]
        pub fn $field(&self) -> $type {
            self.$field.unwrap_or($default)
        }
    )+};
}

/// What a file says about guards. Those left out have a default, which the method of the same name fills in.
///
/// Two sources of guards are combined by [`stricter`](Self::stricter), so that neither can loosen what the other sets.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Guards {
    /// How many owners who may be active each workspace keeps. Default 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_owners: Option<u32>,
    /// Who must stay owner, and be one at the end of an authoritative plan. Default nobody.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub required_owners: Vec<Entry>,
    /// How many members of a workspace may be removed. Default 25%.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_removals: Option<Limit>,
    /// How many members of a workspace may get a lower or incomparable role. Default 25%.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_demotions: Option<Limit>,
    /// How many in a workspace may become or cease to be owner. Default 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_owner_changes: Option<Limit>,
    /// Shares count a workspace of fewer members as one of this many. Default 4.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub floor: Option<u32>,
    /// How many mails the whole plan may cause, those of invitations included. Default: as many as the additions and
    /// notifications cause that the desired state asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_mails: Option<u32>,
    /// Who is neither removed nor lowered, besides the account's owner. Default nobody.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub protect: Vec<Entry>,
    /// Whether steps may cost money. Left out, a step that would is refused, and an addition of somebody whose licence
    /// is not known is reported; set to `false`, that is refused too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_billable: Option<bool>,
    /// Whether a role may be changed by removing and adding, where the provider has no other way. Default no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_remove_then_add: Option<bool>,
}

impl Guards {
    /// Says nothing: every guard has its default.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds somebody who must be owner.
    pub fn with_required_owner(mut self, who: impl Into<Entry>) -> Self {
        self.required_owners.push(who.into());
        self
    }

    setters! {
        with_min_owners(min_owners: u32);
        with_max_removals(max_removals: Limit);
        with_max_demotions(max_demotions: Limit);
        with_max_owner_changes(max_owner_changes: Limit);
        with_floor(floor: u32);
        with_max_mails(max_mails: u32);
        with_billable(allow_billable: bool);
        with_remove_then_add(allow_remove_then_add: bool);
    }

    /// Protects somebody.
    pub fn with_protected(mut self, who: impl Into<Entry>) -> Self {
        self.protect.push(who.into());
        self
    }

    /// Of each guard the stricter value. One that only one side sets is taken from it.
    #[must_use]
    pub fn stricter(&self, other: &Self) -> Self {
        Self {
            min_owners: both(self.min_owners, other.min_owners, u32::max),
            required_owners: union(&self.required_owners, &other.required_owners),
            max_removals: both(self.max_removals, other.max_removals, Limit::and),
            max_demotions: both(self.max_demotions, other.max_demotions, Limit::and),
            max_owner_changes: both(self.max_owner_changes, other.max_owner_changes, Limit::and),
            floor: both(self.floor, other.floor, u32::min),
            max_mails: both(self.max_mails, other.max_mails, u32::min),
            protect: union(&self.protect, &other.protect),
            allow_billable: both(self.allow_billable, other.allow_billable, |a, b| a && b),
            allow_remove_then_add: both(self.allow_remove_then_add, other.allow_remove_then_add, |a, b| {
                a && b
            }),
        }
    }

    or_default! {
        min_owners: u32 = 1;
        max_removals: Limit = Limit::percent(25);
        max_demotions: Limit = Limit::percent(25);
        max_owner_changes: Limit = Limit::count(1);
        floor: u32 = 4;
        allow_remove_then_add: bool = false;
    }
}

fn union(left: &[Entry], right: &[Entry]) -> Vec<Entry> {
    let mut all: Vec<Entry> = left.iter().chain(right).cloned().collect();
    canonical(&mut all);
    all
}

/// Sorts, and keeps one spelling of each: always the same one, in whatever order they came.
pub(crate) fn canonical(entries: &mut Vec<Entry>) {
    entries.sort_by_cached_key(|entry| (entry.clone(), entry.to_string()));
    entries.dedup();
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn limits() -> impl Strategy<Value = Limit> {
        (proptest::option::of(0u8..=100), 0u32..50).prop_map(|(percent, count)| match percent {
            Some(percent) => Limit::percent(percent).and(Limit::count(count)),
            None => Limit::count(count),
        })
    }

    #[test]
    fn an_empty_workspace_has_a_share_too() {
        assert_eq!(Limit::percent(25).allows(0, 4), 1);
        assert_eq!(Limit::percent(25).allows(0, 0), 0);
        assert_eq!(Limit::percent(25).allows(100, 4), 25);
        assert_eq!(Limit::percent(25).and(Limit::count(3)).allows(100, 4), 3);
        assert_eq!(Limit::percent(100).allows(usize::MAX, 4), u64::MAX / 100);
    }

    #[test]
    fn a_limit_reads_what_it_writes_and_nothing_else() {
        for text in ["\"25%\"", "3", "[\"25%\",3]", "0", "\"100%\""] {
            let limit: Limit = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&limit).unwrap(), text);
        }
        for bad in ["\"101%\"", "\"\"", "\"%\"", "-1", "0.5", "\"+3%\"", "[]", "\"1e2%\"", "null"] {
            assert!(serde_json::from_str::<Limit>(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn the_stricter_of_two_limits_allows_no_more_than_either(
            a in limits(), b in limits(), members in 0usize..500, floor in 0u32..10,
        ) {
            let both = a.and(b).allows(members, floor);
            prop_assert!(both <= a.allows(members, floor));
            prop_assert!(both <= b.allows(members, floor));
        }
    }

    #[test]
    fn neither_side_loosens_what_the_other_sets() {
        let file = Guards::new().with_min_owners(1).with_billable(true).with_floor(9).with_max_mails(7);
        let here = Guards::new().with_min_owners(2).with_billable(false).with_floor(2).with_max_mails(3);
        for both in [file.stricter(&here), here.stricter(&file)] {
            assert_eq!((both.min_owners(), both.allow_billable), (2, Some(false)));
            assert_eq!((both.floor(), both.max_mails), (2, Some(3)));
        }
        assert_eq!(Guards::new().max_owner_changes(), Limit::count(1));
    }
}
