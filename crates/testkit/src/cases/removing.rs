//! Removing: the one asked for, from the workspace asked for, once.

use crate::case::{Outcome, RAN, Verdict, cases};
use crate::cast::{ANA, BEN, CLEO, LEGAL, MEMBER_GROUP, NOBODY, SALES};
use crate::context::Context;
use crate::failure::{Failure, check, check_eq};
use workspace_members_core::{
    AddMember, Behaviour, Capability, Change, ErrorKind, MemberKey, PrincipalId, RemoveMember, Resource,
};

cases! {
    a_removed_user_is_gone_and_nobody_else [RemoveUser];
    a_removed_group_is_gone_and_nobody_else [RemoveGroup];
    removing_twice_is_not_found [RemoveUser];
    removing_a_group_twice_is_not_found [RemoveGroup];
    removing_an_outsider_is_not_found [RemoveUser];
    removing_from_one_workspace_leaves_the_other [RemoveUser, AddUser];
    somebody_removed_can_come_back [RemoveUser, AddUser];
    removing_without_the_membership_id_is_refused [RemoveUser];
    an_old_membership_id_does_not_end_a_new_membership [RemoveUser, AddUser];
    remove_member_says_whether_it_removed_anybody [RemoveUser, GetMember];
    remove_member_in_an_unknown_workspace_is_not_found [RemoveUser, GetMember];
}

async fn remove_one(context: &Context, who: PrincipalId) -> Verdict {
    let stage = context.usual().await?;
    let legal = stage.workspace(LEGAL);
    let mut people = stage.seed.members_of(&legal);
    let removal = RemoveMember::new(stage.key(&legal, &who).await?).with_from(people.remove(&who));
    stage.members().remove(&removal).await?;
    stage.expect_after(&legal, &people, &format!("after removing {who}")).await?;
    if stage.has(Capability::GetMember) {
        check_eq!(stage.got(&legal, &who).await?, None, "getting {who} after removing them");
    }
    Ok(RAN)
}

async fn a_removed_user_is_gone_and_nobody_else(context: &Context) -> Verdict {
    remove_one(context, context.user(BEN)).await?;
    remove_one(context, context.user(ANA)).await
}

async fn a_removed_group_is_gone_and_nobody_else(context: &Context) -> Verdict {
    remove_one(context, context.group(MEMBER_GROUP)).await
}

async fn remove_twice(context: &Context, who: PrincipalId) -> Verdict {
    let stage = context.usual().await?;
    let legal = stage.workspace(LEGAL);
    let removal = RemoveMember::new(stage.key(&legal, &who).await?);
    stage.members().remove(&removal).await?;
    let mut people = stage.seed.members_of(&legal);
    people.remove(&who);
    let again = stage.members().remove(&removal).await;
    if let Some(error) = stage.expect_error("removing again", again, &[ErrorKind::NotFound])? {
        check!(
            error.missing().contains(&Resource::Member),
            "removing again: {:?} are missing",
            error.missing()
        );
    }
    stage.expect_after(&legal, &people, "after removing twice").await?;
    Ok(RAN)
}

async fn removing_twice_is_not_found(context: &Context) -> Verdict {
    remove_twice(context, context.user(BEN)).await
}

async fn removing_a_group_twice_is_not_found(context: &Context) -> Verdict {
    remove_twice(context, context.group(MEMBER_GROUP)).await
}

async fn removing_an_outsider_is_not_found(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    for (workspace, who) in [(LEGAL, CLEO), (SALES, ANA), (LEGAL, NOBODY)] {
        if stage.out_of_reach(&stage.workspace(workspace)) {
            continue;
        }
        let key = stage.key(&stage.workspace(workspace), &stage.user(who)).await?;
        let result = stage.members().remove(&RemoveMember::new(key.clone())).await;
        stage.expect_refusal(&format!("removing {key}"), result, &[ErrorKind::NotFound])?;
        stage.expect_unchanged("after removing an outsider").await?;
    }
    let key = stage.key(&stage.workspace(LEGAL), &stage.user(BEN)).await?;
    let key = MemberKey::new(stage.workspace(NOBODY), key.principal).with_membership(key.membership);
    let result = stage.members().remove(&RemoveMember::new(key)).await;
    let kinds = [ErrorKind::NotFound, ErrorKind::Unsupported];
    stage.expect_refusal("removing from an unknown workspace", result, &kinds)?;
    stage.expect_unchanged("after removing from an unknown workspace").await?;
    Ok(RAN)
}

