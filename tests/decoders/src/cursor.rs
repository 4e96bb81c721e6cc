//! Cursors, and addresses of next pages.

use workspace_members_core::{Cursor, PageRequest};
use workspace_members_http::{PageNumber, Paging, page_of_next};

/// A cursor and a `next` URL of any text: read as a page within bounds, or refused.
pub fn cursor(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(page) = PageNumber::of(&PageRequest::at(Some(Cursor::new(text.as_ref()))), 50, 100) {
        assert!(page.number >= 1 && (1..=100).contains(&page.size), "{page:?}");
        if let Some(next) = page.next_of(u64::MAX) {
            let next = PageNumber::of(&PageRequest::at(Some(next)), 50, 100).expect("our own cursor");
            assert_eq!((next.number, next.size), (page.number + 1, page.size));
        }
    }
    assert!(page_of_next(&text).is_none_or(|number| number >= 1));
}
