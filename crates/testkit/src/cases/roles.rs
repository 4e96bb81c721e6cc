//! Roles: every word of the table both ways, and words without a row.

use super::prelude::*;

cases! {
    __roles_cases;
    every_role_can_be_added_and_reads_back [AddUser] => |c| add_every_role(c, c.user(CLEO));
    every_role_can_be_added_to_a_group_and_reads_back [AddGroup] => |c| add_every_role(c, c.group(OTHER_GROUP));
    every_role_can_be_set_and_reads_back [SetUserRole] => |c| set_every_role(c, c.user(BEN));
    every_role_can_be_set_for_a_group_and_reads_back [SetGroupRole] => |c| set_every_role(c, c.group(MEMBER_GROUP));
    every_row_reads_as_the_table_says [];
    a_native_name_writes_its_own_row [AddUser];
    native_roles_of_one_role_stay_apart [AddUser];
    a_role_without_a_row_is_refused_without_a_request [AddUser] in usual;
    nothing_wider_than_asked_is_ever_written [AddUser];
    an_unheard_of_role_is_kept_when_read [];
    an_unheard_of_role_is_not_written_by_guess [AddUser] in usual;
    a_custom_role_can_be_added [AddUser, AddCustomRole] in usual;
    a_custom_role_can_be_set [SetUserRole, SetCustomRole] in usual;
    a_placeholder_is_never_written [AddUser] in usual;
}

/// Adds one of these for each role that can be written, in a world of its own.
async fn add_every_role(context: &Context, who: PrincipalId) -> Checked {
    check!(!context.writable().is_empty(), "no role of the table can be written");
    for role in context.writable() {
        let stage = context.usual().await?;
        let member = stage.add(&who, &role).await?;
        check_eq!(member.role, role, "the role read back");
    }
    Ok(())
}

/// Sets each role that can be written in turn, back and forth.
async fn set_every_role(context: &Context, who: PrincipalId) -> Checked {
    let stage = context.usual().await?;
    let roles = stage.writable();
    for role in roles.iter().chain(roles.iter().rev()) {
        let from = stage.expected_in(&stage.legal).remove(&stage.folded(&who));
        let change = stage.setting(&who, role).await?.with_from(from);
        let member = stage.members().set_role(&change).await?;
        stage.now_member(&member, (&stage.legal, &who), role)?;
        stage.expect_state(&format!("after setting {role}")).await?;
    }
    Ok(())
}

/// A world in which extra users have these native roles, and its members as the adapter reads them.
async fn with_roles(
    context: &Context,
    roles: &[NativeRole],
) -> Checked<(Stage, BTreeMap<PrincipalId, Member>)> {
    let mut seed: Seed = context.seed();
    for (number, role) in (EXTRA..).zip(roles) {
        seed.users.push(context.make_user(number, "Somebody", &format!("somebody{number}@example.com")));
        seed.members.push(Grant::new(context.legal.clone(), context.user(number), role.clone()));
    }
    let stage = context.stage(seed).await?;
    let members = stage.read_members(&stage.legal).await?;
    only_if(members.is_some(), "no way of reading members is claimed")?;
    Ok((stage, members.unwrap_or_default()))
}

async fn every_row_reads_as_the_table_says(context: &Context) -> Checked {
    let rows = context.capabilities.roles().rows();
    check!(!rows.is_empty(), "the role table is empty");
    let natives: Vec<_> = rows.iter().map(|row| row.native.clone()).collect();
    let (stage, members) = with_roles(context, &natives).await?;
    for (number, row) in (EXTRA..).zip(rows) {
        let member = members.get(&stage.folded(&stage.user(number)));
        let shown = member.map(|member| (&member.native_role, &member.role, member.fit));
        check_eq!(shown, Some((&row.native, &row.role, Some(row.fit))), "a member seeded as {}", row.native);
    }
    Ok(())
}

async fn a_native_name_writes_its_own_row(context: &Context) -> Checked {
    for row in context.capabilities.roles().rows() {
        let stage = context.usual().await?;
        let add = stage.adding(stage.user(CLEO), &Role::Custom(row.native.clone()));
        let member = stage.members().add(&add).await?;
        let answered = (&member.native_role, &member.role);
        check_eq!(answered, (&row.native, &row.role), "asked for by its native name");
        stage.expect_in(&stage.legal, &add.principal, row.native.clone());
        stage.expect_state("after adding by a native name").await?;
    }
    Ok(())
}

/// Of several native roles that read as one, the one that is written for it is, and each other by its own name.
async fn native_roles_of_one_role_stay_apart(context: &Context) -> Checked {
    let table = context.capabilities.roles();
    let other =
        |role: &Role, native: &NativeRole| table.resolve(role).is_ok_and(|written| written.native != *native);
    let others: Vec<_> = table.rows().iter().filter(|row| other(&row.role, &row.native)).collect();
    only_if(!others.is_empty(), "no two native roles read as one")?;
    for row in others {
        let stage = context.usual().await?;
        let (by_name, by_role) = (Role::Custom(row.native.clone()), row.role.clone());
        for (number, role) in [(CLEO, &by_name), (DAN, &by_role)] {
            let member = stage.add(&stage.user(number), role).await?;
            check_eq!(member.role, row.role, "asked for {role}: how it reads");
        }
        if stage.has(Capability::SetUserRole) {
            for role in [&by_role, &by_name] {
                stage.set_role(&stage.user(CLEO), role).await?;
            }
        }
    }
    Ok(())
}

