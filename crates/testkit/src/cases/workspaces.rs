//! Workspaces: what they are called, and whether their members may be managed.

use crate::case::{Outcome, RAN, Verdict, cases};
use crate::cast::{BOSS, CLEO, LEGAL, ME, SALES};
use crate::context::Context;
use crate::failure::{Failure, check, check_eq};
use crate::seed::Grant;
use crate::stage::Stage;
use futures_util::TryStreamExt;
use workspace_members_core::{AddMember, Behaviour, ErrorKind, Workspace, WorkspaceId, WorkspaceMembersExt};

cases! {
    workspaces_are_what_they_are [ListWorkspaces];
    a_workspace_is_found_by_id_or_name [ListWorkspaces];
    workspaces_of_one_name_are_ambiguous [ListWorkspaces];
    fixed_workspaces_are_left_out_or_marked [ListWorkspaces];
    adding_to_a_fixed_workspace_is_refused [AddUser];
    a_workspace_that_may_be_manageable_is_tried [AddUser];
}

async fn workspaces_are_what_they_are(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let mut listed: Vec<Workspace> = stage.members().workspaces().try_collect().await?;
    listed.sort_by(|a, b| a.id.cmp(&b.id));
    let shown: Vec<_> = listed.iter().map(|w| (&w.id, &w.name, w.may_be_manageable())).collect();
    let reached = |w: &Workspace| !stage.out_of_reach(&w.id);
    let seeded: Vec<_> = stage.seed.workspaces.iter().map(|w| (&w.id, &w.name, reached(w))).collect();
    check_eq!(shown, seeded, "ids, names and whether they can be managed");
    if stage.behaves(Behaviour::FixedWorkspaceOwner) {
        let owners: Vec<_> = listed.iter().map(|workspace| &workspace.owner).collect();
        let seeded: Vec<_> = stage.seed.workspaces.iter().map(|workspace| &workspace.owner).collect();
        check_eq!(owners, seeded, "the owners who cannot go");
    }
    Ok(RAN)
}

async fn a_workspace_is_found_by_id_or_name(context: &Context) -> Verdict {
    let mut seed = context.seed();
    // A name that is another one's id: the id wins.
    let mut third = context.make_workspace(103, "third", "boss@example.com");
    third.name = context.workspace(SALES).to_string();
    seed.members.push(Grant::new(third.id.clone(), context.user(ME), context.ruling()));
    seed.members.push(Grant::new(third.id.clone(), context.user(BOSS), context.ruling()));
    seed.workspaces.push(third.clone());
    let stage = context.stage(seed).await?;
    for (wanted, id) in [
        ("Legal", stage.workspace(LEGAL)),
        (third.id.as_str(), third.id.clone()),
        (&third.name, stage.workspace(SALES)),
    ] {
        check_eq!(stage.members().find_workspace(wanted).await?.id, id, "the workspace found for {wanted:?}");
    }
    for wanted in ["legal", "Lega", "", "Legal "] {
        let result = stage.members().find_workspace(wanted).await;
        stage.expect_refusal(&format!("finding {wanted:?}"), result, &[ErrorKind::NotFound])?;
    }
    Ok(RAN)
}

async fn workspaces_of_one_name_are_ambiguous(context: &Context) -> Verdict {
    let mut seed = context.seed();
    let twin = context.make_workspace(103, "Legal", "boss@example.com");
    seed.members.push(Grant::new(twin.id.clone(), context.user(ME), context.ruling()));
    seed.members.push(Grant::new(twin.id.clone(), context.user(BOSS), context.ruling()));
    seed.workspaces.push(twin.clone());
    let stage = context.stage(seed).await?;
    let result = stage.members().find_workspace("Legal").await;
    if let Some(error) =
        stage.expect_error("finding a name that two have", result, &[ErrorKind::Ambiguous])?
    {
        let both = error.message().contains(twin.id.as_str())
            && error.message().contains(stage.workspace(LEGAL).as_str());
        check!(both, "the error does not name both ids: {error}");
    }
    Ok(RAN)
}

/// The usual world and one workspace more, whose members cannot be changed; `None` where the provider has no such.
async fn with_a_fixed_workspace(context: &Context) -> Result<Option<(Stage, WorkspaceId)>, Failure> {
    if !context.harness.fixed_workspaces() {
        return Ok(None);
    }
    let mut seed = context.seed();
    let fixed = context.make_workspace(103, "Everybody", "boss@example.com").with_manageable(Some(false));
    seed.members.push(Grant::new(fixed.id.clone(), context.user(ME), context.ruling()));
    let id = fixed.id.clone();
    seed.workspaces.push(fixed);
    let stage = context.stage(seed).await?;
    Ok(Some((stage, id)))
}

fn no_fixed_workspaces() -> Outcome {
    Outcome::NotApplicable("the provider has no workspaces whose members are fixed".to_owned())
}

async fn fixed_workspaces_are_left_out_or_marked(context: &Context) -> Verdict {
    let Some((stage, fixed)) = with_a_fixed_workspace(context).await? else {
        return Ok(no_fixed_workspaces());
    };
    let listed: Vec<Workspace> = stage.members().workspaces().try_collect().await?;
    let shown = listed.iter().find(|workspace| workspace.id == fixed);
    check!(
        shown.is_none_or(|workspace| !workspace.may_be_manageable()),
        "its members cannot be changed, and it is not marked so"
    );
    check_eq!(
        listed.iter().filter(|workspace| workspace.may_be_manageable()).count(),
        2,
        "workspaces that can be managed"
    );
    Ok(RAN)
}

async fn adding_to_a_fixed_workspace_is_refused(context: &Context) -> Verdict {
    let Some((stage, fixed)) = with_a_fixed_workspace(context).await? else {
        return Ok(no_fixed_workspaces());
    };
    let add = AddMember::new(fixed.clone(), stage.user_id(CLEO), stage.two_roles().0);
    let result = stage.members().add(&add).await;
    let kinds = [ErrorKind::Forbidden, ErrorKind::Rejected, ErrorKind::NotFound, ErrorKind::Unsupported];
    stage.expect_refusal("adding to a workspace whose members are fixed", result, &kinds)?;
    if let Some(truth) = &stage.world.truth {
        let known = truth().into_iter().filter(|grant| grant.workspace == fixed).count();
        check_eq!(known, 1, "members of the fixed workspace");
    }
    stage.expect_unchanged("after adding to a fixed workspace").await?;
    Ok(RAN)
}

/// Whether the provider says that its members may be managed or does not say it: only trying tells.
async fn a_workspace_that_may_be_manageable_is_tried(context: &Context) -> Verdict {
    let role = context.two_roles().0;
    for manageable in [Some(true), None] {
        let mut seed = context.seed();
        for workspace in &mut seed.workspaces {
            workspace.manageable = manageable;
        }
        let stage = context.stage(seed).await?;
        let legal = stage.workspace(LEGAL);
        stage.members().add(&AddMember::new(legal.clone(), stage.user_id(CLEO), role.clone())).await?;
        let mut people = stage.seed.members_of(&legal);
        people.insert(stage.user(CLEO), stage.native(&role));
        let when = format!("after an addition where manageable is {manageable:?}");
        stage.expect_after(&legal, &people, &when).await?;
    }
    Ok(RAN)
}
