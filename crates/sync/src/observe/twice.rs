//! Two readings that agree: what a dump is made from.

use super::Observed;
use super::counted::Counted;
use super::read::{as_map, rosters_of};
use workspace_members_core::{
    Capability, Effect, Error, ErrorKind, Operation, Result, Roster, WorkspaceId, WorkspaceMembers,
    WorkspaceMembersExt as _, collect_listing,
};

impl Observed {
    /// Reads the members of workspaces twice, and answers only if both readings agree. Idempotent.
    ///
    /// [`ErrorKind::ListingChanged`] if they do not.
    pub async fn read_twice(
        members: &dyn WorkspaceMembers,
        connection: &str,
        workspaces: &[WorkspaceId],
    ) -> Result<Self> {
        let members = &Counted::new(members);
        let mut observed = Self::nothing(connection, members.capabilities());
        if observed.capabilities.has(Capability::Me) {
            observed.me = Some(members.me().await?);
        }
        let refused = |error: &Error| error.kind() == ErrorKind::Forbidden;
        let mut listed = None;
        if observed.capabilities.has(Capability::ListWorkspaces) {
            let read = collect_listing(|| members.workspaces()).await;
            listed = observed.unless(refused, "the account's workspaces", read)?;
        }
        let first = rosters_of(members, workspaces, listed.as_deref()).await?;
        observed.rosters = rosters_of(members, workspaces, listed.as_deref()).await?;
        for (id, roster) in &first {
            let again = observed.rosters.get(id).map(Roster::fingerprint);
            if again != Some(roster.fingerprint()) {
                let message = format!("workspace {id} changed between two readings");
                return Err(Error::new(ErrorKind::ListingChanged, Effect::NotApplied, message)
                    .with_operation(Operation::ListMembers)
                    .with_provider(members.provider()));
            }
        }
        observed.workspaces = listed.map(as_map);
        // An address that two users have does not say which of them is the member.
        if observed.capabilities.has(Capability::ListUsers) {
            let read = collect_listing(|| members.users()).await;
            observed.users = observed.unless(refused, "the account's users", read)?;
        }
        observed.reads = members.so_far();
        Ok(observed)
    }
}
