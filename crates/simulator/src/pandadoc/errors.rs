//! How PandaDoc writes errors: `{"type", "detail"}`, the detail a text or lists of messages by field.

use serde_json::{Value, json};

use super::options::PandaDocOptions;
use crate::failure::{Failure, What, by_field};
use crate::reply::Reply;

pub(super) fn reply(failure: &Failure, options: &PandaDocOptions) -> Reply {
    let (name, detail) = match &failure.what {
        // developers.pandadoc.com/reference/erroneous-request writes the name in the plural.
        What::Fields(fields) if options.quirks => ("details", by_field(fields)),
        What::Fields(fields) => ("detail", by_field(fields)),
        What::Text(text) if options.quirks && failure.status == 403 => ("detail", json!({ "message": text })),
        What::Text(text) => ("detail", Value::from(text.as_str())),
    };
    let kind = match failure.status {
        401 => "authentication_error",
        403 => &options.permission_type,
        429 => &options.throttled_type,
        _ => "request_error",
    };
    let mut reply = Reply::json(failure.status, json!({ "type": kind, name: detail }));
    reply.headers.extend(failure.headers(options.retry_after));
    reply
}
