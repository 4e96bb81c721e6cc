//! Journals of open changes.

use std::cell::RefCell;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use workspace_members_core::{
    Capabilities, Capability, Evidence, Fit, Identity, InMemory, NativeRole, Provider, Role, RoleRow,
    RoleTable, User, UserId, Workspace, WorkspaceId,
};
use workspace_members_sync::{
    ApplyError, ApplyOptions, Connections, OpenChange, Recovery, open_changes, recover,
};

pub(crate) const WORDS: &[&str] = &[
    "{\"closed\":{\"id\":1,\"at\":\"2026-11-21T10:00:00Z\",\"how\":\"added\"}}\n",
    "\"open\"",
    "\"closed\"",
    "\"id\":",
    "18446744073709551615",
    "\"user:7\"",
    "\"group:7\"",
    "\n",
    "\r\n",
    "\n\n",
    "null",
    "{",
    "}",
    "\u{e9}",
    "\u{2028}",
];

/// An account in memory and the folder of its journal.
struct Rig {
    folder: TempDir,
    journal: PathBuf,
    runtime: Runtime,
}

impl Rig {
    /// Recovering once, with nothing to recover, makes the journal; so its name is the library's own.
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(recover(&account(), &ApplyOptions::new(folder.path()))).expect("nothing to recover");
        let mut paths =
            fs::read_dir(folder.path()).expect("a folder").filter_map(|entry| Some(entry.ok()?.path()));
        let journal = paths.find(|path| path.extension().is_some_and(|ending| ending == "journal"));
        Self { journal: journal.expect("a journal"), folder, runtime }
    }
}

/// Workspace 1 with users 1 to 9, of whom nobody is a member.
fn account() -> Connections {
    let row = |role, name| RoleRow::new(role, NativeRole::from_static(name), Fit::Exact);
    let roles = RoleTable::new([row(Role::Owner, "owner"), row(Role::Viewer, "viewer")]).expect("two rows");
    let capabilities = Capabilities::new(Provider::from_static("example"), roles)
        .claim(Evidence::Documented, Capability::ALL);
    let empty = InMemory::new(capabilities)
        .with_me(Identity::new(UserId::from(9)))
        .with_workspace(Workspace::new(WorkspaceId::from(1), "Legal"));
    let account = (1..10).fold(empty, |account, id| account.with_user(User::new(UserId::from(id))));
    Connections::from([("acme".to_owned(), Arc::new(account) as Arc<_>)])
}

thread_local! {
    static RIG: RefCell<Option<Rig>> = const { RefCell::new(None) };
}

/// A journal of any bytes. Either it is refused and left as it is, or everybody that it names is recovered, in its order,
/// after which it names nobody but whom it cannot reach. What a crash cuts off at its end changes nothing.
pub fn journal(data: &[u8]) {
    RIG.with_borrow_mut(|rig| check(rig.get_or_insert_with(Rig::new), data));
}

fn check(rig: &Rig, data: &[u8]) {
    let folder = rig.folder.path();
    fs::write(&rig.journal, data).expect("a folder that can be written");
    let named = open_changes(folder);
    if let Ok(named) = &named {
        torn(rig, data, named);
    }
    let connections = account();
    match rig.runtime.block_on(recover(&connections, &ApplyOptions::new(folder))) {
        Ok(recovered) => {
            // Of another connection, or of a workspace that this one does not see.
            let left = recovered.iter().filter(|recovered| recovered.how == Recovery::Left);
            let left: Vec<_> = left.map(|recovered| recovered.open_change.clone()).collect();
            let recovered: Vec<_> = recovered.into_iter().map(|recovered| recovered.open_change).collect();
            assert_eq!(recovered, named.expect("what was recovered was read"));
            assert_eq!(open_changes(folder).expect("a journal that was recovered"), left);
        }
        Err(ApplyError::Unrecovered { open_change, .. }) => {
            let left = open_changes(folder).expect("a journal that was recovered in part");
            assert!(left.contains(&open_change), "{open_change:?} is forgotten");
            let named = named.expect("what was recovered was read");
            let after =
                named.iter().position(|named| *named == *open_change).map_or(&named[..], |at| &named[at..]);
            assert!(after.iter().all(|later| left.contains(later)), "somebody else is forgotten");
        }
        Err(error) => {
            assert!(matches!(error, ApplyError::State { .. }), "{error:?}");
            assert!(named.is_err(), "only one of two readers refuses it: {error:?}");
            assert_eq!(fs::read(&rig.journal).expect("it is there"), data, "a refused journal was changed");
        }
    }
}

/// Writes the last line once more, up to one of its bytes, as a crash would leave it: any byte that depends on the data,
/// and each that is within a letter.
fn torn(rig: &Rig, data: &[u8], named: &[OpenChange]) {
    let whole = data.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let line = data[..whole.saturating_sub(1)].rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    let text = std::str::from_utf8(line).expect("a line that was read");
    let any = data.len().wrapping_mul(31) % (line.len() + 1);
    let within = (0..line.len()).filter(|at| !text.is_char_boundary(*at)).take(3);
    for cut in within.chain([any]) {
        fs::write(&rig.journal, [&data[..whole], &line[..cut]].concat())
            .expect("a folder that can be written");
        let read = open_changes(rig.folder.path());
        assert_eq!(read.expect("a line that was being written is no damage"), named);
    }
    fs::write(&rig.journal, data).expect("a folder that can be written");
}
