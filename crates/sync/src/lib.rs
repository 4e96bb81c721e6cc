#![doc = include_str!("../README.md")]

mod apply;
mod desired;
mod diff;
mod dump;
mod guards;
mod observe;
mod plan;

pub use apply::{
    ApplyError, ApplyOptions, Connections, Event, Intent, Progress, Report, Settled, SettledHow, StepOutcome,
    StepReport, apply, apply_wish, observe, open_intents, settle,
};
pub use desired::{
    Desired, DesiredError, DesiredErrors, DesiredWorkspace, Entry, InvalidText, Mode, People, Person, Target,
    Want, Wished,
};
pub use diff::{Ambiguity, Diff, DiffMember, RoleDifference, Side};
pub use dump::{DumpError, dump};
pub use guards::{Guard, Guards, Limit, Limits};
pub use observe::{Known, Observed};
pub use plan::{
    Action, Cause, Consequence, InvalidPlan, Kept, KeptReason, Override, Overrides, Plan, PlanFingerprint,
    PlanRequests, PlannedAccount, PlannedRoster, Problem, Refusal, Refused, Step, Strategy,
};
