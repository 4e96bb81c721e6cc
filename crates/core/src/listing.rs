//! Walking pages: a stream of what they hold that ends, repeats nothing, and agrees with the provider's own count.

use crate::adapter::{Record, RecordKey};
use crate::{Behaviour, Capabilities, Effect, Error, ErrorKind, Operation, Page, PageRequest, Result};
use futures_core::Stream;
use futures_util::{StreamExt, TryStreamExt, stream};
use std::collections::HashSet;
use std::pin::Pin;

/// How many pages in a row may have no record before the listing is taken for an endless one.
pub const MAX_EMPTY_PAGES: u32 = 100;

/// How many pages a listing may have. A server that always announces one more, with new records on it, ends here: at
/// PandaDoc's 50 a page this is five million people.
pub const MAX_PAGES: u32 = 100_000;

/// A listing as a stream.
///
/// Items come as pages arrive. It yields an error and ends where a page fails, a cursor comes again, a record repeats,
/// or the provider's total moves or disagrees at the end; so a stream that ended without an error was complete. Holds
/// 64 bytes at the most per record seen, and one page.
pub type Listing<'a, T> = Pin<Box<dyn Stream<Item = Result<T>> + Send + 'a>>;

/// What must hold from page to page.
struct Checks<'a> {
    operation: Operation,
    capabilities: &'a Capabilities,
    cursors: HashSet<RecordKey>,
    records: HashSet<RecordKey>,
    /// Items by their folded ids, where ids fold case: one person in two spellings is a repetition too.
    folded: HashSet<RecordKey>,
    total: Option<u64>,
    empty_run: u32,
    pages: u32,
}

impl Checks<'_> {
    fn fail(&self, kind: ErrorKind, message: String) -> Error {
        self.capabilities.failure(self.operation, Error::new(kind, Effect::NotApplied, message))
    }

    fn changed(&self, message: String) -> Error {
        self.fail(ErrorKind::ListingChanged, message)
    }

    fn accept<T: Record>(&mut self, page: &Page<T>) -> Result<()> {
        // Any page may be the one that has it.
        match (self.total, page.total) {
            (Some(was), Some(is)) if was != is => {
                let message = format!("the provider's total moved from {was} to {is} between pages");
                return Err(self.changed(message));
            }
            (None, total) => self.total = total,
            _ => {}
        }
        let mut repeated = page.records.iter().any(|record| !self.records.insert(*record));
        if self.capabilities.behaves(Behaviour::UserIdsFoldCase) {
            repeated |= page.items.iter().any(|item| !self.folded.insert(item.folded_record_key()));
        }
        if repeated {
            return Err(self.changed("a record came twice, so others may have been missed".to_owned()));
        }
        if page.again.iter().any(|record| !self.records.contains(record)) {
            let message = "reading a part of it again shows a record that was not there before";
            return Err(self.changed(message.to_owned()));
        }
        self.pages += 1;
        // A page that is read a second time has records, though none is new.
        let is_empty = page.records.is_empty() && page.again.is_empty();
        self.empty_run = if is_empty { self.empty_run + 1 } else { 0 };
        let seen = self.records.len() as u64;
        let (kind, message) = match (&page.next, self.total) {
            (_, Some(total)) if seen > total => {
                (ErrorKind::ListingChanged, format!("the provider counts {total} records and sent {seen}"))
            }
            (None, Some(total)) if seen < total => (
                ErrorKind::ListingChanged,
                format!("the provider counts {total} records and sent only {seen}"),
            ),
            (Some(_), _) if self.empty_run >= MAX_EMPTY_PAGES => (
                ErrorKind::UnexpectedResponse,
                format!("{MAX_EMPTY_PAGES} pages in a row were empty, and another was announced"),
            ),
            (Some(_), _) if self.pages >= MAX_PAGES => {
                (ErrorKind::UnexpectedResponse, format!("{MAX_PAGES} pages came, and another was announced"))
            }
            (Some(next), _) if !self.cursors.insert(RecordKey::of(&next.as_str())) => {
                (ErrorKind::UnexpectedResponse, format!("the page {:?} was announced twice", next.as_str()))
            }
            _ => return Ok(()),
        };
        Err(self.fail(kind, message))
    }
}

/// Walks the pages that `fetch` yields.
pub(crate) fn walk<'a, T, F, P>(
    operation: Operation,
    capabilities: &'a Capabilities,
    fetch: F,
) -> Listing<'a, T>
where
    T: Record + Send + 'a,
    F: Fn(PageRequest) -> P + Send + 'a,
    P: Future<Output = Result<Page<T>>> + Send + 'a,
{
    let (cursors, records, folded) = Default::default();
    let checks =
        Checks { operation, capabilities, cursors, records, folded, total: None, empty_run: 0, pages: 0 };
    let start = (checks, Some(PageRequest::default()), fetch);
    let pages = stream::try_unfold(start, |(mut checks, at, fetch)| async move {
        let Some(request) = at else { return Ok(None) };
        let page = fetch(request).await?;
        checks.accept(&page)?;
        let next = page.next.map(|cursor| PageRequest::at(Some(cursor)));
        Ok::<_, Error>(Some((page.items, (checks, next, fetch))))
    });
    pages.map_ok(|items| stream::iter(items.into_iter().map(Ok))).try_flatten().boxed()
}

/// Collects a whole listing, as [`roster`](crate::WorkspaceMembersExt::roster) does: one that changed meanwhile is started
/// over once, then fails as [`ErrorKind::ListingChanged`].
pub async fn collect<'a, T: 'a>(mut listing: impl FnMut() -> Listing<'a, T>) -> Result<Vec<T>> {
    match listing().try_collect().await {
        Err(error) if error.kind() == ErrorKind::ListingChanged => listing().try_collect().await,
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cursor, Provider, RoleTable, User, UserId};
    use std::sync::atomic::{AtomicU32, Ordering};

    fn example() -> Capabilities {
        Capabilities::new(Provider::from_static("example"), RoleTable::new([]).unwrap())
    }

    async fn kind_of(listing: Listing<'_, User>) -> Result<(), ErrorKind> {
        listing.try_for_each(|_| std::future::ready(Ok(()))).await.map_err(|error| error.kind())
    }

    #[tokio::test]
    async fn a_chain_of_new_records_without_end_is_cut_off() {
        let (asked, capabilities) = (AtomicU32::new(0), example());
        let listing: Listing<'_, User> = walk(Operation::ListUsers, &capabilities, |_| {
            let number = asked.fetch_add(1, Ordering::Relaxed);
            let page = Page::new(vec![User::new(UserId::from(u64::from(number)))]);
            std::future::ready(Ok(page.with_next(Some(Cursor::new(number.to_string())))))
        });
        assert_eq!(kind_of(listing).await, Err(ErrorKind::UnexpectedResponse));
        assert_eq!(asked.load(Ordering::Relaxed), MAX_PAGES);
    }

    #[tokio::test]
    async fn one_person_in_two_spellings_repeats_where_ids_fold_case() {
        let folding = example().with_behaviours(&[Behaviour::UserIdsFoldCase]);
        for (capabilities, expected) in [(example(), Ok(())), (folding, Err(ErrorKind::ListingChanged))] {
            let listing: Listing<'_, User> = walk(Operation::ListUsers, &capabilities, |_| {
                let people = ["Ana", "ana"].map(|id| User::new(UserId::new(id).unwrap()));
                std::future::ready(Ok(Page::new(people.to_vec())))
            });
            assert_eq!(kind_of(listing).await, expected);
        }
    }
}
