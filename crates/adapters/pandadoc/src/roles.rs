//! PandaDoc's roles.

use workspace_members_core::{Fit, NativeRole, Role, RoleRow, RoleTable};

/// What `/members` shows instead of every custom role's name.
pub(crate) const PLACEHOLDER: NativeRole = NativeRole::from_static("Custom");

/// `Admin`, `Manager`, `Member` and `Collaborator`, and any number of custom roles by name.
///
/// Source: the enum `WorkspaceMemberRoleEnum` of PandaDoc's interface, and support.pandadoc.com's articles on roles
/// (read 2026-11-21). A member sees own documents only, which is narrower than an editor; a collaborator sees only
/// what is shared with them, but may comment, which is neither more nor less than a viewer.
#[expect(clippy::missing_panics_doc, reason = "the rows are constants that the tests read")]
pub fn roles() -> RoleTable {
    RoleTable::new([
        RoleRow::new(Role::Owner, NativeRole::from_static("Admin"), Fit::Exact),
        RoleRow::new(Role::Manager, NativeRole::from_static("Manager"), Fit::Exact),
        RoleRow::new(Role::Editor, NativeRole::from_static("Member"), Fit::Narrower)
            .with_note("own documents only"),
        RoleRow::new(Role::Viewer, NativeRole::from_static("Collaborator"), Fit::Incomparable)
            .with_note("sees what is shared with them, may comment"),
    ])
    .expect("four roles with four names")
    .with_custom_roles(true)
    .with_placeholder(PLACEHOLDER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use workspace_members_core::RolePolicy;

    #[test]
    fn every_native_role_survives_reading_and_writing() {
        for row in roles().rows() {
            assert_eq!(roles().resolve(&roles().normalize(&row.native)).unwrap().native, row.native);
        }
        let custom = NativeRole::from_static("Legal review");
        let written = roles().resolve(&roles().normalize(&custom)).unwrap();
        assert_eq!((written.native, written.custom), (custom, true));
    }

    #[test]
    fn the_placeholder_is_never_written() {
        assert!(roles().resolve(&Role::Custom(PLACEHOLDER)).is_err());
    }

    #[test]
    fn an_exact_only_policy_leaves_owner_and_manager() {
        let strict = roles().with_policy(RolePolicy::ExactOnly);
        assert!(strict.resolve(&Role::Owner).is_ok() && strict.resolve(&Role::Manager).is_ok());
        assert_eq!(strict.resolve(&Role::Editor).unwrap_err().supported, [Role::Owner, Role::Manager]);
    }
}