async fn a_role_without_a_row_is_refused_without_a_request(stage: Stage) -> Checked {
    let mut refused = Role::BUILT_IN.to_vec();
    refused.retain(|role| stage.capabilities.roles().resolve(role).is_err());
    only_if(!refused.is_empty(), "the provider has all four roles")?;
    let key = stage.key(&stage.legal, &stage.user(BEN)).await?;
    for role in refused {
        stage.forget();
        let result = stage.members().add(&stage.adding(stage.user(CLEO), &role)).await;
        let error = stage.expect_error("adding", result, &[ErrorKind::InvalidRole])?;
        let message = error.map(|error| error.message().to_owned()).unwrap_or_default();
        for known in stage.writable() {
            let named = message.contains(&known.to_string());
            check!(named, "{message:?} does not name {known}, which can be given");
        }
        if stage.has(Capability::SetUserRole) {
            let result = stage.members().set_role(&SetRole::new(key.clone(), role.clone())).await;
            stage.expect_refusal("setting", result, &[ErrorKind::InvalidRole])?;
        }
        stage.expect_silence(&format!("role {role}, which the provider does not have,"))?;
    }
    stage.expect_state("after roles that the provider does not have").await
}

async fn nothing_wider_than_asked_is_ever_written(context: &Context) -> Checked {
    for role in Role::BUILT_IN {
        let stage = context.usual().await?;
        let result = stage.members().add(&stage.adding(stage.user(CLEO), &role)).await;
        let Ok(member) = result else { continue };
        check!(member.role <= role, "asked for {role}, and {} was given", member.role);
        let row = stage.capabilities.roles().rows().iter().find(|row| row.native == member.native_role);
        let wider = row.is_none_or(|row| row.fit == Fit::Wider);
        check!(!wider, "asked for {role}, and given a role that grants more");
        check!(
            stage.is_exact(&role) || member.fit != Some(Fit::Exact) || member.role != role,
            "{role} has no exact match, and the answer claims one"
        );
    }
    Ok(())
}

/// Neither the lowest nor the highest: a role of its own.
async fn an_unheard_of_role_is_kept_when_read(context: &Context) -> Checked {
    let names = ["Zz unheard-of", "OWNER ", "a%2Fb/ü\"<x>"].map(NativeRole::from_static);
    let (stage, members) = with_roles(context, &names).await?;
    for (number, native) in (EXTRA..).zip(names) {
        let native = stage.shown_role(&native);
        let member = members.get(&stage.folded(&stage.user(number)));
        let shown = member.map(|member| (&member.native_role, &member.role));
        check_eq!(shown, Some((&native, &Role::Custom(native.clone()))), "a member in a role without a row");
    }
    Ok(())
}

async fn an_unheard_of_role_is_not_written_by_guess(stage: Stage) -> Checked {
    let table = stage.capabilities.roles();
    // The lookalikes differ from a row by what a hasty comparison drops.
    let mut names = vec!["Zz unheard-of".to_owned(), String::new()];
    for row in table.rows() {
        let name = row.native.as_str();
        names.extend([name.to_uppercase(), name.to_lowercase(), format!("{name} ")]);
    }
    names.retain(|name| !table.rows().iter().any(|row| row.native.as_str() == name));
    for (number, name) in names.into_iter().enumerate() {
        let who = stage.user(if number % 2 == 0 { CLEO } else { DAN });
        if stage.expected_in(&stage.legal).contains_key(&stage.folded(&who)) {
            continue;
        }
        let native = NativeRole::new(name);
        stage.forget();
        match stage.members().add(&stage.adding(who.clone(), &Role::Custom(native.clone()))).await {
            // A provider may take any word; then it is that word.
            Ok(member) => {
                let claimed = stage.has(Capability::AddCustomRole);
                check!(claimed, "{native:?} was written, and custom roles are not claimed");
                check_eq!(member.native_role, native, "the role answered");
                stage.expect_in(&stage.legal, &who, native.clone());
            }
            Err(error) => {
                let refusals = [ErrorKind::InvalidRole, ErrorKind::Unsupported, ErrorKind::Rejected];
                check!(refusals.contains(&error.kind()), "{native:?}: {}", shown(&error));
                check_eq!(error.effect(), Effect::Rejected, "the effect of refusing {native:?}");
                if !table.accepts_custom() || native.as_str().is_empty() {
                    stage.expect_silence(&format!("{native:?}, which the table does not take,"))?;
                }
            }
        }
        stage.expect_state(&format!("after asking for {native:?}")).await?;
    }
    Ok(())
}

async fn a_custom_role_can_be_added(stage: Stage) -> Checked {
    let role = Role::Custom(stage.only_with_custom_roles()?);
    let member = stage.add(&stage.user(CLEO), &role).await?;
    check_eq!(member.role, role, "the role answered");
    Ok(())
}

async fn a_custom_role_can_be_set(stage: Stage) -> Checked {
    let role = Role::Custom(stage.only_with_custom_roles()?);
    stage.set_role(&stage.user(BEN), &role).await?;
    Ok(())
}

async fn a_placeholder_is_never_written(stage: Stage) -> Checked {
    let placeholder = NativeRole::from_static("Custom");
    let has_one = stage.capabilities.roles().is_placeholder(&placeholder);
    only_if(has_one, "the provider names every role")?;
    let role = Role::Custom(placeholder);
    let change = stage.setting(&stage.user(BEN), &role).await?;
    stage.forget();
    let result = stage.members().add(&stage.adding(stage.user(CLEO), &role)).await;
    stage.expect_refusal("adding as a placeholder", result, &[ErrorKind::InvalidRole])?;
    if stage.has(Capability::SetUserRole) {
        let result = stage.members().set_role(&change).await;
        stage.expect_refusal("setting a placeholder", result, &[ErrorKind::InvalidRole])?;
    }
    stage.expect_silence("a placeholder")?;
    stage.expect_state("after a placeholder").await
}
