//! Roles: normalized, native, and the table that translates between them with declared loss.

use crate::id::has_control;
use crate::macros::{name, names, setters};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// What a member may do, in words that all providers share.
///
/// The built-in roles are ordered, `Owner > Manager > Editor > Viewer`. A custom role compares with nothing but
/// itself, so that an unknown role is never taken for the lowest or the highest.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "lowercase"))]
#[non_exhaustive]
pub enum Role {
    /// Rules the workspace: changes its members and their roles.
    Owner,
    /// Changes everything in the workspace, but not who rules it.
    Manager,
    /// Works with the content.
    Editor,
    /// Sees the content.
    Viewer,
    /// A role that only this provider or account knows, by its native name.
    Custom(NativeRole),
}

impl Role {
    /// The built-in roles, highest first.
    pub const BUILT_IN: [Role; 4] = [Role::Owner, Role::Manager, Role::Editor, Role::Viewer];

    /// Highest first: 0 is the owner. `None` for a custom role.
    fn rank(&self) -> Option<usize> {
        Self::BUILT_IN.iter().position(|role| role == self)
    }
}

impl PartialOrd for Role {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        if self == other {
            return Some(Ordering::Equal);
        }
        Some(other.rank()?.cmp(&self.rank()?))
    }
}

/// `owner`, `manager`, `editor`, `viewer`, or `native:NAME` for a custom role. [`FromStr`] reads the same.
impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Owner => f.pad("owner"),
            Self::Manager => f.pad("manager"),
            Self::Editor => f.pad("editor"),
            Self::Viewer => f.pad("viewer"),
            Self::Custom(native) => f.pad(&format!("native:{native}")),
        }
    }
}

/// A text is not a role. Names what would be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "role {0:?} is unknown: write owner, manager, editor, viewer, or native:NAME for a provider's own role"
)]
pub struct UnknownRole(String);

impl FromStr for Role {
    type Err = UnknownRole;
    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        if let Some(role) = Self::BUILT_IN.into_iter().find(|role| role.to_string() == text) {
            return Ok(role);
        }
        match text.strip_prefix("native:") {
            Some(name) if !name.is_empty() && !has_control(name) => Ok(Self::Custom(NativeRole::new(name))),
            _ => Err(UnknownRole(text.to_owned())),
        }
    }
}

name! {
    /// The provider's own word for a role, spelled as the provider spells it: `owner`, `Admin`, `Legal review`.
    NativeRole
}

names! {
    /// How the rights of a native role relate to those of the normalized role it stands for.
    Fit {
        /// The same rights.
        Exact = "exact",
        /// Fewer rights than the normalized role says.
        Narrower = "narrower",
        /// More rights than the normalized role says. Read as such, and written only by its own name (`native:NAME`).
        Wider = "wider",
        /// Some rights more and some fewer.
        Incomparable = "incomparable",
    }
}

/// One row of a [`RoleTable`]: this normalized role is that native role, this well.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct RoleRow {
    /// The normalized role; a built-in one.
    pub role: Role,
    /// The provider's word for it.
    pub native: NativeRole,
    /// How well the two agree.
    pub fit: Fit,
    /// In a few words, what differs. Empty for an exact fit.
    pub note: Cow<'static, str>,
    /// Whether this is the row that is written for the role. Of several rows for one role, one is.
    pub written: bool,
}

impl RoleRow {
    /// A row without a note.
    pub const fn new(role: Role, native: NativeRole, fit: Fit) -> Self {
        Self { role, native, fit, note: Cow::Borrowed(""), written: true }
    }

    /// Says that another row is written for the role (GitHub: `triage` is read as a viewer, and a viewer is written as
    /// `read`). This one is read as the role, and written only by its own name (`native:NAME`).
    pub const fn read_only(mut self) -> Self {
        self.written = false;
        self
    }

    setters! {
        with_note(note: impl Into<Cow<'static, str>>);
    }
}

/// Which roles may be written when the provider has no exact one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum RolePolicy {
    /// A row is used as the table states it; a role without a row is refused. The default.
    #[default]
    Table,
    /// Only rows that fit exactly.
    ExactOnly,
    /// A role without a row becomes the nearest lower one that the provider has.
    AllowNarrower,
}

