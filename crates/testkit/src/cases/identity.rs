//! Who is who: ids and addresses that are easily taken for one another.

use super::prelude::*;
use futures_util::TryFutureExt;

cases! {
    __identity_cases;
    the_acting_identity_is_known [Me] in usual;
    awkward_addresses_find_their_user [ListUsers, SeeAddresses];
    an_address_of_two_users_is_ambiguous [ListUsers, SeeAddresses];
    an_address_that_nobody_has_is_not_found [ListUsers, SeeAddresses] in usual;
    awkward_ids_address_only_what_they_name [AddUser];
    ids_that_the_provider_cannot_have_are_refused [AddUser] in usual;
    a_user_and_a_group_of_one_id_are_two [AddUser, AddGroup] => |c| both_sevens(c).map_ok(drop);
    a_role_goes_to_the_user_not_to_the_group_of_that_id [SetUserRole, AddUser, AddGroup] in both_sevens;
    removing_a_user_leaves_the_group_of_that_id [RemoveUser, AddUser, AddGroup] in both_sevens
        => |stage| stage.remove(&stage.user(SEVEN));
    removing_a_group_leaves_the_user_of_that_id [RemoveGroup, AddUser, AddGroup] in both_sevens
        => |stage| stage.remove(&stage.group(SEVEN));
}

async fn the_acting_identity_is_known(stage: Stage) -> Checked {
    let me = stage.members().me().await?;
    check_eq!(me.user, stage.user_id(ME), "the acting user");
    if me.email.is_some() {
        check_eq!(me.email, stage.seed.me.email, "the acting user's address");
    }
    check!(me.admin != Some(false), "the acting user administrates the account, and is said not to");
    Ok(())
}

/// Addresses that differ by less than a hasty comparison sees. The first is the one that others could be taken for.
const AWKWARD: [&str; 12] = [
    "kim@example.com",
    "\u{212a}im@example.com",
    "k\u{131}m@example.com",
    "kim+legal@example.com",
    "kim%40example.com@example.com",
    "kim/..@example.com",
    "Mixed.Case@Example.COM",
    "jörg@bücher.example",
    "JÖRG@bücher.example",
    "o'neil&sons=1?x#y@example.com",
    "kim@example.com.evil.example",
    "\"quoted\"@example.com",
];

async fn awkward_addresses_find_their_user(context: &Context) -> Checked {
    let mut seed = context.seed();
    for (number, address) in (EXTRA..).zip(AWKWARD) {
        seed.users.push(context.make_user(number, "Awkward", address));
    }
    let stage = context.stage(seed).await?;
    for (number, address) in (EXTRA..).zip(AWKWARD) {
        let found = stage.members().find_user(&email(address)).await?;
        check_eq!(found.id, stage.user_id(number), "the user found for {address:?}");
        let kept = found.email.as_ref().map(EmailAddress::as_str);
        check_eq!(kept, Some(address), "the address as the provider keeps it");
    }
    for (address, number) in
        [("KIM@EXAMPLE.COM", 0), ("mixed.case@example.com", 6), ("Jörg@Bücher.example", 7)]
    {
        // Letters outside ASCII are not folded: ü stays ü, and Ü would be another.
        let found = stage.members().find_user(&email(address)).await?;
        check_eq!(found.id, stage.user_id(EXTRA + number), "the user found for {address:?}");
    }
    Ok(())
}

async fn an_address_of_two_users_is_ambiguous(context: &Context) -> Checked {
    let mut seed = context.seed();
    seed.users.push(context.make_user(EXTRA, "Twin", "twin@example.com"));
    seed.users.push(context.make_user(EXTRA + 1, "Twin", "TWIN@example.com"));
    let stage = context.stage(seed).await?;
    for address in ["twin@example.com", "TWIN@example.com", "Twin@Example.com"] {
        let result = stage.members().find_user(&email(address)).await;
        let what = format!("finding {address:?}, which two have,");
        stage.expect_refusal(&what, result, &[ErrorKind::Ambiguous])?;
    }
    Ok(())
}

