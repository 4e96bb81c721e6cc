//! What a "not found" is about, where the provider leaves several things open.

use super::prelude::*;

cases! {
    __missing_cases;
    a_read_that_finds_nothing_says_what_may_be_missing [GetMember] in usual;
    a_read_that_finds_nothing_is_narrowed_down [GetMember] in usual;
    removing_somebody_who_is_not_found_changes_nothing [GetMember, RemoveUser] in usual;
}

/// One request answers for what it saw: nobody, or everything that may be missing.
async fn a_read_that_finds_nothing_says_what_may_be_missing(stage: Stage) -> Checked {
    for (workspace, who, missing) in [
        (stage.legal.clone(), CLEO, Resource::Member),
        (stage.legal.clone(), NOBODY, Resource::User),
        (stage.workspace(NOBODY), ANA, Resource::Workspace),
    ] {
        stage.forget();
        let result = stage.members().get(&workspace, &stage.user(who)).await;
        if stage.bare() {
            check!(stage.requests() <= 1, "reading one member sent {} requests", stage.requests());
        }
        match result {
            Ok(found) => check_eq!(found, None, "somebody who is not there"),
            other => stage.expect_missing("reading nobody", other, missing)?,
        }
    }
    Ok(())
}

/// What the account's lists show is not what is missing.
async fn a_read_that_finds_nothing_is_narrowed_down(stage: Stage) -> Checked {
    let (cleo, ana) = (stage.user(CLEO), stage.user(ANA));
    let result = stage.members().find_member(&stage.legal, &cleo, Operation::Get).await;
    let workspaces = stage.has(Capability::ListWorkspaces);
    let lists = workspaces && stage.has(Capability::ListUsers);
    let narrowed = match &result {
        Ok(found) => found.is_none(),
        Err(error) => !lists && error.missing().contains(&Resource::Member),
    };
    check!(narrowed, "an outsider in a workspace that exists: {}", outcome(&result));
    match &stage.members().find_member(&stage.workspace(NOBODY), &ana, Operation::Get).await {
        Ok(found) => {
            check!(found.is_none() && !workspaces, "in a workspace that does not exist: {found:?}");
        }
        Err(error) if error.kind() == ErrorKind::Unsupported => {}
        Err(error) => {
            let alone = !workspaces || error.missing() == [Resource::Workspace];
            check!(
                error.kind() == ErrorKind::NotFound && alone,
                "in a workspace that does not exist, {:?} are missing: {}",
                error.missing(),
                shown(error)
            );
        }
    }
    Ok(())
}

async fn removing_somebody_who_is_not_found_changes_nothing(stage: Stage) -> Checked {
    if !stage.has(Capability::ListWorkspaces) || !stage.has(Capability::ListUsers) {
        // Then what is missing may stay open, and that is no success.
        return Ok(());
    }
    let change = stage.guarded().remove_member(&stage.legal, &stage.user(CLEO)).await?;
    check_eq!(change, Change::Unchanged, "removing an outsider");
    stage.expect_state("after removing an outsider").await
}
