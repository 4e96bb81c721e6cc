//! How long a provider asks to wait, from the headers of an answer.

use http::{HeaderMap, HeaderName, header};
use std::time::{Duration, SystemTime};

/// The longest wait that is believed. A server that says more, in earnest or not, is asked again the next day.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_hours(24);

/// Numbers from here on are seconds since 1970, and not a wait of thirty years.
const EPOCH_SECONDS: u64 = 1_000_000_000;
/// And from here on milliseconds.
const EPOCH_MILLISECONDS: u64 = EPOCH_SECONDS * 1_000;

/// Where a window's end stands, in the order of belief.
const RESETS: [HeaderName; 4] = [
    HeaderName::from_static("ratelimit-reset"),
    HeaderName::from_static("x-ratelimit-reset"),
    HeaderName::from_static("x-rate-limit-reset"),
    HeaderName::from_static("x-ratelimit-reset-after"),
];

const REMAINING: [HeaderName; 3] = [
    HeaderName::from_static("ratelimit-remaining"),
    HeaderName::from_static("x-ratelimit-remaining"),
    HeaderName::from_static("x-rate-limit-remaining"),
];

/// What `Retry-After` says (seconds or a date); else, where a limit has refused the request, when the window ends. A day
/// at most.
///
/// Dates are the server's, so they are measured by the server's clock, the answer's own `Date`, where it is there.
pub(crate) fn wait(status: u16, headers: &HeaderMap, clock: SystemTime) -> Option<Duration> {
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let now = text(&header::DATE).and_then(|date| httpdate::parse_http_date(date).ok()).unwrap_or(clock);
    let until = |date: SystemTime| date.duration_since(now).unwrap_or_default();
    let retry_after = text(&header::RETRY_AFTER)
        .and_then(|value| seconds(value).or_else(|| httpdate::parse_http_date(value).ok().map(until)));
    // Windows are announced with every answer. Only one that is used up is a reason to wait.
    let limited = status == 429
        || (status >= 400 && REMAINING.iter().filter_map(&text).any(|left| left.parse() == Ok(0_u64)));
    let reset = || {
        let value = RESETS.iter().filter(|_| limited).find_map(&text)?;
        let number = seconds(value)?;
        Some(match number.as_secs() {
            EPOCH_MILLISECONDS.. => until(SystemTime::UNIX_EPOCH + number / 1_000),
            EPOCH_SECONDS.. => until(SystemTime::UNIX_EPOCH + number),
            _ => number,
        })
    };
    retry_after.or_else(reset).map(|wait| wait.min(LONGEST_WAIT))
}

/// Whole seconds, or with a fraction.
fn seconds(value: &str) -> Option<Duration> {
    match value.parse::<u64>() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => Duration::try_from_secs_f64(value.parse().ok()?).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    /// In seconds, at a client whose clock is an hour wrong.
    fn waits(status: u16, headers: &[(&'static str, &'static str)]) -> Option<u64> {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        let clock = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777 + 3_600);
        wait(status, &headers.collect(), clock).map(|wait| wait.as_secs())
    }

    const DATE: (&str, &str) = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");

    #[test]
    fn retry_after_is_seconds_or_a_date_by_the_servers_clock() {
        for (value, expected) in [
            ("7", Some(7)),
            ("1.5", Some(1)),
            ("Sun, 06 Nov 1994 08:49:57 GMT", Some(20)),
            ("Sun, 06 Nov 1994 08:49:07 GMT", Some(0)),
            ("99999999", Some(24 * 3_600)),
            ("soon", None),
            ("-1", None),
        ] {
            assert_eq!(waits(503, &[DATE, ("retry-after", value)]), expected, "{value}");
        }
        let without_date = [("retry-after", "Sun, 06 Nov 1994 09:49:57 GMT")];
        assert_eq!(waits(503, &without_date), Some(20), "by the client's own clock");
    }

    #[test]
    fn a_window_that_is_used_up_says_when_it_ends() {
        let date = ("date", "Sun, 09 Sep 2001 01:46:40 GMT");
        for (name, value, expected) in [
            ("x-ratelimit-reset", "1000000030", Some(30)),
            ("x-ratelimit-reset", "1000000030000", Some(30)),
            ("x-ratelimit-reset", "30", Some(30)),
            ("ratelimit-reset", "12", Some(12)),
            ("x-rate-limit-reset", "999999999999", Some(24 * 3_600)),
            ("x-ratelimit-reset", "later", None),
        ] {
            assert_eq!(waits(429, &[date, (name, value)]), expected, "{name}: {value}");
        }
        let used_up = [date, ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1000000030")];
        assert_eq!(waits(403, &used_up), Some(30));
        let not_used_up = [date, ("x-ratelimit-remaining", "7"), ("x-ratelimit-reset", "1000000030")];
        assert_eq!(waits(403, &not_used_up), None);
        assert_eq!(waits(200, &used_up), None, "nothing was refused");
        let both = [date, ("retry-after", "5"), ("x-ratelimit-reset", "1000000030")];
        assert_eq!(waits(429, &both), Some(5));
    }
}
