//! What identifies a plan.

use crate::desired::InvalidText;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Identifies a plan: 64 hexadecimal digits over everything that it depends on and consists of.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PlanFingerprint(pub(super) String);

impl fmt::Display for PlanFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for PlanFingerprint {
    type Err = InvalidText;
    fn from_str(text: &str) -> Result<Self, InvalidText> {
        if text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Ok(Self(text.to_owned()));
        }
        Err(InvalidText::new(
            format!("{text:?} is not a plan's fingerprint"),
            "write its 64 hexadecimal digits",
        ))
    }
}

impl TryFrom<String> for PlanFingerprint {
    type Error = InvalidText;
    fn try_from(text: String) -> Result<Self, InvalidText> {
        text.parse()
    }
}

impl From<PlanFingerprint> for String {
    fn from(fingerprint: PlanFingerprint) -> String {
        fingerprint.0
    }
}
