//! Which operation a request is.

use super::errors::reply;
use super::rights::{Asked, caller, not_found};
use super::{members, oauth, users};
use crate::call::{Call, ids};
use crate::failure::Failure;
use crate::limit::Window;
use crate::log::Provider;
use crate::reply::Reply;
use crate::world::{Handled, World};

use Limited::{Other, Published};

/// An operation: its path below `/public/v1`, the one method that the path takes here, its name in the log, and its limit.
type Route =
    (&'static str, &'static str, &'static str, Limited, fn(&mut Asked<'_>) -> Result<Reply, Failure>);

/// Which rate limit an operation has.
#[derive(PartialEq, Eq)]
enum Limited {
    /// "List, Status, Delete" is one row of the published table.
    Published,
    Other,
}

static ROUTES: [Route; 9] = [
    ("workspaces", "GET", "list_workspaces", Published, users::workspaces),
    ("workspaces/{}/members", "POST", "add_member", Other, members::add),
    ("workspaces/{}/members/{}", "DELETE", "remove_member", Published, members::remove),
    ("workspaces/{}/members/{}/role", "PATCH", "change_member_role", Other, members::change_role),
    ("users", "GET", "list_users", Published, users::list),
    ("users/{}", "GET", "get_user", Other, users::get),
    ("members", "GET", "list_members", Published, members::list),
    ("members/current", "GET", "current_member", Other, members::current),
    ("members/{}", "GET", "get_member", Other, members::get),
];

pub(crate) fn handle(world: &mut World, call: &Call) -> Handled {
    let (operation, answer) = if ids(&call.segments, "oauth2/access_token").is_some() {
        let operation = (call.method == "POST").then_some("access_token");
        let known = operation.ok_or_else(|| wrong_method(call, "POST"));
        let (state, options) = (&mut world.state.pandadoc, &world.options.pandadoc);
        (operation, known.map(|_| oauth::access_token(state, options, call)))
    } else {
        let path = match &call.segments[..] {
            [public, v1, path @ ..] if public == "public" && v1 == "v1" => path,
            _ => &[],
        };
        let found = ROUTES.iter().find_map(|route| Some((route, ids(path, route.0)?)));
        let Some((route, ids)) = found else {
            return (None, reply(&not_found(), &world.options.pandadoc));
        };
        ((call.method == route.1).then_some(route.2), dispatch(world, call, route, ids))
    };
    (operation, answer.unwrap_or_else(|failure| reply(&failure, &world.options.pandadoc)))
}

fn wrong_method(call: &Call, allowed: &str) -> Failure {
    Failure::method_not_allowed(call.method.as_str(), &[allowed])
}

/// Django REST framework's order: who asks, whether the method exists, whether it is too often, then the operation.
fn dispatch(
    world: &mut World,
    call: &Call,
    (_, method, operation, limited, handler): &Route,
    ids: Vec<&str>,
) -> Result<Reply, Failure> {
    let (state, options) = (&mut world.state.pandadoc, &world.options.pandadoc);
    let me = caller(state, call)?;
    if call.method != *method {
        return Err(wrong_method(call, method));
    }
    // All keys of a user share a window per operation. A sandbox key has a lower limit on the same window.
    let limit = match limited {
        _ if me.sandbox => options.sandbox_limit,
        Published => options.list_limit,
        Other => options.other_limit,
    };
    if let Some(limit) = limit {
        let window = Window { provider: Provider::PandaDoc, user: me.user_id.clone(), operation };
        world.limiter.check(window, limit).map_err(Failure::throttled)?;
    }
    handler(&mut Asked { state, options, call, me, ids })
}
