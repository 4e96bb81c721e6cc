//! A request read whole, so that it can be handled in one piece.

use axum::http::{HeaderMap, Method, Request as HttpRequest, header};
use percent_encoding::percent_decode_str;
use url::form_urlencoded;

use crate::log::Body;

/// Both providers' documents name no larger body; PandaDoc states this one (developers.pandadoc.com/reference/limits,
/// read 2026-11-21).
const MAX_BODY: usize = 2 * 1024 * 1024;

/// Everything of a request that a handler may look at.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    /// The path's parts, each percent-decoded after splitting, so that an encoded slash stays within its part.
    pub(crate) segments: Vec<String>,
    pub(crate) raw_query: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
    pub(crate) media: Media,
}

/// What the body claims to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Media {
    Json,
    Form,
    Other,
}

/// Why a request could not be read whole.
#[derive(Debug)]
pub(crate) enum Unreadable {
    /// The client went away, or sent a body that is no valid HTTP.
    Broken,
    TooLarge,
}

impl Call {
    pub(crate) async fn read(request: HttpRequest<axum::body::Body>) -> Result<Self, Unreadable> {
        let (parts, body) = request.into_parts();
        let declared =
            parts.headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
        if declared.is_some_and(|length| length > MAX_BODY) {
            return Err(Unreadable::TooLarge);
        }
        let bytes = axum::body::to_bytes(body, MAX_BODY).await.map_err(|_| Unreadable::Broken)?;
        let kind = parts
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let (media, body) = match essence.as_str() {
            "application/json" => (Media::Json, Body::parse(&bytes)),
            "application/x-www-form-urlencoded" => {
                (Media::Form, Body::Form(form_urlencoded::parse(&bytes).into_owned().collect()))
            }
            "multipart/form-data" => {
                (Media::Form, Body::Form(multipart(&kind, &bytes).ok_or(Unreadable::Broken)?))
            }
            _ => (Media::Other, Body::parse(&bytes)),
        };
        let path = parts.uri.path().to_owned();
        let raw_query = parts.uri.query().unwrap_or_default().to_owned();
        Ok(Self {
            segments: path
                .trim_start_matches('/')
                .split('/')
                .map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned())
                .collect(),
            query: form_urlencoded::parse(raw_query.as_bytes()).into_owned().collect(),
            method: parts.method,
            path,
            raw_query,
            headers: parts.headers,
            body,
            media,
        })
    }

    /// The last value of a query parameter, as Django reads a repeated one.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().rfind(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn authorization(&self) -> Option<&str> {
        self.headers.get(header::AUTHORIZATION)?.to_str().ok()
    }

    /// The credential sent under a scheme; the scheme's name is compared without case.
    pub(crate) fn credential(&self, scheme: &str) -> Option<&str> {
        let (sent, credential) = self.authorization()?.trim().split_once(' ')?;
        sent.eq_ignore_ascii_case(scheme).then(|| credential.trim())
    }

    pub(crate) fn content_type(&self) -> &str {
        self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// The text fields of a form (RFC 7578). A part without a name has an empty one.
fn multipart(kind: &str, body: &[u8]) -> Option<Vec<(String, String)>> {
    let boundary = kind.split(';').find_map(|part| part.trim().strip_prefix("boundary="))?.trim_matches('"');
    let body = format!("\r\n{}", String::from_utf8_lossy(body));
    let mut parts = body.split(&format!("\r\n--{boundary}")).skip(1).collect::<Vec<_>>();
    // What follows the last boundary is `--`, and whatever the sender likes.
    parts.pop().filter(|end| end.starts_with("--"))?;
    let field = |part: &str| {
        let (head, value) = part.strip_prefix("\r\n")?.split_once("\r\n\r\n")?;
        let name = head.split_once("name=\"").and_then(|(_, rest)| rest.split_once('"'));
        Some((name.map_or("", |(name, _)| name).to_owned(), value.to_owned()))
    };
    parts.into_iter().map(field).collect()
}

/// A boolean as Django REST framework reads one, in any case: the official Python SDK of PandaDoc sends `True`.
pub(crate) fn boolean(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "on" | "1" => Some(true),
        "false" | "f" | "no" | "n" | "off" | "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_in_parts_is_read_whole_or_not_at_all() {
        let kind = "multipart/form-data; boundary=\"x y\"";
        let form = "--x y\r\nContent-Disposition: form-data; name=\"role\"\r\n\r\nAdmin\r\n--x y\r\n\
                    content-disposition: form-data; name=\"user_id\"\r\nContent-Type: text/plain\r\n\r\n7\r\n\r\n--x\r\n--x y--\r\n";
        let fields = multipart(kind, form.as_bytes()).unwrap();
        assert_eq!(fields, [("role".into(), "Admin".into()), ("user_id".into(), "7\r\n\r\n--x".into())]);
        assert_eq!(multipart(kind, b"--x y--\r\n"), Some(Vec::new()));
        for broken in ["", "--x y\r\n", &form[..form.len() - 4], "--x y\r\nno head\r\n--x y--"] {
            assert_eq!(multipart(kind, broken.as_bytes()), None, "{broken:?}");
        }
        assert_eq!(multipart("multipart/form-data", form.as_bytes()), None);
    }
}