/// A table that cannot be obeyed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRoleTable {
    /// A native name stands for two roles, or two native names are written for one role: reading and writing would not
    /// agree.
    #[error(
        "the role table has two rows for {0}; each native name may have one, and each role one that is written \
         (mark the others `read_only`)"
    )]
    Repeated(String),
    /// A row is for a custom role; only built-in roles have rows.
    #[error("the role table has a row for {0}; only owner, manager, editor and viewer can have rows")]
    CustomRow(Role),
}

/// A role that the provider cannot be given. Names what it could be given instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("role {asked} cannot be written ({why}); supported: {}{}", list(.supported),
        .nearest.as_ref().map(|role| format!("; nearest narrower: {role}")).unwrap_or_default())]
pub struct UnsupportedRole {
    /// What was asked for.
    pub asked: Role,
    /// Why not.
    pub why: &'static str,
    /// The roles that can be written.
    pub supported: Vec<Role>,
    /// The highest role that grants no more than the one asked for and that the policy lets be written.
    pub nearest: Option<Role>,
}

fn list(roles: &[Role]) -> String {
    roles.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// What is written when a role is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResolvedRole {
    /// The word to send.
    pub native: NativeRole,
    /// How it will be read back, normalized.
    pub role: Role,
    /// How it fits what was asked for; never [`Fit::Wider`].
    pub fit: Fit,
    /// Whether it is a custom role, which some providers accept in fewer operations.
    pub custom: bool,
}

/// How one provider's roles translate, as plain data.
///
/// Laws, which hold for every table that [`RoleTable::new`] accepts:
///
/// * A native name of a row, asked for by that name, is written as it stands.
/// * The row that is written for a role is read as that role, and a normalized role never yields a wider one.
/// * What the policy does not let be written is refused, or under [`RolePolicy::AllowNarrower`] a lower role is given.
/// * An unknown name becomes [`Role::Custom`], never the lowest or the highest role.
///
/// ```
/// use workspace_members_core::{Fit, NativeRole, Role, RoleRow, RoleTable};
///
/// let table = RoleTable::new([
///     RoleRow::new(Role::Owner, NativeRole::from_static("boss"), Fit::Exact),
///     RoleRow::new(Role::Viewer, NativeRole::from_static("guest"), Fit::Narrower),
/// ])?;
/// assert_eq!(table.normalize(&NativeRole::new("guest")), Role::Viewer);
/// assert_eq!(table.resolve(&Role::Owner)?.native.as_str(), "boss");
/// let refused = table.resolve(&Role::Editor).unwrap_err();
/// assert_eq!(refused.nearest, Some(Role::Viewer));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct RoleTable {
    rows: Vec<RoleRow>,
    placeholders: Vec<NativeRole>,
    accepts_custom: bool,
    policy: RolePolicy,
}

impl RoleTable {
    /// Takes the rows of the built-in roles that the provider has. Several native roles may stand for one of them; all
    /// but one of those must be [`read_only`](RoleRow::read_only).
    pub fn new(rows: impl IntoIterator<Item = RoleRow>) -> Result<Self, InvalidRoleTable> {
        let rows: Vec<RoleRow> = rows.into_iter().collect();
        for (at, row) in rows.iter().enumerate() {
            if row.role.rank().is_none() {
                return Err(InvalidRoleTable::CustomRow(row.role.clone()));
            }
            let before = &rows[..at];
            if before.iter().any(|other| other.native == row.native) {
                return Err(InvalidRoleTable::Repeated(row.native.to_string()));
            }
            if row.written && before.iter().any(|other| other.written && other.role == row.role) {
                return Err(InvalidRoleTable::Repeated(row.role.to_string()));
            }
        }
        Ok(Self { rows, placeholders: Vec::new(), accepts_custom: false, policy: RolePolicy::Table })
    }

    /// Declares a word that the provider shows in place of a role it does not name (PandaDoc's literal `Custom`).
    /// It is never written and never counts as a difference.
    pub fn with_placeholder(mut self, native: NativeRole) -> Self {
        self.placeholders.push(native);
        self
    }

    /// The rows, as declared.
    pub fn rows(&self) -> &[RoleRow] {
        &self.rows
    }

    /// Which inexact roles may be written.
    pub fn policy(&self) -> RolePolicy {
        self.policy
    }

    /// Whether names outside the rows may be written, as [`Role::Custom`].
    pub fn accepts_custom(&self) -> bool {
        self.accepts_custom
    }

    /// Whether this word stands for a role that the provider does not name.
    pub fn is_placeholder(&self, native: &NativeRole) -> bool {
        self.placeholders.contains(native)
    }

    fn row(&self, native: &NativeRole) -> Option<&RoleRow> {
        self.rows.iter().find(|row| row.native == *native)
    }

