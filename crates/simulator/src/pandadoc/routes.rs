//! Which operation a request is.

use super::errors::Failure;
use super::options::PandaDocOptions;
use super::rights::{Caller, caller};
use super::{members, oauth, users};
use crate::call::Call;
use crate::limit::{Limiter, Window, whole_seconds};
use crate::log::Provider;
use crate::reply::Reply;
use crate::world::{Handled, Inner};

/// A path of the API.
#[derive(Clone, Copy)]
enum Path<'a> {
    Token,
    Workspaces,
    WorkspaceMembers(&'a str),
    WorkspaceMember(&'a str, &'a str),
    MemberRole(&'a str, &'a str),
    Users,
    User(&'a str),
    Members,
    CurrentMember,
    Member(&'a str),
}

impl<'a> Path<'a> {
    fn of(segments: &[&'a str]) -> Option<Self> {
        Some(match *segments {
            ["oauth2", "access_token"] => Self::Token,
            ["public", "v1", ref rest @ ..] => match *rest {
                ["workspaces"] => Self::Workspaces,
                ["workspaces", workspace, "members"] => Self::WorkspaceMembers(workspace),
                ["workspaces", workspace, "members", member] => Self::WorkspaceMember(workspace, member),
                ["workspaces", workspace, "members", member, "role"] => Self::MemberRole(workspace, member),
                ["users"] => Self::Users,
                ["users", user] => Self::User(user),
                ["members"] => Self::Members,
                ["members", "current"] => Self::CurrentMember,
                ["members", member] if !member.is_empty() => Self::Member(member),
                _ => return None,
            },
            _ => return None,
        })
    }

    /// The one method that the path takes here, and the operation's name in the log.
    const fn operation(self) -> (&'static str, &'static str) {
        match self {
            Self::Token => ("POST", "access_token"),
            Self::Workspaces => ("GET", "list_workspaces"),
            Self::WorkspaceMembers(_) => ("POST", "add_member"),
            Self::WorkspaceMember(..) => ("DELETE", "remove_member"),
            Self::MemberRole(..) => ("PATCH", "change_member_role"),
            Self::Users => ("GET", "list_users"),
            Self::User(_) => ("GET", "get_user"),
            Self::Members => ("GET", "list_members"),
            Self::CurrentMember => ("GET", "current_member"),
            Self::Member(_) => ("GET", "get_member"),
        }
    }

    /// "List, Status, Delete" is one row of the published table.
    const fn is_listing_or_removal(self) -> bool {
        matches!(self, Self::Workspaces | Self::Users | Self::Members | Self::WorkspaceMember(..))
    }
}

pub(crate) fn handle(inner: &mut Inner, call: &Call) -> Handled {
    let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    let Some(path) = Path::of(&segments) else {
        return (None, Failure::missing().into_reply(&inner.options.pandadoc));
    };
    let (method, operation) = path.operation();
    let known = (call.method == method).then_some(operation);
    let reply = dispatch(inner, call, path, known);
    (known, reply.unwrap_or_else(|failure| failure.into_reply(&inner.options.pandadoc)))
}

fn dispatch(
    inner: &mut Inner,
    call: &Call,
    path: Path<'_>,
    operation: Option<&'static str>,
) -> Result<Reply, Failure> {
    let options = &inner.options.pandadoc;
    let state = &mut inner.state.pandadoc;
    let wrong_method =
        || Failure::Method { sent: call.method.to_string(), allowed: vec![path.operation().0] };
    if matches!(path, Path::Token) {
        operation.ok_or_else(wrong_method)?;
        return oauth::access_token(state, options, call);
    }
    let me = caller(state, call)?;
    let operation = operation.ok_or_else(wrong_method)?;
    check(&mut inner.limiter, options, path, operation, &me)?;
    match path {
        Path::Workspaces => users::workspaces(state, call, &me),
        Path::WorkspaceMembers(workspace) => members::add(state, options, call, &me, workspace),
        Path::WorkspaceMember(workspace, member) => members::remove(state, &me, workspace, member),
        Path::MemberRole(workspace, member) => members::change_role(state, call, &me, workspace, member),
        Path::Users => users::list(state, options, call, &me),
        Path::User(user) => users::get(state, options, &me, user),
        Path::Members => members::list(state, options, call, &me),
        Path::CurrentMember => members::current(state, options, call, &me),
        Path::Member(member) => members::get(state, options, call, &me, member),
        Path::Token => Err(Failure::missing()),
    }
}

/// Counts the request for its user: all keys of one user share a window per operation. A sandbox key has a lower limit
/// on the same window.
fn check(
    limiter: &mut Limiter,
    options: &PandaDocOptions,
    path: Path<'_>,
    operation: &'static str,
    me: &Caller,
) -> Result<(), Failure> {
    let limit = match (me.sandbox, path.is_listing_or_removal()) {
        (true, _) => options.sandbox_limit,
        (false, true) => options.list_limit,
        (false, false) => options.other_limit,
    };
    let Some(limit) = limit else { return Ok(()) };
    let window = Window { provider: Provider::PandaDoc, user: me.user_id.clone(), operation };
    limiter.check(window, limit).map_err(|wait| Failure::Throttled { seconds: whole_seconds(wait) })
}
