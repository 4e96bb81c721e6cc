//! Paging behind opaque cursors, in the ways that providers have. Where a page begins travels in the
//! [`Cursor`] together with the page size, since the second page of another size is another page.

use std::num::{NonZeroU32, NonZeroU64};
use workspace_members_core::{Cursor, Error, PageRequest, Result};

/// A way of paging: which part of a listing is asked for. See [`Client::page`](crate::Client::page).
pub trait Paging: Sized {
    /// The first page, of this size.
    fn first(size: u32) -> Self;

    /// The page that a cursor of this way names, of whatever size.
    fn read(cursor: &str) -> Option<Self>;

    /// Records per page, at least 1. The provider may answer fewer.
    fn size(&self) -> u32;

    /// Reads a request: the first page of the asked size, or of `default`; never more than `max`. A cursor of another
    /// adapter's is [`InvalidInput`](workspace_members_core::ErrorKind::InvalidInput).
    fn of(request: &PageRequest, default: u32, max: u32) -> Result<Self> {
        let max = max.max(1);
        match &request.cursor {
            None => Ok(Self::first(request.size.unwrap_or(default).clamp(1, max))),
            Some(cursor) => {
                let page = Self::read(cursor.as_str()).filter(|page| (1..=max).contains(&page.size()));
                page.ok_or_else(|| {
                    Error::invalid_input(
                        "the cursor is not one of this adapter's; pass `Page::next` unchanged",
                    )
                })
            }
        }
    }
}

/// Paging by page number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PageNumber {
    /// From 1.
    pub number: u32,
    /// Records per page, at least 1.
    pub size: u32,
}

impl PageNumber {
    /// The cursor of the page with this number and the same size.
    pub fn cursor(self, number: u32) -> Cursor {
        Cursor::new(format!("{number}x{}", self.size))
    }

    /// The cursor of the next page, if `total` records need one.
    pub fn next_of(self, total: u64) -> Option<Cursor> {
        let read = u64::from(self.number) * u64::from(self.size);
        let next = self.number.checked_add(1)?;
        (read < total).then(|| self.cursor(next))
    }
}

impl Paging for PageNumber {
    fn first(size: u32) -> Self {
        Self { number: 1, size }
    }
    fn read(cursor: &str) -> Option<Self> {
        let (number, size) = cursor.split_once('x')?;
        Some(Self { number: number.parse::<NonZeroU32>().ok()?.get(), size: size.parse().ok()? })
    }
    fn size(&self) -> u32 {
        self.size
    }
}

/// Paging by the index of the first record, as SCIM does (RFC 7644, section 3.4.2.4): `startIndex`, `count`,
/// `totalResults`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct StartIndex {
    /// The first record asked for, from 1.
    pub start: u64,
    /// Records asked for, at least 1. The provider may answer fewer.
    pub count: u32,
}

impl StartIndex {
    /// The cursor of the next part, after one of so many records, if `total` records need one.
    ///
    /// A part without records is the last one whatever the total says: the next would be the same.
    pub fn next_of(self, records: usize, total: u64) -> Option<Cursor> {
        let start = self.start.checked_add(records as u64)?;
        (records > 0 && start <= total).then(|| Cursor::new(format!("@{start}x{}", self.count)))
    }
}

impl Paging for StartIndex {
    fn first(size: u32) -> Self {
        Self { start: 1, count: size }
    }
    fn read(cursor: &str) -> Option<Self> {
        let (start, count) = cursor.strip_prefix('@')?.split_once('x')?;
        Some(Self { start: start.parse::<NonZeroU64>().ok()?.get(), count: count.parse().ok()? })
    }
    fn size(&self) -> u32 {
        self.count
    }
}

/// Paging by a cursor that the provider gives.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PageToken {
    /// What the provider gave with the page before; none for the first page.
    pub token: Option<String>,
    /// Records per page, at least 1.
    pub size: u32,
}

impl PageToken {
    /// The cursor of the next page. Nothing and an empty text both say that there is none.
    pub fn next_of(&self, next: Option<&str>) -> Option<Cursor> {
        let next = next.filter(|next| !next.is_empty())?;
        Some(Cursor::new(format!("{}:{next}", self.size)))
    }
}

impl Paging for PageToken {
    fn first(size: u32) -> Self {
        Self { token: None, size }
    }
    fn read(cursor: &str) -> Option<Self> {
        let (size, token) = cursor.split_once(':').filter(|(_, token)| !token.is_empty())?;
        Some(Self { token: Some(token.to_owned()), size: size.parse().ok()? })
    }
    fn size(&self) -> u32 {
        self.size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(cursor: impl Into<String>) -> PageRequest {
        PageRequest::at(Some(Cursor::new(cursor)))
    }

    #[test]
    fn cursors_are_read_back_and_nothing_else_is() {
        let first = PageNumber::of(&PageRequest::default(), 50, 100).unwrap();
        let next = first.next_of(51).unwrap();
        let second = PageNumber::of(&PageRequest::at(Some(next)), 20, 100).unwrap();
        assert_eq!((second.number, second.size), (2, 50));
        assert_eq!(second.next_of(100), None);
        for bad in ["", "2", "0x50", "2x0", "2x101", "x", "-1x5", "2x50x"] {
            assert!(PageNumber::of(&at(bad), 50, 100).is_err(), "{bad}");
        }
    }

    #[test]
    fn sizes_are_kept_within_what_the_provider_allows() {
        let ask = |size| PageNumber::of(&PageRequest::default().with_size(size), 50, 100).unwrap().size;
        assert_eq!((ask(0), ask(7), ask(1000)), (1, 7, 100));
    }

    #[test]
    fn the_next_part_begins_after_what_came() {
        let first = StartIndex::of(&PageRequest::default(), 100, 50).unwrap();
        assert_eq!((first.start, first.count), (1, 50));
        // The provider gave fewer than were asked for.
        let next = first.next_of(20, 21).unwrap();
        let second = StartIndex::of(&PageRequest::at(Some(next)), 100, 50).unwrap();
        assert_eq!((second.start, second.count), (21, 50));
        assert_eq!(second.next_of(1, 21), None);
        assert_eq!(second.next_of(0, 99), None);
        for bad in ["", "@", "@0x5", "@1x0", "@1x51", "1x5", "@-1x5", "@1x5x"] {
            assert!(StartIndex::of(&at(bad), 50, 50).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_providers_cursor_comes_back_as_it_was() {
        let first = PageToken::of(&PageRequest::default().with_size(7), 50, 100).unwrap();
        assert_eq!((first.token.as_deref(), first.size), (None, 7));
        for token in ["abc", "a:b", "==/+&?\u{e9}", "5x5"] {
            let next = first.next_of(Some(token)).unwrap();
            let second = PageToken::of(&PageRequest::at(Some(next)), 50, 100).unwrap();
            assert_eq!((second.token.as_deref(), second.size), (Some(token), 7));
        }
        assert_eq!((first.next_of(None), first.next_of(Some(""))), (None, None));
        for bad in ["", ":", "7:", "0:a", "101:a", "a", "x:a"] {
            assert!(PageToken::of(&at(bad), 50, 100).is_err(), "{bad}");
        }
    }
}
