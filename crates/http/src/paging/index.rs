//! Paging by the index of the first record, as SCIM does (RFC 7644, section 3.4.2.4): `startIndex`, `count`,
//! `totalResults`.

use super::{first_size, foreign, size};
use workspace_members_core::{Cursor, PageRequest, Result};

/// From which record on, and how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct StartIndex {
    /// The first record asked for, from 1.
    pub start: u64,
    /// Records asked for, at least 1. The provider may answer fewer.
    pub count: u32,
}

impl StartIndex {
    /// Reads a request: from the first record on, with the asked size or `default`; never more than `max`.
    pub fn of(request: &PageRequest, default: u32, max: u32) -> Result<Self> {
        match &request.cursor {
            None => Ok(Self { start: 1, count: first_size(request, default, max) }),
            Some(cursor) => Self::read(cursor, max).ok_or_else(foreign),
        }
    }

    fn read(cursor: &Cursor, max: u32) -> Option<Self> {
        let (start, count) = cursor.as_str().strip_prefix('@')?.split_once('x')?;
        let start = start.parse().ok().filter(|start| *start >= 1)?;
        Some(Self { start, count: size(count, max)? })
    }

    /// The cursor of the next part, after one that held so many records, if `total` records need one.
    ///
    /// A part without records is the last one whatever the total says: the next would be the same.
    pub fn next_of(self, records: usize, total: u64) -> Option<Cursor> {
        let start = self.start.checked_add(records as u64)?;
        (records > 0 && start <= total).then(|| Cursor::new(format!("@{start}x{}", self.count)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert!(StartIndex::of(&PageRequest::at(Some(Cursor::new(bad))), 50, 50).is_err(), "{bad}");
        }
    }
}
