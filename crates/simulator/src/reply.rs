//! An answer before it is on the wire.

use axum::body::Body as HttpBody;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::Value;

/// A status, a JSON body or none, and headers beside `Content-Type`.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Option<Value>,
    pub(crate) headers: Vec<(HeaderName, String)>,
}

impl Reply {
    pub(crate) fn json(status: u16, body: Value) -> Self {
        Self { status, body: Some(body), headers: Vec::new() }
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self { status, body: None, headers: Vec::new() }
    }

    /// All headers that will be sent by name and value, `Content-Type` included.
    pub(crate) fn header_pairs(&self) -> Vec<(String, String)> {
        let content_type =
            self.body.as_ref().map(|_| (header::CONTENT_TYPE.to_string(), "application/json".to_owned()));
        content_type
            .into_iter()
            .chain(self.headers.iter().map(|(name, value)| (name.to_string(), value.clone())))
            .collect()
    }

    pub(crate) fn into_http(self) -> Response<HttpBody> {
        let mut response = match &self.body {
            Some(body) => {
                let mut response = Response::new(HttpBody::from(body.to_string()));
                response
                    .headers_mut()
                    .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
                response
            }
            None => Response::new(HttpBody::empty()),
        };
        // A status of the options that HTTP does not know is a mistake of the test that set it; 500 shows it.
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}
