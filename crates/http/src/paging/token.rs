//! Paging by a cursor that the provider gives.

use super::{first_size, foreign, size};
use workspace_members_core::{Cursor, PageRequest, Result};

/// The provider's own cursor, and the page size.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PageToken {
    /// What the provider gave with the page before; none for the first page.
    pub token: Option<String>,
    /// Records per page, at least 1.
    pub size: u32,
}

impl PageToken {
    /// Reads a request: the first page of the asked size, or of `default`; never more than `max`.
    pub fn of(request: &PageRequest, default: u32, max: u32) -> Result<Self> {
        match &request.cursor {
            None => Ok(Self { token: None, size: first_size(request, default, max) }),
            Some(cursor) => Self::read(cursor, max).ok_or_else(foreign),
        }
    }

    fn read(cursor: &Cursor, max: u32) -> Option<Self> {
        let (count, token) = cursor.as_str().split_once(':')?;
        let token = Some(token.to_owned()).filter(|token| !token.is_empty());
        Some(Self { size: size(count, max)?, token: Some(token?) })
    }

    /// The cursor of the next page. Nothing and an empty text both say that there is none.
    pub fn next_of(&self, next: Option<&str>) -> Option<Cursor> {
        let next = next.filter(|next| !next.is_empty())?;
        Some(Cursor::new(format!("{}:{next}", self.size)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert!(PageToken::of(&PageRequest::at(Some(Cursor::new(bad))), 50, 100).is_err(), "{bad}");
        }
    }
}
