//! Which operation a request is.

use super::errors::{self, reply};
use super::members::Kind;
use super::rights::{Asked, Level, caller};
use super::{members, people, workspaces};
use crate::call::{Call, ids};
use crate::failure::Failure;
use crate::limit::Window;
use crate::log::Provider;
use crate::reply::Reply;
use crate::world::{Handled, World};

use Evidence::{Documented, Inferred, NotSimulated};
use Level::{Company, Instance, Owner};

/// How it is known that there is an operation.
#[derive(PartialEq, Eq)]
enum Evidence {
    Documented,
    /// No page shows it and its neighbours suggest it: served if [`inferred`](super::ParadigmOptions::inferred).
    Inferred,
    /// Its path exists; the method is refused.
    NotSimulated,
}

type Handler = fn(&mut Asked<'_>) -> Result<Reply, Failure>;

/// One operation.
struct Route {
    level: Level,
    method: &'static str,
    /// Below the level's prefix.
    path: &'static str,
    /// Its name in the log.
    operation: &'static str,
    evidence: Evidence,
    handler: Handler,
}

const fn route(
    level: Level,
    method: &'static str,
    path: &'static str,
    operation: &'static str,
    evidence: Evidence,
    handler: Handler,
) -> Route {
    Route { level, method, path, operation, evidence, handler }
}

const WORKSPACES: &str = "workspaces";
const WORKSPACE: &str = "workspaces/{}";
const MEMBERS: &str = "workspaces/{}/members";
const USER: &str = "workspaces/{}/members/users/{}";
const GROUP: &str = "workspaces/{}/members/groups/{}";

static ROUTES: [Route; 22] = [
    route(Owner, "GET", WORKSPACES, "list_workspaces", Documented, workspaces::list),
    route(Owner, "GET", WORKSPACE, "get_workspace", Documented, workspaces::get),
    route(Owner, "GET", MEMBERS, "list_members", Documented, members::list),
    route(Owner, "POST", MEMBERS, "add_member", Documented, members::add),
    route(Owner, "DELETE", USER, "remove_user", Documented, remove_user),
    route(Owner, "DELETE", GROUP, "remove_group", Documented, remove_group),
    route(Owner, "GET", "users/me", "get_me", Documented, people::me),
    route(Owner, "GET", "users", "list_users", Documented, people::users),
    route(Owner, "GET", "groups", "list_groups", Documented, people::groups),
    route(Company, "GET", WORKSPACES, "company_list_workspaces", Documented, workspaces::list),
    route(Company, "GET", WORKSPACE, "company_get_workspace", Documented, workspaces::get),
    route(Company, "GET", MEMBERS, "company_list_members", Documented, members::list),
    route(Company, "POST", MEMBERS, "company_add_member", Inferred, members::add),
    route(Company, "DELETE", USER, "company_remove_user", Documented, remove_user),
    route(Company, "DELETE", GROUP, "company_remove_group", Inferred, remove_group),
    route(Instance, "GET", WORKSPACES, "instance_list_workspaces", Documented, workspaces::list),
    route(Instance, "GET", WORKSPACE, "instance_get_workspace", Inferred, workspaces::get),
    route(Instance, "GET", MEMBERS, "instance_list_members", Inferred, members::list),
    route(Instance, "POST", MEMBERS, "instance_add_member", Inferred, members::add),
    route(Instance, "PUT", MEMBERS, "instance_replace_members", NotSimulated, members::list),
    route(Instance, "DELETE", USER, "instance_remove_user", Documented, remove_user),
    route(Instance, "DELETE", GROUP, "instance_remove_group", Inferred, remove_group),
];

fn remove_user(asked: &mut Asked<'_>) -> Result<Reply, Failure> {
    members::remove(asked, Kind::User)
}

fn remove_group(asked: &mut Asked<'_>) -> Result<Reply, Failure> {
    members::remove(asked, Kind::Group)
}

pub(crate) fn handle(world: &mut World, call: &Call) -> Handled {
    let options = &world.options.paradigm;
    if let Some(maintenance) = &options.maintenance {
        return (None, errors::maintenance(maintenance));
    }
    let (level, path) = match &call.segments[..] {
        [api, v3, path @ ..] if api == "api" && v3 == "v3" => match path {
            [level, path @ ..] if level == "company" => (Company, path),
            [level, path @ ..] if level == "instance" => (Instance, path),
            path => (Owner, path),
        },
        _ => (Owner, &[][..]),
    };
    let served = ROUTES
        .iter()
        .filter(|route| route.level == level && (route.evidence != Inferred || options.inferred));
    let mut known = served.filter_map(|route| Some((route, ids(path, route.path)?))).peekable();
    if known.peek().is_none() {
        return (None, reply(&Failure::new(404, "Not found."), options));
    }
    let (routes, ids): (Vec<_>, Vec<_>) = known.filter(|(route, _)| route.evidence != NotSimulated).unzip();
    let route = routes.iter().copied().find(|route| call.method == route.method);
    let ids = ids.into_iter().next().unwrap_or_default();
    let answer = dispatch(world, call, &routes, route, ids);
    let answer = answer.unwrap_or_else(|failure| reply(&failure, &world.options.paradigm));
    (route.map(|route| route.operation), answer)
}

/// Django REST framework's order: who asks, whether the method exists, whether it is too often, then the operation.
fn dispatch(
    world: &mut World,
    call: &Call,
    routes: &[&Route],
    route: Option<&Route>,
    ids: Vec<&str>,
) -> Result<Reply, Failure> {
    let (state, options) = (&mut world.state.paradigm, &world.options.paradigm);
    let me = caller(state, call)?;
    let Some(Route { level, operation, handler, .. }) = route else {
        let allowed: Vec<&str> = routes.iter().map(|route| route.method).collect();
        return Err(Failure::method_not_allowed(call.method.as_str(), &allowed));
    };
    let limit = if *operation == "list_users" { options.users_limit } else { options.other_limit };
    if let Some(limit) = limit {
        let window = Window { provider: Provider::Paradigm, user: me.id.to_string(), operation };
        world.limiter.check(window, limit).map_err(Failure::throttled)?;
    }
    handler(&mut Asked { state, options, call, level: *level, me, ids })
}
