#![doc = include_str!("../README.md")]

mod adapter;
mod answer;
mod client;
mod credential;
mod failed;
mod paging;
mod records;
mod request;
mod roots;
mod settings;
mod text;
mod transport;
mod unreadable;
mod wait;
mod words;

pub use adapter::{Adapter, AdapterConfig, SettingError, Settings};
pub use answer::Answer;
pub use client::Client;
pub use credential::{
    CommandCredential, Credential, CredentialSource, FileCredential, OAuth, OAuthRefresh, StaticCredential,
    TokenStore, check_token_url,
};
pub use http::Method;
pub use paging::{PageNumber, PageToken, StartIndex, next_link, page_of_next, parameter};
pub use records::records;
pub use request::{AuthScheme, Request};
pub use settings::HttpSettings;
pub use text::{IdText, Text};
pub use transport::{Proxy, Transport, TransportConfig, check_base_url};
pub use words::{MAX_WORDS, MESSAGE_FIELDS};
