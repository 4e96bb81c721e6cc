//! Refuses what would change something.

use crate::call::Call;
use workspace_members_core::{Capabilities, Capability, Error, Operation, PrincipalKind};

/// Why nothing can be written, in refusals and in the capabilities.
pub(crate) const REASON: &str = "the connection is read-only, by its read-only layer";

/// The refusal of a write. `capabilities` are those of the read-only stack: where the provider could not do it anyway, they
/// say why.
pub(crate) fn refusal(call: &Call<'_>, capabilities: &Capabilities) -> Error {
    let kind = call.subject.principal.as_ref().map_or(PrincipalKind::User, |principal| principal.kind());
    let capability = match call.operation {
        Operation::Add => Capability::add(kind),
        Operation::SetRole => Capability::set_role(kind),
        Operation::Remove => Capability::remove(kind),
        Operation::Invite => Capability::InviteUser,
        Operation::CancelInvitation => Capability::CancelInvitation,
        Operation::SetUserActive => Capability::SetUserActive,
        Operation::DeleteUser => Capability::DeleteUser,
        _ => return call.named(Error::unsupported(REASON)),
    };
    capabilities.unsupported(capability, call.operation)
}
