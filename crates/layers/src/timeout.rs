//! A bound on each single request.

use crate::call::Call;
use crate::duration::shown;
use std::time::Duration;
use workspace_members_core::{Effect, ErrorKind, Result};

/// Makes a request, and gives it up when the timeout or the call's deadline passes, whichever is first.
pub(crate) async fn bounded<T>(
    timeout: Option<Duration>,
    call: &Call<'_>,
    request: impl Future<Output = Result<T>>,
) -> Result<T> {
    let (limit, what) = match (timeout, call.left()) {
        (None, None) => return request.await,
        (Some(after), left) if left.is_none_or(|left| after <= left) => (after, shown(after)),
        (_, left) => (left.unwrap_or_default(), format!("the {}", call.deadline_shown())),
    };
    tokio::time::timeout(limit, request).await.unwrap_or_else(|_| {
        let message = format!("no answer within {what}");
        Err(call.error(ErrorKind::Timeout, Effect::if_lost(call.operation), message))
    })
}
