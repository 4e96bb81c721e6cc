//! Paradigm's roles.

use workspace_members_core::{Fit, NativeRole, Role, RoleRow, RoleTable};

/// `owner`, `editor` and `viewer`, each exact; there is nothing between owner and editor, and there are no custom roles.
///
/// Source: the enum `InstanceWorkspaceAddMemberV3RequestRoleEnum` of the v3 interface, and
/// docs.lighton.ai/en/administration/knowledge-management/workspaces/managing-workspaces (read 2026-11-21): owners change
/// members and delete the workspace, editors change documents, viewers read. Responses type the role as any text, so
/// an unknown one is kept as it is.
#[expect(clippy::missing_panics_doc, reason = "the rows are constants that the tests read")]
pub fn roles() -> RoleTable {
    RoleTable::new([
        RoleRow::new(Role::Owner, NativeRole::from_static("owner"), Fit::Exact),
        RoleRow::new(Role::Editor, NativeRole::from_static("editor"), Fit::Exact),
        RoleRow::new(Role::Viewer, NativeRole::from_static("viewer"), Fit::Exact),
    ])
    .expect("three roles with three names")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_native_role_survives_reading_and_writing() {
        for native in ["owner", "editor", "viewer", "reviewer", "Owner"] {
            let native = NativeRole::from_static(native);
            let role = roles().normalize(&native);
            match role {
                Role::Custom(ref name) => assert_eq!(*name, native),
                ref built_in => assert_eq!(roles().resolve(built_in).unwrap().native, native),
            }
        }
    }

    #[test]
    fn a_manager_is_refused_and_the_editor_named() {
        let refused = roles().resolve(&Role::Manager).unwrap_err();
        assert_eq!(refused.nearest, Some(Role::Editor));
        assert!(roles().resolve(&Role::Custom(NativeRole::from_static("reviewer"))).is_err());
    }
}
