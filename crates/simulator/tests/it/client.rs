//! Raw requests, so that no adapter's habits hide a simulator's.

use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use workspace_members_simulator::Simulator;

/// One server with one `Authorization` value.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    authorization: Option<String>,
}

/// What came back.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) retry_after: Option<String>,
}

impl Client {
    pub(crate) fn paradigm(simulator: &Simulator) -> Self {
        Self::new(simulator.paradigm_url(), Some(format!("Bearer {}", simulator.paradigm_key())))
    }

    pub(crate) fn pandadoc(simulator: &Simulator) -> Self {
        Self::new(simulator.pandadoc_url(), Some(format!("API-Key {}", simulator.pandadoc_key())))
    }

    pub(crate) fn new(base: &str, authorization: Option<String>) -> Self {
        // Where the whole workspace is built, reqwest has TLS and no provider, and makes no client without one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { http, base: base.to_owned(), authorization }
    }

    pub(crate) fn with(&self, authorization: &str) -> Self {
        Self { authorization: Some(authorization.to_owned()), ..self.clone() }
    }

    pub(crate) fn anonymous(&self) -> Self {
        Self { authorization: None, ..self.clone() }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.authorization {
            Some(authorization) => request.header("Authorization", authorization),
            None => request,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        send(self.request(Method::POST, path).json(&body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        send(self.request(Method::PATCH, path).json(&body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        send(self.request(Method::DELETE, path)).await
    }
}

pub(crate) async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let retry_after = response.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
    let text = response.text().await.unwrap();
    let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() };
    Answer { status, body, retry_after }
}

impl Answer {
    pub(crate) fn ids(&self, list: &str, id: &str) -> Vec<Value> {
        self.body[list].as_array().unwrap().iter().map(|entry| entry[id].clone()).collect()
    }
}
