//! `LightOn` Paradigm, as far as workspace membership reaches: API v3 under `/api/v3`.
//!
//! Behaviour follows the pages of docs.lighton.ai (API version `xenial-xerus (v3)`, read 2026-11-21) where they speak.
//! Where they do not, the code says *inferred*. The backend is Django REST framework by the docs' own words, so its
//! habits fill most gaps: error bodies, paging, the order authentication, method, throttle, object, body.
//!
//! | method and path under `/api/v3` | level `owner` | `/company` | `/instance` |
//! |---|---|---|---|
//! | `GET /workspaces` | yes | yes | yes |
//! | `GET /workspaces/{id}` | yes | yes | `inferred` |
//! | `GET /workspaces/{id}/members` | yes | yes | `inferred` |
//! | `POST /workspaces/{id}/members` | yes | `inferred` | `inferred` |
//! | `DELETE /workspaces/{id}/members/users/{user_id}` | yes (inferred by the docs' symmetry) | yes | yes |
//! | `DELETE /workspaces/{id}/members/groups/{group_id}` | yes | `inferred` | `inferred` |
//! | `GET /users/me`, `GET /users`, `GET /groups` | yes | – | – |
//!
//! `inferred` paths answer only with [`ParadigmOptions::inferred`]. Replacing all members (`PUT`) is not simulated: its
//! published schemas contradict each other.

mod build;
mod errors;
mod members;
mod options;
mod paging;
mod people;
mod rights;
mod routes;
mod state;
mod workspaces;

pub(crate) use build::names;
pub use options::{ErrorStyle, ParadigmOptions};
pub(crate) use routes::handle;
pub use state::{
    Company, Grant, Group, GroupCategory, GroupMember, Key, ParadigmState, PlatformRole, User, Workspace,
    WorkspaceType,
};
