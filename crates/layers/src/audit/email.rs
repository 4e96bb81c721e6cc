//! Hides e-mail addresses: lines about one person can be found, and do not show who it is.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use std::fmt;
use std::fmt::Write as _;
use workspace_members_core::{Effect, Error, ErrorKind, Result};

/// Replaces e-mail addresses by `hmac-sha256:` and 64 hexadecimal digits: the same address always by the same ones, so
/// that lines about one person can be found with the key, and addresses cannot be tried out without it.
///
/// The address is hashed with ASCII letters in lower case, as addresses are compared.
#[derive(Clone)]
pub struct EmailKey(SecretString);

impl EmailKey {
    /// Takes a key of at least 16 bytes; a shorter one could be guessed. [`ErrorKind::Config`] otherwise.
    pub fn new(key: SecretString) -> Result<Self> {
        if key.expose_secret().len() < 16 {
            let message = "the key that hides e-mail addresses must have at least 16 bytes";
            return Err(Error::new(ErrorKind::Config, Effect::Rejected, message));
        }
        Ok(Self(key))
    }

    /// What replaces this address.
    pub fn hide(&self, address: &str) -> String {
        // HMAC takes keys of any length, so this is always made.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.expose_secret().as_bytes()) else {
            return "hmac-sha256:".to_owned();
        };
        mac.update(address.to_ascii_lowercase().as_bytes());
        let mut text = "hmac-sha256:".to_owned();
        for byte in mac.finalize().into_bytes() {
            // Writing to a String cannot fail.
            _ = write!(text, "{byte:02x}");
        }
        text
    }
}

impl fmt::Debug for EmailKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailKey([hidden])")
    }
}

/// Replaces whatever looks like an address within a text, if there is a key.
///
/// A text does not say where an address in it begins and ends, so that in doubt more is replaced: a hash that
/// matches no other line is better than half an address.
pub(crate) fn hidden(text: &str, key: Option<&EmailKey>) -> String {
    let Some(key) = key else { return text.to_owned() };
    let mut out = String::with_capacity(text.len());
    for part in text.split_inclusive(char::is_whitespace) {
        let word = part.trim_end_matches(char::is_whitespace);
        if word.contains("\"@") {
            // A local part in quotes holds anything.
            out.push_str(&key.hide(word));
        } else {
            // What no local part holds but in quotes.
            for piece in word.split_inclusive(|c| "\"()<>[],;:\\".contains(c)) {
                hide_within(piece, key, &mut out);
            }
        }
        out.push_str(part.get(word.len()..).unwrap_or_default());
    }
    out
}

/// Replaces an address between marks around it, which are kept.
fn hide_within(piece: &str, key: &EmailKey, out: &mut String) {
    let opened = piece.trim_end_matches(|c| "'`}=.!?\"()<>[],;:\\".contains(c));
    let tail = piece.strip_prefix(opened).unwrap_or_default();
    // A local part may begin with such a mark too, and then no other one closes it.
    let closed = |c: char| match c {
        '\'' | '`' => tail.contains(c),
        '{' => tail.contains('}'),
        _ => false,
    };
    let address = opened.strip_prefix(closed).unwrap_or(opened);
    if address.contains('@') {
        out.push_str(opened.strip_suffix(address).unwrap_or_default());
        out.push_str(&key.hide(address));
        out.push_str(tail);
    } else {
        out.push_str(piece);
    }
}

/// Replaces an address, also where it is an id.
pub(crate) fn hidden_id(id: &str, key: Option<&EmailKey>) -> String {
    match key {
        Some(key) if id.contains('@') => key.hide(id),
        _ => id.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use workspace_members_core::EmailAddress;

    fn key() -> EmailKey {
        EmailKey::new(SecretString::from("0123456789abcdef")).unwrap()
    }

    #[test]
    fn addresses_are_hidden_wherever_they_stand() {
        let key = key();
        let hash = key.hide("ana@example.com");
        assert_eq!(hash.len(), "hmac-sha256:".len() + 64);
        assert_eq!(
            hidden("user Ana@Example.com, (ana@example.com) is user:7.", Some(&key)),
            format!("user {hash}, ({hash}) is user:7.")
        );
        assert_eq!(hidden("to ana@example.com.", Some(&key)), format!("to {hash}."));
        assert_eq!(hidden("to ana@example.com", None), "to ana@example.com");
    }

    #[test]
    fn an_address_is_hidden_whole_whatever_its_local_part_holds() {
        let key = key();
        for address in [
            "o'brien@example.com",
            "a`b@example.com",
            "x=1@example.com",
            "{x}y@example.com",
            "'x@example.com",
            "!#$%&*+-/?^_|~@example.com",
            "jos\u{e9}@b\u{fc}cher.example",
        ] {
            let hash = key.hide(address);
            for (before, after) in
                [("", ""), ("user ", " is gone"), ("(", ")"), ("\"", "\"."), ("user:", ","), ("{", "}")]
            {
                assert_eq!(
                    hidden(&format!("{before}{address}{after}"), Some(&key)),
                    format!("{before}{hash}{after}")
                );
            }
            let email = EmailAddress::new(address).unwrap();
            assert_eq!(hidden_id(email.as_str(), Some(&key)), hash);
            assert_eq!(hidden_id(address, Some(&key)), hash);
        }
        // Where it ends is not clear; it does not show.
        for text in ["id=ana@example.com", "\"ana, b\"@example.com", "ana@example.com's", "a@b@example.com"] {
            let text = hidden(text, Some(&key));
            assert!(!text.contains('@') && !text.contains("example"), "{text}");
        }
        assert_eq!(hidden_id("7", Some(&key)), "7");
    }

    proptest::proptest! {
        #[test]
        fn no_part_of_an_address_shows(local in "[a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,20}", domain in "[a-z]{1,9}") {
            let address = EmailAddress::new(format!("LOCAL{local}LOCAL@{domain}.example")).unwrap();
            let text = hidden(&format!("the user {address} (\"{address}\") is gone"), Some(&key()));
            let hash = key().hide(address.as_str());
            proptest::prop_assert_eq!(text, format!("the user {hash} (\"{hash}\") is gone"));
        }
    }

    #[test]
    fn the_hash_is_hmac_sha256() {
        // RFC 4231, test case 2, with a key of 16 bytes in place of "Jefe" by the RFC's own construction would be no
        // vector; so the value was computed with `openssl dgst -sha256 -hmac 0123456789abcdef`.
        let expected = include_str!("../../tests/data/hmac.txt").trim();
        assert_eq!(key().hide("ana@example.com"), format!("hmac-sha256:{expected}"));
    }

    #[test]
    fn a_short_key_is_refused_and_no_key_is_shown() {
        assert_eq!(EmailKey::new(SecretString::from("short")).unwrap_err().kind(), ErrorKind::Config);
        assert!(!format!("{:?}", key()).contains("0123"));
    }
}
