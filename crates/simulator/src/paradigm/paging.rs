//! Django REST framework's page numbers.

use axum::http::header;
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::call::Call;
use crate::failure::Failure;

/// One page of a listing.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) count: usize,
    pub(super) number: usize,
    pub(super) size: usize,
    pub(super) next: Option<String>,
    pub(super) previous: Option<String>,
    pub(super) results: Vec<Value>,
}

impl Page {
    pub(super) fn into_json(self) -> Value {
        json!({
            "count": self.count,
            "next": self.next,
            "previous": self.previous,
            "results": self.results,
        })
    }
}

/// The entries to show, cut to the page that was asked for. A size that is no positive number is ignored and one above
/// `max` cut to it, as the framework does; a page that does not exist is a 404.
pub(super) fn page<T>(
    call: &Call,
    size_parameter: Option<&str>,
    default: usize,
    max: usize,
    entries: &[T],
    show: impl FnMut(&T) -> Value,
) -> Result<Page, Failure> {
    let asked = size_parameter
        .and_then(|name| call.param(name))
        .and_then(|size| size.parse().ok())
        .filter(|size| *size > 0);
    let size: usize = asked.unwrap_or(default).min(max).max(1);
    let last = entries.len().div_ceil(size).max(1);
    let number = match call.param("page") {
        None => Some(1),
        Some("last") => Some(last),
        Some(number) => number.parse().ok().filter(|number| (1..=last).contains(number)),
    };
    let number = number.ok_or_else(|| Failure::new(404, "Invalid page."))?;
    Ok(Page {
        count: entries.len(),
        number,
        size,
        next: (number < last).then(|| url(call, number + 1)),
        previous: (number > 1).then(|| url(call, number - 1)),
        results: entries.iter().skip((number - 1) * size).take(size).map(show).collect(),
    })
}

/// The absolute address of another page, with all other parameters kept. The first page has no number.
fn url(call: &Call, number: usize) -> String {
    let host = call.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(call.query.iter().filter(|(name, _)| name != "page"));
    if number > 1 {
        query.append_pair("page", &number.to_string());
    }
    let query = query.finish();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("http://{host}{}{mark}{query}", call.path)
}
