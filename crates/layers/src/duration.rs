//! Durations in configuration: `"500ms"`, `"30s"`, `"5m"`, `"2h"`, or a number of seconds.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serializer};
use std::time::Duration;

/// Milliseconds per unit, longest name first so that `ms` is not read as `s`.
const UNITS: [(&str, f64); 4] = [("ms", 1.0), ("s", 1_000.0), ("m", 60_000.0), ("h", 3_600_000.0)];

/// A hundred years: longer is a slip, and would overflow when added to a clock.
pub(crate) const MAX: Duration = Duration::from_hours(876_600);

fn parse(text: &str) -> Option<Duration> {
    let text = text.trim();
    let (number, millis) =
        UNITS.iter().find_map(|(unit, millis)| Some((text.strip_suffix(unit)?.trim_end(), millis)))?;
    let plain = !number.is_empty() && number.chars().all(|c| c.is_ascii_digit() || c == '.');
    let seconds = number.parse::<f64>().ok().filter(|_| plain)? * millis / 1_000.0;
    from_seconds(seconds)
}

fn from_seconds(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds).ok().filter(|duration| *duration <= MAX)
}

/// As it stands in data.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "expected a duration such as \"500ms\", \"30s\", \"5m\" or \"2h\", or a number of seconds"
)]
enum Form {
    Text(String),
    Seconds(f64),
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let (duration, shown) = match Form::deserialize(from)? {
        Form::Text(text) => (parse(&text), format!("{text:?}")),
        Form::Seconds(seconds) => (from_seconds(seconds), seconds.to_string()),
    };
    duration.ok_or_else(|| {
        D::Error::custom(format!(
            "{shown} is no duration, such as \"500ms\", \"30s\", \"5m\" or \"2h\", or a number of seconds"
        ))
    })
}

pub(crate) fn serialize<S: Serializer>(duration: &Duration, to: S) -> Result<S::Ok, S::Error> {
    let millis = duration.as_millis();
    let text =
        if millis.is_multiple_of(1_000) { format!("{}s", millis / 1_000) } else { format!("{millis}ms") };
    to.serialize_str(&text)
}

/// For people: to the millisecond.
pub(crate) fn shown(duration: Duration) -> String {
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    format!("{:?}", Duration::from_millis(millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read_and_slips_refused() {
        for (text, millis) in [
            ("500ms", 500),
            ("30s", 30_000),
            ("1.5s", 1_500),
            ("2m", 120_000),
            ("1h", 3_600_000),
            ("5 s", 5_000),
        ] {
            assert_eq!(parse(text), Some(Duration::from_millis(millis)), "{text}");
        }
        for bad in ["", "s", "30", "-1s", "1e9s", "infs", "NaNs", "30 apples", "99999999999h", "1.2.3s"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
