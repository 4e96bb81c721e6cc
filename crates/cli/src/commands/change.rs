//! `wsm add`, `set-role` and `remove`.

use super::listing::{Chosen, collect};
use crate::args::{Add, Remove, SetRole};
use crate::connections::{Connection, Connections};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::report::{MEMBER_COLUMNS, MemberRow, Report, Sheet, member_cells};
use crate::target::WorkspaceTarget;
use serde_json::{Value, json};
use workspace_members::config::KeyKind;
use workspace_members::{
    AddMember, Capability, Change, Effect, Ensured, Error, ErrorKind, IfPresent, Member, MemberKey, Notify,
    Operation, PrincipalId, PrincipalKind, Role, Who, WorkspaceId, WorkspaceMembersExt,
};

/// Adds somebody.
pub(crate) async fn add(connections: &Connections, args: &Add, output: Output) -> Result<Report> {
    let connection = connections.named(&args.target.connection)?;
    let fail = |error: Error| Failure::from(error).at(&connection.name);
    let who = args.person.who();
    let notify = if args.notify { Notify::MEMBER } else { Notify::NOBODY };
    admit_add(connection, &args.target, &who, &args.role, notify).map_err(fail)?;
    let workspace = open(connection, &args.target, output).await?;
    let principal = connection.members.resolve(&who).await.map_err(fail)?;
    if args.how.dry_run {
        let member = read(connection, &workspace, &who).await?;
        let change = match &member {
            Some(member) if IfPresent::from(args.if_present) == IfPresent::Fail => {
                let message = format!("they are a member already, as {}", member.native_role);
                return Err(fail(
                    Error::new(ErrorKind::AlreadyMember, Effect::Rejected, message)
                        .with_operation(Operation::Add)
                        .with_provider(connection.members.provider()),
                ));
            }
            Some(member) => {
                let keep = IfPresent::from(args.if_present) == IfPresent::Keep;
                !keep && differs(connection, member, &args.role).map_err(fail)?
            }
            None => true,
        };
        let line = format!("would add {who} to {} as {}", args.target, args.role);
        return Ok(dry(connection, change, member.as_ref(), line));
    }
    let request =
        AddMember::new(workspace.id.clone(), principal.clone(), args.role.clone()).with_notify(notify);
    let ensured = match connection.members.ensure(&request, args.if_present.into()).await {
        Err(error) if error.kind() == ErrorKind::Unsupported && args.how.allow_remove_then_add => {
            connection.members.change_role_by_remove_then_add(&workspace.id, &principal, &args.role).await
        }
        other => other,
    };
    Ok(done(connection, &workspace, &ensured.map_err(fail)?, "added"))
}

/// Changes a role.
pub(crate) async fn set_role(connections: &Connections, args: &SetRole, output: Output) -> Result<Report> {
    let connection = connections.named(&args.target.connection)?;
    let fail = |error: Error| Failure::from(error).at(&connection.name);
    let capabilities = connection.members.capabilities();
    let operation = Operation::SetRole;
    capabilities.roles().resolve(&args.role).map_err(|refused| {
        fail(Error::from(refused).with_operation(operation).with_provider(connection.members.provider()))
    })?;
    let one_step = capabilities.require(Capability::set_role(kind(&args.who)), operation);
    if let (Err(error), false) = (one_step, args.how.allow_remove_then_add) {
        let advice = "--allow-remove-then-add does it by removing and adding: for a moment they are outside";
        return Err(fail(error).advising(advice));
    }
    let workspace = open(connection, &args.target, output).await?;
    let Some(member) = read(connection, &workspace, &args.who).await? else {
        let message = format!("{} is not a member of workspace {}", args.who, workspace.id);
        let error = Error::not_found(message, &[workspace_members::Resource::Member])
            .with_operation(operation)
            .with_provider(connection.members.provider());
        return Err(fail(error));
    };
    if args.how.dry_run {
        let line = format!("would make {} {} in {}", args.who, args.role, args.target);
        let change = differs(connection, &member, &args.role).map_err(fail)?;
        return Ok(dry(connection, change, Some(&member), line));
    }
    let (id, principal) = (&workspace.id, &member.key.principal);
    let ensured = if capabilities.has(Capability::set_role(principal.kind())) {
        connection.members.change_role(id, principal, &args.role).await
    } else {
        connection.members.change_role_by_remove_then_add(id, principal, &args.role).await
    };
    Ok(done(connection, &workspace, &ensured.map_err(fail)?, "changed"))
}

