//! How much memory the decoders take for the worst that fits into the largest body, and into a file of the same size.
//!
//! In a process of its own with one test, since all memory of the process is counted.

use peak_alloc::PeakAlloc;
use workspace_members_decoders::{MAX_BODY, Target};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// `head`, then `piece` as often as it fits, then `tail`.
fn filled(size: usize, head: &str, piece: &str, tail: &str) -> Vec<u8> {
    let times = (size - head.len() - tail.len()) / piece.len();
    [head, &piece.repeat(times), tail].concat().into_bytes()
}

/// The most memory in use at once while the target reads this, beyond what was in use before, by byte that it reads.
fn factor(name: &str, data: &[u8]) -> usize {
    let target = Target::named(name).expect("a target");
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    (target.run)(data);
    (MEMORY.peak_usage() - before).div_ceil(data.len())
}

#[test]
fn memory_is_bounded_by_the_size_of_the_body() {
    // Whatever is made once is made.
    for name in ["answer", "desired_toml", "desired_json", "plan", "journal", "state"] {
        factor(name, b"0000");
    }
    let body = |head: &str, piece: &str, tail: &str| filled(MAX_BODY - 3, head, piece, tail);
    let lists = [
        body("{\"results\":[", "{},", "{}]}"),
        body("{\"results\":[", "{\"id\":1},", "{\"id\":1}]}"),
        body("{\"results\":[", "{\"user_id\":1},", "{\"user_id\":1}]}"),
        body("{\"results\":[{\"user_id\":1,\"workspaces\":[", "{},", "{}]}]}"),
        body("{\"users\":[", "{\"id\":1,\"role\":\"\"},", "{\"id\":1,\"role\":\"\"}],\"groups\":[]}"),
        body("{\"results\":[{\"id\":1,\"user_ids\":[", "0,", "0]}]}"),
        body("[", "[],", "[]]"),
        body("", "[", ""),
    ];
    let words = [
        body("{\"detail\":[", "0,", "0]}"),
        body("{\"detail\":{\"a\":[", "\"\",", "\"\"]}}"),
        body("{\"user_id\":[", "[],", "[]]}"),
        body("{\"detail\":\"", "\\u0001", "\"}"),
    ];
    let most = |bodies: &[Vec<u8>], statuses: &[u8]| {
        let mut most = 0;
        for (adapter, operation) in
            [b'0', b'3', b'4'].into_iter().flat_map(|adapter| (b'0'..=b'6').map(move |op| (adapter, op)))
        {
            for (status, body) in
                statuses.iter().flat_map(|status| bodies.iter().map(move |body| (status, body)))
            {
                let used = factor("answer", &[&[adapter, operation, *status], &body[..]].concat());
                if used > most {
                    println!("{} {:?}: {used}", char::from(adapter), String::from_utf8_lossy(&body[..60]));
                }
                most = most.max(used);
            }
        }
        most
    };
    let (lists, words) = (most(&lists, b"0"), most(&words, b"38"));
    println!("an answer of success takes up to {lists} bytes for each of its own, a refusal {words}");

    let size = 1 << 18;
    let team = "[teams]\na=[\"b@c.d\"";
    let people = ",\"user:100001\"".repeat(size / 2 / 14);
    let desired = "]\n[[workspace]]\ntarget=\"a:1\"\nmode=\"additive\"\n[workspace.members]\n";
    let twice = [team, &people, "]\n[guards]\nprotect=["].concat();
    let files = [
        ("desired_toml", filled(size, &[team, &people, desired, "owner=["].concat(), "\"team:a\",", "]")),
        ("desired_toml", filled(size, &twice, "\"team:a\",", "]")),
        ("desired_toml", filled(size, "", "a=1\n", "")),
        ("desired_toml", filled(size, "[people]\n", "a=1\n", "")),
        ("desired_json", filled(size, "{\"a\":[", "0,", "0]}")),
        ("desired_json", filled(size, "{\"workspace\":[", "{},", "{}]}")),
        ("plan", filled(size, "{\"version\":1,\"steps\":[", "{},", "{}]}")),
        (
            "plan",
            filled(size, "{\"version\":1,\"desired state\":{\"guards\":{\"max_mails\":[", "0,", "0]}}}"),
        ),
        ("plan", filled(size, "{\"guards\":{\"max_removals\":[", "0,", "0]}}")),
        (
            "plan",
            filled(size, "{\"consequences\":[", "{\"kind\":\"inactive\"},", "{\"kind\":\"inactive\"}]}"),
        ),
        ("journal", filled(size, "", "{\"open\":1}\n", "")),
        ("journal", filled(size, "", "\n", "")),
        (
            "state",
            filled(
                size,
                "{\"paradigm\":{\"companies\":[",
                "{\"id\":1,\"name\":\"\"},",
                "{\"id\":1,\"name\":\"\"}]}}",
            ),
        ),
        (
            "state",
            filled(
                size,
                "{\"pandadoc\":{\"users\":[",
                "{\"user_id\":\"\",\"email\":\"\"},",
                "{\"user_id\":\"\",\"email\":\"\"}]}}",
            ),
        ),
    ];
    let mut files_most = 0;
    for (name, data) in &files {
        let used = factor(name, data);
        println!("{name} {:?}: {used}", String::from_utf8_lossy(&data[..40.min(data.len())]));
        files_most = files_most.max(used);
    }
    assert!(lists <= 40, "an answer took {lists} bytes for each of its own");
    assert!(words <= 8, "a refusal took {words} bytes for each of its own");
    assert!(files_most <= 120, "a file took {files_most} bytes for each of its own");
}
