//! A request read whole, so that it can be handled in one piece.

use axum::http::{HeaderMap, Method, Request as HttpRequest, header};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use url::form_urlencoded;

use crate::failure::Failure;
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
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    /// A form only if its content type says so.
    pub(crate) body: Body,
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
        let kind = content_type(&parts.headers);
        let body = match essence(kind).as_str() {
            "application/x-www-form-urlencoded" => {
                Body::Form(form_urlencoded::parse(&bytes).into_owned().collect())
            }
            "multipart/form-data" => Body::Form(multipart(kind, &bytes).ok_or(Unreadable::Broken)?),
            _ => Body::parse(&bytes),
        };
        let path = parts.uri.path().to_owned();
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self {
            segments: path
                .trim_start_matches('/')
                .split('/')
                .map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned())
                .collect(),
            query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            method: parts.method,
            path,
            headers: parts.headers,
            body,
        })
    }

    /// The last value of a query parameter, as Django reads a repeated one.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().rfind(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The credential sent under a scheme; the scheme's name is compared without case.
    pub(crate) fn credential(&self, scheme: &str) -> Option<&str> {
        let authorization = self.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let (sent, credential) = authorization.trim().split_once(' ')?;
        sent.eq_ignore_ascii_case(scheme).then(|| credential.trim())
    }

    /// The fields of a body, of JSON or, where the operation takes one, of a form.
    pub(crate) fn fields(&self, takes_forms: bool) -> Result<Map<String, Value>, Failure> {
        let kind = content_type(&self.headers);
        match (&self.body, essence(kind) == "application/json") {
            (Body::Empty, _) => Ok(Map::new()),
            (Body::Form(fields), _) if takes_forms => {
                Ok(fields.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect())
            }
            (Body::Json(Value::Object(fields)), true) => Ok(fields.clone()),
            (Body::Json(_), true) => {
                Err(Failure::field("non_field_errors", "invalid", "Invalid data. Expected a dictionary."))
            }
            (_, true) => Err(Failure::new(400, "JSON parse error.")),
            (_, false) => Err(Failure::new(415, format!("Unsupported media type \"{kind}\" in request."))),
        }
    }
}

fn content_type(headers: &HeaderMap) -> &str {
    headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// A content type without its parameters.
fn essence(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The ids in a path, if it has this form: `{}` stands for any part that is not empty.
pub(crate) fn ids<'a>(path: &'a [String], form: &str) -> Option<Vec<&'a str>> {
    let mut ids = Vec::new();
    let mut parts = path.iter();
    for form in form.split('/') {
        match parts.next()?.as_str() {
            same if same == form => {}
            id if form == "{}" && !id.is_empty() => ids.push(id),
            _ => return None,
        }
    }
    parts.next().is_none().then_some(ids)
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
