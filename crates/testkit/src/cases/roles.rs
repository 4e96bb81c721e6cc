//! Roles: every word of the table both ways, and words without a row.

use crate::case::{Outcome, RAN, Verdict, cases};
use crate::cast::{BEN, CLEO, DAN, LEGAL, MEMBER_GROUP, is_exact};
use crate::context::Context;
use crate::failure::{check, check_eq};
use crate::seed::Seed;
use workspace_members_core::{
    AddMember, Capability, Effect, ErrorKind, Fit, NativeRole, PrincipalId, Role, SetRole,
};

cases! {
    every_role_can_be_added_and_reads_back [AddUser];
    every_role_can_be_added_to_a_group_and_reads_back [AddGroup];
    every_role_can_be_set_and_reads_back [SetUserRole];
    every_role_can_be_set_for_a_group_and_reads_back [SetGroupRole];
    every_row_reads_as_the_table_says [];
    a_native_name_writes_its_own_row [AddUser];
    native_roles_of_one_role_stay_apart [AddUser];
    a_role_without_a_row_is_refused_without_a_request [AddUser];
    nothing_wider_than_asked_is_ever_written [AddUser];
    an_unheard_of_role_is_kept_when_read [];
    an_unheard_of_role_is_not_written_by_guess [AddUser];
    a_custom_role_can_be_added [AddUser, AddCustomRole];
    a_custom_role_can_be_set [SetUserRole, SetCustomRole];
    a_placeholder_is_never_written [AddUser];
}

/// Adds one of these for each role that can be written, in a world of its own.
async fn add_every_role(context: &Context, who: PrincipalId) -> Verdict {
    let legal = context.workspace(LEGAL);
    check!(!context.writable().is_empty(), "no role of the table can be written");
    for role in context.writable() {
        let stage = context.usual().await?;
        let member = stage.members().add(&AddMember::new(legal.clone(), who.clone(), role.clone())).await?;
        stage.expect_member(&member, (&legal, &who), &role)?;
        check_eq!(member.role, role, "the role read back");
        let mut people = stage.seed.members_of(&legal);
        people.insert(who.clone(), stage.native(&role));
        stage.expect_after(&legal, &people, &format!("after adding as {role}")).await?;
    }
    Ok(RAN)
}

async fn every_role_can_be_added_and_reads_back(context: &Context) -> Verdict {
    add_every_role(context, context.user(CLEO)).await
}

async fn every_role_can_be_added_to_a_group_and_reads_back(context: &Context) -> Verdict {
    add_every_role(context, context.group(9)).await
}

/// Sets each role that can be written in turn, back and forth.
async fn set_every_role(context: &Context, who: PrincipalId) -> Verdict {
    let stage = context.usual().await?;
    let legal = stage.workspace(LEGAL);
    let mut people = stage.seed.members_of(&legal);
    let mut roles = stage.writable();
    roles.extend(stage.writable().into_iter().rev());
    for role in roles {
        let key = stage.key(&legal, &who).await?;
        let from = people.get(&who).cloned();
        let member = stage.members().set_role(&SetRole::new(key, role.clone()).with_from(from)).await?;
        stage.expect_member(&member, (&legal, &who), &role)?;
        people.insert(who.clone(), stage.native(&role));
        stage.expect_after(&legal, &people, &format!("after setting {role}")).await?;
    }
    Ok(RAN)
}

async fn every_role_can_be_set_and_reads_back(context: &Context) -> Verdict {
    set_every_role(context, context.user(BEN)).await
}

async fn every_role_can_be_set_for_a_group_and_reads_back(context: &Context) -> Verdict {
    set_every_role(context, context.group(MEMBER_GROUP)).await
}

/// A seed in which these users have these native roles.
fn with_roles(context: &Context, roles: &[NativeRole]) -> Seed {
    let mut seed = context.seed();
    for (number, role) in (50..).zip(roles) {
        seed.users.push(context.make_user(number, "Somebody", &format!("somebody{number}@example.com")));
        seed.members.push(crate::seed::Grant::new(
            context.workspace(LEGAL),
            context.user(number),
            role.clone(),
        ));
    }
    seed
}

async fn every_row_reads_as_the_table_says(context: &Context) -> Verdict {
    let table = context.capabilities().roles().clone();
    check!(!table.rows().is_empty(), "the role table is empty");
    let natives: Vec<_> = table.rows().iter().map(|row| row.native.clone()).collect();
    let stage = context.stage(with_roles(context, &natives)).await?;
    let Some(members) = stage.read_members(&stage.workspace(LEGAL)).await? else {
        return Ok(Outcome::NotApplicable("no way of reading members is claimed".to_owned()));
    };
    for (number, row) in (50..).zip(table.rows()) {
        let member = members.get(&*stage.claims().folded(&stage.user(number)));
        let shown = member.map(|member| (&member.native_role, &member.role, member.fit));
        check_eq!(shown, Some((&row.native, &row.role, Some(row.fit))), "a member seeded as {}", row.native);
    }
    Ok(RAN)
}

