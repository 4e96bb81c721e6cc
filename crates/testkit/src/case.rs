//! A case: a name, what it needs, and what it does.

use crate::context::Context;
use crate::failure::{Failure, check, outcome};
use futures_util::TryStreamExt;
use futures_util::future::BoxFuture;
use workspace_members_core::{Capability, Effect, ErrorKind, Member, Status, WorkspaceMembersExt};

/// What became of a case that did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It ran, and exercised these capabilities beside those that it needs.
    Ran(Vec<Capability>),
    /// It needs something that is not claimed, and these calls were refused as they must be.
    Refused(Vec<Capability>),
    /// It has no meaning here, and why.
    NotApplicable(String),
}

/// Ran, and exercised what it needs.
pub(crate) const RAN: Outcome = Outcome::Ran(Vec::new());

pub(crate) type Verdict = Result<Outcome, Failure>;

/// One named check of one promise.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// Without one of these, the case becomes a check of the refusal.
    pub(crate) needs: &'static [Capability],
    /// Whether it reads the log of requests or injects faults.
    pub(crate) proxy: bool,
    pub(crate) run: for<'a> fn(&'a Context) -> BoxFuture<'a, Verdict>,
}

/// The table of one file's cases: `name [needs]`, with `over http` for those that need the proxy.
macro_rules! cases {
    ($($name:ident [$($need:ident),*] $(over $http:ident)?;)+) => {
        pub(crate) const CASES: &[$crate::case::Case] = &[$(
            $crate::case::Case {
                name: stringify!($name),
                needs: &[$(workspace_members_core::Capability::$need),*],
                proxy: false $(|| stringify!($http).len() == 4)?,
                run: |context| Box::pin($name(context)),
            },
        )+];
    };
}
pub(crate) use cases;

impl Case {
    /// Runs the case; or, if something that it needs is not claimed, checks that this is refused.
    pub(crate) async fn play(&self, context: &Context) -> Verdict {
        let absent: Vec<_> = self.needs.iter().copied().filter(|need| !context.has(*need)).collect();
        if !absent.is_empty() {
            for capability in &absent {
                refused(context, *capability).await?;
            }
            return Ok(Outcome::Refused(absent));
        }
        if self.proxy && context.stage(context.alone()).await?.world.proxy.is_none() {
            return Ok(Outcome::NotApplicable("no HTTP between adapter and provider".to_owned()));
        }
        (self.run)(context).await
    }
}

/// Listings that do not claim to show who is pending show nobody as pending.
async fn shows_nobody_pending(context: &Context) -> Result<(), Failure> {
    let stage = context.usual().await?;
    let legal = stage.workspace(crate::cast::LEGAL);
    if !stage.has(Capability::ListMembers) && !stage.has(Capability::ListAccountMembers) {
        return Ok(());
    }
    let listed: Vec<Member> = stage.members().members(stage.list_of(&legal)).try_collect().await?;
    let pending: Vec<_> = listed.iter().filter(|member| member.status == Status::Pending).collect();
    check!(pending.is_empty(), "{} is not claimed, and a listing shows {pending:?}", Capability::ListPending);
    Ok(())
}

/// A call for something that is not claimed answers [`ErrorKind::Unsupported`], and sends nothing.
pub(crate) async fn refused(context: &Context, capability: Capability) -> Result<(), Failure> {
    if capability == Capability::ListPending {
        return shows_nobody_pending(context).await;
    }
    let stage = context.usual().await?;
    let call = stage.call(capability).await?;
    stage.forget();
    let result = call.send(&**stage.members()).await;
    let custom = matches!(capability, Capability::AddCustomRole | Capability::SetCustomRole);
    let refusal = |kind: ErrorKind| {
        // A table without custom roles refuses the role before anybody asks for the capability.
        kind == ErrorKind::Unsupported || (custom && kind == ErrorKind::InvalidRole)
    };
    check!(
        result.as_ref().is_err_and(|error| refusal(error.kind()) && error.effect() == Effect::Rejected),
        "{capability} is not claimed, so {call:?} must be refused as unsupported; it was {}",
        outcome(&result)
    );
    stage.expect_silence(&format!("a call for {capability}, which is not claimed,"))?;
    stage.expect_unchanged("after a call that is not claimed").await
}
