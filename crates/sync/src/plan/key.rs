//! Ids as they compare at one provider.

use std::borrow::Cow;
use workspace_members_core::{Behaviour, Capabilities, PrincipalId, PrincipalKind, UserId};

/// A user's id, with ASCII capitals as small letters where the provider takes both for one.
pub(crate) type UserKey<'a> = Cow<'a, str>;

/// A principal by kind and id, to be looked up by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct PrincipalKey<'a>(PrincipalKind, Cow<'a, str>);

impl PrincipalKey<'_> {
    pub(super) fn owned(self) -> PrincipalKey<'static> {
        PrincipalKey(self.0, Cow::Owned(self.1.into_owned()))
    }
}

/// Whether the ids of users fold case.
#[derive(Debug, Clone, Copy)]
pub(super) struct Folding(bool);

impl Folding {
    pub(super) fn of(capabilities: &Capabilities) -> Self {
        Self(capabilities.behaves(Behaviour::UserIdsFoldCase))
    }

    pub(super) fn user(self, user: &UserId) -> UserKey<'_> {
        let id = user.as_str();
        if self.0 && id.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Cow::Owned(id.to_ascii_lowercase());
        }
        Cow::Borrowed(id)
    }

    pub(super) fn principal(self, principal: &PrincipalId) -> PrincipalKey<'_> {
        let id = principal.as_user().map_or(Cow::Borrowed(principal.as_str()), |user| self.user(user));
        PrincipalKey(principal.kind(), id)
    }
}
