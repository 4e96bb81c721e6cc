//! Workspaces: what they are called, and whether their members may be managed.

use super::prelude::*;

cases! {
    __workspaces_cases;
    workspaces_are_what_they_are [ListWorkspaces] in usual;
    a_workspace_is_found_by_id_or_name [ListWorkspaces];
    workspaces_of_one_name_are_ambiguous [ListWorkspaces];
    fixed_workspaces_are_left_out_or_marked [ListWorkspaces];
    adding_to_a_fixed_workspace_is_refused [AddUser];
    a_workspace_that_may_be_manageable_is_tried [AddUser];
}

async fn workspaces_are_what_they_are(stage: Stage) -> Checked {
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
    Ok(())
}

/// The usual world, and a third workspace of this name with two owners.
async fn with_a_third(context: &Context, name: &str) -> Checked<(Stage, WorkspaceId)> {
    let mut seed = context.seed();
    let third = context.make_workspace(THIRD, name, "boss@example.com");
    let id = third.id.clone();
    context.add_owners(&mut seed, &id);
    seed.workspaces.push(third);
    Ok((context.stage(seed).await?, id))
}

async fn a_workspace_is_found_by_id_or_name(context: &Context) -> Checked {
    // A name that is another one's id: the id wins.
    let (stage, third) = with_a_third(context, context.sales.as_str()).await?;
    for (text, id) in
        [("Legal", &stage.legal), (third.as_str(), &third), (stage.sales.as_str(), &stage.sales)]
    {
        let found = stage.members().find_workspace(text).await?;
        check_eq!(found.id, *id, "the workspace found for {text:?}");
    }
    for text in ["legal", "Lega", "", "Legal "] {
        let result = stage.members().find_workspace(text).await;
        stage.expect_refusal(&format!("finding {text:?}"), result, &[ErrorKind::NotFound])?;
    }
    Ok(())
}

async fn workspaces_of_one_name_are_ambiguous(context: &Context) -> Checked {
    let (stage, twin) = with_a_third(context, "Legal").await?;
    let result = stage.members().find_workspace("Legal").await;
    let error = stage.expect_error("finding a name that two have", result, &[ErrorKind::Ambiguous])?;
    if let Some(error) = error {
        let both = [&twin, &stage.legal].iter().all(|id| error.message().contains(id.as_str()));
        check!(both, "the error does not name both ids: {error}");
    }
    Ok(())
}

/// The usual world and one workspace more, whose members cannot be changed; only if the provider has such.
async fn with_a_fixed_workspace(context: &Context) -> Checked<(Stage, WorkspaceId)> {
    let has = context.harness.fixed_workspaces();
    only_if(has, "the provider has no workspaces whose members are fixed")?;
    let mut seed = context.seed();
    let fixed = context.make_workspace(THIRD, "Everybody", "boss@example.com").with_manageable(Some(false));
    let id = fixed.id.clone();
    seed.members.push(Grant::new(id.clone(), context.user(ME), context.highest()));
    seed.workspaces.push(fixed);
    Ok((context.stage(seed).await?, id))
}

async fn fixed_workspaces_are_left_out_or_marked(context: &Context) -> Checked {
    let (stage, fixed) = with_a_fixed_workspace(context).await?;
    let listed: Vec<Workspace> = stage.members().workspaces().try_collect().await?;
    let mut shown = listed.iter().filter(|workspace| workspace.may_be_manageable());
    check!(
        shown.all(|workspace| workspace.id != fixed),
        "its members cannot be changed, and it is not marked so"
    );
    let manageable = listed.iter().filter(|workspace| workspace.may_be_manageable()).count();
    check_eq!(manageable, 2, "workspaces that can be managed");
    Ok(())
}

async fn adding_to_a_fixed_workspace_is_refused(context: &Context) -> Checked {
    let (stage, fixed) = with_a_fixed_workspace(context).await?;
    let add = AddMember::new(fixed.clone(), stage.user_id(CLEO), stage.first.clone());
    let result = stage.members().add(&add).await;
    let kinds = [ErrorKind::Forbidden, ErrorKind::Rejected, ErrorKind::NotFound, ErrorKind::Unsupported];
    stage.expect_refusal("adding to a workspace whose members are fixed", result, &kinds)?;
    stage.expect_kept(&fixed, "after adding to a fixed workspace")?;
    stage.expect_state("after adding to a fixed workspace").await
}

/// Whether the provider says that its members may be managed, or says nothing: its answer to the addition decides.
async fn a_workspace_that_may_be_manageable_is_tried(context: &Context) -> Checked {
    for manageable in [Some(true), None] {
        let mut seed = context.seed();
        for workspace in &mut seed.workspaces {
            workspace.manageable = manageable;
        }
        let stage = context.stage(seed).await?;
        stage.add(&stage.user(CLEO), &stage.first).await?;
    }
    Ok(())
}
