//! Reading workspaces and their members, as far as a connection allows.

use crate::connections::Connection;
use crate::failure::{Failure, Result};
use crate::progress;
use futures_util::{StreamExt, TryStreamExt, stream};
use std::time::Duration;
use workspace_members::{
    Capability, Effect, Error, ErrorKind, Listing, Member, Operation, Resource, Workspace, WorkspaceId,
    WorkspaceMembersExt,
};

/// How many workspaces of one connection are read side by side. Limits are kept by the layers below.
const SIDE_BY_SIDE: usize = 4;

/// A workspace that was chosen, with its name where it is known.
#[derive(Debug, Clone)]
pub(crate) struct Chosen {
    pub(crate) id: WorkspaceId,
    pub(crate) name: Option<String>,
}

/// Which workspaces a command is about.
#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) chosen: Vec<Chosen>,
    /// How many the connection has beside these whose members are not its to manage.
    pub(crate) left_out: usize,
}

/// Collects a listing; one that changed meanwhile is started over once.
pub(crate) async fn collect<'a, T: 'a>(
    mut listing: impl FnMut() -> Listing<'a, T>,
) -> workspace_members::Result<Vec<T>> {
    match listing().try_collect().await {
        Err(error) if error.kind() == ErrorKind::ListingChanged => listing().try_collect().await,
        result => result,
    }
}

impl Connection {
    fn has(&self, capability: Capability) -> bool {
        self.members.capabilities().has(capability)
    }

    fn fail(&self, error: impl Into<Error>) -> Failure {
        Failure::from(error.into()).at(&self.name)
    }

    /// All workspaces that the connection shows.
    pub(crate) async fn workspaces(&self) -> Result<Vec<Workspace>> {
        collect(|| self.members.workspaces()).await.map_err(|error| self.fail(error))
    }

    /// Those whose members are the connection's to manage.
    pub(crate) async fn manageable(&self) -> Result<Choice> {
        if let Some(id) = self.own.only_workspace() {
            let chosen = Chosen { id: id.clone(), name: None };
            return Ok(Choice { chosen: vec![chosen], left_out: 0 });
        }
        if let Err(error) =
            self.members.capabilities().require(Capability::ListWorkspaces, Operation::ListWorkspaces)
        {
            let advice = format!("name a workspace by its id: {}:ID", self.name);
            return Err(self.fail(error).advising(advice));
        }
        let all = self.workspaces().await?;
        let total = all.len();
        let chosen: Vec<Chosen> = all
            .into_iter()
            .filter(|workspace| workspace.may_be_manageable())
            .map(|workspace| Chosen { id: workspace.id, name: Some(workspace.name) })
            .collect();
        Ok(Choice { left_out: total - chosen.len(), chosen })
    }

    /// The workspaces with these ids or unique names, each once, from one listing.
    pub(crate) async fn chosen(&self, wanted: &[&str]) -> Result<Vec<Chosen>> {
        let known = self.listed().await?;
        let mut chosen: Vec<Chosen> = Vec::new();
        for wanted in wanted {
            let found = self.choose(wanted, known.as_deref())?;
            if !chosen.iter().any(|other| other.id == found.id) {
                chosen.push(found);
            }
        }
        Ok(chosen)
    }

    /// The workspace with this id or unique name, and the list that it was found in.
    pub(crate) async fn one(&self, wanted: &str) -> Result<(Chosen, Option<Vec<Workspace>>)> {
        let known = self.listed().await?;
        let chosen = self.choose(wanted, known.as_deref())?;
        Ok((chosen, known))
    }

    /// The account's workspaces, where the key may list them.
    async fn listed(&self) -> Result<Option<Vec<Workspace>>> {
        let one = self.own.only_workspace().is_some();
        if self.has(Capability::ListWorkspaces) && !one {
            self.workspaces().await.map(Some)
        } else {
            Ok(None)
        }
    }

    fn choose(&self, wanted: &str, known: Option<&[Workspace]>) -> Result<Chosen> {
        if let Some(known) = known {
            return self.find(wanted, known);
        }
        let id = WorkspaceId::new(wanted).map_err(|error| self.fail(error))?;
        Ok(Chosen { id, name: None })
    }

    fn find(&self, wanted: &str, known: &[Workspace]) -> Result<Chosen> {
        let chosen =
            |workspace: &Workspace| Chosen { id: workspace.id.clone(), name: Some(workspace.name.clone()) };
        if let Some(found) = known.iter().find(|workspace| workspace.id.as_str() == wanted) {
            return Ok(chosen(found));
        }
        let named: Vec<&Workspace> = known.iter().filter(|workspace| workspace.name == wanted).collect();
        let provider = self.members.provider();
        match named.as_slice() {
            [one] => Ok(chosen(one)),
            [] => {
                let message = format!("no workspace has the id or name {wanted:?}, or it is not visible");
                let error = Error::not_found(message, &[Resource::Workspace]).with_provider(provider);
                let advice = format!("`wsm workspaces {}` lists them", self.name);
                Err(self.fail(error).advising(advice))
            }
            several => {
                let ids = several.iter().map(|workspace| workspace.id.to_string()).collect::<Vec<_>>();
                let message =
                    format!("{} workspaces are named {wanted:?}: {}", several.len(), ids.join(", "));
                let error =
                    Error::new(ErrorKind::Ambiguous, Effect::Rejected, message).with_provider(provider);
                Err(self.fail(error))
            }
        }
    }

    /// The members of each of these workspaces. Where the provider lists the whole account in one pass they come
    /// together or not at all, else each for itself.
    pub(crate) async fn members_of(&self, chosen: &[Chosen]) -> Vec<Result<Vec<Member>>> {
        if self.has(Capability::Roster) && self.has(Capability::ListAccountMembers) {
            let ids: Vec<WorkspaceId> = chosen.iter().map(|workspace| workspace.id.clone()).collect();
            return match self.members.rosters(&ids).await {
                Ok(rosters) => rosters.iter().map(|roster| Ok(roster.members().to_vec())).collect(),
                // One request failed, so one failure is told.
                Err(error) => vec![Err(self.fail(error))],
            };
        }
        let bar = progress::bar(chosen.len(), "workspaces", Duration::ZERO);
        let bar = &bar;
        let read: Vec<_> = stream::iter(chosen)
            .map(|workspace| async move {
                let members = if self.has(Capability::Roster) {
                    self.members.roster(&workspace.id).await.map(|roster| roster.members().to_vec())
                } else {
                    collect(|| self.members.members(workspace.id.clone())).await
                };
                bar.inc(1);
                members.map_err(|error| self.fail(error))
            })
            .buffered(SIDE_BY_SIDE)
            .collect()
            .await;
        bar.finish_and_clear();
        read
    }
}
