//! How the simulators behave where the providers differ between versions or do not say.

use crate::pandadoc::PandaDocOptions;
use crate::paradigm::ParadigmOptions;

/// Behaviour of both simulators. Unlike [`State`](crate::State) it is not kept in a file.
///
/// The default is what the providers document, with published rate limits only. Can be exchanged while the servers
/// run, with [`Simulator::set_options`](crate::Simulator::set_options).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Options {
    /// `LightOn` Paradigm.
    pub paradigm: ParadigmOptions,
    /// PandaDoc.
    pub pandadoc: PandaDocOptions,
}

impl Options {
    /// No rate limit at all, for suites that send thousands of requests a minute.
    pub fn without_limits(mut self) -> Self {
        self.paradigm.users_limit = None;
        self.paradigm.other_limit = None;
        self.pandadoc.list_limit = None;
        self.pandadoc.other_limit = None;
        self.pandadoc.sandbox_limit = None;
        self
    }

    /// Everything that the providers' documents or known defects leave open turned to its odd side: nulls, odd types,
    /// unknown fields, other field names, older error bodies.
    pub fn with_quirks(mut self) -> Self {
        self.paradigm.quirks = true;
        self.pandadoc.quirks = true;
        self
    }
}
