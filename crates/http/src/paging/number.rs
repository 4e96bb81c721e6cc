//! Paging by page number.

use super::{first_size, foreign, size};
use workspace_members_core::{Cursor, PageRequest, Result};

/// Which page, and of what size. The size travels in the cursor, since page 2 of another size is another page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PageNumber {
    /// From 1.
    pub number: u32,
    /// Records per page, at least 1.
    pub size: u32,
}

impl PageNumber {
    /// Reads a request: the first page of the asked size, or of `default`; never more than `max`.
    pub fn of(request: &PageRequest, default: u32, max: u32) -> Result<Self> {
        match &request.cursor {
            None => Ok(Self { number: 1, size: first_size(request, default, max) }),
            Some(cursor) => Self::read(cursor, max).ok_or_else(foreign),
        }
    }

    fn read(cursor: &Cursor, max: u32) -> Option<Self> {
        let (number, count) = cursor.as_str().split_once('x')?;
        let number = number.parse().ok().filter(|number| *number >= 1)?;
        Some(Self { number, size: size(count, max)? })
    }

    /// The cursor of the page with this number and the same size.
    pub fn cursor(self, number: u32) -> Cursor {
        Cursor::new(format!("{number}x{}", self.size))
    }

    /// The cursor of the next page, if `total` records need one.
    pub fn next_of(self, total: u64) -> Option<Cursor> {
        let read = u64::from(self.number) * u64::from(self.size);
        (read < total).then(|| self.number.checked_add(1).map(|number| self.cursor(number))).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_read_back_and_nothing_else_is() {
        let first = PageNumber::of(&PageRequest::default(), 50, 100).unwrap();
        let next = first.next_of(51).unwrap();
        let second = PageNumber::of(&PageRequest::at(Some(next)), 20, 100).unwrap();
        assert_eq!((second.number, second.size), (2, 50));
        assert_eq!(second.next_of(100), None);
        for bad in ["", "2", "0x50", "2x0", "2x101", "x", "-1x5", "2x50x"] {
            assert!(PageNumber::of(&PageRequest::at(Some(Cursor::new(bad))), 50, 100).is_err(), "{bad}");
        }
    }

    #[test]
    fn sizes_are_kept_within_what_the_provider_allows() {
        let ask = |size| PageNumber::of(&PageRequest::default().with_size(size), 50, 100).unwrap().size;
        assert_eq!((ask(0), ask(7), ask(1000)), (1, 7, 100));
    }
}
