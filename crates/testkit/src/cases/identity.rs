//! Who is who: ids and addresses that are easily taken for one another.

use crate::case::{Outcome, RAN, Verdict, cases};
use crate::cast::{ANA, LEGAL, ME, SEVEN, valid};
use crate::context::Context;
use crate::failure::{check, check_eq, outcome};
use crate::seed::{Grant, Ids};
use crate::stage::People;
use std::collections::BTreeMap;
use workspace_members_core::{
    AddMember, Capability, EmailAddress, ErrorKind, PrincipalId, RemoveMember, SetRole, UserId, WorkspaceId,
    WorkspaceMembersExt,
};

cases! {
    the_acting_identity_is_known [Me];
    awkward_addresses_find_their_user [ListUsers, SeeAddresses];
    an_address_of_two_users_is_ambiguous [ListUsers, SeeAddresses];
    an_address_that_nobody_has_is_not_found [ListUsers, SeeAddresses];
    awkward_ids_address_only_what_they_name [AddUser];
    ids_that_the_provider_cannot_have_are_refused [AddUser];
    a_user_and_a_group_of_one_id_are_two [AddUser, AddGroup];
    a_role_goes_to_the_user_not_to_the_group_of_that_id [SetUserRole, AddUser, AddGroup];
    removing_a_user_leaves_the_group_of_that_id [RemoveUser, AddUser, AddGroup];
    removing_a_group_leaves_the_user_of_that_id [RemoveGroup, AddUser, AddGroup];
}

