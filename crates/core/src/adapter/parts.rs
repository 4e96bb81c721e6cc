//! One listing out of several requests of different kinds.

use crate::adapter::Record;
use crate::{Cursor, Error, Page, PageRequest, Result};

/// Chains the parts of one listing: requests of different kinds, each with pages of its own, such as one per role.
///
/// A part is asked for by its name, page by page, and its pages are handed back to be made pages of the whole listing. The
/// first part is read once more at the end. Somebody whose role changes between two parts would else be seen in neither;
/// so they are seen twice, or the second reading shows somebody new, and either makes the listing
/// [`ListingChanged`](crate::ErrorKind::ListingChanged). Make the part with the fewest records the first.
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
pub struct Parts(&'static [&'static str]);

/// Where in a listing of several parts a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Part {
    /// Which part is to be asked for.
    pub name: &'static str,
    /// Which page of it, with the cursor that the provider's page had.
    pub page: PageRequest,
    /// How many parts come before this one; the second reading of the first comes after all.
    step: usize,
}

impl Parts {
    /// These parts, in this order.
    pub const fn new(names: &'static [&'static str]) -> Self {
        Self(names)
    }

    /// One reading of each part, and a second one of the first where there is another.
    fn steps(self) -> usize {
        if self.0.len() > 1 { self.0.len() + 1 } else { self.0.len() }
    }

    /// The part and the page of it that a request for a page of the whole listing is about.
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a cursor that none of these pages had.
    pub fn at(self, request: &PageRequest) -> Result<Part> {
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
    pub fn page<T: Record>(self, part: &Part, mut page: Page<T>) -> Page<T> {
        let (step, rest) = match &page.next {
            Some(next) => (part.step, next.as_str()),
            None => (part.step + 1, ""),
        };
        page.next = (step < self.steps()).then(|| Cursor::new(format!("{step}:{rest}")));
        if part.step == self.0.len() {
            page.again = std::mem::take(&mut page.records);
            page.items.clear();
        }
        page
    }
}
