//! Reading workspaces and their members, as far as a connection allows.

use crate::connections::Connection;
use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::progress;
use crate::report::counted;
use futures_util::{StreamExt, stream};
use std::collections::BTreeMap;
use std::time::Duration;
use workspace_members::{
    Capability, Effect, Error, ErrorKind, ListOf, Member, Operation, Resource, Roster, Workspace,
    WorkspaceId, WorkspaceMembersExt, collect_listing,
};

/// How many workspaces of one connection are read side by side. Limits are kept by the layers below.
const SIDE_BY_SIDE: usize = 4;

/// A workspace that was chosen, with its name where it is known.
#[derive(Debug, Clone)]
pub(crate) struct Chosen {
    pub(crate) id: WorkspaceId,
    pub(crate) name: Option<String>,
}

impl From<&Workspace> for Chosen {
    fn from(workspace: &Workspace) -> Self {
        Self { id: workspace.id.clone(), name: Some(workspace.name.clone()) }
    }
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

impl Connection {
    fn has(&self, capability: Capability) -> bool {
        self.members.capabilities().has(capability)
    }

    /// Says how many workspaces are not shown.
    pub(crate) fn note_left_out(&self, count: usize, output: Output) {
        if count > 0 {
            let (more, name) = (counted(count, "workspace"), &self.name);
            let why = "not this key's to manage, or without members of their own";
            self.note(
                output,
                format!("{more} more not listed: {why}; `wsm workspaces {name} --all` shows them"),
            );
        }
    }

    /// All workspaces that the connection shows.
    pub(crate) async fn workspaces(&self) -> Result<Vec<Workspace>> {
        collect_listing(|| self.members.workspaces()).await.map_err(|error| self.fail(error))
    }

    /// Those whose members are the connection's to manage.
    pub(crate) async fn manageable(&self) -> Result<Choice> {
        if let Some(id) = self.own.only_workspace() {
            let chosen = Chosen { id: id.clone(), name: None };
            return Ok(Choice { chosen: vec![chosen], left_out: 0, listed: None });
        }
        let operation = Operation::ListWorkspaces;
        let claimed = self.members.capabilities().require(Capability::ListWorkspaces, operation);
        let advice = || format!("name a workspace by its id: {}:ID", self.name);
        claimed.map_err(|error| self.fail(error).advising(advice()))?;
        let all = self.workspaces().await?;
        let manageable = all.iter().filter(|workspace| workspace.may_be_manageable());
        let chosen: Vec<Chosen> = manageable.map(Chosen::from).collect();
        Ok(Choice { left_out: all.len() - chosen.len(), chosen, listed: Some(all) })
    }

    /// The workspaces with these ids or unique names, each once. They are listed if one of these may be a name.
    pub(crate) async fn chosen(&self, named: &[&str]) -> Result<Choice> {
        let listed = self.listed_for(named).await?;
        let mut chosen: Vec<Chosen> = Vec::new();
        for named in named {
            let found = self.choose(named, listed.as_deref())?;
            if !chosen.iter().any(|other| other.id == found.id) {
                chosen.push(found);
            }
        }
        Ok(Choice { chosen, left_out: 0, listed })
    }

    /// The workspace with this id or unique name, and the list that it was found in, if it may be a name.
    pub(crate) async fn one(&self, named: &str) -> Result<(Chosen, Option<Vec<Workspace>>)> {
        let listed = self.listed_for(&[named]).await?;
        let chosen = self.choose(named, listed.as_deref())?;
        Ok((chosen, listed))
    }

    /// The roster of the workspace with this id or unique name.
    pub(crate) async fn roster(&self, named: &str) -> Result<Roster> {
        let (workspace, listed) = self.one(named).await?;
        let ids = std::slice::from_ref(&workspace.id);
        let rosters = self.members.rosters_among(ids, listed.as_deref()).await;
        let mut rosters = rosters.map_err(|error| self.fail(error))?;
        Ok(rosters.remove(0))
    }

    /// The account's workspaces, where the key may list them and not all of these are ids by their looks.
    async fn listed_for(&self, named: &[&str]) -> Result<Option<Vec<Workspace>>> {
        let form = self.members.capabilities().workspace_ids();
        let ids = named.iter().all(|named| form.is_id(named));
        let one = self.own.only_workspace().is_some();
        if ids || one || !self.has(Capability::ListWorkspaces) {
            return Ok(None);
        }
        self.workspaces().await.map(Some)
    }

