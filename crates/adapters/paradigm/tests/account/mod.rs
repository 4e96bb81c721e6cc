//! A Paradigm account on a scripted server.

use std::time::Duration;
use workspace_members_paradigm::{Paradigm, ParadigmConfig};
use workspace_members_tests::{key, transport};

/// An account at this base URL, with the canary as key, changed as the test likes.
pub(crate) fn paradigm(url: &str, change: impl FnOnce(ParadigmConfig) -> ParadigmConfig) -> Paradigm {
    let config = ParadigmConfig::new(key()).with_base_url(url).expect("a loopback URL");
    Paradigm::new(change(config.with_transport(transport(Duration::from_secs(10)))))
        .expect("a valid configuration")
}
