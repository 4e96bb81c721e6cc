//! Below the floor: hyper alone, one connection, no pool, no URL, no time limit.

use crate::floor::{
    self, PandaDocAdd, PandaDocAdded, PandaDocUsers, ParadigmAdd, ParadigmMembers, PlainMember, Result,
};
use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use tokio::net::TcpStream;
use tokio::sync::Mutex;

/// One connection and one key.
#[derive(Debug)]
pub struct Bare {
    connection: Mutex<SendRequest<Full<Bytes>>>,
    host: String,
    /// What stands before the path.
    prefix: String,
    authorization: String,
}

impl Bare {
    /// Connects to a base URL such as `http://127.0.0.1:80/prefix`.
    pub async fn connect(base: &str, authorization: String) -> Result<Self> {
        let rest = base.strip_prefix("http://").ok_or("the base URL is not http")?;
        let (host, prefix) =
            rest.split_once('/').map_or((rest, String::new()), |(h, p)| (h, format!("/{p}")));
        let stream = TcpStream::connect(host).await?;
        stream.set_nodelay(true)?;
        let (connection, driver) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(driver);
        Ok(Self { connection: Mutex::new(connection), host: host.to_owned(), prefix, authorization })
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<T> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.prefix))
            .header(header::HOST, &self.host)
            .header(header::USER_AGENT, "bare/1.0")
            .header(header::ACCEPT, "application/json")
            .header(header::AUTHORIZATION, &self.authorization);
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let request = request.body(Full::new(body.unwrap_or_default().into()))?;
        let mut connection = self.connection.lock().await;
        connection.ready().await?;
        let response = connection.send_request(request).await?;
        if !response.status().is_success() {
            return Err(response.status().to_string().into());
        }
        Ok(serde_json::from_slice(&response.into_body().collect().await?.to_bytes())?)
    }

    /// Lists a workspace at Paradigm.
    pub async fn paradigm_list(&self, workspace: usize) -> Result<Vec<PlainMember>> {
        let path = format!("/api/v3/workspaces/{workspace}/members");
        let members: ParadigmMembers = self.call(Method::GET, &path, None).await?;
        Ok(members.complete(&workspace.to_string()))
    }

    /// Adds a user at Paradigm.
    pub async fn paradigm_add(&self, workspace: usize, user: u64, role: &str) -> Result<PlainMember> {
        let path = format!("/api/v3/workspaces/{workspace}/members");
        let body = serde_json::to_vec(&ParadigmAdd { user_id: user, role })?;
        floor::added(self.call(Method::POST, &path, Some(body)).await?, workspace, user, role)
    }

    /// Lists all members of a PandaDoc organization.
    pub async fn pandadoc_list(&self) -> Result<Vec<PlainMember>> {
        let mut members = Vec::new();
        for page in 1.. {
            let path = format!("/public/v1/users?show_removed=false&count=50&page={page}");
            let users: PandaDocUsers = self.call(Method::GET, &path, None).await?;
            let total = users.total;
            users.append_to(&mut members);
            if page * 50 >= total {
                break;
            }
        }
        Ok(members)
    }

    /// Adds a user at PandaDoc.
    pub async fn pandadoc_add(&self, workspace: &str, user: &str, role: &str) -> Result<PlainMember> {
        let path =
            format!("/public/v1/workspaces/{workspace}/members?notify_user=false&notify_ws_admins=false");
        let body = serde_json::to_vec(&PandaDocAdd { user_id: user, role })?;
        let added: PandaDocAdded = self.call(Method::POST, &path, Some(body)).await?;
        Ok(added.member(workspace, user))
    }
}
