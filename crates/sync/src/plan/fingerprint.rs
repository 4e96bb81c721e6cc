//! What identifies a plan.

use crate::desired::InvalidText;
use crate::desired::text::serde_as_text;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::fmt::{self, Write as _};
use std::io::{self, BufWriter, Write};
use std::str::FromStr;

/// Identifies a plan: 64 hexadecimal digits over everything that it depends on and consists of.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PlanFingerprint(String);

impl PlanFingerprint {
    /// Of a plan whose fingerprint is not computed yet.
    pub(super) const NONE: Self = Self(String::new());

    /// SHA-256 over one JSON text. Fields have one order and maps are sorted, so equal plans have one text; JSON quotes
    /// every text, so different plans have different ones.
    pub(super) fn of(content: &impl Serialize) -> Self {
        let mut text = BufWriter::with_capacity(32 * 1024, Hasher(Sha256::new()));
        // Serializing fails only for maps whose keys are no text, and there are none; hashing never fails.
        _ = serde_json::to_writer(&mut text, content);
        _ = text.flush();
        Self(hex(&text.get_ref().0.clone().finalize()))
    }
}

struct Hasher(Sha256);

impl Write for Hasher {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.0.update(piece);
        Ok(piece.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        _ = write!(text, "{byte:02x}");
        text
    })
}

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
        let problem = format!("{text:?} is not a plan's fingerprint");
        Err(InvalidText::new(problem, "write its 64 hexadecimal digits"))
    }
}

serde_as_text!(PlanFingerprint);
