//! Why a plan may not be carried out, and who may say otherwise.

use super::{Plan, PlanFingerprint};
use crate::desired::{InvalidText, Target};
use crate::guards::Guard;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// Something that stands in a plan's way and is no guard: the desired state itself must change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Problem {
    /// An entry means nobody at this connection.
    UnknownPerson,
    /// An entry means several.
    Ambiguous,
    /// Two entries for one principal ask for different things, or two targets mean the same workspace.
    Conflict,
    /// The role cannot be given there.
    Role,
    /// The provider cannot do the step.
    Unsupported,
    /// The provider will neither remove this member nor change their role.
    Immovable,
    /// Somebody whose role should change is not a member.
    NotAMember,
    /// Somebody who should be added is a member already.
    AlreadyMember,
    /// The account is not the one that the desired state names.
    Account,
    /// The workspace is not called what the desired state says.
    Name,
    /// The workspace's members cannot be managed.
    NotManageable,
    /// The workspace was not read.
    NotRead,
}

/// What refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A guard.
    Guard(Guard),
    /// The desired state cannot be met.
    Problem(Problem),
}

/// One reason why a plan may not be carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Refusal {
    /// What refuses: `{"guard": NAME}` or `{"problem": NAME}` in data.
    #[serde(flatten)]
    pub cause: Cause,
    /// In which workspace, where it is about one.
    pub target: Option<Target>,
    /// At which step of the plan, where it is about one.
    pub step: Option<usize>,
    /// Whom it is about.
    pub people: Vec<String>,
    /// What is wrong: one lower-case line.
    pub message: String,
    /// What to do about it.
    pub advice: String,
    /// Whether an override can lift it.
    pub overridable: bool,
}

impl Refusal {
    /// One that an override can lift if it is a guard's.
    pub(crate) fn new(
        cause: Cause,
        target: impl Into<Option<Target>>,
        person: impl Into<Option<String>>,
        message: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self {
            cause,
            target: target.into(),
            step: None,
            people: person.into().into_iter().collect(),
            message: message.into(),
            advice: advice.into(),
            overridable: matches!(cause, Cause::Guard(_)),
        }
    }

    /// The guard, if it is one that refuses.
    pub fn guard(&self) -> Option<Guard> {
        match self.cause {
            Cause::Guard(guard) => Some(guard),
            Cause::Problem(_) => None,
        }
    }

    /// Whether this refusal of that plan is overridden.
    pub(crate) fn is_lifted(&self, overrides: &BTreeSet<Override>, plan: &PlanFingerprint) -> bool {
        let lifts = |lifted: &Override| self.guard() == Some(lifted.guard) && lifted.fingerprint == *plan;
        self.overridable && overrides.iter().any(lifts)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(guard) = self.guard() {
            write!(f, "{guard}: ")?;
        }
        if let Some(target) = &self.target {
            write!(f, "{target}: ")?;
        }
        f.write_str(&self.message)
    }
}

/// A plan that may not be carried out, with every reason.
///
/// The plan is there to be shown: its steps and its fingerprint, which an override must name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("the plan is refused: {}", .refusals.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
#[non_exhaustive]
pub struct Refused {
    /// What refuses, in the order of the plan. Never empty.
    pub refusals: Vec<Refusal>,
    /// What was refused.
    pub plan: Box<Plan>,
}

impl Refused {
    /// The plan, if nothing refuses it.
    pub(crate) fn unless_none(refusals: Vec<Refusal>, plan: Plan) -> Result<Plan, Self> {
        if refusals.is_empty() { Ok(plan) } else { Err(Self { refusals, plan: Box::new(plan) }) }
    }

    /// Lifts the refusals that are overridden for this very plan. The rest still refuses.
    pub fn overridden(mut self, overrides: &BTreeSet<Override>) -> Result<Plan, Self> {
        self.refusals.retain(|refusal| !refusal.is_lifted(overrides, &self.plan.fingerprint));
        Self::unless_none(self.refusals, *self.plan)
    }
}

/// One guard lifted for one plan, spelled `guard=FINGERPRINT`.
///
/// It is good for exactly the plan that was seen when it was given: once a roster, the desired state or a guard differs,
/// so does the fingerprint, and the guard holds again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Override {
    /// Which guard.
    pub guard: Guard,
    /// For which plan.
    pub fingerprint: PlanFingerprint,
}

impl Override {
    /// Lifts a guard for one plan.
    pub fn new(guard: Guard, fingerprint: PlanFingerprint) -> Self {
        Self { guard, fingerprint }
    }
}

impl fmt::Display for Override {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.guard, self.fingerprint)
    }
}

impl FromStr for Override {
    type Err = InvalidText;
    fn from_str(text: &str) -> Result<Self, InvalidText> {
        let instead = "write guard=FINGERPRINT, with the refused plan's fingerprint";
        let names_none = || InvalidText::new(format!("{text:?} names no plan"), instead);
        let (guard, fingerprint) = text.split_once('=').ok_or_else(names_none)?;
        Ok(Self::new(guard.parse()?, fingerprint.parse()?))
    }
}
