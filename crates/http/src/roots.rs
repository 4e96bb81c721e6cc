//! Certificates that are trusted beside the system's, and what is left where the build has no TLS.

use crate::transport::config_error;
#[cfg(all(feature = "rustls", not(feature = "native-tls")))]
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
#[cfg(all(feature = "rustls", not(feature = "native-tls")))]
use rustls_platform_verifier::Verifier;
#[cfg(all(feature = "rustls", not(feature = "native-tls")))]
use std::sync::Arc;
use url::Url;
#[cfg(any(feature = "rustls", feature = "native-tls"))]
use workspace_members_core::Error;
use workspace_members_core::Result;

/// Whether the build has TLS.
const TLS: bool = cfg!(any(feature = "rustls", feature = "native-tls"));

/// Refuses https in a build that cannot speak it, rather than at the first request.
pub(crate) fn check_scheme(base: &Url) -> Result<()> {
    if TLS || base.scheme() != "https" {
        return Ok(());
    }
    Err(config_error("this build has no TLS: https takes feature `rustls` or `native-tls`"))
}

/// Read when an account is set up, so that a mistake shows then.
#[cfg(all(feature = "rustls", not(feature = "native-tls")))]
#[derive(Debug)]
pub(crate) struct ExtraRoots(Vec<CertificateDer<'static>>);

#[cfg(all(feature = "rustls", not(feature = "native-tls")))]
impl ExtraRoots {
    pub(crate) fn read(pem: Option<&[u8]>) -> Result<Self> {
        let Some(pem) = pem else { return Ok(Self(Vec::new())) };
        let parsed: Vec<_> =
            CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(not_pem)?;
        if parsed.is_empty() {
            return Err(no_certificate());
        }
        Ok(Self(parsed))
    }

    /// rustls with ring, which builds in a fifth of the time that aws-lc takes, and the platform's trust store. Handed to
    /// reqwest ready-made, so that no provider has to be installed for the whole process.
    pub(crate) fn add_to(&self, builder: reqwest::ClientBuilder) -> Result<reqwest::ClientBuilder> {
        let set_up = |error: rustls::Error| config_error("TLS cannot be set up").with_source(error);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = Verifier::new_with_extra_roots(self.0.iter().cloned(), Arc::clone(&provider));
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(set_up)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier.map_err(set_up)?))
            .with_no_client_auth();
        Ok(builder.tls_backend_preconfigured(config))
    }
}

/// Read when an account is set up, so that a mistake shows then.
#[cfg(feature = "native-tls")]
#[derive(Debug)]
pub(crate) struct ExtraRoots(Vec<reqwest::Certificate>);

#[cfg(feature = "native-tls")]
impl ExtraRoots {
    pub(crate) fn read(pem: Option<&[u8]>) -> Result<Self> {
        let Some(pem) = pem else { return Ok(Self(Vec::new())) };
        let parsed = reqwest::Certificate::from_pem_bundle(pem).map_err(not_pem)?;
        if parsed.is_empty() {
            return Err(no_certificate());
        }
        Ok(Self(parsed))
    }

    #[expect(clippy::unnecessary_wraps, reason = "the same form as with rustls")]
    pub(crate) fn add_to(&self, builder: reqwest::ClientBuilder) -> Result<reqwest::ClientBuilder> {
        let builder = builder.tls_backend_native();
        Ok(if self.0.is_empty() { builder } else { builder.tls_certs_merge(self.0.iter().cloned()) })
    }
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
fn not_pem(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    config_error("the root certificates are not valid PEM").with_source(error)
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
fn no_certificate() -> Error {
    config_error("the root certificate file holds no certificate")
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

    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "the same form as with TLS")]
    pub(crate) fn add_to(&self, builder: reqwest::ClientBuilder) -> Result<reqwest::ClientBuilder> {
        Ok(builder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_takes_tls_and_loopback_does_not() {
        let admitted = |url: &str| check_scheme(&Url::parse(url).unwrap()).is_ok();
        assert_eq!(admitted("https://a.example"), TLS);
        assert!(admitted("http://127.0.0.1:1"));
        assert!(ExtraRoots::read(None).is_ok());
        assert!(ExtraRoots::read(Some(b"nothing")).is_err());
    }
}
