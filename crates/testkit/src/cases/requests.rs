//! What a call costs, what is refused before it costs anything, and what shows of the credential.

use super::prelude::*;
use super::strike::arm;
use crate::case::expect_refused;

cases! {
    __requests_cases;
    every_claim_works [];
    whatever_is_not_claimed_is_refused_without_a_request [];
    one_method_sends_at_most_one_request [] over http;
    capabilities_cost_nothing_and_stay_the_same [] in usual;
    pointers_forward_every_method [];
    no_secret_shows [] over http in usual;
}

/// The call of each claimed capability succeeds in the usual world, and does what it says.
async fn every_claim_works(context: &Context) -> Checked {
    check!(context.capabilities.claims().next().is_some(), "nothing is claimed");
    for (capability, _) in context.capabilities.claims() {
        let stage = context.usual().await?;
        let call = Call::of(&stage, capability).await?;
        let result = call.send(stage.members()).await;
        check!(result.is_ok(), "{capability} is claimed, and {call:?} was {}", outcome(&result));
        call.expect_applied(&stage, true, &format!("after {call:?}")).await?;
    }
    Ok(())
}

async fn whatever_is_not_claimed_is_refused_without_a_request(context: &Context) -> Checked {
    let unclaimed = Capability::ALL.iter().filter(|capability| !context.has(**capability));
    only_if(unclaimed.clone().count() > 0, "everything is claimed")?;
    for capability in unclaimed {
        expect_refused(context, *capability).await?;
    }
    Ok(())
}

async fn one_method_sends_at_most_one_request(context: &Context) -> Checked {
    for capability in methods(context) {
        let stage = context.usual().await?;
        let call = Call::of(&stage, capability).await?;
        stage.forget();
        let result = call.send(stage.members()).await;
        check!(result.is_ok(), "{call:?} was {}", outcome(&result));
        check_eq!(stage.writes(), usize::from(call.is_write()), "writes sent by {call:?}");
        // A layer may read something of its own before a write, but has no reason to repeat anything.
        if stage.bare() || !call.is_write() {
            check_eq!(stage.requests(), 1, "requests sent by {call:?}");
        }
    }
    Ok(())
}

async fn capabilities_cost_nothing_and_stay_the_same(stage: Stage) -> Checked {
    stage.forget();
    let before = stage.members().capabilities().clone();
    // Each world has an address of its own.
    let alike = |capabilities: &Capabilities| capabilities.clone().with_endpoint("");
    let (one, other) = (alike(&before), alike(&stage.capabilities));
    check_eq!(one, other, "two values of the same configuration claim different things");
    check_eq!(&stage.members().provider(), before.provider(), "the provider's name");
    check!(before.page_size() > 0, "a page of 0 records never ends");
    stage.expect_silence("asking for capabilities")?;
    for (capability, _) in before.claims() {
        // Whether it works is another case's business; here it may be refused for what an earlier call did.
        let _ = Call::of(&stage, capability).await?.send(stage.members()).await;
    }
    check_eq!(stage.members().capabilities(), &before, "the claims after some use");
    Ok(())
}

/// `Arc`, `Box` and `&` around the value answer as it does.
async fn pointers_forward_every_method(context: &Context) -> Checked {
    for (capability, _) in context.capabilities.claims() {
        let stage = context.usual().await?;
        let call = Call::of(&stage, capability).await?;
        let boxed: Box<dyn WorkspaceMembers> = Box::new(stage.members().clone());
        let shared: Arc<dyn WorkspaceMembers> = Arc::new(boxed);
        let result = call.send(&&shared).await;
        check!(result.is_ok(), "{call:?} through three pointers was {}", outcome(&result));
    }
    Ok(())
}

async fn no_secret_shows(stage: Stage) -> Checked {
    let unknown = || Stop::not_applicable("the harness does not say which credential is in use");
    let secret = stage.world.secret.as_ref().ok_or_else(unknown)?;
    let expect_hidden = |what: &str, text: &str| {
        check!(!text.contains(secret), "the credential shows in {what}");
        Ok(())
    };
    expect_hidden("Debug", &format!("{:?} {:#?}", stage.members(), stage.members()))?;
    expect_hidden("the capabilities", &format!("{:?}", stage.members().capabilities()))?;
    for capability in methods(&stage) {
        let stage = stage.usual().await?;
        let call = Call::of(&stage, capability).await?;
        arm(&stage, &call, Fault::Answer(stage.harness.refusal(401)))?;
        let result = call.send(stage.members()).await;
        if let Some(error) = stage.expect_error("401", result, &[ErrorKind::Unauthenticated])? {
            expect_hidden("an error", &format!("{error} {error:?} {}", shown(&error)))?;
        }
        for exchange in stage.proxy()?.log() {
            expect_hidden("the request's address", &exchange.request.target)?;
            expect_hidden("the request's body", &String::from_utf8_lossy(&exchange.request.body))?;
        }
    }
    Ok(())
}
