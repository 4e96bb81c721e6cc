use crate::config::Level;
use crate::{Config, Credential};
use std::sync::Arc;
use workspace_members_core::{Result, WorkspaceMembers};
use workspace_members_paradigm as paradigm;

pub(super) fn build(
    config: &Config,
    credential: Credential,
    transport: &paradigm::Transport,
) -> Result<Arc<dyn WorkspaceMembers>> {
    let source = credential.into_source(None, transport)?;
    let mut own = paradigm::ParadigmConfig::new(source).with_transport(transport.clone());
    if let Some(url) = &config.base_url {
        own = own.with_base_url(url)?;
    }
    if let Some(level) = config.level {
        own = own.with_level(match level {
            Level::Owner => paradigm::Level::Owner,
            Level::Company => paradigm::Level::Company,
            Level::Instance => paradigm::Level::Instance,
        });
    }
    if let Some(inferred) = config.inferred {
        own = own.with_inferred(inferred);
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
    Ok(Arc::new(paradigm::Paradigm::new(own)?))
}
