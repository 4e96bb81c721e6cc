//! State files of the simulators.

use crate::account::{About, call, pandadoc, paradigm};
use crate::rig::Rig;
use std::cell::RefCell;
use std::fs;
use tempfile::TempDir;
use workspace_members_core::{
    ErrorKind, MembershipId, Operation, PrincipalId, UserId, WorkspaceId, WorkspaceMembers,
};
use workspace_members_pandadoc::Reach;
use workspace_members_paradigm::Level;
use workspace_members_simulator::{Options, Simulator, State, StateError};

pub(crate) const WORDS: &[&str] = &[
    "\"paradigm\": {",
    "\"pandadoc\": {",
    "\"users\": [",
    "\"id\": ",
    "18446744073709551615",
    "9007199254740993",
    "\"2026-11-21T10:00:00Z\"",
    "\"-009999-01-01T00:00:00Z\"",
    "\"Guest\"",
    "\"Admin\"",
    "true",
    "null",
    "0",
    "{",
    "}",
    "[",
    "]",
    ",",
    "\"",
];

thread_local! {
    static FOLDER: RefCell<Option<TempDir>> = const { RefCell::new(None) };
}

/// A state file. What is refused says where; what is accepted is the same once written, can be served, and is a state
/// still after every operation of both providers.
pub fn state(data: &[u8]) {
    FOLDER.with_borrow_mut(|folder| {
        let folder = folder.get_or_insert_with(|| tempfile::tempdir().expect("a folder")).path();
        let file = folder.join("state.json");
        fs::write(&file, data).expect("a folder that can be written");
        let state = match State::load(&file) {
            Ok(state) => state,
            Err(StateError::Parse(_, source)) => {
                return assert!(source.line() >= 1 || data.is_empty(), "{source} says no place");
            }
            Err(_) => return,
        };
        state.save(&file).expect("a state can be written");
        assert_eq!(State::load(&file).expect("a state that was written can be read"), state);
        let after = serve(state);
        after.save(&file).expect("a state that was served can be written");
        assert_eq!(State::load(&file).expect("a state that was served can be read"), after);
    });
}

/// Starts the simulators and calls everything once, about the first workspace and the last user.
fn serve(state: State) -> State {
    let rig = Rig::get();
    let _turn = rig.answering(200, b"");
    rig.run(async {
        let options = Options::default().without_limits();
        let simulator =
            Simulator::builder().state(state).options(options).start().await.expect("it was checked");
        let State { paradigm: at_paradigm, pandadoc: at_pandadoc, .. } = simulator.state();
        let (workspace, user) = (at_paradigm.workspaces.first(), at_paradigm.users.last());
        let known = |id: Option<u64>| id.unwrap_or(1).to_string();
        let about = (known(workspace.map(|one| one.id)), known(user.map(|one| one.id)), String::from("1"));
        for level in [Level::Owner, Level::Instance] {
            let adapter = paradigm(simulator.paradigm_url(), simulator.paradigm_key(), &rig.transport, level);
            every(&*adapter, &about).await;
        }
        let known = |id: Option<String>| id.unwrap_or_else(|| String::from("1"));
        let about = (
            known(at_pandadoc.workspaces.first().map(|one| one.id.clone())),
            known(at_pandadoc.users.last().map(|one| one.user_id.clone())),
            known(at_pandadoc.memberships.last().map(|one| one.membership_id.clone())),
        );
        let adapter =
            pandadoc(simulator.pandadoc_url(), simulator.pandadoc_key(), &rig.transport, Reach::Organization);
        every(&*adapter, &about).await;
        let after = simulator.state();
        simulator.shutdown().await;
        after
    })
}

async fn every(adapter: &dyn WorkspaceMembers, (workspace, user, membership): &(String, String, String)) {
    let ids = (WorkspaceId::new(workspace), UserId::new(user), MembershipId::new(membership));
    let (Ok(workspace), Ok(user), Ok(membership)) = ids else { return };
    for operation in Operation::ALL.iter().copied() {
        let about = About {
            workspace: workspace.clone(),
            principal: PrincipalId::User(user.clone()),
            membership: membership.clone(),
            account: false,
        };
        if let Err(error) = call(adapter, operation, about).await {
            // A handler that panics closes the connection.
            let broken = matches!(error.kind(), ErrorKind::Transport | ErrorKind::Timeout);
            assert!(!broken, "the simulator did not answer {operation}: {error:?}");
        }
    }
}
