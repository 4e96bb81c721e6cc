//! One call that meets one fault, and what must hold afterwards whatever stands around the adapter.

use super::prelude::*;
use crate::proxy::Armed;

/// What became of a call whose first request met a fault.
pub(super) struct Strike {
    pub(super) stage: Stage,
    pub(super) call: Call,
    pub(super) result: Result<(), Error>,
    armed: Armed,
    server_acted: bool,
}

/// Makes the call for a capability in the usual world, with a fault in its way.
pub(super) async fn strike(context: &Context, capability: Capability, fault: Fault) -> Checked<Strike> {
    let stage = context.usual().await?;
    let call = Call::of(&stage, capability).await?;
    stage.forget();
    let server_acted = fault.strikes_after();
    let armed = arm(&stage, &call, fault)?;
    let result = call.send(stage.members()).await;
    Ok(Strike { stage, call, result, armed, server_acted })
}

/// Each of these calls meets the fault and fails as one of these kinds; a write, with one of these effects.
pub(super) async fn each_fails(
    context: &Context,
    capabilities: impl Iterator<Item = Capability>,
    fault: &Fault,
    kinds: &[ErrorKind],
    effects: &[Effect],
) -> Checked {
    // Nothing is promised about the body of a removal's success; cut off, the whole answer is broken.
    let may_be_success = match fault {
        Fault::AnswerAfter(answer) => answer.status < 300,
        fault => *fault == Fault::Empty,
    };
    for capability in capabilities {
        let struck = strike(context, capability, fault.clone()).await?;
        struck.expect_resolved().await?;
        if may_be_success && struck.call.ends_something() && struck.result.is_ok() {
            continue;
        }
        let (what, writes) = (format!("{:?}", struck.call), struck.call.is_write());
        let Some(error) = struck.error(kinds)? else { continue };
        if let Fault::Answer(answer) = fault {
            check_eq!(error.status(), Some(answer.status), "{what}: the status of {}", shown(&error));
        }
        check!(!writes || effects.contains(&error.effect()), "{what}: the effect of {}", shown(&error));
    }
    Ok(())
}

/// The fault strikes the first request that does the call's work: a layer may ask something else before it writes.
pub(super) fn arm(stage: &Stage, call: &Call, fault: Fault) -> Checked<Armed> {
    let writes = call.is_write();
    stage.inject(Rule::new(fault).when(move |request| request.is_write() == writes))
}

impl Strike {
    /// The fault was met, nothing was sent twice that must not be, and the provider holds what it must: the call's effect
    /// if the server acted or the call succeeded after all, else none.
    pub(super) async fn expect_resolved(&self) -> Checked {
        let Self { stage, call, result, armed, server_acted } = self;
        check_eq!(armed.struck(), 1, "how many requests of {call:?} met the fault");
        if stage.bare() {
            check_eq!(stage.requests(), 1, "how many requests {call:?} sent");
        }
        self.expect_no_blind_repetition()?;
        let when = format!("after {call:?} was {}", outcome(result));
        call.expect_applied(stage, *server_acted || result.is_ok(), &when).await
    }

    /// A write of which nobody knows whether it happened is not sent again before something was read.
    fn expect_no_blind_repetition(&self) -> Checked {
        for pair in self.stage.proxy()?.log().windows(2) {
            let [first, second] = pair else { continue };
            // A refused request did nothing; a 408 is a gateway's that stopped waiting.
            let refused = |status| (400..500).contains(&status) && status != 408;
            let refused_it = first.answer.as_ref().is_some_and(|answer| refused(answer.status));
            check!(
                !(first.request.is_write() && second.request.is_write()) || refused_it,
                "{} was sent again without reading whether it had happened",
                first.request
            );
        }
        Ok(())
    }

    /// The error, of one of these kinds, about this operation; `None` where a stack made the call succeed after all.
    pub(super) fn error(self, kinds: &[ErrorKind]) -> Checked<Option<Error>> {
        let (what, writes) = (format!("{:?}", self.call), self.call.is_write());
        let error = self.stage.expect_error(&what, self.result, kinds)?;
        if let Some(error) = &error {
            let operation = error.operation();
            let named = operation.is_some_and(|operation| operation.is_write() == writes);
            check!(named, "{what}: the error names operation {operation:?}");
            let may_have_changed = matches!(error.effect(), Effect::Unknown | Effect::Partial);
            let effect = error.effect();
            check!(writes || !may_have_changed, "{what} changes nothing, and its error says {effect}");
        }
        Ok(error)
    }
}
