//! What must hold for any bytes whatever, as functions of bytes: the fuzz targets call them without end, and the
//! property tests call them for a while.
//!
//! Answers go through the real adapters over real HTTP on loopback, so that nothing between the socket and the core types
//! is left out.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use workspace_members_core::{
    AddMember, Cursor, Effect, Error, GroupId, ListOf, MemberKey, MembershipId, Operation, PageRequest,
    PrincipalId, RemoveMember, Role, SetRole, UserId, WorkspaceId, WorkspaceMembers,
};
use workspace_members_http::{PageNumber, StaticCredential, Transport, TransportConfig, page_of_next};
use workspace_members_pandadoc::{PandaDoc, PandaDocConfig, Reach};
use workspace_members_paradigm::{Level, Paradigm, ParadigmConfig};

/// The key in use; it must come back in nothing.
const CANARY: &str = "canary-3f9a61";

/// The largest body that the adapters read here.
const MAX_BODY: usize = 1 << 16;

/// Statuses worth their own branch anywhere.
const STATUSES: &[u16] = &[200, 201, 204, 400, 401, 403, 404, 405, 409, 422, 429, 301, 500, 503, 600];

/// A server whose answer to everything is set from outside, and the adapters that ask it.
struct Rig {
    runtime: Runtime,
    answer: Arc<Mutex<(u16, Vec<u8>)>>,
    adapters: Vec<Box<dyn WorkspaceMembers>>,
    /// Held from setting the answer to the end of the call.
    turn: Mutex<()>,
}

fn rig() -> &'static Rig {
    static RIG: OnceLock<Rig> = OnceLock::new();
    RIG.get_or_init(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let answer = Arc::new(Mutex::new((200, Vec::new())));
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port on loopback");
        let base = format!("http://{}", listener.local_addr().expect("a bound port has an address"));
        let shared = Arc::clone(&answer);
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        let adapters = runtime.block_on(async { adapters(&base) });
        Rig { runtime, answer, adapters, turn: Mutex::new(()) }
    })
}

/// Paradigm at each level with every inferred operation, PandaDoc at each reach.
fn adapters(base: &str) -> Vec<Box<dyn WorkspaceMembers>> {
    let mut limits = TransportConfig::default();
    limits.max_body = MAX_BODY;
    let transport = Transport::new(limits).expect("the default trust store");
    let key = Arc::new(StaticCredential::new(CANARY.into()));
    let mut all: Vec<Box<dyn WorkspaceMembers>> = Vec::new();
    for level in [Level::Owner, Level::Company, Level::Instance] {
        let config = ParadigmConfig::new(key.clone()).with_level(level).with_inferred(true);
        let config = config.with_transport(transport.clone()).with_base_url(base).expect("loopback");
        all.push(Box::new(Paradigm::new(config).expect("a valid configuration")));
    }
    for reach in [Reach::Organization, Reach::Workspace(workspace())] {
        let config = PandaDocConfig::new(key.clone()).with_reach(reach).with_transport(transport.clone());
        let config = config.with_base_url(base).expect("loopback");
        all.push(Box::new(PandaDoc::new(config).expect("a valid configuration")));
    }
    all
}

async fn serve(mut stream: TcpStream, answer: Arc<Mutex<(u16, Vec<u8>)>>) {
    let mut buffer = Vec::new();
    loop {
        // Requests here are small and come one at a time, so the end of the head and the length are all there is to read.
        let head = loop {
            if let Some(at) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break at + 4;
            }
            if !matches!(stream.read_buf(&mut buffer).await, Ok(read) if read > 0) {
                return;
            }
        };
        let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
        let length =
            text.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        while buffer.len() < head + length.unwrap_or(0) {
            if !matches!(stream.read_buf(&mut buffer).await, Ok(read) if read > 0) {
                return;
            }
        }
        buffer.clear();
        let (status, body) = answer.lock().map(|answer| answer.clone()).unwrap_or_default();
        let bodyless = status == 204;
        let length = if bodyless { String::new() } else { format!("content-length: {}\r\n", body.len()) };
        let mut bytes = format!("HTTP/1.1 {status} x\r\n{length}\r\n").into_bytes();
        if !bodyless {
            bytes.extend_from_slice(&body);
        }
        if stream.write_all(&bytes).await.is_err() {
            return;
        }
    }
}

