//! The connection pool: trust, proxies, time limits. Shared by any number of accounts.

use crate::address::is_loopback;
use crate::errors::{config_error, transport_error};
use crate::roots::{ExtraRoots, check_scheme};
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use url::Url;
use workspace_members_core::{Effect, Error, ErrorKind, Operation, Result};

/// Which proxy requests go through. A base URL on loopback bypasses every one.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Proxy {
    /// The one that the environment or the system names. The default.
    #[default]
    System,
    /// None.
    Direct,
    /// This one: `http`, `https`, `socks5` (`socks5h` has it resolve names) or `socks4`. Credentials in the URL are sent
    /// to the proxy and appear nowhere else.
    Url(Url),
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => f.write_str("System"),
            Self::Direct => f.write_str("Direct"),
            Self::Url(url) => {
                write!(f, "Url({}:{:?})", url.host_str().unwrap_or(""), url.port_or_known_default())
            }
        }
    }
}

/// How connections are made.
#[derive(Clone)]
#[non_exhaustive]
pub struct TransportConfig {
    /// Certificates in PEM that are trusted beside the system's, for hosts behind a private authority.
    pub root_ca_pem: Option<Vec<u8>>,
    /// Which proxy.
    pub proxy: Proxy,
    /// How long making a connection may take. 10 s.
    pub connect_timeout: Duration,
    /// How long one request may take, from its start to the last byte of the answer. 30 s.
    ///
    /// Neither waiting for a turn ([`max_in_flight`](Self::max_in_flight)) nor obtaining a key counts. A limit that
    /// somebody puts around the whole call counts both, as a shorter timeout of the layers does.
    pub request_timeout: Duration,
    /// The largest body that is read, in bytes. 32 MiB. A list of 10,000 members has about 1 MiB.
    pub max_body: usize,
    /// How many requests may be under way at once, over all accounts that share the pool; more wait their turn. 64.
    ///
    /// Bounds open connections, and so file descriptors, whatever the callers do.
    pub max_in_flight: usize,
}

impl Default for TransportConfig {
    fn default() -> Self {
        Self {
            root_ca_pem: None,
            proxy: Proxy::System,
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            max_body: 32 << 20,
            max_in_flight: 64,
        }
    }
}

impl fmt::Debug for TransportConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportConfig")
            .field("root_ca_pem", &self.root_ca_pem.as_ref().map(Vec::len))
            .field("proxy", &self.proxy)
            .field("connect_timeout", &self.connect_timeout)
            .field("request_timeout", &self.request_timeout)
            .field("max_body", &self.max_body)
            .field("max_in_flight", &self.max_in_flight)
            .finish()
    }
}

const PROXY_SCHEMES: [&str; 6] = ["http", "https", "socks4", "socks4a", "socks5", "socks5h"];

/// A connection pool. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Transport(Arc<Pools>);

/// Whether both are the same pool.
impl PartialEq for Transport {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

#[derive(Debug)]
struct Pools {
    config: TransportConfig,
    extra_roots: ExtraRoots,
    turns: Semaphore,
    /// For http, which is for loopback alone.
    plain: OnceLock<reqwest::Client>,
    /// For https on loopback: through no proxy, whatever is configured.
    direct: OnceLock<reqwest::Client>,
    /// For everything else.
    outward: OnceLock<reqwest::Client>,
}

impl Transport {
    /// Checks the configuration. Connections are made when they are needed.
    pub fn new(config: TransportConfig) -> Result<Self> {
        let extra_roots = ExtraRoots::read(config.root_ca_pem.as_deref())?;
        if let Proxy::Url(url) = &config.proxy
            && !PROXY_SCHEMES.contains(&url.scheme())
        {
            let message =
                format!("a proxy's scheme is one of {}, not {}", PROXY_SCHEMES.join(", "), url.scheme());
            return Err(config_error(message));
        }
        // The bound is the semaphore's own, about 2^60.
        let turns = Semaphore::new(config.max_in_flight.clamp(1, Semaphore::MAX_PERMITS));
        let [plain, direct, outward] = [const { OnceLock::new() }; 3];
        Ok(Self(Arc::new(Pools { config, extra_roots, turns, plain, direct, outward })))
    }

