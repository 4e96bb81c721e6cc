//! Which operation a request is.

use super::errors::{self, Failure};
use super::rights::{Level, caller};
use super::{members, people, workspaces};
use crate::call::Call;
use crate::limit::{Window, whole_seconds};
use crate::log::Provider;
use crate::reply::Reply;
use crate::world::{Handled, Inner};

/// A path of the API. Ids are kept as sent: a wrong one is a 400, not a missing page.
enum Path<'a> {
    Members(Level, &'a str),
    MemberUser(Level, &'a str, &'a str),
    MemberGroup(Level, &'a str, &'a str),
    Workspaces(Level),
    Workspace(Level, &'a str),
    Me,
    Users,
    Groups,
}

/// The methods of a path with the operation's name in the log.
type Methods = &'static [(&'static str, &'static str)];

pub(crate) fn handle(inner: &mut Inner, call: &Call) -> Handled {
    if let Some(maintenance) = &inner.options.paradigm.maintenance {
        return (None, errors::maintenance(maintenance));
    }
    let style = inner.options.paradigm.errors;
    let inferred = inner.options.paradigm.inferred;
    let Some((path, methods)) = path(call).map(|path| {
        let methods = methods(&path, inferred);
        (path, methods)
    }) else {
        return (None, Failure::not_found("Not found.").into_reply(style));
    };
    let Some(methods) = methods else {
        return (None, Failure::not_found("Not found.").into_reply(style));
    };
    let operation = methods.iter().find(|(method, _)| *method == call.method.as_str()).map(|(_, name)| *name);
    let reply = dispatch(inner, call, &path, methods, operation);
    (operation, reply.unwrap_or_else(|failure| failure.into_reply(style)))
}

fn path(call: &Call) -> Option<Path<'_>> {
    let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    let ["api", "v3", rest @ ..] = segments.as_slice() else { return None };
    let (level, rest) = match rest {
        ["company", rest @ ..] => (Level::Company, rest),
        ["instance", rest @ ..] => (Level::Instance, rest),
        rest => (Level::Owner, rest),
    };
    match (level, rest) {
        (level, ["workspaces"]) => Some(Path::Workspaces(level)),
        (level, ["workspaces", id]) if !id.is_empty() => Some(Path::Workspace(level, id)),
        (level, ["workspaces", id, "members"]) => Some(Path::Members(level, id)),
        (level, ["workspaces", id, "members", "users", user]) => Some(Path::MemberUser(level, id, user)),
        (level, ["workspaces", id, "members", "groups", group]) => Some(Path::MemberGroup(level, id, group)),
        (Level::Owner, ["users", "me"]) => Some(Path::Me),
        (Level::Owner, ["users"]) => Some(Path::Users),
        (Level::Owner, ["groups"]) => Some(Path::Groups),
        _ => None,
    }
}

/// What a path takes; `None` where no document shows the path and inferred ones are off. `instance/…/members` exists
/// without them, because its `PUT` is documented.
fn methods(path: &Path<'_>, inferred: bool) -> Option<Methods> {
    Some(match (path, inferred) {
        (Path::Members(Level::Owner, _), _) => &[("GET", "list_members"), ("POST", "add_member")],
        (Path::Members(Level::Company, _), false) => &[("GET", "company_list_members")],
        (Path::Members(Level::Company, _), true) => {
            &[("GET", "company_list_members"), ("POST", "company_add_member")]
        }
        (Path::Members(Level::Instance, _), false) => &[],
        (Path::Members(Level::Instance, _), true) => {
            &[("GET", "instance_list_members"), ("POST", "instance_add_member")]
        }
        (Path::MemberUser(Level::Owner, ..), _) => &[("DELETE", "remove_user")],
        (Path::MemberUser(Level::Company, ..), _) => &[("DELETE", "company_remove_user")],
        (Path::MemberUser(Level::Instance, ..), _) => &[("DELETE", "instance_remove_user")],
        (Path::MemberGroup(Level::Owner, ..), _) => &[("DELETE", "remove_group")],
        (Path::MemberGroup(Level::Company, ..), true) => &[("DELETE", "company_remove_group")],
        (Path::MemberGroup(Level::Instance, ..), true) => &[("DELETE", "instance_remove_group")],
        (Path::Workspaces(Level::Owner), _) => &[("GET", "list_workspaces")],
        (Path::Workspaces(Level::Company), _) => &[("GET", "company_list_workspaces")],
        (Path::Workspaces(Level::Instance), _) => &[("GET", "instance_list_workspaces")],
        (Path::Workspace(Level::Owner, _), _) => &[("GET", "get_workspace")],
        (Path::Workspace(Level::Company, _), _) => &[("GET", "company_get_workspace")],
        (Path::Workspace(Level::Instance, _), true) => &[("GET", "instance_get_workspace")],
        (Path::Me, _) => &[("GET", "get_me")],
        (Path::Users, _) => &[("GET", "list_users")],
        (Path::Groups, _) => &[("GET", "list_groups")],
        (Path::MemberGroup(..) | Path::Workspace(..), false) => return None,
    })
}

/// Django REST framework's order: who asks, whether the method exists, whether it is too often, then the operation.
fn dispatch(
    inner: &mut Inner,
    call: &Call,
    path: &Path<'_>,
    methods: Methods,
    operation: Option<&'static str>,
) -> Result<Reply, Failure> {
    let me = caller(&inner.state.paradigm, call)?.clone();
    let Some(operation) = operation else {
        let allowed: Vec<&str> = methods.iter().map(|(method, _)| *method).collect();
        return Err(Failure::method_not_allowed(call.method.as_str(), &allowed));
    };
    let options = &inner.options.paradigm;
    let limit = if matches!(path, Path::Users) { options.users_limit } else { options.other_limit };
    if let Some(limit) = limit {
        let window = Window { provider: Provider::Paradigm, user: me.id.to_string(), operation };
        let accepted = inner.limiter.check(window, limit);
        accepted.map_err(|wait| Failure::throttled(whole_seconds(wait), options.retry_after))?;
    }
    let state = &mut inner.state.paradigm;
    match *path {
        Path::Members(level, id) if call.method == "POST" => {
            members::add(state, options, call, level, &me, id)
        }
        Path::Members(level, id) => members::list(state, options, level, &me, id),
        Path::MemberUser(level, id, user) => members::remove_user(state, options, level, &me, id, user),
        Path::MemberGroup(level, id, group) => members::remove_group(state, options, level, &me, id, group),
        Path::Workspaces(level) => workspaces::list(state, options, call, level, &me),
        Path::Workspace(level, id) => workspaces::get(state, options, level, &me, id),
        Path::Me => Ok(people::me(state, options, &me)),
        Path::Users => people::users(state, options, call, &me),
        Path::Groups => people::groups(state, options, call, &me),
    }
}
