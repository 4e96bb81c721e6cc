//! One call that meets one fault, and what must hold afterwards whatever stands around the adapter.

use super::prelude::*;
use crate::proxy::Armed;

/// What became of a call whose first request met a fault.
pub(super) struct Strike {
    pub(super) stage: Stage,
    pub(super) call: Call,
    pub(super) result: Result<(), Error>,
    armed: Armed,
}

/// Makes the call for a capability in the usual world, with a fault in its way.
pub(super) async fn strike(context: &Context, capability: Capability, fault: Fault) -> Checked<Strike> {
    let stage = context.usual().await?;
    let call = Call::of(&stage, capability).await?;
    stage.forget();
    let armed = arm(&stage, &call, fault)?;
    let result = call.send(stage.members()).await;
    Ok(Strike { stage, call, result, armed })
}

/// The fault strikes the first request that does the call's work: a layer may ask something else before it writes.
pub(super) fn arm(stage: &Stage, call: &Call, fault: Fault) -> Checked<Armed> {
    let writes = call.is_write();
    stage.inject(Rule::new(fault).when(move |request| request.is_write() == writes))
}

impl Strike {
    /// The fault was met, nothing was sent twice that must not be, and the provider holds what it must: the call's effect
    /// if the server acted or the call succeeded after all, else none.
    pub(super) async fn expect_resolved(&self, acted: bool) -> Checked {
        let Self { stage, call, result, armed } = self;
        check_eq!(armed.struck(), 1, "how many requests of {call:?} met the fault");
        if stage.bare() {
            check_eq!(stage.requests(), 1, "how many requests {call:?} sent");
        }
        self.expect_no_blind_repetition()?;
        let when = format!("after {call:?} was {}", outcome(result));
        call.expect_applied(stage, acted || result.is_ok(), &when).await
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
