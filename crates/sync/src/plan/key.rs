//! Ids as they compare at one provider.

use std::borrow::Cow;
use workspace_members_core::{Behaviour, Capabilities, PrincipalId, PrincipalKind, UserId};

/// A principal by kind and id, to be looked up by. In a user's id, ASCII capitals are small letters where the provider
/// takes both for one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key<'a>(PrincipalKind, Cow<'a, str>);

/// Whether the ids of users fold case.
#[derive(Debug, Clone, Copy)]
pub(super) struct Folding(bool);

impl Folding {
    pub(super) fn of(capabilities: &Capabilities) -> Self {
        Self(capabilities.behaves(Behaviour::UserIdsFoldCase))
    }

    pub(super) fn user(self, user: &UserId) -> Key<'_> {
        let id = user.as_str();
        let folds = self.0 && id.bytes().any(|byte| byte.is_ascii_uppercase());
        Key(PrincipalKind::User, if folds { Cow::Owned(id.to_ascii_lowercase()) } else { Cow::Borrowed(id) })
    }

    pub(super) fn principal(self, principal: &PrincipalId) -> Key<'_> {
        match principal {
            PrincipalId::User(user) => self.user(user),
            other => Key(other.kind(), Cow::Borrowed(other.as_str())),
        }
    }
}