/// Removes somebody.
pub(crate) async fn remove(connections: &Connections, args: &Remove, output: Output) -> Result<Report> {
    let connection = connections.named(&args.target.connection)?;
    let fail = |error: Error| Failure::from(error).at(&connection.name);
    let capability = Capability::remove(kind(&args.who));
    connection.members.capabilities().require(capability, Operation::Remove).map_err(fail)?;
    let workspace = open(connection, &args.target, output).await?;
    let member = read(connection, &workspace, &args.who).await?;
    if args.how.dry_run {
        let line = format!("would remove {} from {}", args.who, args.target);
        return Ok(dry(connection, member.is_some(), member.as_ref(), line));
    }
    let change = match &member {
        Some(member) => {
            connection.members.remove_member(&workspace.id, &member.key.principal).await.map_err(fail)?
        }
        None => Change::Unchanged,
    };
    let line = match change {
        Change::Applied => format!("removed {} from {}", args.who, args.target),
        Change::Unchanged => format!("unchanged: {} is not a member of {}", args.who, args.target),
    };
    Ok(report(connection, &change.to_string(), member.as_ref(), line))
}

/// Everything that can be refused without asking the provider.
fn admit_add(
    connection: &Connection,
    target: &WorkspaceTarget,
    who: &Who,
    role: &Role,
    notify: Notify,
) -> workspace_members::Result<()> {
    let capabilities = connection.members.capabilities();
    // Which workspace and who do not matter yet.
    let somebody: PrincipalId = match kind(who) {
        PrincipalKind::User => PrincipalId::User(1.into()),
        PrincipalKind::Group => PrincipalId::Group(1.into()),
    };
    let workspace = WorkspaceId::new(&target.workspace)?;
    let request = AddMember::new(workspace, somebody, role.clone()).with_notify(notify);
    match capabilities.admit_add(&request) {
        // Given in a second step.
        Err(_)
            if capabilities.roles().resolve(role).is_ok_and(|resolved| resolved.custom)
                && capabilities.has(Capability::SetCustomRole) =>
        {
            Ok(())
        }
        other => other.map(drop),
    }
}

/// Finds the workspace, after a word of warning where one is due.
async fn open(connection: &Connection, target: &WorkspaceTarget, output: Output) -> Result<Chosen> {
    if connection.config.key_kind == Some(KeyKind::Sandbox) {
        output.warn(&format!("{}: a sandbox key changes real members", connection.name));
    }
    connection.one(&target.workspace).await
}

/// The member meant. By address they are found among the workspace's own members, which whoever may change them may read;
/// the account's list of users can be closed to them.
async fn read(connection: &Connection, workspace: &Chosen, who: &Who) -> Result<Option<Member>> {
    let fail = |error: Error| Failure::from(error).at(&connection.name);
    match who {
        Who::Id(id) => connection.members.find_member(&workspace.id, id, Operation::Get).await.map_err(fail),
        Who::Email(email) => {
            let members = collect(|| connection.members.members(workspace.id.clone())).await.map_err(fail)?;
            let mut found = members.into_iter().filter(|member| member.email.as_ref() == Some(email));
            match (found.next(), found.next()) {
                (Some(first), Some(second)) => {
                    let message = format!(
                        "{email} is the address of {} and {}",
                        first.key.principal, second.key.principal
                    );
                    Err(fail(
                        Error::new(ErrorKind::Ambiguous, Effect::Rejected, message)
                            .with_provider(connection.members.provider()),
                    ))
                }
                (found, _) => Ok(found),
            }
        }
    }
}

fn kind(who: &Who) -> PrincipalKind {
    match who {
        Who::Email(_) => PrincipalKind::User,
        Who::Id(id) => id.kind(),
    }
}

fn differs(connection: &Connection, member: &Member, role: &Role) -> workspace_members::Result<bool> {
    let asked = connection.members.capabilities().roles().resolve(role)?;
    Ok(asked.native != member.native_role)
}

fn done(connection: &Connection, workspace: &Chosen, ensured: &Ensured, verb: &str) -> Report {
    let member = &ensured.member;
    let key = MemberKey::new(workspace.id.clone(), member.key.principal.clone());
    let line = match ensured.change {
        Change::Applied => format!("{verb}: {key} is {} now", member.native_role),
        Change::Unchanged => format!("unchanged: {key} is {} already", member.native_role),
    };
    report(connection, &ensured.change.to_string(), Some(member), line)
}

fn dry(connection: &Connection, change: bool, member: Option<&Member>, line: String) -> Report {
    let (word, line) =
        if change { ("pending", line) } else { ("unchanged", "nothing would change".to_owned()) };
    let mut report = report(connection, word, member, line);
    if change {
        report.exit = Exit::Pending;
    }
    report
}

/// `{change, member}`.
fn report(connection: &Connection, change: &str, member: Option<&Member>, line: String) -> Report {
    let row = member.map_or(Value::Null, |member| {
        MemberRow::new(&connection.name, connection.provider(), member).value()
    });
    let mut sheet = Sheet::new(&MEMBER_COLUMNS);
    if let Some(member) = member {
        sheet.push(member_cells(member));
    }
    let mut flat = row.clone();
    if flat.is_null() {
        flat = json!({});
    }
    flat["change"] = json!(change);
    let columns: Vec<&'static str> = ["change"].into_iter().chain(MemberRow::COLUMNS).collect();
    Report {
        json: json!({ "change": change, "member": row }),
        csv: (columns, vec![flat]),
        sheets: vec![sheet.titled(line)],
        failures: Vec::new(),
        exit: Exit::Done,
    }
}
