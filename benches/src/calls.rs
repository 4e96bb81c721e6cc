//! The calls that are compared, done by each contender.

use crate::bare::Bare;
use crate::bodies::{PANDADOC_USER, PANDADOC_WORKSPACE, PARADIGM_USER};
use crate::floor::{Floor, Result};
use crate::server::NeutralServer;
use async_trait::async_trait;
use secrecy::SecretString;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;
use workspace_members_core::{
    AddMember, ListOf, PageRequest, Role, UserId, WorkspaceId, WorkspaceMembers, WorkspaceMembersExt as _,
};
use workspace_members_http::{HttpSettings, StaticCredential};
use workspace_members_layers::{LayersConfig, LimitConfig, RateLimitConfig, Stack};
use workspace_members_pandadoc::{PandaDoc, PandaDocConfig};
use workspace_members_paradigm::{Paradigm, ParadigmConfig};

/// A made-up key; the neutral server looks at none.
const KEY: &str = "e4a1c0a7b5d94f0e8a6b2c3d4e5f60718293a4b5";

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// Paradigm: add one user; the answer lists the workspace's 10 members.
    ParadigmAdd,
    /// Paradigm: list so many members, in one answer.
    ParadigmList(usize),
    /// PandaDoc: add one user.
    PandaDocAdd,
    /// PandaDoc: list an organization of so many, 50 an answer.
    PandaDocList(usize),
}

impl Call {
    /// As the table names it.
    pub fn title(self) -> String {
        match self {
            Self::ParadigmAdd => "Paradigm: one `add` to a workspace of 10".to_owned(),
            Self::ParadigmList(count) => format!("Paradigm: one list of {count} members"),
            Self::PandaDocAdd => "PandaDoc: one `add`".to_owned(),
            Self::PandaDocList(count) => {
                format!("PandaDoc: one list of {count} members, {} requests", count.div_ceil(50))
            }
        }
    }
}

/// Does a call a number of times, one after the other. Answers how many members it saw.
#[async_trait]
pub trait Contender: Send + Sync {
    /// As the table names it.
    fn name(&self) -> &str;
    /// Does it.
    async fn run(&self, times: u32) -> Result<usize>;
    /// Does it once, and keeps the members in memory until `look` has looked.
    async fn hold(&self, look: &(dyn Fn() + Sync)) -> Result<usize>;
}

fn base_of(server: &NeutralServer, call: Call) -> (String, &'static str) {
    match call {
        Call::ParadigmAdd | Call::ParadigmList(_) => (server.paradigm().to_owned(), "Bearer"),
        Call::PandaDocAdd => (server.pandadoc(10), "API-Key"),
        Call::PandaDocList(count) => (server.pandadoc(count), "API-Key"),
    }
}

/// Hyper alone.
pub async fn bare(server: &NeutralServer, call: Call) -> Result<Arc<dyn Contender>> {
    let (base, scheme) = base_of(server, call);
    let connection = Bare::connect(&base, format!("{scheme} {KEY}")).await?;
    Ok(Arc::new(ByHand { name: "hyper alone, one connection", client: connection, call }))
}

/// Reqwest and serde by hand.
pub fn floor(server: &NeutralServer, call: Call) -> Result<Arc<dyn Contender>> {
    let (base, _) = base_of(server, call);
    Ok(Arc::new(ByHand { name: "**reqwest and serde by hand**", client: Floor::new(&base, KEY)?, call }))
}

/// The adapter, without any layer.
pub fn adapter(server: &NeutralServer, call: Call) -> Result<Box<dyn WorkspaceMembers>> {
    let (base, _) = base_of(server, call);
    let key = Arc::new(StaticCredential::new(SecretString::from(KEY)));
    Ok(match call {
        Call::ParadigmAdd | Call::ParadigmList(_) => {
            Box::new(Paradigm::new(&ParadigmConfig::default(), &HttpSettings::at(base), key)?)
        }
        Call::PandaDocAdd | Call::PandaDocList(_) => {
            Box::new(PandaDoc::new(&PandaDocConfig::default(), &HttpSettings::at(base), key)?)
        }
    })
}

/// The adapter in the whole standard stack: no audit, no tracing subscriber, and a limit that is counted and never reached.
pub fn stack(server: &NeutralServer, call: Call) -> Result<Arc<dyn WorkspaceMembers>> {
    let never = LimitConfig::new(1_000_000, Duration::from_millis(50));
    let config =
        LayersConfig::default().with_rate_limit(RateLimitConfig::default().with_limits(Some(vec![never])));
    Ok(Arc::new(Stack::standard(adapter(server, call)?, &config)?))
}

