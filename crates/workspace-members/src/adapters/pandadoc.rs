use crate::config::{Auth, KeyKind, Reach, Region, wrong};
use crate::{Config, Credential};
use std::sync::Arc;
use workspace_members_core::{Result, WorkspaceMembers};
use workspace_members_http::check_base_url;
use workspace_members_pandadoc as pandadoc;

pub(super) fn build(
    config: &Config,
    credential: Credential,
    transport: &pandadoc::Transport,
) -> Result<Arc<dyn WorkspaceMembers>> {
    let oauth = matches!(credential, Credential::OAuth(_));
    let auth = match (config.auth, oauth) {
        (Some(Auth::ApiKey), true) => {
            return Err(wrong("OAuth yields access tokens: remove `auth`, or write `auth = \"bearer\"`"));
        }
        (Some(Auth::Bearer), _) | (None, true) => pandadoc::Auth::Bearer,
        (Some(Auth::ApiKey) | None, false) => pandadoc::Auth::ApiKey,
    };
    let region = match config.region.unwrap_or_default() {
        Region::Us => pandadoc::Region::Us,
        Region::Eu => pandadoc::Region::Eu,
    };
    let base = check_base_url(config.base_url.as_deref().unwrap_or(region.base_url()))?;
    let token_url = format!("{}{}", base.as_str().trim_end_matches('/'), pandadoc::TOKEN_PATH);
    let source = credential.into_source(Some(token_url), transport)?;
    let mut own = pandadoc::PandaDocConfig::new(source)
        .with_transport(transport.clone())
        .with_auth(auth)
        .with_region(region)
        .with_reach(match config.reach.clone().unwrap_or_default() {
            Reach::Organization => pandadoc::Reach::Organization,
            Reach::Workspace(id) => pandadoc::Reach::Workspace(id),
        })
        .with_key_kind(match config.key_kind.unwrap_or_default() {
            KeyKind::Production => pandadoc::KeyKind::Production,
            KeyKind::Sandbox => pandadoc::KeyKind::Sandbox,
        });
    if let Some(url) = &config.base_url {
        own = own.with_base_url(url)?;
    }
    if let Some(size) = config.page_size {
        own = own.with_page_size(size);
    }
    if let Some(roles) = &config.roles {
        own = own.with_roles(roles.clone());
    }
    if let Some(policy) = config.role_policy {
        own = own.with_role_policy(policy);
    }
    Ok(Arc::new(pandadoc::PandaDoc::new(own)?))
}
