//! A PandaDoc account on a scripted server.

use std::time::Duration;
use workspace_members_pandadoc::{PandaDoc, PandaDocConfig};
use workspace_members_tests::{key, transport};

/// An account at this base URL, with the canary as key, changed as the test likes.
pub(crate) fn pandadoc(url: &str, change: impl FnOnce(PandaDocConfig) -> PandaDocConfig) -> PandaDoc {
    let config = PandaDocConfig::new(key()).with_base_url(url).expect("a loopback URL");
    PandaDoc::new(change(config.with_transport(transport(Duration::from_secs(10)))))
        .expect("a valid configuration")
}