/// Ours, whatever stands around the adapter.
pub fn ours(name: &'static str, members: impl WorkspaceMembers + 'static, call: Call) -> Arc<dyn Contender> {
    Arc::new(Ours { name, members, call })
}

/// The same, as complete rosters instead of pages.
pub fn our_roster(
    name: &'static str,
    members: impl WorkspaceMembers + 'static,
    call: Call,
) -> Arc<dyn Contender> {
    Arc::new(OurRoster(Ours { name, members, call }))
}

struct ByHand<C> {
    name: &'static str,
    client: C,
    call: Call,
}

macro_rules! by_hand {
    ($client:ty) => {
        #[async_trait]
        impl Contender for ByHand<$client> {
            fn name(&self) -> &str {
                self.name
            }

            async fn run(&self, times: u32) -> Result<usize> {
                let mut seen = 0;
                for _ in 0..times {
                    seen += self.hold(&|| ()).await?;
                }
                Ok(seen)
            }

            async fn hold(&self, look: &(dyn Fn() + Sync)) -> Result<usize> {
                let members = match self.call {
                    Call::ParadigmAdd => {
                        vec![self.client.paradigm_add(10, PARADIGM_USER, "viewer").await?]
                    }
                    Call::ParadigmList(count) => self.client.paradigm_list(count).await?,
                    Call::PandaDocAdd => {
                        vec![self.client.pandadoc_add(PANDADOC_WORKSPACE, PANDADOC_USER, "Member").await?]
                    }
                    Call::PandaDocList(_) => self.client.pandadoc_list().await?,
                };
                look();
                Ok(black_box(members).len())
            }
        }
    };
}

by_hand!(Bare);
by_hand!(Floor);

struct Ours<M> {
    name: &'static str,
    members: M,
    call: Call,
}

impl<M: WorkspaceMembers> Ours<M> {
    fn of(&self) -> Result<(WorkspaceId, ListOf)> {
        let workspace = match self.call {
            Call::ParadigmAdd => WorkspaceId::from(10),
            Call::ParadigmList(count) => WorkspaceId::from(count as u64),
            Call::PandaDocAdd => WorkspaceId::new(PANDADOC_WORKSPACE)?,
            Call::PandaDocList(_) => return Ok((WorkspaceId::new(PANDADOC_WORKSPACE)?, ListOf::Account)),
        };
        Ok((workspace.clone(), ListOf::Workspace(workspace)))
    }
}

#[async_trait]
impl<M: WorkspaceMembers> Contender for Ours<M> {
    fn name(&self) -> &str {
        self.name
    }

    async fn run(&self, times: u32) -> Result<usize> {
        let mut seen = 0;
        for _ in 0..times {
            seen += self.hold(&|| ()).await?;
        }
        Ok(seen)
    }

    async fn hold(&self, look: &(dyn Fn() + Sync)) -> Result<usize> {
        let (workspace, of) = self.of()?;
        let mut members = match self.call {
            Call::ParadigmAdd => {
                let request = AddMember::new(workspace, UserId::from(PARADIGM_USER), Role::Viewer);
                vec![self.members.add(&request).await?]
            }
            Call::PandaDocAdd => {
                let request = AddMember::new(workspace, UserId::new(PANDADOC_USER)?, Role::Editor);
                vec![self.members.add(&request).await?]
            }
            Call::ParadigmList(_) | Call::PandaDocList(_) => Vec::new(),
        };
        if members.is_empty() {
            let mut at = None;
            loop {
                let page = self.members.members_page(&of, PageRequest::at(at)).await?;
                if members.is_empty() {
                    members = page.items;
                } else {
                    members.extend(page.items);
                }
                at = page.next;
                if at.is_none() {
                    break;
                }
            }
        }
        look();
        Ok(black_box(members).len())
    }
}

struct OurRoster<M>(Ours<M>);

#[async_trait]
impl<M: WorkspaceMembers> Contender for OurRoster<M> {
    fn name(&self) -> &str {
        self.0.name
    }

    async fn run(&self, times: u32) -> Result<usize> {
        let mut seen = 0;
        for _ in 0..times {
            seen += self.hold(&|| ()).await?;
        }
        Ok(seen)
    }

    async fn hold(&self, look: &(dyn Fn() + Sync)) -> Result<usize> {
        let roster = self.0.members.roster(&self.0.of()?.0).await?;
        look();
        Ok(black_box(roster).len())
    }
}