async fn removing_from_one_workspace_leaves_the_other(context: &Context) -> Verdict {
    if let Some(apart) = context.one_workspace() {
        return Ok(apart);
    }
    let stage = context.usual().await?;
    let (legal, sales, ana) = (stage.workspace(LEGAL), stage.workspace(SALES), stage.user(ANA));
    let (_, second) = stage.two_roles();
    stage.members().add(&AddMember::new(sales.clone(), ana.clone(), second.clone())).await?;
    let mut in_sales = stage.seed.members_of(&sales);
    in_sales.insert(ana.clone(), stage.native(&second));
    let mut in_legal = stage.seed.members_of(&legal);
    stage.members().remove(&RemoveMember::new(stage.key(&legal, &ana).await?)).await?;
    in_legal.remove(&ana);
    stage.expect(&legal, &in_legal, "after removing from here").await?;
    stage.expect(&sales, &in_sales, "after removing from elsewhere").await?;
    Ok(RAN)
}

async fn somebody_removed_can_come_back(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let (legal, ana) = (stage.workspace(LEGAL), stage.user(ANA));
    let (first, second) = stage.two_roles();
    let mut people = stage.seed.members_of(&legal);
    for role in [second, first] {
        stage.members().remove(&RemoveMember::new(stage.key(&legal, &ana).await?)).await?;
        people.remove(&ana);
        stage.expect_after(&legal, &people, "after a removal").await?;
        let member = stage.members().add(&AddMember::new(legal.clone(), ana.clone(), role.clone())).await?;
        stage.expect_member(&member, (&legal, &ana), &role)?;
        people.insert(ana.clone(), stage.native(&role));
        stage.expect_after(&legal, &people, "after coming back").await?;
    }
    Ok(RAN)
}

async fn removing_without_the_membership_id_is_refused(context: &Context) -> Verdict {
    if !context.behaves(Behaviour::MembershipIds) {
        return Ok(Outcome::NotApplicable("the provider goes by user and group ids".to_owned()));
    }
    let stage = context.usual().await?;
    stage.forget();
    let key = MemberKey::new(stage.workspace(LEGAL), stage.user(BEN));
    let result = stage.members().remove(&RemoveMember::new(key)).await;
    stage.expect_refusal("removing without a membership id", result, &[ErrorKind::InvalidInput])?;
    stage.expect_silence("removing without a membership id")?;
    stage.expect_unchanged("after a key without a membership id").await?;
    Ok(RAN)
}

async fn an_old_membership_id_does_not_end_a_new_membership(context: &Context) -> Verdict {
    if !context.behaves(Behaviour::MembershipIds) {
        return Ok(Outcome::NotApplicable("the provider goes by user and group ids".to_owned()));
    }
    let stage = context.usual().await?;
    let (legal, ana) = (stage.workspace(LEGAL), stage.user(ANA));
    let old = stage.key(&legal, &ana).await?;
    stage.members().remove(&RemoveMember::new(old.clone())).await?;
    let added = stage.members().add(&AddMember::new(legal.clone(), ana.clone(), stage.two_roles().0)).await?;
    if added.key.membership == old.membership {
        return Ok(Outcome::NotApplicable("whoever comes back has their old membership id".to_owned()));
    }
    let result = stage.members().remove(&RemoveMember::new(old)).await;
    stage.expect_refusal("removing by an old membership id", result, &[ErrorKind::NotFound])?;
    stage.expect_unchanged("after an old membership id").await?;
    Ok(RAN)
}

async fn remove_member_says_whether_it_removed_anybody(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let (legal, ben) = (stage.workspace(LEGAL), stage.user(BEN));
    let mut people = stage.seed.members_of(&legal);
    people.remove(&ben);
    for expected in [Change::Applied, Change::Unchanged, Change::Unchanged] {
        check_eq!(stage.guarded().remove_member(&legal, &ben).await?, expected, "removing somebody");
        stage.expect_after(&legal, &people, "after removing somebody").await?;
    }
    let elsewhere = if stage.out_of_reach(&stage.workspace(SALES)) { (LEGAL, CLEO) } else { (SALES, ANA) };
    let (workspace, who) = (stage.workspace(elsewhere.0), stage.user(elsewhere.1));
    let outsider = stage.guarded().remove_member(&workspace, &who).await?;
    check_eq!(outsider, Change::Unchanged, "removing an outsider");
    stage.expect_after(&legal, &people, "after removing an outsider").await?;
    Ok(RAN)
}

async fn remove_member_in_an_unknown_workspace_is_not_found(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let unknown = stage.workspace(NOBODY);
    let result = stage.guarded().remove_member(&unknown, &stage.user(BEN)).await;
    let kinds = [ErrorKind::NotFound, ErrorKind::Unsupported];
    let Some(error) = stage.expect_error("removing from an unknown workspace", result, &kinds)? else {
        return Err(Failure::new("removing from an unknown workspace worked"));
    };
    if error.kind() == ErrorKind::NotFound {
        check!(error.missing().contains(&Resource::Workspace), "{:?} are missing", error.missing());
    }
    stage.expect_unchanged("after removing from an unknown workspace").await?;
    Ok(RAN)
}
