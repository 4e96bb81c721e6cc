//! Why a plan may not be carried out, and who may say otherwise.

use super::{Plan, PlanFingerprint};
use crate::desired::{Entry, InvalidText, Target};
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
    /// Nobody at this connection is meant by an entry.
    UnknownPerson,
    /// Several are.
    Ambiguous,
    /// Two entries mean the same principal and desired state different things, or two targets mean the same workspace.
    Conflict,
    /// The role cannot be given there.
    Role,
    /// The provider cannot do the step.
    Unsupported,
    /// The provider will neither remove this member nor change their role.
    Immovable,
    /// Somebody who is to get another role is not a member.
    NotAMember,
    /// Somebody who is to be added is a member already.
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
    pub(crate) fn problem(
        problem: Problem,
        target: &Target,
        person: Option<String>,
        message: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self {
            cause: Cause::Problem(problem),
            target: Some(target.clone()),
            step: None,
            people: person.into_iter().collect(),
            message: message.into(),
            advice: advice.into(),
            overridable: false,
        }
    }

    /// A guard that names a person whom nobody defined would guard nobody.
    pub(crate) fn unknown_in_guards(entry: &Entry) -> Self {
        Self {
            cause: Cause::Problem(Problem::UnknownPerson),
            target: None,
            step: None,
            people: vec![entry.to_string()],
            message: format!("a guard names {entry}, whom the desired state does not define"),
            advice: "define them in [people], or name an address in the guard".to_owned(),
            overridable: false,
        }
    }

    /// The guard, if it is one that refuses.
    pub fn guard(&self) -> Option<Guard> {
        match self.cause {
            Cause::Guard(guard) => Some(guard),
            Cause::Problem(_) => None,
        }
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
    /// Lifts the refusals that are overridden for this very plan. The rest still refuses.
    pub fn overridden(mut self, overrides: &Overrides) -> Result<Plan, Self> {
        let fingerprint = self.plan.fingerprint.clone();
        self.refusals.retain(|refusal| !overrides.lift(refusal, &fingerprint));
        if self.refusals.is_empty() { Ok(*self.plan) } else { Err(self) }
    }
}

/// One guard lifted for one plan, spelled `guard=FINGERPRINT`.
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
        let Some((guard, fingerprint)) = text.split_once('=') else {
            let problem = format!("{text:?} names no plan");
            return Err(InvalidText::new(
                problem,
                "write guard=FINGERPRINT, with the refused plan's fingerprint",
            ));
        };
        Ok(Self::new(guard.parse()?, fingerprint.parse()?))
    }
}

/// The guards that somebody lifted, each for one plan.
///
/// An override is good for exactly the plan that was seen when it was given: once a roster, the desired state or a guard is
/// another, so is the fingerprint, and the guard holds again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overrides(BTreeSet<Override>);

impl Overrides {
    /// Lifts nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lifts one more.
    pub fn with(mut self, lifted: Override) -> Self {
        self.0.insert(lifted);
        self
    }

    /// Whether a refusal of that plan is lifted.
    pub(crate) fn lift(&self, refusal: &Refusal, plan: &PlanFingerprint) -> bool {
        let Some(guard) = refusal.guard() else { return false };
        refusal.overridable && self.0.contains(&Override::new(guard, plan.clone()))
    }
}

impl FromIterator<Override> for Overrides {
    fn from_iter<I: IntoIterator<Item = Override>>(all: I) -> Self {
        Self(all.into_iter().collect())
    }
}
