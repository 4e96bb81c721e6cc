//! What a call costs, what is refused before it costs anything, and what shows of the credential.

use crate::call::METHODS;
use crate::case::{Outcome, RAN, Verdict, cases, refused};
use crate::context::Context;
use crate::failure::{check, check_eq, outcome, shown};
use std::sync::Arc;
use workspace_members_core::{Capabilities, Capability, ErrorKind, WorkspaceMembers};

cases! {
    every_claim_works [];
    whatever_is_not_claimed_is_refused_without_a_request [];
    one_method_sends_at_most_one_request [] over http;
    capabilities_cost_nothing_and_stay_the_same [];
    pointers_forward_every_method [];
    no_secret_shows [] over http;
}

/// The call of each claimed capability succeeds in the usual world, and does what it says.
async fn every_claim_works(context: &Context) -> Verdict {
    let mut works = Vec::new();
    for (capability, _) in context.capabilities().claims() {
        let stage = context.usual().await?;
        let call = stage.call(capability).await?;
        let result = call.send(&**stage.members()).await;
        check!(result.is_ok(), "{capability} is claimed, and {call:?} was {}", outcome(&result));
        stage.expect_applied(&call, true, &format!("after {call:?}")).await?;
        works.push(capability);
    }
    check!(!works.is_empty(), "nothing is claimed");
    Ok(Outcome::Ran(works))
}

async fn whatever_is_not_claimed_is_refused_without_a_request(context: &Context) -> Verdict {
    let absent: Vec<_> = Capability::ALL.iter().copied().filter(|known| !context.has(*known)).collect();
    for capability in &absent {
        refused(context, *capability).await?;
    }
    Ok(if absent.is_empty() {
        Outcome::NotApplicable("everything is claimed".to_owned())
    } else {
        Outcome::Refused(absent)
    })
}

async fn one_method_sends_at_most_one_request(context: &Context) -> Verdict {
    let mut ran = Vec::new();
    for capability in METHODS.into_iter().filter(|method| context.has(*method)) {
        let stage = context.usual().await?;
        let call = stage.call(capability).await?;
        stage.forget();
        let result = call.send(&**stage.members()).await;
        check!(result.is_ok(), "{call:?} was {}", outcome(&result));
        let log = stage.proxy()?.log();
        let writes = log.iter().filter(|exchange| exchange.request.is_write()).count();
        check_eq!(writes, usize::from(call.is_write()), "writes sent by {call:?}");
        // A layer may read something of its own before a write, but has no reason to repeat anything.
        if stage.bare() || !call.is_write() {
            check_eq!(log.len(), 1, "requests sent by {call:?}");
        }
        ran.push(capability);
    }
    Ok(Outcome::Ran(ran))
}

async fn capabilities_cost_nothing_and_stay_the_same(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    stage.forget();
    let before = stage.claims().clone();
    // Each world has an address of its own.
    let alike = |capabilities: &Capabilities| capabilities.clone().with_endpoint("");
    let (one, other) = (alike(&before), alike(context.capabilities()));
    check_eq!(one, other, "two values of the same configuration claim different things");
    check_eq!(&stage.members().provider(), before.provider(), "the provider's name");
    check!(before.page_size() > 0, "a page of 0 records never ends");
    stage.expect_silence("asking for capabilities")?;
    for (capability, _) in before.claims() {
        let call = stage.call(capability).await?;
        // Whether it works is another case's business; here it may be refused for what an earlier call did.
        let _ = call.send(&**stage.members()).await;
    }
    check_eq!(stage.claims(), &before, "the claims after some use");
    Ok(RAN)
}

/// `Arc`, `Box` and `&` around the value answer as it does.
async fn pointers_forward_every_method(context: &Context) -> Verdict {
    let mut works = Vec::new();
    for (capability, _) in context.capabilities().claims() {
        let stage = context.usual().await?;
        let call = stage.call(capability).await?;
        let boxed: Box<dyn WorkspaceMembers> = Box::new(stage.members().clone());
        let shared: Arc<dyn WorkspaceMembers> = Arc::new(boxed);
        let result = call.send(&&shared).await;
        check!(result.is_ok(), "{call:?} through three pointers was {}", outcome(&result));
        works.push(capability);
    }
    Ok(Outcome::Ran(works))
}

async fn no_secret_shows(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let Some(secret) = stage.world.secret.clone() else {
        return Ok(Outcome::NotApplicable("the harness does not say which credential is in use".to_owned()));
    };
    let hidden = |what: &str, text: &str| {
        check!(!text.contains(&secret), "the credential shows in {what}");
        Ok(())
    };
    hidden("Debug", &format!("{:?} {:#?}", stage.members(), stage.members()))?;
    hidden("the capabilities", &format!("{:?}", stage.claims()))?;
    for capability in METHODS.into_iter().filter(|method| context.has(*method)) {
        let stage = context.usual().await?;
        let call = stage.call(capability).await?;
        super::strike::arm(&stage, &call, crate::Fault::Answer(context.harness.refusal(401)))?;
        if let Some(error) =
            stage.expect_error("401", call.send(&**stage.members()).await, &[ErrorKind::Unauthenticated])?
        {
            hidden("an error", &format!("{error} {error:?} {}", shown(&error)))?;
        }
        for exchange in stage.proxy()?.log() {
            hidden("the request's address", &exchange.request.target)?;
            hidden("the request's body", &String::from_utf8_lossy(&exchange.request.body))?;
        }
    }
    Ok(RAN)
}