fn workspace() -> WorkspaceId {
    WorkspaceId::from(7)
}

/// An answer of either provider to any operation: the first byte chooses the adapter, the second the operation, the third
/// the status, and the rest is the body.
///
/// # Panics
///
/// If anything that must hold for every answer does not.
pub fn answer(data: &[u8]) {
    let [adapter, operation, status, body @ ..] = data else { return };
    let rig = rig();
    let adapter = &rig.adapters[usize::from(*adapter) % rig.adapters.len()];
    let operation = Operation::ALL[usize::from(*operation) % Operation::ALL.len()];
    let status = STATUSES[usize::from(*status) % STATUSES.len()];
    let _turn = rig.turn.lock().unwrap_or_else(PoisonError::into_inner);
    *rig.answer.lock().expect("nothing panics while it is held") = (status, body.to_vec());
    let result = rig.runtime.block_on(call(&**adapter, operation, body.len() % 2 == 0));
    let Err(error) = result else { return };
    check_error(&error, operation, status);
}

async fn call(adapter: &dyn WorkspaceMembers, operation: Operation, user: bool) -> Result<(), Error> {
    let principal = || if user { PrincipalId::from(UserId::from(1)) } else { GroupId::from(1).into() };
    let key = MemberKey::new(workspace(), principal()).with_membership(Some(MembershipId::from(3)));
    let page = PageRequest::default();
    match operation {
        Operation::Me => adapter.me().await.map(drop),
        Operation::ListWorkspaces => adapter.workspaces_page(page).await.map(drop),
        Operation::ListUsers => adapter.users_page(page).await.map(drop),
        Operation::ListGroups => adapter.groups_page(page).await.map(drop),
        Operation::ListMembers if user => adapter.members_page(&ListOf::Account, page).await.map(drop),
        Operation::ListMembers => adapter.members_page(&ListOf::Workspace(workspace()), page).await.map(drop),
        Operation::Get => adapter.get(&workspace(), &principal()).await.map(drop),
        Operation::Add => {
            adapter.add(&AddMember::new(workspace(), principal(), Role::Editor)).await.map(drop)
        }
        Operation::SetRole => adapter.set_role(&SetRole::new(key, Role::Editor)).await.map(drop),
        _ => adapter.remove(&RemoveMember::new(key)).await,
    }
}

fn check_error(error: &Error, operation: Operation, status: u16) {
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains(CANARY), "the key is shown: {shown}");
    assert!(!error.to_string().chars().any(char::is_control), "control characters in {shown}");
    assert!(error.provider_message().is_none_or(|text| text.chars().count() <= 500), "too long: {shown}");
    if error.status().is_none() {
        return;
    }
    // Sent and answered: a write that may have happened must say so, and one that was refused must not.
    let lost = matches!(error.effect(), Effect::Unknown);
    match status {
        200..=299 if operation.is_write() => {
            assert!(lost, "a success that cannot be read is unknown: {shown}");
        }
        400..=499 if status != 408 => assert!(!lost, "a refusal is not unknown: {shown}"),
        500..=599 if operation.is_write() => {
            assert!(lost, "a write that ended in {status} is unknown: {shown}");
        }
        _ => {}
    }
}

/// A cursor and a `next` URL of any text: read as a page within bounds, or refused.
///
/// # Panics
///
/// If a page outside the bounds is accepted.
pub fn cursor(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(page) = PageNumber::of(&PageRequest::at(Some(Cursor::new(text.as_ref()))), 50, 100) {
        assert!(page.number >= 1 && (1..=100).contains(&page.size), "{page:?}");
        if let Some(next) = page.next_of(u64::MAX) {
            let next = PageNumber::of(&PageRequest::at(Some(next)), 50, 100).expect("our own cursor");
            assert_eq!((next.number, next.size), (page.number + 1, page.size));
        }
    }
    assert!(page_of_next(&text).is_none_or(|number| number >= 1));
}
