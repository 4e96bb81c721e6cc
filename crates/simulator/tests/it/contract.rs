//! Strict schemas: each request that succeeded and each answer of a log must fit, and each status must have occurred.

use crate::schema::departures;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use workspace_members_simulator::{Body, Provider, Request};

/// The operations of one provider, from `schemas/`.
pub(crate) struct Contract {
    provider: Provider,
    operations: Map<String, Value>,
    /// What `$ref` refers to.
    defs: Value,
}

/// How often each operation answered each status.
pub(crate) type Counts = BTreeMap<(String, u16), usize>;

impl Contract {
    pub(crate) fn paradigm() -> Self {
        Self::new(Provider::Paradigm, include_str!("../../schemas/paradigm.json"))
    }

    pub(crate) fn pandadoc() -> Self {
        Self::new(Provider::PandaDoc, include_str!("../../schemas/pandadoc.json"))
    }

    fn new(provider: Provider, text: &str) -> Self {
        let document: Value = serde_json::from_str(text).unwrap();
        let operations = document["operations"].as_object().unwrap().clone();
        Self { provider, operations, defs: document["$defs"].clone() }
    }

    /// Panics at the first request or answer that departs from the schemas.
    pub(crate) fn check(&self, requests: &[Request]) -> Counts {
        let mut counts = Counts::new();
        for request in requests.iter().filter(|request| request.provider == self.provider) {
            let Some(name) = request.operation else { continue };
            let operation = &self.operations[name];
            let call = format!("{name}, {} {} -> {}", request.method, request.path, request.status);
            let status = request.status.to_string();
            let answer = operation["documented"].get(&status).or_else(|| operation["inferred"].get(&status));
            let answer = answer.unwrap_or_else(|| panic!("{call}: a status that the contract does not have"));
            match (&request.answer, answer) {
                (Body::Empty, Value::Null) => {}
                (Body::Json(body), schema) if !schema.is_null() => {
                    self.fits(schema, body, &format!("answer of {call}"));
                }
                (body, _) => panic!("{call}: answered {body:?}"),
            }
            if (200..300).contains(&request.status) {
                self.check_request(operation, request, &call);
            }
            *counts.entry((name.to_owned(), request.status)).or_default() += 1;
        }
        counts
    }

    fn check_request(&self, operation: &Value, request: &Request, call: &str) {
        assert_eq!(operation["method"], request.method.as_str(), "{call}");
        let template = operation["path"].as_str().unwrap().split('/');
        let sent: Vec<&str> = request.path.split('/').collect();
        assert_eq!(template.clone().count(), sent.len(), "{call}");
        for (part, sent) in template.zip(sent) {
            assert!(part.starts_with('{') && !sent.is_empty() || part == sent, "{call}");
        }
        let query: Map<String, Value> =
            request.query.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
        assert_eq!(query.len(), request.query.len(), "{call}: a parameter twice");
        self.fits(&operation["query"], &query.into(), &format!("query of {call}"));
        match (&request.body, &operation["body"]) {
            (Body::Empty, Value::Null) => {}
            (Body::Json(body), schema) if !schema.is_null() => {
                self.fits(schema, body, &format!("body of {call}"));
            }
            // A form carries numbers as texts.
            (Body::Form(fields), schema) if !schema.is_null() => {
                let typed = |value: &String| {
                    value.parse::<u64>().map_or_else(|_| Value::from(value.as_str()), Value::from)
                };
                let body: Map<String, Value> =
                    fields.iter().map(|(name, value)| (name.clone(), typed(value))).collect();
                self.fits(schema, &body.into(), &format!("form of {call}"));
            }
            (body, _) => panic!("{call}: sent {body:?}"),
        }
    }

    fn fits(&self, schema: &Value, value: &Value, call: &str) {
        let errors = departures(&self.defs, schema, value);
        assert!(errors.is_empty(), "{call}: {errors:?} in {value:#}");
    }

    #[expect(clippy::print_stdout, reason = "the table is for people who read the test's output")]
    /// Prints the table and panics when an operation or one of its statuses never occurred.
    pub(crate) fn cover(&self, counts: &Counts) {
        let mut missing = Vec::new();
        println!(
            "{:<28} {:<11} {:>6} {:>6}",
            format!("{} operation", self.provider),
            "known",
            "status",
            "times"
        );
        for (name, operation) in &self.operations {
            for known in ["documented", "inferred"] {
                for status in operation[known].as_object().unwrap().keys() {
                    let times =
                        counts.get(&(name.clone(), status.parse().unwrap())).copied().unwrap_or_default();
                    println!("{name:<28} {known:<11} {status:>6} {times:>6}");
                    if times == 0 {
                        missing.push(format!("{name} {status}"));
                    }
                }
            }
        }
        assert!(missing.is_empty(), "never occurred: {missing:?}");
    }
}

/// The machinery itself must be able to fail.
#[test]
#[should_panic(expected = "Additional properties are not allowed")]
fn an_extra_property_is_found() {
    let contract = Contract::paradigm();
    let schema = &contract.operations["list_members"]["documented"]["201"];
    contract.fits(schema, &serde_json::json!({ "users": [], "groups": [], "total": 0 }), "here");
}

#[test]
#[should_panic(expected = "is a required property")]
fn a_missing_property_is_found() {
    let contract = Contract::pandadoc();
    let schema = &contract.operations["list_users"]["documented"]["200"];
    contract.fits(schema, &serde_json::json!({ "total": 1, "results": [{ "user_id": "x" }] }), "here");
}

#[test]
#[should_panic(expected = "never occurred")]
fn a_status_that_never_occurred_is_found() {
    Contract::pandadoc().cover(&Counts::new());
}

#[test]
fn a_role_is_any_text_in_an_answer() {
    let contract = Contract::paradigm();
    let schema = &contract.operations["list_members"]["documented"]["201"];
    let members = serde_json::json!({ "users": [{ "id": 1, "email": "a@example.com", "role": "auditor" }], "groups": [] });
    contract.fits(schema, &members, "here");
}
