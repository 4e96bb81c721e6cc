//! PandaDoc, as far as workspace membership reaches: the public API v1 under `/public/v1`, and the OAuth token.
//!
//! Behaviour follows PandaDoc's `OpenAPI` file (github.com/PandaDoc/pandadoc-openapi-specification, v8.8.0, read
//! 2026-11-21) and developers.pandadoc.com. Where they do not speak, the code says *inferred*.
//!
//! | method and path | who may call |
//! |---|---|
//! | `POST /public/v1/workspaces/{workspace_id}/members` | organization admin, workspace admin |
//! | `DELETE /public/v1/workspaces/{workspace_id}/members/{member_id}` | the same (inferred) |
//! | `PATCH /public/v1/workspaces/{workspace_id}/members/{member_id}/role` | the same, or a role that may edit roles |
//! | `GET /public/v1/users`, `GET /public/v1/users/{user_id}` | organization admin |
//! | `GET /public/v1/workspaces` | organization admin (inferred) |
//! | `GET /public/v1/members`, `/members/current`, `/members/{id}` | any member that is not blocked |
//! | `POST /oauth2/access_token` | with `grant_type=refresh_token` |
//!
//! Creating users, workspaces and keys is not simulated: build them into the [`State`](crate::State).

mod build;
mod errors;
mod members;
mod oauth;
mod options;
mod rights;
mod routes;
mod state;
mod users;

pub use options::PandaDocOptions;
pub(crate) use routes::handle;
pub use state::{
    CustomRole, Key, KeyKind, Mail, MailKind, Membership, OAuthClient, OAuthToken, Organization,
    PandaDocState, User, Workspace,
};
