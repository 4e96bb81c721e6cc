//! Certificates that are trusted beside the system's, and what is left where the build has no TLS.

use crate::transport::config_error;
use url::Url;
use workspace_members_core::Result;

/// Whether the build has TLS.
const TLS: bool = cfg!(any(feature = "rustls", feature = "native-tls"));

/// Refuses https in a build that cannot speak it, rather than at the first request.
pub(crate) fn admit_scheme(base: &Url) -> Result<()> {
    if TLS || base.scheme() != "https" {
        return Ok(());
    }
    Err(config_error("this build has no TLS: https takes feature `rustls` or `native-tls`"))
}

/// Read when an account is set up, so that a mistake shows then.
#[cfg(any(feature = "rustls", feature = "native-tls"))]
#[derive(Debug)]
pub(crate) struct ExtraRoots(Vec<reqwest::Certificate>);

#[cfg(any(feature = "rustls", feature = "native-tls"))]
impl ExtraRoots {
    pub(crate) fn read(pem: Option<&[u8]>) -> Result<Self> {
        let Some(pem) = pem else { return Ok(Self(Vec::new())) };
        let parsed = reqwest::Certificate::from_pem_bundle(pem)
            .map_err(|error| config_error("the root certificates are not valid PEM").with_source(error))?;
        if parsed.is_empty() {
            return Err(config_error("the root certificate file holds no certificate"));
        }
        Ok(Self(parsed))
    }

    pub(crate) fn add_to(&self, builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
        if self.0.is_empty() { builder } else { builder.tls_certs_merge(self.0.iter().cloned()) }
    }
}

/// Without TLS there is nothing to trust.
#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
#[derive(Debug)]
pub(crate) struct ExtraRoots;

#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
impl ExtraRoots {
    pub(crate) fn read(pem: Option<&[u8]>) -> Result<Self> {
        match pem {
            None => Ok(Self),
            Some(_) => Err(config_error(
                "this build has no TLS: root certificates take feature `rustls` or `native-tls`",
            )),
        }
    }

    #[expect(clippy::unused_self, reason = "the same form as with TLS")]
    pub(crate) fn add_to(&self, builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
        builder
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_takes_tls_and_loopback_does_not() {
        let admitted = |url: &str| admit_scheme(&Url::parse(url).unwrap()).is_ok();
        assert_eq!(admitted("https://a.example"), TLS);
        assert!(admitted("http://127.0.0.1:1"));
        assert!(ExtraRoots::read(None).is_ok());
        assert!(ExtraRoots::read(Some(b"nothing")).is_err());
    }
}
