#![doc = include_str!("../README.md")]

mod apply;
mod desired;
mod diff;
mod dump;
mod guards;
mod observe;
mod plan;
mod setters;
mod store;

pub use apply::{
    ApplyError, ApplyOptions, Connections, Event, Progress, Recovered, Recovery, Report, StepOutcome,
    StepReport, apply, apply_desired, observe, recover,
};
pub use desired::{
    Desired, DesiredError, DesiredErrors, DesiredMember, DesiredMembership, DesiredWorkspace, Entry,
    InvalidText, Mode, People, Person, Target,
};
pub use diff::{Ambiguity, Diff, DiffMember, RoleDifference, Side};
pub use dump::{DumpError, dump};
pub use guards::{Guard, Guards, Limit};
pub use observe::{Known, Membership, Observed};
pub use plan::{
    Action, Cause, Consequence, InvalidPlan, Kept, KeptReason, Override, Plan, PlanFingerprint, PlanRequests,
    PlannedAccount, PlannedRoster, Problem, Refusal, Refused, Step, Strategy,
};
pub use store::{
    AccountKey, Budget, ChangeId, FileStore, Lease, OpenChange, Slot, StateError, StateStore, open_changes,
};
