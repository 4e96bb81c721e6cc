//! The adapters over the simulators, for the conformance suite.

mod pandadoc;
mod paradigm;

pub use pandadoc::PandaDocHarness;
pub use paradigm::ParadigmHarness;

use std::sync::OnceLock;
use workspace_members_core::Result;
use workspace_members_http::{Transport, TransportConfig};
use workspace_members_simulator::Options;

/// What the credential is in every world; the suite looks for it wherever it must not show.
const KEY: &str = "a-key-that-must-show-nowhere";

/// No limits, since the suite sends thousands of requests a minute; with the odd side of the documents, or without.
fn options(quirks: bool) -> Options {
    let options = Options::default().without_limits();
    if quirks { options.with_quirks() } else { options }
}

/// One pool for all worlds: setting TLS up for each would take most of the suite's time. Each world has a port of its
/// own, so no connection is shared.
fn transport() -> Result<Transport> {
    static TRANSPORT: OnceLock<Transport> = OnceLock::new();
    if let Some(transport) = TRANSPORT.get() {
        return Ok(transport.clone());
    }
    let made = Transport::new(TransportConfig::default())?;
    Ok(TRANSPORT.get_or_init(|| made).clone())
}
