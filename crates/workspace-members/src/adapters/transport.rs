//! The settings that all HTTP adapters share.

use crate::Config;
use crate::config::{Proxy, wrong};
use workspace_members_core::Result;
use workspace_members_http as http;

/// The connection pool that a configuration asks for.
pub(crate) fn transport(config: &Config) -> Result<http::Transport> {
    let mut transport = http::TransportConfig::default();
    transport.root_ca_pem = match (&config.root_ca_file, &config.root_ca_pem) {
        (Some(file), _) => Some(std::fs::read(file).map_err(|error| {
            wrong(format!("the root certificate file {} cannot be read", file.display())).with_source(error)
        })?),
        (None, pem) => pem.as_ref().map(|pem| pem.clone().into_bytes()),
    };
    transport.proxy = match &config.proxy {
        None | Some(Proxy::System) => http::Proxy::System,
        Some(Proxy::Direct) => http::Proxy::Direct,
        // The text is left out: it may hold a password.
        Some(Proxy::Url(url)) => http::Proxy::Url(
            url.parse()
                .map_err(|error| wrong(format!("`proxy` is none of system, direct and a URL: {error}")))?,
        ),
    };
    if let Some(timeout) = config.connect_timeout {
        transport.connect_timeout = timeout;
    }
    if let Some(timeout) = config.request_timeout {
        transport.request_timeout = timeout;
    } else {
        // The adapter bounds its requests, and better than a layer could: it knows when they are sent.
        #[cfg(feature = "layers")]
        {
            transport.request_timeout = config.layers.timeout;
        }
    }
    http::Transport::new(transport)
}
