//! Page-number paging behind an opaque cursor.

use workspace_members_core::{Cursor, Error, PageRequest, Result};

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
            None => Ok(Self { number: 1, size: request.size.unwrap_or(default).clamp(1, max.max(1)) }),
            Some(cursor) => Self::read(cursor, max).ok_or_else(|| {
                Error::invalid_input("the cursor is not one of this adapter's; pass `Page::next` unchanged")
            }),
        }
    }

    fn read(cursor: &Cursor, max: u32) -> Option<Self> {
        let (number, size) = cursor.as_str().split_once('x')?;
        let page = Self { number: number.parse().ok()?, size: size.parse().ok()? };
        (page.number >= 1 && (1..=max.max(1)).contains(&page.size)).then_some(page)
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

/// The page number in a `next` URL. Nothing else of the URL is used: it may name another host, or http behind a TLS
/// front, and the key must not go there.
pub fn page_of_next(next: &str) -> Option<u32> {
    let (_, query) = next.split_once('?')?;
    let query = query.split('#').next().unwrap_or(query);
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "page")
        .and_then(|(_, number)| number.parse().ok())
        .filter(|number| *number >= 1)
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

    #[test]
    fn only_the_page_number_of_a_next_url_is_used() {
        assert_eq!(page_of_next("http://evil.example/x?cursor=9&page=3#page=7"), Some(3));
        assert_eq!(page_of_next("?page=2"), Some(2));
        assert_eq!(page_of_next("https://a.example/?page=0"), None);
        assert_eq!(page_of_next("https://a.example/page=4"), None);
    }
}