async fn a_native_name_writes_its_own_row(context: &Context) -> Verdict {
    let legal = context.workspace(LEGAL);
    for row in context.capabilities().roles().rows() {
        let stage = context.usual().await?;
        let add = AddMember::new(legal.clone(), stage.user_id(CLEO), Role::Custom(row.native.clone()));
        let member = stage.members().add(&add).await?;
        check_eq!(member.native_role, row.native, "asked for by its native name");
        check_eq!(member.role, row.role, "asked for by its native name");
        let mut people = stage.seed.members_of(&legal);
        people.insert(stage.user(CLEO), row.native.clone());
        stage.expect_after(&legal, &people, "after adding by a native name").await?;
    }
    Ok(RAN)
}

/// Of several native roles that read as one, the one that is written for it is, and each other by its own name.
async fn native_roles_of_one_role_stay_apart(context: &Context) -> Verdict {
    let table = context.capabilities().roles();
    let written = |role: &Role| table.resolve(role).ok().map(|resolved| resolved.native);
    let others: Vec<_> = table
        .rows()
        .iter()
        .filter(|row| written(&row.role).is_some_and(|native| native != row.native))
        .collect();
    if others.is_empty() {
        return Ok(Outcome::NotApplicable("no two native roles read as one".to_owned()));
    }
    let legal = context.workspace(LEGAL);
    for row in others {
        let stage = context.usual().await?;
        let asked = [(CLEO, Role::Custom(row.native.clone())), (DAN, row.role.clone())];
        let mut people = stage.seed.members_of(&legal);
        for (number, role) in &asked {
            let member = stage
                .members()
                .add(&AddMember::new(legal.clone(), stage.user_id(*number), role.clone()))
                .await?;
            stage.expect_member(&member, (&legal, &stage.user(*number)), role)?;
            check_eq!(member.role, row.role, "asked for {role}: how it reads");
            people.insert(stage.user(*number), stage.native(role));
        }
        stage.expect_after(&legal, &people, &format!("after adding as {} both ways", row.native)).await?;
        if !stage.has(Capability::SetUserRole) {
            continue;
        }
        for role in [row.role.clone(), Role::Custom(row.native.clone())] {
            let change = SetRole::new(stage.key(&legal, &stage.user(CLEO)).await?, role.clone());
            stage.members().set_role(&change).await?;
            people.insert(stage.user(CLEO), stage.native(&role));
            stage.expect_after(&legal, &people, &format!("after setting {role}")).await?;
        }
    }
    Ok(RAN)
}

async fn a_role_without_a_row_is_refused_without_a_request(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let writable = stage.writable();
    let refused: Vec<_> =
        Role::BUILT_IN.into_iter().filter(|role| stage.claims().roles().resolve(role).is_err()).collect();
    if refused.is_empty() {
        return Ok(Outcome::NotApplicable("the provider has all four roles".to_owned()));
    }
    let key = stage.key(&stage.workspace(LEGAL), &stage.user(BEN)).await?;
    for role in refused {
        stage.forget();
        let add = AddMember::new(stage.workspace(LEGAL), stage.user_id(CLEO), role.clone());
        let error =
            stage.expect_error("adding", stage.members().add(&add).await, &[ErrorKind::InvalidRole])?;
        let message = error.map(|error| error.message().to_owned()).unwrap_or_default();
        for known in &writable {
            check!(
                message.contains(&known.to_string()),
                "{message:?} does not name {known}, which could be had"
            );
        }
        if stage.has(Capability::SetUserRole) {
            let change = SetRole::new(key.clone(), role.clone());
            stage.expect_refusal(
                "setting",
                stage.members().set_role(&change).await,
                &[ErrorKind::InvalidRole],
            )?;
        }
        stage.expect_silence(&format!("role {role}, which the provider does not have,"))?;
    }
    stage.expect_unchanged("after roles that the provider does not have").await?;
    Ok(RAN)
}

async fn nothing_wider_than_asked_is_ever_written(context: &Context) -> Verdict {
    for role in Role::BUILT_IN {
        let stage = context.usual().await?;
        let add = AddMember::new(stage.workspace(LEGAL), stage.user_id(CLEO), role.clone());
        let Ok(member) = stage.members().add(&add).await else { continue };
        check!(member.role <= role, "asked for {role}, and {} was given", member.role);
        let row = stage.claims().roles().rows().iter().find(|row| row.native == member.native_role);
        check!(
            row.is_some_and(|row| row.fit != Fit::Wider),
            "asked for {role}, and given a role that grants more"
        );
        check!(
            is_exact(stage.claims(), &role) || member.fit != Some(Fit::Exact) || member.role != role,
            "{role} has no exact match, and the answer claims one"
        );
    }
    Ok(RAN)
}

