//! Answers to the renewal of an OAuth token.

use crate::rig::Rig;
use secrecy::ExposeSecret;
use std::error::Error as _;
use workspace_members_core::ErrorKind;
use workspace_members_http::{Credential, OAuth};

const SECRET: &str = "canary-secret-77";
const REFRESH: &str = "canary-refresh-88";

pub(crate) const WORDS: &[&str] = &[
    SECRET,
    REFRESH,
    "\"access_token\":",
    "\"refresh_token\":",
    "\"error\":",
    "invalid_grant",
    "null",
    "\"",
    "{",
    "}",
];

/// An answer of the token endpoint: the first byte chooses the status, as for answers; the rest is the body.
pub fn token(data: &[u8]) {
    let [status, body @ ..] = data else { return };
    let status = [200, 400, 401, 500, 302][usize::from(status.wrapping_sub(b'0')) % 5];
    let rig = Rig::get();
    let _turn = rig.answering(status, body);
    let url = format!("{}/oauth2/access_token", rig.base);
    let (secret, refresh) = (Credential::from_key(SECRET), Credential::from_key(REFRESH));
    let source = Credential::OAuth(OAuth::new("app", secret, refresh))
        .into_source(Some(url), &rig.transport)
        .unwrap_or_else(|error| panic!("the address is good: {error}"));
    match rig.run(source.credential(true)) {
        Ok(token) => {
            assert_eq!(status, 200, "a token out of a refusal");
            // What is not looked at may be anything, so not every such body is a value.
            if let Ok(body) = serde_json::from_slice::<serde_json::Value>(body) {
                assert_eq!(body["access_token"], token.expose_secret());
            }
        }
        Err(error) => {
            let kind = if status == 500 { ErrorKind::Unavailable } else { ErrorKind::Credential };
            assert_eq!(error.kind(), kind);
            let mut shown = format!("{error} {error:?}");
            let mut cause = error.source();
            while let Some(error) = cause {
                shown = format!("{shown} {error} {error:?}");
                cause = error.source();
            }
            assert!(!shown.contains("canary"), "a secret is shown: {shown}");
            assert!(!error.to_string().chars().any(char::is_control), "control characters in {shown}");
        }
    }
}
