//! Requests and answers.

use bytes::Bytes;
use std::fmt;

/// Headers whose value is a credential. Their values never reach the log.
const SECRET: [&str; 5] = ["authorization", "proxy-authorization", "cookie", "x-api-key", "api-key"];

/// A request as an adapter sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// The method, in capitals.
    pub method: String,
    /// Path and query, escaped as sent.
    pub target: String,
    /// Headers in order, names in lower case; credentials are replaced by `<redacted>`.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

impl Request {
    pub(super) fn new(parts: &http::request::Parts, body: Bytes) -> Self {
        let headers = parts.headers.iter().map(|(name, value)| {
            let secret = SECRET.contains(&name.as_str()) || value.is_sensitive();
            let value = if secret { "<redacted>".into() } else { String::from_utf8_lossy(value.as_bytes()) };
            (name.as_str().to_owned(), value.into_owned())
        });
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
        Self { method: parts.method.as_str().to_owned(), target, headers: headers.collect(), body }
    }

    /// The first header of this name, given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The path without the query.
    pub fn path(&self) -> &str {
        self.target.split_once('?').map_or(&self.target, |(path, _)| path)
    }

    /// Whether the method announces a change.
    pub fn is_write(&self) -> bool {
        !matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS")
    }
}

/// `POST /api/v3/workspaces/1/members`
impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.target)
    }
}

/// A whole answer: status, headers and body.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Headers beside the length, in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// A status with nothing else.
    pub const fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new() }
    }

    /// A JSON body, as text.
    pub fn json(status: u16, body: impl Into<String>) -> Self {
        Self::status(status).with_header("content-type", "application/json").with_body(body.into())
    }

    /// The page that a gateway, a captive portal or a wrong base URL answers with.
    pub fn html(status: u16) -> Self {
        const PAGE: &str =
            "<!doctype html><html><head><title>Sign in</title></head><body>Sign in</body></html>";
        Self::status(status).with_header("content-type", "text/html; charset=utf-8").with_body(PAGE)
    }

    /// Adds a header.
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Replaces the body.
    pub fn with_body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }
}
