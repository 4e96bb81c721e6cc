//! Clubhouse's roles.

use workspace_members_core::{Fit, NativeRole, Role, RoleRow, RoleTable};

/// `host`, `writer` and `reader`, each exact; there is nothing between host and writer.
pub(crate) fn roles() -> RoleTable {
    let row = |role, native| RoleRow::new(role, NativeRole::from_static(native), Fit::Exact);
    RoleTable::new([row(Role::Owner, "host"), row(Role::Editor, "writer"), row(Role::Viewer, "reader")])
        .expect("three roles with three names")
}
