//! An answer before it is on the wire.

use axum::body::Body as HttpBody;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::Value;

/// A status, a JSON body or none, and the headers.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Option<Value>,
    pub(crate) headers: Vec<(HeaderName, String)>,
}

impl Reply {
    pub(crate) fn json(status: u16, body: Value) -> Self {
        let content_type = (header::CONTENT_TYPE, "application/json".to_owned());
        Self { status, body: Some(body), headers: vec![content_type] }
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self { status, body: None, headers: Vec::new() }
    }

    pub(crate) fn into_http(self) -> Response<HttpBody> {
        let mut response =
            Response::new(self.body.map_or_else(HttpBody::empty, |body| HttpBody::from(body.to_string())));
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
