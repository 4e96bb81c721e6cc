//! Plan files.

use crate::target::Target;
use std::collections::BTreeMap;
use std::sync::OnceLock;
use workspace_members_sync::{InvalidPlan, Plan, PlanRequests};

pub(crate) const WORDS: &[&str] = &[
    "\"add\"",
    "\"remove\"",
    "\"steps\": [",
    "\"kept\": [",
    "\"desired state\": {",
    "\"version\": 1",
    "\"guards\": {}",
    "\"mails\"",
    "\"user:1\"",
    "\"viewer\"",
    "null",
    "true",
    "0",
    "18446744073709551615",
    "1.5",
    "{",
    "}",
    "[",
    "]",
    ",",
    "\"",
];

/// The seeds that are plans as they were made, by fingerprint.
fn made() -> &'static BTreeMap<String, Plan> {
    static MADE: OnceLock<BTreeMap<String, Plan>> = OnceLock::new();
    MADE.get_or_init(|| {
        let seeds = Target::named("plan").expect("listed").seeds().expect("a folder of seeds");
        let texts = seeds.iter().filter_map(|(_, bytes)| std::str::from_utf8(bytes).ok());
        let plans = texts.filter_map(|text| Plan::from_json(text).ok());
        let made: BTreeMap<_, _> =
            plans.map(|plan| (plan.fingerprint.to_string(), priceless(plan))).collect();
        // Where a fingerprint covers something else than before, or otherwise, the seeds need it too.
        assert_eq!(made.len(), 3, "both.json, nothing.json and removal.json are plans that were made");
        made
    })
}

/// Without the estimates, which no fingerprint covers.
fn priceless(mut plan: Plan) -> Plan {
    (plan.requests, plan.eta_seconds) = (PlanRequests::default(), 0);
    plan.steps.iter_mut().for_each(|step| step.requests = 0);
    plan
}

/// A plan file. What is accepted is written and read as the same; whatever has the fingerprint of a plan that was made is
/// that plan.
pub fn plan(data: &[u8]) {
    let made = made();
    let Ok(text) = std::str::from_utf8(data) else { return };
    // Past the fingerprint, which no change by chance gets past.
    if let Ok(plan) = serde_json::from_str::<Plan>(text) {
        let written = plan.to_json().expect("a plan can be written");
        let again: Plan = serde_json::from_str(&written).expect("a plan that was written can be read");
        assert_eq!(again, plan, "{written}");
        let accepted = Plan::from_json(text).is_ok();
        assert_eq!(Plan::from_json(&written).is_ok(), accepted, "judged otherwise once written: {written}");
    }
    match Plan::from_json(text) {
        Ok(plan) => {
            let fingerprint = plan.fingerprint.to_string();
            if let Some(one) = made.get(&fingerprint) {
                assert_eq!(&priceless(plan), one, "a changed plan was accepted");
            }
        }
        Err(InvalidPlan::Form(error)) => {
            assert!(error.line() >= 1 || text.is_empty(), "{error} says no place");
        }
        Err(_) => {}
    }
}
