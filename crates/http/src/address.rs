//! Where a key may be sent.

use crate::errors::config_error;
use url::{Host, Url};
use workspace_members_core::Result;

/// Reads a base URL: https, or http on loopback; a path prefix is kept; no credentials, query or fragment.
pub fn check_base_url(text: &str) -> Result<Url> {
    let mut url = check_url(text, "base URL")?;
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}

/// Reads a URL that a secret is sent to, and leaves it as it stands.
pub(crate) fn check_url(text: &str, what: &str) -> Result<Url> {
    let wrong = |why: &str| config_error(format!("the {what} is not valid: {why}"));
    let url = Url::parse(text.trim())
        .map_err(|error| wrong(&format!("{error}; write for instance https://host.example.com")))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("it must not contain a user or password"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("it must not contain a query or fragment"));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => Err(wrong("plain http would show the key to everybody on the way; write https")),
        other => Err(wrong(&format!("scheme {other:?} is not https"))),
    }
}

/// Whether the host is this machine, by name or address.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        None => false,
    }
}

/// The host in a URL that is not checked yet, and may hold a password where none may be.
pub(crate) fn host_of(url: &str) -> &str {
    const HIDDEN: &str = "[not shown]";
    let Some((_, rest)) = url.split_once("://") else { return HIDDEN };
    let host = rest.split(['/', '?', '#']).next().unwrap_or(HIDDEN);
    match host.rsplit_once('@') {
        Some((_, host)) => host,
        // A slash inside a password would make its first half look like the host.
        None if rest.contains('@') => HIDDEN,
        None => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use workspace_members_core::ErrorKind;

    #[test]
    fn base_urls_keep_a_prefix_and_refuse_what_leaks() {
        assert_eq!(check_base_url("https://a.example/x/").unwrap().path(), "/x");
        assert_eq!(check_base_url("http://127.0.0.1:8000").unwrap().port(), Some(8000));
        assert!(check_base_url("http://[::1]:1").is_ok());
        for bad in [
            "http://a.example",
            "ftp://a.example",
            "https://user:secret@a.example",
            "https://a.example/?q=1",
            "https://a.example/#x",
            "a.example",
            "http://127.0.0.1.example.com",
        ] {
            let error = check_base_url(bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{bad}");
            assert!(!error.to_string().contains("secret"));
        }
    }

    #[test]
    fn of_a_url_only_the_host_is_shown() {
        for (url, shown) in [
            ("https://login.example.com/token", "login.example.com"),
            ("https://login.example.com:8443?x=canary", "login.example.com:8443"),
            ("https://user:canary@login.example.com/token", "login.example.com"),
            ("https://user:can/ary@login.example.com/token", "[not shown]"),
            ("user:canary@login.example.com", "[not shown]"),
        ] {
            assert_eq!(host_of(url), shown, "{url}");
        }
    }
}