    /// The rows that are written for their roles.
    fn written(&self) -> impl Iterator<Item = &RoleRow> {
        self.rows.iter().filter(|row| row.written)
    }

    /// The provider's word for a role, as an answer has it. Words of the table are not copied for each member.
    pub fn native(&self, word: &str) -> NativeRole {
        let rows = self.rows.iter().map(|row| &row.native);
        let known = rows.chain(&self.placeholders).find(|native| native.as_str() == word);
        known.cloned().unwrap_or_else(|| NativeRole::new(word))
    }

    /// Reads a native role. A name without a row becomes [`Role::Custom`].
    pub fn normalize(&self, native: &NativeRole) -> Role {
        self.row(native).map_or_else(|| Role::Custom(native.clone()), |row| row.role.clone())
    }

    /// How well the normalized role says what the native one grants: exact for a custom role, which is its own name;
    /// `None` for a placeholder, of which nothing is known.
    pub fn fit(&self, native: &NativeRole) -> Option<Fit> {
        match self.row(native) {
            Some(row) => Some(row.fit),
            None => (!self.is_placeholder(native)).then_some(Fit::Exact),
        }
    }

    /// Whether a member in this native role has the role asked for. A custom role is had by its own name alone; a
    /// normalized one by any native role that is read as it, or as the role that the policy writes in its place.
    pub fn satisfies(&self, asked: &Role, native: &NativeRole) -> bool {
        if let Role::Custom(own) = asked {
            return own == native;
        }
        let has = self.normalize(native);
        has == *asked || self.resolve(asked).is_ok_and(|written| written.role == has)
    }

    /// Decides what to send for a role, under the policy. No I/O.
    pub fn resolve(&self, asked: &Role) -> Result<ResolvedRole, UnsupportedRole> {
        if let Role::Custom(native) = asked {
            return self.resolve_native(asked, native);
        }
        let why = match self.written().find(|row| row.role == *asked) {
            Some(row) if self.may_write(row) => return Ok(from_row(row, row.fit)),
            Some(_) if self.policy == RolePolicy::ExactOnly => {
                "no exact match, and the policy allows no other"
            }
            Some(_) => "the provider's role grants more",
            None => "the provider has no such role",
        };
        let lower = self.written().filter(|row| row.role < *asked);
        let narrower = lower.filter(|row| self.may_write(row) && row.fit != Fit::Incomparable);
        match narrower.min_by_key(|row| row.role.rank()) {
            Some(row) if self.policy == RolePolicy::AllowNarrower => Ok(from_row(row, Fit::Narrower)),
            nearest => Err(self.refuse(asked, why, nearest.map(|row| row.role.clone()))),
        }
    }

    /// Whether the policy lets this row be written for its normalized role.
    fn may_write(&self, row: &RoleRow) -> bool {
        match self.policy {
            RolePolicy::ExactOnly => row.fit == Fit::Exact,
            RolePolicy::Table | RolePolicy::AllowNarrower => row.fit != Fit::Wider,
        }
    }

    /// A native name is sent as it stands, if the provider can be given it.
    fn resolve_native(&self, asked: &Role, native: &NativeRole) -> Result<ResolvedRole, UnsupportedRole> {
        if let Some(row) = self.row(native) {
            return Ok(from_row(row, Fit::Exact));
        }
        let why = if self.is_placeholder(native) {
            "it stands for a role that the provider does not name"
        } else if !self.accepts_custom {
            "the provider has no custom roles"
        } else if native.as_str().is_empty() {
            "it is empty"
        } else {
            return Ok(ResolvedRole {
                native: native.clone(),
                role: asked.clone(),
                fit: Fit::Exact,
                custom: true,
            });
        };
        Err(self.refuse(asked, why, None))
    }

    fn refuse(&self, asked: &Role, why: &'static str, nearest: Option<Role>) -> UnsupportedRole {
        let writable = self.written().filter(|row| self.may_write(row));
        let supported = writable.map(|row| row.role.clone()).collect();
        UnsupportedRole { asked: asked.clone(), why, supported, nearest }
    }

    /// The lowest role that grants no more than its normalized name says: where somebody starts who will get a custom role
    /// in a second step.
    pub fn lowest(&self) -> Option<&RoleRow> {
        let candidates = self.rows.iter().filter(|row| row.fit != Fit::Wider);
        candidates.max_by_key(|row| (row.role.rank(), row.written))
    }

