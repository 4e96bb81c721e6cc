//! Why a plan was not carried out.

use crate::desired::Target;
use crate::plan::{Plan, PlanFingerprint, Refused};
use crate::store::{OpenChange, StateError};
use std::time::Duration;
use workspace_members_core::Error;

/// A plan was not carried out. No step was begun; open changes of earlier runs may have been recovered, each with its
/// [`Event`](crate::Event).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// The plan needs a connection that was not given.
    #[error("there is no connection called {0:?}")]
    NoConnection(String),
    /// Another run has the account's lease.
    #[error("another run is changing the account of {connection}; wait for it")]
    Locked {
        /// The connection.
        connection: String,
    },
    /// The state store cannot be used, or the lease on an account was lost.
    #[error(transparent)]
    State(#[from] StateError),
    /// An open change of an earlier run could not be recovered: somebody may be outside.
    #[error("{} may be outside workspace {} since an earlier run, and could not be added again", .open_change.label, .open_change.workspace)]
    Unrecovered {
        /// What had been begun.
        open_change: Box<OpenChange>,
        /// Why not.
        source: Error,
    },
    /// A connection could not be read.
    #[error("{connection} could not be read")]
    Read {
        /// The connection.
        connection: String,
        /// Why.
        source: Error,
    },
    /// What the plan was made from has changed.
    #[error("the plan is no longer current: {}", stale(.changed))]
    Stale {
        /// The plan that was given.
        planned: PlanFingerprint,
        /// The workspaces whose rosters changed; none if something else did.
        changed: Vec<Target>,
        /// What would be planned now, unjudged.
        now: Box<Plan>,
    },
    /// Under the account's limits the plan takes longer than it may.
    #[error("the plan takes {eta_seconds} s at the least under the account's limits, and may take {}", .limit.as_secs())]
    TooSlow {
        /// How long it takes at the least.
        eta_seconds: u64,
        /// How long it may take.
        limit: Duration,
    },
    /// A guard of this host refuses the plan.
    #[error(transparent)]
    Refused(#[from] Refused),
}

fn stale(changed: &[Target]) -> String {
    if changed.is_empty() {
        return "the account, the acting identity or the members' details changed".to_owned();
    }
    let names: Vec<String> = changed.iter().map(ToString::to_string).collect();
    format!("{} changed", names.join(", "))
}

/// A connection's error while it is read.
pub(super) fn read(connection: &str) -> impl FnOnce(Error) -> ApplyError {
    let connection = connection.to_owned();
    move |source| ApplyError::Read { connection, source }
}
