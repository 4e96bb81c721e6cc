#![doc = include_str!("../README.md")]

mod answer;
mod client;
mod credential;
mod paging;
mod records;
mod roots;
mod text;
mod transport;

pub use answer::{Answer, MAX_WORDS};
pub use client::{AuthScheme, Client, Request};
pub use credential::{
    CommandCredential, CredentialSource, FileCredential, OAuthRefresh, StaticCredential, TokenStore,
    check_token_url,
};
pub use http::Method;
pub use paging::{PageNumber, page_of_next};
pub use records::records;
pub use text::{IdText, Text};
pub use transport::{Proxy, Transport, TransportConfig, check_base_url};
