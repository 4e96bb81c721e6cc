//! One listing out of several requests of different kinds.

use crate::adapter::Record;
use crate::{Cursor, Error, Page, PageRequest, Result};

/// Chains the parts of one listing: requests of different kinds, each with pages of its own, such as one per role.
///
/// A part is asked for by its name, page by page, and each of its pages is made one of the whole listing. All parts but
/// the last are read once more at the end, since somebody whose role changes between two parts might be seen in neither:
/// seen twice, or new in the second reading, they make the listing
/// [`ListingChanged`](crate::ErrorKind::ListingChanged). Make the part with the most records the last.
///
/// ```
/// use workspace_members_core::adapter::Parts;
/// use workspace_members_core::{Page, PageRequest, User, UserId};
///
/// const ROLES: Parts = Parts::new(&["maintainer", "member"]);
///
/// let part = ROLES.at(&PageRequest::default())?;
/// assert_eq!(part.name, "maintainer");
/// // … the provider is asked for `part.page` of its maintainers, and answers:
/// let answered = Page::new(vec![User::new(UserId::from(7))]);
/// let page = ROLES.page(&part, answered);
/// let part = ROLES.at(&PageRequest::at(page.next))?;
/// assert_eq!(part.name, "member");
/// # Ok::<(), workspace_members_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a>(&'a [&'a str]);

/// Where in a listing of several parts a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Part<'a> {
    /// Which part is to be asked for.
    pub name: &'a str,
    /// Which page of it, with the cursor that the provider's page had.
    pub page: PageRequest,
    /// How many readings of parts come before this one: first those of all parts, then the second ones.
    step: usize,
}

impl<'a> Parts<'a> {
    /// These parts, in this order.
    pub const fn new(names: &'a [&'a str]) -> Self {
        Self(names)
    }

    /// Each part is read once, and all but the last once more.
    fn steps(self) -> usize {
        (2 * self.0.len()).saturating_sub(1)
    }

    /// The part and the page of it that a request for a page of the whole listing is about.
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a cursor that none of these pages had.
    pub fn at(self, request: &PageRequest) -> Result<Part<'a>> {
        let foreign = || Error::invalid_input("the cursor is not one of this listing's");
        let (step, cursor) = match &request.cursor {
            None => (0, None),
            Some(cursor) => {
                let (step, rest) = cursor.as_str().split_once(':').ok_or_else(foreign)?;
                let step = step.parse().ok().filter(|step| *step < self.steps()).ok_or_else(foreign)?;
                (step, Some(rest).filter(|rest| !rest.is_empty()))
            }
        };
        let name = self.0.get(step % self.0.len().max(1)).ok_or_else(foreign)?;
        let page = PageRequest { cursor: cursor.map(Cursor::new), size: request.size };
        Ok(Part { name, page, step })
    }

    /// Makes a page of a part one of the whole listing. A total that it has must be of the whole listing, or be taken off.
    pub fn page<T: Record>(self, part: &Part<'_>, mut page: Page<T>) -> Page<T> {
        let (step, rest) = match &page.next {
            Some(next) => (part.step, next.as_str()),
            None => (part.step + 1, ""),
        };
        page.next = (step < self.steps()).then(|| Cursor::new(format!("{step}:{rest}")));
        if part.step >= self.0.len() {
            page.again = std::mem::take(&mut page.records);
            page.items.clear();
        }
        page
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::{MAX_EMPTY_PAGES, walk};
    use crate::{Capabilities, ErrorKind, Listing, Operation, Provider, RoleTable, User, UserId};
    use futures_util::TryStreamExt;
    use std::sync::Mutex;

    const PARTS: Parts<'static> = Parts::new(&["few", "some", "many"]);

    /// Who is in which part. Each part is read once per request; `then` happens after so many requests.
    async fn read(
        parts: [&[u64]; 3],
        after: usize,
        then: impl Fn(&mut [Vec<u64>; 3]) + Send + Sync,
    ) -> Result<Vec<String>> {
        let capabilities = Capabilities::new(Provider::from_static("example"), RoleTable::new([]).unwrap());
        let state = Mutex::new((0, parts.map(<[u64]>::to_vec)));
        let listing: Listing<'_, User> = walk(Operation::ListUsers, &capabilities, |request| {
            let (requests, people) = &mut *state.lock().unwrap();
            if *requests == after {
                then(people);
            }
            *requests += 1;
            let part = PARTS.at(&request).unwrap();
            let at = PARTS.0.iter().position(|name| *name == part.name).unwrap();
            // Pages of two.
            let from: usize = part.page.cursor.as_ref().map_or(0, |cursor| cursor.as_str().parse().unwrap());
            let users = people[at].iter().skip(from).take(2).map(|id| User::new(UserId::from(*id))).collect();
            let next = (from + 2 < people[at].len()).then(|| Cursor::new((from + 2).to_string()));
            let page = PARTS.page(&part, Page::new(users).with_next(next));
            async move { Ok(page) }
        });
        let people: Vec<User> = listing.try_collect().await?;
        Ok(people.into_iter().map(|user| user.id.to_string()).collect())
    }

    #[tokio::test]
    async fn all_parts_make_one_listing() {
        let people = read([&[1], &[], &[2, 3, 4]], usize::MAX, |_| {}).await.unwrap();
        assert_eq!(people, ["1", "2", "3", "4"]);
    }

    #[tokio::test]
    async fn a_part_of_many_pages_may_be_read_a_second_time() {
        let long: Vec<u64> = (0..2 * u64::from(MAX_EMPTY_PAGES) + 2).collect();
        let people = read([&long, &[], &[1_000]], usize::MAX, |_| {}).await.unwrap();
        assert_eq!(people.len(), long.len() + 1);
    }

    #[tokio::test]
    async fn somebody_who_moves_between_parts_is_not_missed() {
        // Requests: few, some, many (two pages), few again, some again.
        for (from, to) in [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)] {
            for after in 1..4 {
                let moved = read([&[1], &[2], &[3, 4, 5]], after, |parts| {
                    let who = parts[from].pop().unwrap();
                    parts[to].insert(0, who);
                });
                match moved.await {
                    Ok(mut people) => {
                        people.sort_unstable();
                        assert_eq!(people, ["1", "2", "3", "4", "5"], "{from} to {to} after {after}");
                    }
                    Err(error) => assert_eq!(error.kind(), ErrorKind::ListingChanged),
                }
            }
        }
    }

    #[test]
    fn a_cursor_of_another_listing_is_refused() {
        for cursor in ["", "0", "x:", "5:", "-1:"] {
            let request = PageRequest::at(Some(Cursor::new(cursor)));
            assert_eq!(PARTS.at(&request).unwrap_err().kind(), ErrorKind::InvalidInput, "{cursor:?}");
        }
        assert!(Parts::new(&[]).at(&PageRequest::default()).is_err());
    }
}