/// Neither the lowest nor the highest: a role of its own.
async fn an_unheard_of_role_is_kept_when_read(context: &Context) -> Verdict {
    let names = ["Zz unheard-of", "OWNER ", "a%2Fb/ü\"<x>"].map(NativeRole::from_static);
    let stage = context.stage(with_roles(context, &names)).await?;
    let Some(members) = stage.read_members(&stage.workspace(LEGAL)).await? else {
        return Ok(Outcome::NotApplicable("no way of reading members is claimed".to_owned()));
    };
    for (number, native) in (50..).zip(names) {
        let native = stage.shows_placeholders(&native).unwrap_or(native);
        let shown = members
            .get(&*stage.claims().folded(&stage.user(number)))
            .map(|member| (&member.native_role, &member.role));
        check_eq!(shown, Some((&native, &Role::Custom(native.clone()))), "a member in a role without a row");
    }
    Ok(RAN)
}

async fn an_unheard_of_role_is_not_written_by_guess(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let legal = stage.workspace(LEGAL);
    // The lookalikes differ from a row by what a hasty comparison drops.
    let mut names = vec!["Zz unheard-of".to_owned(), String::new()];
    for row in stage.claims().roles().rows() {
        let name = row.native.as_str();
        names.extend([name.to_uppercase(), name.to_lowercase(), format!("{name} ")]);
    }
    names.retain(|name| !stage.claims().roles().rows().iter().any(|row| row.native.as_str() == name));
    let mut people = stage.seed.members_of(&legal);
    for (number, name) in names.into_iter().enumerate() {
        let who = if number % 2 == 0 { CLEO } else { DAN };
        if people.contains_key(&stage.user(who)) {
            continue;
        }
        let native = NativeRole::new(name);
        let add = AddMember::new(legal.clone(), stage.user_id(who), Role::Custom(native.clone()));
        stage.forget();
        match stage.members().add(&add).await {
            // A provider may take any word; then it is that word.
            Ok(member) => {
                check!(
                    context.has(Capability::AddCustomRole),
                    "{native:?} was written, and custom roles are not claimed"
                );
                check_eq!(member.native_role, native, "the role answered");
                people.insert(stage.user(who), native);
            }
            Err(error) => {
                let refusals = [ErrorKind::InvalidRole, ErrorKind::Unsupported, ErrorKind::Rejected];
                check!(refusals.contains(&error.kind()), "{native:?}: {}", crate::failure::shown(&error));
                check_eq!(error.effect(), Effect::Rejected, "the effect of refusing {native:?}");
                if !stage.claims().roles().accepts_custom() || native.as_str().is_empty() {
                    stage.expect_silence(&format!("{native:?}, which the table does not take,"))?;
                }
            }
        }
        stage
            .expect_after(&legal, &people, &format!("after asking for {native:?}", native = add.role))
            .await?;
    }
    Ok(RAN)
}

async fn a_custom_role_can_be_added(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let Some(custom) = stage.custom_role() else {
        return Ok(Outcome::NotApplicable("the role table takes no custom roles".to_owned()));
    };
    let legal = stage.workspace(LEGAL);
    let add = AddMember::new(legal.clone(), stage.user_id(CLEO), Role::Custom(custom.clone()));
    let member = stage.members().add(&add).await?;
    check_eq!(
        (&member.native_role, &member.role),
        (&custom, &Role::Custom(custom.clone())),
        "the role answered"
    );
    let mut people = stage.seed.members_of(&legal);
    people.insert(stage.user(CLEO), custom);
    stage.expect_after(&legal, &people, "after adding in a custom role").await?;
    Ok(RAN)
}

async fn a_custom_role_can_be_set(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let Some(custom) = stage.custom_role() else {
        return Ok(Outcome::NotApplicable("the role table takes no custom roles".to_owned()));
    };
    let legal = stage.workspace(LEGAL);
    let change = SetRole::new(stage.key(&legal, &stage.user(BEN)).await?, Role::Custom(custom.clone()));
    let member = stage.members().set_role(&change).await?;
    check_eq!(member.native_role, custom, "the role answered");
    let mut people = stage.seed.members_of(&legal);
    people.insert(stage.user(BEN), custom);
    stage.expect_after(&legal, &people, "after setting a custom role").await?;
    Ok(RAN)
}

async fn a_placeholder_is_never_written(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let table = stage.claims().roles().clone();
    let placeholder = NativeRole::from_static("Custom");
    if !table.is_placeholder(&placeholder) {
        return Ok(Outcome::NotApplicable("the provider names every role".to_owned()));
    }
    let key = stage.key(&stage.workspace(LEGAL), &stage.user(BEN)).await?;
    stage.forget();
    let role = Role::Custom(placeholder);
    let add = AddMember::new(stage.workspace(LEGAL), stage.user_id(CLEO), role.clone());
    stage.expect_refusal(
        "adding as a placeholder",
        stage.members().add(&add).await,
        &[ErrorKind::InvalidRole],
    )?;
    if stage.has(Capability::SetUserRole) {
        let result = stage.members().set_role(&SetRole::new(key, role)).await;
        stage.expect_refusal("setting a placeholder", result, &[ErrorKind::InvalidRole])?;
    }
    stage.expect_silence("a placeholder")?;
    stage.expect_unchanged("after a placeholder").await?;
    Ok(RAN)
}