async fn the_acting_identity_is_known(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let me = stage.members().me().await?;
    check_eq!(me.user, stage.user_id(ME), "the acting user");
    if me.email.is_some() {
        check_eq!(me.email, stage.seed.me.email, "the acting user's address");
    }
    check!(me.admin != Some(false), "the acting user rules the account, and is said not to");
    Ok(RAN)
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

async fn awkward_addresses_find_their_user(context: &Context) -> Verdict {
    let mut seed = context.seed();
    for (number, email) in (50..).zip(AWKWARD) {
        seed.users.push(context.make_user(number, "Awkward", email));
    }
    let stage = context.stage(seed).await?;
    for (number, email) in (50..).zip(AWKWARD) {
        let found = stage.members().find_user(&valid(EmailAddress::new(email))).await?;
        check_eq!(found.id, stage.user_id(number), "the user found for {email:?}");
        let kept = found.email.as_ref().map(EmailAddress::as_str);
        check_eq!(kept, Some(email), "the address as the provider keeps it");
    }
    for (email, number) in
        [("KIM@EXAMPLE.COM", 50), ("mixed.case@example.com", 56), ("Jörg@Bücher.example", 57)]
    {
        // Letters outside ASCII are not folded: ü stays ü, and Ü would be another.
        let found = stage.members().find_user(&valid(EmailAddress::new(email))).await?;
        check_eq!(found.id, stage.user_id(number), "the user found for {email:?}");
    }
    Ok(RAN)
}

async fn an_address_of_two_users_is_ambiguous(context: &Context) -> Verdict {
    let mut seed = context.seed();
    seed.users.push(context.make_user(50, "Twin", "twin@example.com"));
    seed.users.push(context.make_user(51, "Twin", "TWIN@example.com"));
    let stage = context.stage(seed).await?;
    for email in ["twin@example.com", "TWIN@example.com", "Twin@Example.com"] {
        let result = stage.members().find_user(&valid(EmailAddress::new(email))).await;
        stage.expect_refusal(
            &format!("finding {email:?}, which two have,"),
            result,
            &[ErrorKind::Ambiguous],
        )?;
    }
    Ok(RAN)
}

async fn an_address_that_nobody_has_is_not_found(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    for email in ["nobody@example.com", "na@example.com", "ana@example.co", "an\u{430}@example.com"] {
        let result = stage.members().find_user(&valid(EmailAddress::new(email))).await;
        stage.expect_refusal(&format!("finding {email:?}"), result, &[ErrorKind::NotFound])?;
    }
    Ok(RAN)
}

/// Ids that mean something else if they are not escaped, or escaped twice.
const AWKWARD_IDS: [&str; 12] =
    ["50%", "%2F", "a/b", "a%2Fb", "a+b", "a b", "?x=1", "#top", "..a", "Ünï\u{2764}", "a;b=c&d", "members"];

async fn awkward_ids_address_only_what_they_name(context: &Context) -> Verdict {
    if context.ids() == Ids::Numbers {
        return Ok(Outcome::NotApplicable("ids are numbers".to_owned()));
    }
    let mut seed = context.seed();
    let legal = context.workspace(LEGAL);
    let (first, second) = context.two_roles();
    for (number, id) in AWKWARD_IDS.iter().enumerate() {
        let email = valid(EmailAddress::new(format!("awkward{number}@example.com")));
        let mut user = context.make_user(50, "Awkward", email.as_str());
        user.id = valid(UserId::new(*id));
        seed.users.push(user);
        let mut workspace = context.make_workspace(50, "Awkward", "boss@example.com");
        workspace.id = valid(WorkspaceId::new(*id));
        for owner in [ME, crate::cast::BOSS] {
            seed.members.push(Grant::new(workspace.id.clone(), context.user(owner), context.ruling()));
        }
        seed.workspaces.push(workspace);
    }
    let stage = context.stage(seed).await?;
    let mut there: BTreeMap<WorkspaceId, People> = BTreeMap::new();
    for id in AWKWARD_IDS {
        let user = PrincipalId::from(valid(UserId::new(id)));
        for workspace in [legal.clone(), valid(WorkspaceId::new(id))] {
            if stage.out_of_reach(&workspace) {
                continue;
            }
            let seeded = || stage.seed.members_of(&workspace);
            let people = there.entry(workspace.clone()).or_insert_with(seeded);
            let add = AddMember::new(workspace.clone(), user.clone(), first.clone());
            let member = stage.members().add(&add).await?;
            stage.expect_member(&member, (&workspace, &user), &first)?;
            people.insert(user.clone(), stage.native(&first));
            stage.expect(&workspace, people, &format!("after adding {id:?}")).await?;
            if context.has(Capability::SetUserRole) {
                let change = SetRole::new(stage.key(&workspace, &user).await?, second.clone());
                stage.members().set_role(&change).await?;
                people.insert(user.clone(), stage.native(&second));
                stage.expect(&workspace, people, &format!("after changing the role of {id:?}")).await?;
            }
            if context.has(Capability::RemoveUser) {
                let removal = RemoveMember::new(stage.key(&workspace, &user).await?);
                stage.members().remove(&removal).await?;
                people.remove(&user);
                stage.expect(&workspace, people, &format!("after removing {id:?}")).await?;
            }
        }
    }
    Ok(RAN)
}

/// Another spelling of an id, or no id at all, reaches nobody.
async fn ids_that_the_provider_cannot_have_are_refused(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let (role, _) = stage.two_roles();
    let ana = stage.user_id(ANA);
    let spelled = [
        format!(" {ana}"),
        format!("0{ana}"),
        format!("+{ana}"),
        format!("{ana}/"),
        format!("{ana}%20"),
        "-1".to_owned(),
    ];
    for id in spelled {
        let who = valid(UserId::new(id.clone()));
        let add = AddMember::new(stage.workspace(LEGAL), who.clone(), role.clone());
        let refusals = [ErrorKind::InvalidInput, ErrorKind::NotFound, ErrorKind::Rejected];
        stage.expect_refusal(&format!("adding user {id:?}"), stage.members().add(&add).await, &refusals)?;
        let workspace = valid(WorkspaceId::new(format!("{}/members", stage.workspace(LEGAL))));
        let add = AddMember::new(workspace, stage.user(crate::cast::CLEO), role.clone());
        let refusals =
            [ErrorKind::InvalidInput, ErrorKind::NotFound, ErrorKind::Rejected, ErrorKind::Unsupported];
        stage.expect_refusal("adding to a path", stage.members().add(&add).await, &refusals)?;
    }
    stage.expect_unchanged("after ids that nobody has").await?;
    Ok(RAN)
}

/// Adds user 7 and group 7 in different roles.
async fn both_sevens(context: &Context) -> Result<(crate::stage::Stage, People), crate::Failure> {
    let stage = context.usual().await?;
    let (first, second) = stage.two_roles();
    let legal = stage.workspace(LEGAL);
    let mut people = stage.seed.members_of(&legal);
    for (who, role) in [(stage.user(SEVEN), first), (stage.group(SEVEN), second)] {
        let add = AddMember::new(legal.clone(), who.clone(), role.clone());
        let result = stage.members().add(&add).await;
        check!(result.is_ok(), "adding {who}: {}", outcome(&result));
        people.insert(who, stage.native(&role));
    }
    Ok((stage, people))
}

async fn a_user_and_a_group_of_one_id_are_two(context: &Context) -> Verdict {
    let (stage, people) = both_sevens(context).await?;
    stage.expect_after(&stage.workspace(LEGAL), &people, "after adding user 7 and group 7").await?;
    Ok(RAN)
}

async fn a_role_goes_to_the_user_not_to_the_group_of_that_id(context: &Context) -> Verdict {
    let (stage, mut people) = both_sevens(context).await?;
    let legal = stage.workspace(LEGAL);
    let (_, second) = stage.two_roles();
    let other = stage.writable().into_iter().find(|role| *role != second).unwrap_or_else(|| second.clone());
    for role in [second, other] {
        let change = SetRole::new(stage.key(&legal, &stage.user(SEVEN)).await?, role.clone());
        stage.members().set_role(&change).await?;
        people.insert(stage.user(SEVEN), stage.native(&role));
        stage.expect_after(&legal, &people, "after a change of user 7's role").await?;
    }
    Ok(RAN)
}

async fn removing_a_user_leaves_the_group_of_that_id(context: &Context) -> Verdict {
    let (stage, mut people) = both_sevens(context).await?;
    let legal = stage.workspace(LEGAL);
    stage.members().remove(&RemoveMember::new(stage.key(&legal, &stage.user(SEVEN)).await?)).await?;
    people.remove(&stage.user(SEVEN));
    stage.expect_after(&legal, &people, "after removing user 7").await?;
    Ok(RAN)
}

async fn removing_a_group_leaves_the_user_of_that_id(context: &Context) -> Verdict {
    let (stage, mut people) = both_sevens(context).await?;
    let legal = stage.workspace(LEGAL);
    stage.members().remove(&RemoveMember::new(stage.key(&legal, &stage.group(SEVEN)).await?)).await?;
    people.remove(&stage.group(SEVEN));
    stage.expect_after(&legal, &people, "after removing group 7").await?;
    Ok(RAN)
}
