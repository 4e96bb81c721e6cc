//! What a "not found" is about, where the provider leaves several things open.

use crate::case::{RAN, Verdict, cases};
use crate::cast::{ANA, CLEO, LEGAL, NOBODY};
use crate::context::Context;
use crate::failure::{check, check_eq, outcome, shown};
use workspace_members_core::{Capability, Change, ErrorKind, Operation, Resource, WorkspaceMembersExt};

cases! {
    a_read_that_finds_nothing_says_what_may_be_missing [GetMember];
    a_read_that_finds_nothing_is_narrowed_down [GetMember];
    removing_somebody_who_is_not_found_changes_nothing [GetMember, RemoveUser];
}

/// One request answers for what it saw: nobody, or everything that may be missing.
async fn a_read_that_finds_nothing_says_what_may_be_missing(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    for (workspace, who, missing) in
        [(LEGAL, CLEO, Resource::Member), (LEGAL, NOBODY, Resource::User), (NOBODY, ANA, Resource::Workspace)]
    {
        stage.forget();
        let result = stage.members().get(&stage.workspace(workspace), &stage.user(who)).await;
        if stage.bare() && stage.world.proxy.is_some() {
            check!(stage.requests() <= 1, "reading one member sent {} requests", stage.requests());
        }
        match result {
            Ok(found) => check_eq!(found, None, "somebody who is not there"),
            Err(error) if error.kind() == ErrorKind::Unsupported && missing == Resource::Workspace => {}
            other => {
                let error = stage.expect_error("reading nobody", other, &[ErrorKind::NotFound])?;
                let named = error.is_some_and(|error| error.missing().contains(&missing));
                check!(named, "{missing} is missing, and the error does not name it");
            }
        }
    }
    Ok(RAN)
}

/// What the account's lists show is not what is missing.
async fn a_read_that_finds_nothing_is_narrowed_down(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let outsider =
        stage.members().find_member(&stage.workspace(LEGAL), &stage.user(CLEO), Operation::Get).await;
    let lists = stage.has(Capability::ListWorkspaces) && stage.has(Capability::ListUsers);
    let told = match &outsider {
        Ok(found) => found.is_none(),
        Err(error) => !lists && error.missing().contains(&Resource::Member),
    };
    check!(told, "an outsider in a workspace that exists: {}", outcome(&outsider));
    let result =
        stage.members().find_member(&stage.workspace(NOBODY), &stage.user(ANA), Operation::Get).await;
    let alone = |error: &workspace_members_core::Error| {
        !stage.has(Capability::ListWorkspaces) || error.missing() == [Resource::Workspace]
    };
    match &result {
        Ok(found) => check!(
            found.is_none() && !stage.has(Capability::ListWorkspaces),
            "in a workspace that does not exist: {found:?}"
        ),
        Err(error) if error.kind() == ErrorKind::Unsupported => {}
        Err(error) => check!(
            error.kind() == ErrorKind::NotFound && alone(error),
            "in a workspace that does not exist, {:?} are missing: {}",
            error.missing(),
            shown(error)
        ),
    }
    Ok(RAN)
}

async fn removing_somebody_who_is_not_found_changes_nothing(context: &Context) -> Verdict {
    if !context.has(Capability::ListWorkspaces) || !context.has(Capability::ListUsers) {
        // Then what is missing may stay open, and that is no success.
        return Ok(RAN);
    }
    let stage = context.usual().await?;
    let change = stage.guarded().remove_member(&stage.workspace(LEGAL), &stage.user(CLEO)).await?;
    check_eq!(change, Change::Unchanged, "removing an outsider");
    stage.expect_unchanged("after removing an outsider").await?;
    Ok(RAN)
}
