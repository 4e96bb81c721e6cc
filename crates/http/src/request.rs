//! What one attempt sends.

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::Serialize;
use workspace_members_core::{Error, Operation, Result};

/// The word before the key in the `Authorization` header, such as `Bearer` or `API-Key`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuthScheme(pub &'static str);

impl AuthScheme {
    /// `Authorization: Bearer …`
    pub const BEARER: Self = Self("Bearer");
}

/// One request, relative to the base URL.
#[derive(Debug)]
#[non_exhaustive]
pub struct Request<'a> {
    /// For which operation, as errors name it.
    pub operation: Operation,
    /// The HTTP method.
    pub method: Method,
    /// The path below the base URL, one segment each; encoded when sent.
    pub path: &'a [&'a str],
    /// The query, encoded when sent.
    pub query: &'a [(&'a str, &'a str)],
    /// Headers beside those of the client. They replace `Accept` and `Content-Type`, which are JSON's otherwise.
    pub headers: HeaderMap,
    /// A JSON body.
    pub body: Option<Vec<u8>>,
}

impl<'a> Request<'a> {
    /// A request without query and body.
    pub fn new(operation: Operation, method: Method, path: &'a [&'a str]) -> Self {
        Self { operation, method, path, query: &[], headers: HeaderMap::new(), body: None }
    }

    /// Adds the query.
    pub fn with_query(mut self, query: &'a [(&'a str, &'a str)]) -> Self {
        self.query = query;
        self
    }

    /// Adds a header, such as a version that the provider asks for. `Authorization` is the client's, and is refused.
    pub fn with_header(mut self, name: &str, value: &str) -> Result<Self> {
        let (name, value) = header(name, value)?;
        self.headers.insert(name, value);
        Ok(self)
    }

    /// Adds a JSON body.
    pub fn with_json(mut self, body: &impl Serialize) -> Result<Self> {
        let bytes = serde_json::to_vec(body).map_err(|error| {
            Error::invalid_input("the request cannot be written as JSON").with_source(error)
        })?;
        self.body = Some(bytes);
        Ok(self)
    }
}

/// Reads a header that an adapter sets.
pub(crate) fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue)> {
    let wrong = |why: &str| Error::invalid_input(format!("the header {name:?} cannot be sent: {why}"));
    let name = HeaderName::try_from(name).map_err(|_| wrong("its name is not one"))?;
    if name == http::header::AUTHORIZATION {
        return Err(wrong("the credential is the client's"));
    }
    let value = HeaderValue::from_str(value)
        .map_err(|_| wrong("its value has characters that a header cannot carry"))?;
    Ok((name, value))
}

/// Whether a text stays one part of a path. URL parsers leave out dot segments and some control characters, and then the
/// request would address something else.
pub(crate) fn is_one_segment(text: &str) -> bool {
    !matches!(text, "" | "." | "..") && !text.chars().any(char::is_control)
}
