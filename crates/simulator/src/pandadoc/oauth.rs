//! Exchanging a refresh token for an access token.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::options::PandaDocOptions;
use super::state::{OAuthClient, OAuthToken, PandaDocState};
use crate::call::Call;
use crate::log::Body;
use crate::reply::Reply;

/// How long a new access token lives: a year less a second, as documented.
const LIFETIME: i64 = 31_535_999;

/// `accessToken`. Only the refresh grant can succeed: nobody is there to confirm an authorization in a browser, so every
/// code is one that was never given out. Of the errors, `unsupported_grant_type` and `invalid_grant` are documented, the
/// others are OAuth's own (RFC 6749, 5.2).
pub(super) fn access_token(state: &mut PandaDocState, options: &PandaDocOptions, call: &Call) -> Reply {
    match refresh(state, options, call) {
        Ok(token) => Reply::json(200, token),
        Err(error) => Reply::json(400, json!({ "error": error })),
    }
}

fn refresh(state: &mut PandaDocState, options: &PandaDocOptions, call: &Call) -> Result<Value, &'static str> {
    let Body::Form(fields) = &call.body else { return Err("invalid_request") };
    let field = |name: &str| {
        let found = fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str());
        found.ok_or("invalid_request")
    };
    let grant = field("grant_type")?;
    if !matches!(grant, "refresh_token" | "authorization_code") {
        return Err("unsupported_grant_type");
    }
    let (id, secret) = (field("client_id")?, field("client_secret")?);
    let known = |client: &OAuthClient| client.client_id == id && client.client_secret.expose() == secret;
    if !state.oauth_clients.iter().any(known) {
        return Err("invalid_client");
    }
    if grant == "authorization_code" {
        field("code")?;
        return Err("invalid_grant");
    }
    let sent = field("refresh_token")?;
    let sent_token = |token: &OAuthToken| token.client_id == id && token.refresh_token.expose() == sent;
    let at = state.oauth_tokens.iter().position(sent_token).ok_or("invalid_grant")?;

    let access = state.new_token();
    let refresh = options.rotate_refresh_tokens.then(|| state.new_token());
    let token = &mut state.oauth_tokens[at];
    token.access_token = access;
    if let Some(refresh) = refresh {
        token.refresh_token = refresh;
    }
    token.expires_at = Timestamp::now().checked_add(SignedDuration::from_secs(LIFETIME)).ok();
    Ok(json!({
        "access_token": token.access_token.expose(),
        "token_type": "Bearer",
        "expires_in": LIFETIME,
        "scope": "read+write",
        "refresh_token": token.refresh_token.expose(),
    }))
}