    fn missing(&self, named: &str) -> Failure {
        let message = format!("no workspace has the id or name {named:?}, or it is not visible");
        let error = Error::not_found(message, &[Resource::Workspace]).with_provider(self.members.provider());
        self.fail(error).advising(format!("`wsm workspaces {}` lists them", self.name))
    }

    /// Finds a workspace in the list. Without a list, what was typed can only be an id.
    fn choose(&self, named: &str, listed: Option<&[Workspace]>) -> Result<Chosen> {
        let Some(listed) = listed else {
            let id = WorkspaceId::new(named).map_err(Error::from);
            let checked = id.and_then(|id| self.members.capabilities().check_workspace_id(&id).map(|()| id));
            return checked.map(|id| Chosen { id, name: None }).map_err(|error| self.fail(error));
        };
        if let Some(found) = listed.iter().find(|workspace| workspace.id.as_str() == named) {
            return Ok(found.into());
        }
        let found: Vec<&Workspace> = listed.iter().filter(|workspace| workspace.name == named).collect();
        match found.as_slice() {
            [one] => Ok((*one).into()),
            [] => Err(self.missing(named)),
            several => {
                let ids = several.iter().map(|workspace| workspace.id.to_string()).collect::<Vec<_>>();
                let message = format!("{} workspaces are named {named:?}: {}", ids.len(), ids.join(", "));
                let error = Error::new(ErrorKind::Ambiguous, Effect::Rejected, message);
                Err(self.fail(error.with_provider(self.members.provider())))
            }
        }
    }

    /// The members of each of these workspaces. Where the provider lists the whole account in one pass they come
    /// together or not at all, else each for itself.
    pub(crate) async fn members_of(&self, choice: &Choice, output: Output) -> Vec<Result<Vec<Member>>> {
        let Choice { chosen, listed, .. } = choice;
        if !chosen.is_empty() && self.has(Capability::Roster) && self.has(Capability::ListAccountMembers) {
            return match self.members_in_one_pass(chosen, listed.as_deref(), output).await {
                Ok(all) => all,
                // One request failed, so there is one failure.
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
                    _ => collect_listing(|| self.members.members(workspace.id.clone())).await,
                };
                bar.inc(1);
                members.map(sorted).map_err(|error| self.fail(error))
            })
            .buffered(SIDE_BY_SIDE)
            .collect()
            .await;
        bar.finish_and_clear();
        read
    }

    /// Where the workspaces were listed, members who cannot be removed are marked, and a missing workspace is an error.
    /// Else members show that a workspace exists, and only one without members is looked up.
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
        let everybody = collect_listing(|| self.members.members(ListOf::Account)).await?;
        let mut by_workspace: BTreeMap<WorkspaceId, Vec<Member>> = BTreeMap::new();
        for member in everybody {
            by_workspace.entry(member.key.workspace.clone()).or_default().push(member);
        }
        let mut take = |id: &WorkspaceId| sorted(by_workspace.remove(id).unwrap_or_default());
        let found: Vec<Vec<Member>> = chosen.iter().map(|workspace| take(&workspace.id)).collect();
        let mut known = None;
        if found.iter().any(Vec::is_empty) && self.has(Capability::ListWorkspaces) {
            match collect_listing(|| self.members.workspaces()).await {
                Ok(all) => known = Some(all),
                Err(error) => {
                    let what = "nobody is listed, and whether the workspace exists could not be read";
                    self.note(output, format!("{what}: {error}"));
                }
            }
        }
        let missing =
            |id: &WorkspaceId| known.as_ref().is_some_and(|all| all.iter().all(|one| one.id != *id));
        let answer = |(workspace, members): (&Chosen, Vec<Member>)| {
            let gone = members.is_empty() && missing(&workspace.id);
            if gone { Err(self.missing(workspace.id.as_str())) } else { Ok(members) }
        };
        Ok(chosen.iter().zip(found).map(answer).collect())
    }
}

/// In the order of rosters.
fn sorted(mut members: Vec<Member>) -> Vec<Member> {
    members.sort_unstable_by(|a, b| a.key.principal.cmp(&b.key.principal));
    members
}