    /// Compares two native roles by what they grant: by the normalized order for roles with rows, equal for the same
    /// name, and unknown (`None`) for anything else, such as two names that stand for one normalized role.
    pub fn compare(&self, left: &NativeRole, right: &NativeRole) -> Option<Ordering> {
        if left == right {
            return Some(Ordering::Equal);
        }
        self.normalize(left).partial_cmp(&self.normalize(right)).filter(|order| order.is_ne())
    }

    setters! {
        with_custom_roles(accepts_custom: bool);
        with_policy(policy: RolePolicy);
    }
}

/// What is written when a row is chosen.
fn from_row(row: &RoleRow, fit: Fit) -> ResolvedRole {
    ResolvedRole { native: row.native.clone(), role: row.role.clone(), fit, custom: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fits() -> impl Strategy<Value = Fit> {
        prop_oneof![Just(Fit::Exact), Just(Fit::Narrower), Just(Fit::Wider), Just(Fit::Incomparable)]
    }

    /// Any table: each built-in role has up to three native ones, of any fit, of which any one is written, or none.
    fn tables() -> impl Strategy<Value = RoleTable> {
        let policy = prop_oneof![
            Just(RolePolicy::Table),
            Just(RolePolicy::ExactOnly),
            Just(RolePolicy::AllowNarrower)
        ];
        let of_one_role = (proptest::collection::vec(fits(), 0..=3), 0..=3_usize);
        (proptest::collection::vec(of_one_role, 4), policy, any::<bool>()).prop_map(
            |(roles, policy, custom)| {
                let rows = Role::BUILT_IN.into_iter().zip(roles).flat_map(|(role, (fits, written))| {
                    fits.into_iter().enumerate().map(move |(at, fit)| {
                        let row = RoleRow::new(role.clone(), NativeRole::new(format!("N{at}-{role}")), fit);
                        if at == written { row } else { row.read_only() }
                    })
                });
                RoleTable::new(rows)
                    .unwrap()
                    .with_policy(policy)
                    .with_custom_roles(custom)
                    .with_placeholder(NativeRole::from_static("Custom"))
            },
        )
    }

    proptest! {
        #[test]
        fn reading_then_writing_is_the_identity(table in tables()) {
            for row in table.rows() {
                prop_assert_eq!(table.normalize(&row.native), row.role.clone());
                let again = table.resolve(&Role::Custom(row.native.clone())).unwrap();
                prop_assert_eq!(&again.native, &row.native, "by its own name, whatever is written for the role");
                let Some(written) = table.rows().iter().find(|other| other.role == row.role && other.written)
                else { continue };
                let writable = match table.policy() {
                    RolePolicy::ExactOnly => written.fit == Fit::Exact,
                    _ => written.fit != Fit::Wider,
                };
                match table.resolve(&table.normalize(&row.native)) {
                    Ok(sent) if writable => {
                        prop_assert_eq!(&sent.native, &written.native);
                        prop_assert_eq!(row.written, sent.native == row.native);
                    }
                    Ok(sent) => {
                        prop_assert_eq!(table.policy(), RolePolicy::AllowNarrower);
                        prop_assert!(sent.role < row.role && sent.fit == Fit::Narrower);
                    }
                    Err(_) => prop_assert!(!writable),
                }
            }
        }

        #[test]
        fn writing_is_never_wider_than_asked(table in tables()) {
            for asked in Role::BUILT_IN {
                match table.resolve(&asked) {
                    Ok(sent) => {
                        prop_assert_ne!(sent.fit, Fit::Wider);
                        prop_assert!(sent.role <= asked);
                        let row = table.rows().iter().find(|row| row.native == sent.native).unwrap();
                        prop_assert!(row.fit != Fit::Wider && row.written);
                        if table.policy() == RolePolicy::ExactOnly {
                            prop_assert_eq!((row.fit, &row.role), (Fit::Exact, &asked));
                        }
                    }
                    Err(refused) => {
                        if let Some(nearest) = &refused.nearest {
                            prop_assert!(*nearest < asked);
                            prop_assert!(refused.supported.contains(nearest), "what is named can be had");
                        }
                        prop_assert!(!refused.supported.contains(&asked));
                    }
                }
            }
        }

        #[test]
        fn two_native_roles_compare_only_where_their_normalized_roles_differ(table in tables()) {
            for left in table.rows() {
                for right in table.rows() {
                    let expected = if left.native == right.native {
                        Some(Ordering::Equal)
                    } else {
                        left.role.partial_cmp(&right.role).filter(|order| order.is_ne())
                    };
                    prop_assert_eq!(table.compare(&left.native, &right.native), expected);
                }
            }
        }

        #[test]
        fn the_lowest_role_is_no_wider_than_its_name_and_the_written_one_of_several(table in tables()) {
            let narrow = |row: &&RoleRow| row.fit != Fit::Wider;
            let Some(lowest) = table.lowest() else {
                prop_assert!(!table.rows().iter().any(|row| narrow(&row)));
                return Ok(());
            };
            prop_assert!(narrow(&lowest));
            for other in table.rows().iter().filter(narrow) {
                prop_assert!(lowest.role <= other.role);
                prop_assert!(lowest.written || lowest.role != other.role || !other.written);
            }
        }

        #[test]
        fn what_is_written_for_a_role_satisfies_it_and_so_does_what_is_read_as_it(table in tables()) {
            for row in table.rows() {
                for asked in Role::BUILT_IN {
                    let written = table.resolve(&asked).map(|written| written.role);
                    let expected = row.role == asked || written.as_ref() == Ok(&row.role);
                    prop_assert_eq!(table.satisfies(&asked, &row.native), expected);
                }
                for other in table.rows() {
                    let by_name = table.satisfies(&Role::Custom(other.native.clone()), &row.native);
                    prop_assert_eq!(by_name, row.native == other.native);
                }
            }
        }

        #[test]
        fn an_unknown_role_is_neither_lowest_nor_highest(table in tables(), name in "[A-Za-z ]{1,12}") {
            let native = NativeRole::new(name);
            let role = table.normalize(&native);
            prop_assert_eq!(&role, &Role::Custom(native.clone()));
            for built_in in Role::BUILT_IN {
                prop_assert_eq!(role.partial_cmp(&built_in), None);
            }
        }

        #[test]
        fn a_placeholder_is_never_written(table in tables()) {
            let placeholder = NativeRole::from_static("Custom");
            prop_assert!(table.resolve(&Role::Custom(placeholder.clone())).is_err());
            prop_assert_eq!(table.fit(&placeholder), None);
        }
    }

    #[test]
    fn two_rows_for_one_name_or_two_written_for_one_role_are_refused() {
        let row = |role, native| RoleRow::new(role, NativeRole::from_static(native), Fit::Exact);
        for rows in [
            [row(Role::Owner, "x"), row(Role::Viewer, "x")],
            [row(Role::Viewer, "x").read_only(), row(Role::Viewer, "x")],
            [row(Role::Viewer, "x"), row(Role::Viewer, "y")],
            [row(Role::Owner, "x"), row(Role::Custom(NativeRole::from_static("y")), "y")],
        ] {
            assert!(RoleTable::new(rows.clone()).is_err(), "{rows:?}");
        }
        let refused = RoleTable::new([row(Role::Viewer, "x"), row(Role::Viewer, "y")]).unwrap_err();
        assert!(
            refused.to_string().contains("viewer") && refused.to_string().contains("read_only"),
            "{refused}"
        );
    }

    #[test]
    fn several_native_roles_are_read_as_one_and_one_of_them_is_written() {
        let table = RoleTable::new([
            RoleRow::new(Role::Viewer, NativeRole::from_static("triage"), Fit::Wider).read_only(),
            RoleRow::new(Role::Viewer, NativeRole::from_static("read"), Fit::Exact),
        ])
        .unwrap();
        let triage = NativeRole::from_static("triage");
        assert_eq!((table.normalize(&triage), table.fit(&triage)), (Role::Viewer, Some(Fit::Wider)));
        assert_eq!(table.resolve(&Role::Viewer).unwrap().native.as_str(), "read");
        assert_eq!(table.resolve(&Role::Custom(triage.clone())).unwrap().native, triage);
        assert_eq!(table.lowest().unwrap().native.as_str(), "read");
    }

    #[test]
    fn a_refusal_names_the_supported_roles_and_the_nearest() {
        let table = RoleTable::new([
            RoleRow::new(Role::Owner, NativeRole::from_static("owner"), Fit::Exact),
            RoleRow::new(Role::Editor, NativeRole::from_static("editor"), Fit::Exact),
        ])
        .unwrap();
        let text = table.resolve(&Role::Manager).unwrap_err().to_string();
        assert_eq!(
            text,
            "role manager cannot be written (the provider has no such role); supported: owner, editor; \
             nearest narrower: editor"
        );
    }
}
