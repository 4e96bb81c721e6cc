//! Certificates that are trusted beside the system's, and what is left where the build has no TLS.

use crate::errors::config_error;
use url::Url;
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
#[derive(Debug)]
pub(crate) struct ExtraRoots(Vec<tls::Root>);

impl ExtraRoots {
    pub(crate) fn read(pem: Option<&[u8]>) -> Result<Self> {
        let Some(pem) = pem else { return Ok(Self(Vec::new())) };
        let roots = tls::parse(pem)?;
        if roots.is_empty() {
            return Err(config_error("the root certificate file holds no certificate"));
        }
        Ok(Self(roots))
    }

    /// Lets a pool trust these and the system's, if it is to speak https.
    pub(crate) fn add_to(
        &self,
        builder: reqwest::ClientBuilder,
        https: bool,
    ) -> Result<reqwest::ClientBuilder> {
        tls::trust(&self.0, builder, https)
    }
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
fn not_pem(error: impl std::error::Error + Send + Sync + 'static) -> workspace_members_core::Error {
    config_error("the root certificates are not valid PEM").with_source(error)
}

#[cfg(all(feature = "rustls", not(feature = "native-tls")))]
mod tls {
    use super::{Result, config_error, not_pem};
    use rustls::pki_types::{CertificateDer, pem::PemObject as _};
    use rustls_platform_verifier::Verifier;
    use std::sync::Arc;

    pub(super) type Root = CertificateDer<'static>;

    pub(super) fn parse(pem: &[u8]) -> Result<Vec<Root>> {
        CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(not_pem)
    }

    /// rustls with ring, which builds in a fifth of the time that aws-lc takes, and the platform's trust store. Given to
    /// reqwest ready-made, so that no provider has to be installed for the whole process.
    pub(super) fn trust(
        roots: &[Root],
        builder: reqwest::ClientBuilder,
        https: bool,
    ) -> Result<reqwest::ClientBuilder> {
        let set_up = |error: rustls::Error| config_error("TLS cannot be set up").with_source(error);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(set_up)?;
        let config = if https {
            let verifier = Verifier::new_with_extra_roots(roots.iter().cloned(), provider).map_err(set_up)?;
            config.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
        } else {
            // Reading the system's certificates would take longer than most calls on loopback.
            config.with_root_certificates(rustls::RootCertStore::empty())
        };
        Ok(builder.tls_backend_preconfigured(config.with_no_client_auth()))
    }
}

#[cfg(feature = "native-tls")]
mod tls {
    use super::{Result, not_pem};

    pub(super) type Root = reqwest::Certificate;

    pub(super) fn parse(pem: &[u8]) -> Result<Vec<Root>> {
        reqwest::Certificate::from_pem_bundle(pem).map_err(not_pem)
    }

    #[expect(clippy::unnecessary_wraps, reason = "the same form as with rustls")]
    pub(super) fn trust(
        roots: &[Root],
        builder: reqwest::ClientBuilder,
        https: bool,
    ) -> Result<reqwest::ClientBuilder> {
        let builder = builder.tls_backend_native();
        Ok(if roots.is_empty() || !https { builder } else { builder.tls_certs_merge(roots.iter().cloned()) })
    }
}

#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
mod tls {
    use super::{Result, config_error};

    pub(super) type Root = std::convert::Infallible;

    pub(super) fn parse(_: &[u8]) -> Result<Vec<Root>> {
        Err(config_error("this build has no TLS: root certificates take feature `rustls` or `native-tls`"))
    }

    #[expect(clippy::unnecessary_wraps, reason = "the same form as with TLS")]
    pub(super) fn trust(
        _: &[Root],
        builder: reqwest::ClientBuilder,
        _: bool,
    ) -> Result<reqwest::ClientBuilder> {
        Ok(builder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_takes_tls_and_loopback_does_not() {
        let allowed = |url: &str| check_scheme(&Url::parse(url).unwrap()).is_ok();
        assert_eq!(allowed("https://a.example"), TLS);
        assert!(allowed("http://127.0.0.1:1"));
        assert!(ExtraRoots::read(None).is_ok());
        assert!(ExtraRoots::read(Some(b"nothing")).is_err());
    }
}
