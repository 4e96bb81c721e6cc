//! Paging behind opaque cursors, in the four ways that providers have: by page number, by the `Link` header, by a cursor
//! of the provider's, and by start index.
//!
//! Each way is a small value that travels in the [`Cursor`](workspace_members_core::Cursor) together with the page size,
//! since the second page of another size is another page.

mod index;
mod link;
mod number;
mod token;

pub use index::StartIndex;
pub use link::{next_link, page_of_next, parameter};
pub use number::PageNumber;
pub use token::PageToken;

use workspace_members_core::{Error, PageRequest};

/// The size of a first page: what is asked for, within what the provider allows.
fn first_size(request: &PageRequest, default: u32, max: u32) -> u32 {
    request.size.unwrap_or(default).clamp(1, max.max(1))
}

/// The size in a cursor, if the provider allows it.
fn size(text: &str, max: u32) -> Option<u32> {
    text.parse().ok().filter(|size| (1..=max.max(1)).contains(size))
}

fn foreign() -> Error {
    Error::invalid_input("the cursor is not one of this adapter's; pass `Page::next` unchanged")
}
