//! A case: a name, what it needs, and what it does.

use crate::call::Call;
use crate::context::{Context, Record};
use crate::failure::{Checked, Failure, Stop, check, only_if, outcome};
use futures_util::TryStreamExt;
use futures_util::future::BoxFuture;
use std::collections::BTreeSet;
use workspace_members_core::{Capability, Effect, ErrorKind, Member, Status, WorkspaceMembersExt};

/// What became of a case that did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It ran, and these capabilities worked.
    Ran(BTreeSet<Capability>),
    /// It needs something that is not claimed, and calls for these were refused as they must be.
    Refused(BTreeSet<Capability>),
    /// It has no meaning here, and why.
    NotApplicable(String),
}

pub(crate) type Verdict = Result<Outcome, Failure>;

/// One named check of one promise.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// Without one of these, the case becomes a check of the refusal.
    pub(crate) needs: &'static [Capability],
    /// Whether it reads the log of requests or injects faults.
    pub(crate) proxy: bool,
    pub(crate) run: for<'a> fn(&'a Context) -> BoxFuture<'a, Checked>,
}

/// The table of one file's cases: `name [needs]`, with `over http` for those that need the proxy, and `in usual` or
/// `in FUNCTION` for those that begin in the usual world or in what the function makes of the context. What runs is the
/// function of the same name, or what follows the arrow.
///
/// The first name is that of a macro for [`conformance!`](crate::conformance), which makes a test of each case.
macro_rules! cases {
    ($tests:ident; $($name:ident [$($need:ident),*] $(over $http:ident)? $(in $world:ident)? $(=> |$context:ident| $run:expr)?;)+) => {
        pub(crate) const CASES: &[$crate::case::Case] = &[$(
            $crate::case::Case {
                name: stringify!($name),
                needs: &[$(workspace_members_core::Capability::$need),*],
                proxy: false $(|| stringify!($http).len() == 4)?,
                run: $crate::case::cases!(@run $name $($world)? $(|$context| $run)?),
            },
        )+];

        #[doc(hidden)]
        #[macro_export]
        macro_rules! $tests {
            (tests) => { $( #[test] fn $name() { CONFORMANCE.check(stringify!($name)); } )+ };
            (names) => { [$(stringify!($name)),+].as_slice() };
        }
    };
    (@run $name:ident) => { |context| Box::pin($name(context)) };
    (@run $name:ident usual) => { |context| Box::pin(async { $name(context.usual().await?).await }) };
    (@run $name:ident $world:ident) => { |context| Box::pin(async { $name($world(context).await?).await }) };
    (@run $name:ident |$context:ident| $run:expr) => { |$context| Box::pin($run) };
    (@run $name:ident $world:ident |$stage:ident| $run:expr) => {
        |context| Box::pin(async { let $stage = $world(context).await?; $run.await })
    };
}
pub(crate) use cases;

impl Case {
    /// Runs the case; or, if something that it needs is not claimed, checks that this is refused.
    pub(crate) async fn play(&self, context: &Context) -> Verdict {
        match self.steps(context).await {
            Ok(()) => {}
            Err(Stop::NotApplicable(why)) => return Ok(Outcome::NotApplicable(why)),
            Err(Stop::Failed(failure)) => return Err(failure),
        }
        let Record { exercised, refused, .. } = context.record().clone();
        Ok(if refused.is_empty() { Outcome::Ran(exercised) } else { Outcome::Refused(refused) })
    }

    async fn steps(&self, context: &Context) -> Checked {
        let absent: Vec<_> = self.needs.iter().filter(|need| !context.has(**need)).collect();
        for capability in &absent {
            expect_refused(context, **capability).await?;
        }
        if !absent.is_empty() {
            return Ok(());
        }
        if self.proxy {
            let http = context.stage(context.alone()).await?.world.proxy.is_some();
            only_if(http, "no HTTP between adapter and provider")?;
        }
        context.record().exercised.extend(self.needs);
        (self.run)(context).await
    }
}

/// A call for something that is not claimed answers [`ErrorKind::Unsupported`], and sends nothing. A listing that does not
/// claim to show who is pending shows nobody as pending.
pub(crate) async fn expect_refused(context: &Context, capability: Capability) -> Checked {
    context.record().refused.insert(capability);
    let stage = context.usual().await?;
    if capability == Capability::ListPending {
        if stage.has(Capability::ListMembers) || stage.has(Capability::ListAccountMembers) {
            let listed: Vec<Member> =
                stage.members().members(stage.list_of(&stage.legal)).try_collect().await?;
            let pending: Vec<_> = listed.iter().filter(|member| member.status == Status::Pending).collect();
            check!(pending.is_empty(), "{capability} is not claimed, and a listing shows {pending:?}");
        }
        return Ok(());
    }
    let call = Call::of(&stage, capability).await?;
    stage.forget();
    let result = call.send(stage.members()).await;
    let custom = matches!(capability, Capability::AddCustomRole | Capability::SetCustomRole);
    let refusal = |kind: ErrorKind| {
        // A table without custom roles refuses the role before the capability is asked for.
        kind == ErrorKind::Unsupported || (custom && kind == ErrorKind::InvalidRole)
    };
    check!(
        result.as_ref().is_err_and(|error| refusal(error.kind()) && error.effect() == Effect::Rejected),
        "{capability} is not claimed, so {call:?} must be refused as unsupported; it was {}",
        outcome(&result)
    );
    stage.expect_silence(&format!("a call for {capability}, which is not claimed,"))?;
    stage.expect_state("after a call that is not claimed").await
}