async fn an_address_that_nobody_has_is_not_found(stage: Stage) -> Checked {
    for address in ["nobody@example.com", "na@example.com", "ana@example.co", "an\u{430}@example.com"] {
        let result = stage.members().find_user(&email(address)).await;
        stage.expect_refusal(&format!("finding {address:?}"), result, &[ErrorKind::NotFound])?;
    }
    Ok(())
}

/// Ids that mean something else if they are not escaped, or escaped twice.
const AWKWARD_IDS: [&str; 12] =
    ["50%", "%2F", "a/b", "a%2Fb", "a+b", "a b", "?x=1", "#top", "..a", "Ünï\u{2764}", "a;b=c&d", "members"];

async fn awkward_ids_address_only_what_they_name(context: &Context) -> Checked {
    only_if(context.ids() == Ids::Text, "ids are numbers")?;
    let mut seed = context.seed();
    for (number, id) in AWKWARD_IDS.iter().enumerate() {
        let mut user = context.make_user(EXTRA, "Awkward", &format!("awkward{number}@example.com"));
        user.id = valid(UserId::new(*id));
        seed.users.push(user);
        let mut workspace = context.make_workspace(EXTRA, "Awkward", "boss@example.com");
        workspace.id = valid(WorkspaceId::new(*id));
        context.add_owners(&mut seed, &workspace.id);
        seed.workspaces.push(workspace);
    }
    let stage = context.stage(seed).await?;
    for id in AWKWARD_IDS {
        let user = PrincipalId::from(valid(UserId::new(id)));
        for workspace in [&stage.legal, &valid(WorkspaceId::new(id))] {
            if stage.out_of_reach(workspace) {
                continue;
            }
            stage.add_to(workspace, &user, &stage.first).await?;
            if context.has(Capability::SetUserRole) {
                let change = SetRole::new(stage.key(workspace, &user).await?, stage.second.clone());
                stage.members().set_role(&change).await?;
                stage.expect_in(workspace, &user, stage.native(&stage.second));
                stage.expect_members(workspace, &format!("after changing the role of {id:?}")).await?;
            }
            if context.has(Capability::RemoveUser) {
                stage.members().remove(&RemoveMember::new(stage.key(workspace, &user).await?)).await?;
                stage.expect_out(workspace, &user);
                stage.expect_members(workspace, &format!("after removing {id:?}")).await?;
            }
        }
    }
    Ok(())
}

/// Another spelling of an id, or no id at all, reaches nobody.
async fn ids_that_the_provider_cannot_have_are_refused(stage: Stage) -> Checked {
    let ana = stage.user_id(ANA);
    let refusals =
        [ErrorKind::InvalidInput, ErrorKind::NotFound, ErrorKind::Rejected, ErrorKind::Unsupported];
    for id in [
        format!(" {ana}"),
        format!("0{ana}"),
        format!("+{ana}"),
        format!("{ana}/"),
        format!("{ana}%20"),
        "-1".to_owned(),
    ] {
        let add = stage.adding(valid(UserId::new(id.clone())), &stage.first);
        let result = stage.members().add(&add).await;
        stage.expect_refusal(&format!("adding user {id:?}"), result, &refusals[..3])?;
    }
    let path = valid(WorkspaceId::new(format!("{}/members", stage.legal)));
    let add = AddMember::new(path, stage.user(CLEO), stage.first.clone());
    stage.expect_refusal("adding to a path", stage.members().add(&add).await, &refusals)?;
    stage.expect_state("after ids that nobody has").await
}

/// The usual world, after user 7 and group 7 were added in different roles.
async fn both_sevens(context: &Context) -> Checked<Stage> {
    let stage = context.usual().await?;
    stage.add(&stage.user(SEVEN), &stage.first).await?;
    stage.add(&stage.group(SEVEN), &stage.second).await?;
    Ok(stage)
}

async fn a_role_goes_to_the_user_not_to_the_group_of_that_id(stage: Stage) -> Checked {
    let second = &stage.second;
    let other = stage.writable().into_iter().find(|role| role != second).unwrap_or_else(|| second.clone());
    for role in [second, &other] {
        stage.set_role(&stage.user(SEVEN), role).await?;
    }
    Ok(())
}
