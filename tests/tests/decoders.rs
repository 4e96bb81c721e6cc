//! The property tests beside the fuzz targets: the same functions, for a bounded number of inputs.

use proptest::prelude::*;
use workspace_members_tests::decoders;

/// Pieces of real answers, so that inputs get past the first brace.
fn fragments() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop::sample::select(vec![
        r#"{"users":[{"id":1,"email":"a@example.com","role":"owner"}],"groups":[]}"#,
        r#"{"users":[],"groups":[{"id":1,"name":"All","role":"viewer"}]}"#,
        r#"{"count":2,"next":"http://x/?page=2","previous":null,"results":[{"id":7}]}"#,
        r#"{"total":1,"results":[{"user_id":"1","email":"a@example.com","workspaces":[{"role":"Admin","workspace_id":"7","membership_id":"3"}]}]}"#,
        r#"{"results":[{"user_id":"1","membership_id":"3","role":"Custom","is_active":true}]}"#,
        r#"{"member_id":"3","workspace_id":"7","role":"Member","email":null}"#,
        r#"{"type":"request_error","detail":{"user_id":["Member already exists"]}}"#,
        r#"{"type":"request_error","detail":"Owner can not be removed."}"#,
        r#"{"type":"throttled","detail":"Request was throttled. Expected available in 13 seconds."}"#,
        r#"{"profile":{"id":1},"company":{"id":2,"name":"x"},"permissions":{"is_admin":true}}"#,
        "canary-3f9a61",
        "null",
        "[",
        "]",
        "{",
        "}",
        "\"",
        ",",
        "1e999",
        "-1",
        "\u{0}",
        "\u{1b}[2J",
        "<html>",
    ]);
    prop::collection::vec(pieces.prop_map(|piece| piece.as_bytes().to_vec()), 0..3)
        .prop_map(|pieces| pieces.concat())
}

/// Takes a piece out of the middle and flips a byte.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    (fragments(), any::<prop::sample::Index>(), any::<u8>(), any::<bool>()).prop_map(
        |(mut bytes, at, byte, cut)| {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                if cut {
                    bytes.truncate(at);
                } else {
                    bytes[at] = byte;
                }
            }
            bytes
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_answer_is_a_result(
        head in any::<[u8; 3]>(),
        body in prop_oneof![fragments(), damaged(), prop::collection::vec(any::<u8>(), 0..200)],
    ) {
        decoders::answer(&[&head[..], &body].concat());
    }

    #[test]
    fn any_cursor_is_a_page_or_refused(
        text in prop_oneof!["[0-9]{1,12}x[0-9]{1,4}", "https?://[a-z]{1,5}/\\?page=[0-9]{1,12}", ".{0,40}"],
    ) {
        decoders::cursor(text.as_bytes());
    }
}

#[test]
fn a_body_over_the_limit_is_refused() {
    // 0: the Paradigm adapter at owner level; 4: listing members; 0: status 200.
    decoders::answer(&[&[0, 4, 0][..], &vec![b' '; (1 << 16) + 2]].concat());
}

#[test]
fn deep_nesting_is_refused_and_not_followed() {
    for status in 0..15 {
        let deep = [vec![b'['; 60_000], vec![b']'; 4]].concat();
        decoders::answer(&[&[3, 4, status][..], &deep].concat());
    }
}
