//! Reading workspaces and their members, as far as a connection allows.

use crate::connections::Connection;
use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::progress;
use futures_util::{StreamExt, TryStreamExt, stream};
use std::collections::BTreeMap;
use std::time::Duration;
use workspace_members::{
    Capability, Effect, Error, ErrorKind, ListOf, Listing, Member, Operation, Resource, Workspace,
    WorkspaceId, WorkspaceMembersExt,
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
    /// The account's workspaces, if they were listed to find these.
    listed: Option<Vec<Workspace>>,
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
            return Ok(Choice { chosen: vec![chosen], left_out: 0, listed: None });
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
            .iter()
            .filter(|workspace| workspace.may_be_manageable())
            .map(|workspace| Chosen { id: workspace.id.clone(), name: Some(workspace.name.clone()) })
            .collect();
        Ok(Choice { left_out: total - chosen.len(), chosen, listed: Some(all) })
    }

    /// The workspaces with these ids or unique names, each once. They are listed if one of these may be a name.
    pub(crate) async fn chosen(&self, wanted: &[&str]) -> Result<Choice> {
        let listed = self.listed_for(wanted).await?;
        let mut chosen: Vec<Chosen> = Vec::new();
        for wanted in wanted {
            let found = self.choose(wanted, listed.as_deref())?;
            if !chosen.iter().any(|other| other.id == found.id) {
                chosen.push(found);
            }
        }
        Ok(Choice { chosen, left_out: 0, listed })
    }

    /// The workspace with this id or unique name, and the list that it was found in, if it may be a name.
    pub(crate) async fn one(&self, wanted: &str) -> Result<(Chosen, Option<Vec<Workspace>>)> {
        let listed = self.listed_for(&[wanted]).await?;
        let chosen = self.choose(wanted, listed.as_deref())?;
        Ok((chosen, listed))
    }

    /// The account's workspaces, where the key may list them and not all of these are ids by their looks.
    async fn listed_for(&self, wanted: &[&str]) -> Result<Option<Vec<Workspace>>> {
        let form = self.members.capabilities().workspace_ids();
        let ids = wanted.iter().all(|wanted| form.is_id(wanted));
        let one = self.own.only_workspace().is_some();
        if ids || one || !self.has(Capability::ListWorkspaces) {
            return Ok(None);
        }
        self.workspaces().await.map(Some)
    }

    fn missing(&self, wanted: &str) -> Failure {
        let message = format!("no workspace has the id or name {wanted:?}, or it is not visible");
        let error = Error::not_found(message, &[Resource::Workspace]).with_provider(self.members.provider());
        self.fail(error).advising(format!("`wsm workspaces {}` lists them", self.name))
    }

    fn choose(&self, wanted: &str, known: Option<&[Workspace]>) -> Result<Chosen> {
        if let Some(known) = known {
            return self.find(wanted, known);
        }
        // Without a list of workspaces it can only be an id.
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
            [] => Err(self.missing(wanted)),
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
    pub(crate) async fn members_of(&self, choice: &Choice, output: Output) -> Vec<Result<Vec<Member>>> {
        let Choice { chosen, listed, .. } = choice;
        if self.has(Capability::Roster) && self.has(Capability::ListAccountMembers) {
            return match self.members_in_one_pass(chosen, listed.as_deref(), output).await {
                Ok(all) => all,
                // One request failed, so one failure is told.
                Err(error) => vec![Err(self.fail(error))],
            };
        }
        let bar = progress::bar(chosen.len(), "workspaces", Duration::ZERO);
        let bar = &bar;
        let read: Vec<_> = stream::iter(chosen)
            .map(|workspace| async move {
                let members = match listed {
                    Some(listed) if self.has(Capability::Roster) => {
                        let id = std::slice::from_ref(&workspace.id);
                        let rosters = self.members.rosters_among(id, Some(listed)).await;
                        rosters.map(|rosters| rosters.iter().flatten().cloned().collect())
                    }
                    _ => collect(|| self.members.members(workspace.id.clone())).await,
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

    /// Where the workspaces were listed, whoever cannot be removed is marked, and a missing workspace is an error at once.
    /// Else the members tell that a workspace is there, and only of one without members it is looked up.
    async fn members_in_one_pass(
        &self,
        chosen: &[Chosen],
        listed: Option<&[Workspace]>,
        output: Output,
    ) -> workspace_members::Result<Vec<Result<Vec<Member>>>> {
        if listed.is_some() {
            let ids: Vec<WorkspaceId> = chosen.iter().map(|workspace| workspace.id.clone()).collect();
            let rosters = self.members.rosters_among(&ids, listed).await?;
            return Ok(rosters.iter().map(|roster| Ok(roster.members().to_vec())).collect());
        }
        let everybody = collect(|| self.members.members(ListOf::Account)).await?;
        let mut by_workspace: BTreeMap<WorkspaceId, Vec<Member>> = BTreeMap::new();
        for member in everybody {
            by_workspace.entry(member.key.workspace.clone()).or_default().push(member);
        }
        let mut found: Vec<Vec<Member>> =
            chosen.iter().map(|workspace| by_workspace.remove(&workspace.id).unwrap_or_default()).collect();
        for members in &mut found {
            members.sort_unstable_by(|a, b| a.key.principal.cmp(&b.key.principal));
        }
        let mut missing = Vec::new();
        if found.iter().any(Vec::is_empty) && self.has(Capability::ListWorkspaces) {
            match collect(|| self.members.workspaces()).await {
                Ok(all) => {
                    let gone = |one: &&Chosen| !all.iter().any(|known| known.id == one.id);
                    missing.extend(chosen.iter().filter(gone).map(|one| one.id.clone()));
                }
                Err(error) => output.note(&format!(
                    "{}: nobody is listed, and whether the workspace exists could not be read: {error}",
                    self.name
                )),
            }
        }
        Ok(chosen
            .iter()
            .zip(found)
            .map(|(workspace, members)| {
                if members.is_empty() && missing.contains(&workspace.id) {
                    Err(self.missing(workspace.id.as_str()))
                } else {
                    Ok(members)
                }
            })
            .collect())
    }
}