    /// Waits until one more request may be under way, which it is until the permit is dropped.
    pub(crate) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // It is never closed.
        self.0.turns.acquire().await.ok()
    }

    /// How long one request may take from its start. What an adapter declares with
    /// [`with_own_timeout`](workspace_members_core::Capabilities::with_own_timeout).
    pub fn request_timeout(&self) -> Duration {
        self.0.config.request_timeout
    }

    /// The largest body that is read, in bytes.
    pub(crate) fn max_body(&self) -> usize {
        self.0.config.max_body
    }

    /// The pool for a base URL.
    pub(crate) fn client_for(&self, base: &Url) -> Result<reqwest::Client> {
        check_scheme(base)?;
        let (https, loopback) = (base.scheme() == "https", is_loopback(base));
        let slot = match (https, loopback) {
            (false, _) => &self.0.plain,
            (true, true) => &self.0.direct,
            (true, false) => &self.0.outward,
        };
        if let Some(client) = slot.get() {
            return Ok(client.clone());
        }
        let built = self.build(https, loopback)?;
        Ok(slot.get_or_init(|| built).clone())
    }

    fn build(&self, https: bool, loopback: bool) -> Result<reqwest::Client> {
        let config = &self.0.config;
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("workspace-members/", env!("CARGO_PKG_VERSION")))
            // The key must not follow to another origin, and a redirected write would be a second request.
            .redirect(reqwest::redirect::Policy::none())
            // One attempt; repeating is decided by what happened, in the retry layer.
            .retry(reqwest::retry::never())
            .referer(false)
            // Another crate of the program may turn these features of reqwest on; then a small answer could unpack to
            // a large one.
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .no_zstd()
            // Likewise: HTTP/2 would be a second protocol that a server can misuse, and saves nothing here.
            .http1_only()
            .pool_max_idle_per_host(config.max_in_flight)
            .connect_timeout(config.connect_timeout)
            .timeout(config.request_timeout);
        builder = self.0.extra_roots.add_to(builder, https)?;
        // reqwest would send a request for http://127.0.0.1, key included, to the host that HTTP_PROXY names.
        builder = match &config.proxy {
            Proxy::System if !loopback => builder,
            Proxy::Url(url) if !loopback => {
                let proxy = reqwest::Proxy::all(url.clone()).map_err(|error| {
                    config_error("the proxy URL is not valid").with_source(error.without_url())
                })?;
                builder.no_proxy().proxy(proxy)
            }
            _ => builder.no_proxy(),
        };
        builder.build().map_err(|error| {
            config_error("the HTTP client cannot be set up (no TLS feature, or no trust store?)")
                .with_source(error.without_url())
        })
    }
}

/// Reads a body of at most so many bytes.
pub(crate) async fn read_body(
    response: &mut reqwest::Response,
    max: usize,
    operation: Operation,
) -> Result<Vec<u8>> {
    let too_large = || {
        let message = format!("the answer is larger than {max} bytes");
        Error::new(ErrorKind::UnexpectedResponse, Effect::if_lost(operation), message)
    };
    let announced = usize::try_from(response.content_length().unwrap_or(0)).unwrap_or(usize::MAX);
    if announced > max {
        return Err(too_large());
    }
    let mut body = Vec::with_capacity(announced);
    while let Some(piece) = response.chunk().await.map_err(|error| transport_error(error, operation))? {
        if body.len() + piece.len() > max {
            return Err(too_large());
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use workspace_members_core::ErrorKind;

    #[test]
    fn an_empty_certificate_file_is_refused() {
        let config = TransportConfig { root_ca_pem: Some(b"nothing".to_vec()), ..TransportConfig::default() };
        assert_eq!(Transport::new(config).unwrap_err().kind(), ErrorKind::Config);
    }

    #[test]
    fn debug_shows_no_proxy_password() {
        let proxy = Proxy::Url(Url::parse("http://user:hunter2@proxy.example:3128").unwrap());
        assert!(!format!("{proxy:?}").contains("hunter2"));
    }
}
