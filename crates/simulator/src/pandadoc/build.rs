//! Building a world by hand, and made-up ids.

use jiff::Timestamp;

use super::state::{CustomRole, Key, KeyKind, Membership, PandaDocState, User, Workspace};
use crate::paradigm::names;
use crate::secret::Secret;

/// Building a world: each `add_` makes up the next id and returns it.
impl PandaDocState {
    /// Adds a person. Names are taken from the address; change them in [`users`](Self::users).
    pub fn add_user(&mut self, email: impl Into<String>, license: impl Into<String>) -> String {
        let user_id = self.new_id();
        let email = email.into();
        let (first_name, last_name) = names(&email);
        self.users.push(User {
            user_id: user_id.clone(),
            email,
            first_name,
            last_name,
            phone_number: String::new(),
            license: license.into(),
            is_organization_owner: false,
            is_organization_admin: false,
            email_verified: true,
            active_workspace: None,
            removed: false,
        });
        user_id
    }

    /// Adds a workspace and makes its owner an Admin in it.
    pub fn add_workspace(&mut self, name: impl Into<String>, owner: &str) -> String {
        let id = self.new_id();
        self.workspaces.push(Workspace {
            id: id.clone(),
            name: name.into(),
            owner: owner.to_owned(),
            date_created: Timestamp::default(),
            active: true,
            custom_roles: Vec::new(),
        });
        self.add_member(&id, owner, "Admin");
        id
    }

    /// Defines a custom role in a workspace. Unknown workspaces are ignored.
    pub fn add_custom_role(&mut self, workspace_id: &str, name: impl Into<String>) {
        if let Some(workspace) = self.workspaces.iter_mut().find(|workspace| workspace.id == workspace_id) {
            workspace.custom_roles.push(CustomRole { name: name.into(), admin: false, edits_roles: false });
        }
    }

    /// Puts a person into a workspace and returns the membership's id.
    pub fn add_member(&mut self, workspace_id: &str, user_id: &str, role: impl Into<String>) -> String {
        let membership_id = self.new_id();
        self.memberships.push(Membership {
            membership_id: membership_id.clone(),
            user_id: user_id.to_owned(),
            workspace_id: workspace_id.to_owned(),
            role: role.into(),
            is_active: true,
            removed: false,
            date_created: Timestamp::default(),
            date_modified: Timestamp::default(),
        });
        membership_id
    }

    /// Adds a production key of a person in a workspace.
    pub fn add_key(&mut self, key: impl Into<Secret>, user_id: &str, workspace_id: &str) {
        self.keys.push(Key {
            key: key.into(),
            user_id: user_id.to_owned(),
            workspace_id: workspace_id.to_owned(),
            kind: KeyKind::Production,
            active: true,
        });
    }

    /// A new id of 22 characters that look like PandaDoc's.
    pub(crate) fn new_id(&mut self) -> String {
        const LETTERS: &[u8] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
        self.made_up(LETTERS, 22)
    }

    /// A new token of 40 hexadecimal digits.
    pub(crate) fn new_token(&mut self) -> Secret {
        self.made_up(b"0123456789abcdef", 40).into()
    }

    /// Scrambles the count of values made so far: the same in every run.
    fn made_up(&mut self, letters: &[u8], length: usize) -> String {
        // A state file may begin anywhere.
        self.issued = self.issued.wrapping_add(1);
        // The count is scrambled before it starts a sequence; else each value would be the one before, shifted.
        let mut seed = scrambled(self.issued);
        let modulus = letters.len() as u64;
        let mut letter = || {
            seed = scrambled(seed);
            char::from(letters[usize::try_from(seed % modulus).unwrap_or_default()])
        };
        (0..length).map(|_| letter()).collect()
    }
}

/// One step of the `SplitMix64` generator.
const fn scrambled(seed: u64) -> u64 {
    let mut mixed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}
