#![doc = include_str!("../README.md")]

mod adapter;
mod address;
mod answer;
mod client;
mod credential;
mod errors;
mod id_text;
mod link;
mod own_settings;
mod paging;
mod records;
mod request;
mod roots;
mod settings;
mod transport;
mod unreadable;
mod wait;
mod words;

pub use adapter::{Adapter, AdapterConfig};
pub use address::check_base_url;
pub use answer::Answer;
pub use client::Client;
pub use credential::{
    CommandCredential, Credential, CredentialSource, FileCredential, OAuth, StaticCredential, TokenStore,
};
pub use http::Method;
pub use id_text::IdText;
pub use link::{next_link, page_of_next, parameter};
pub use own_settings::{SettingError, Settings};
pub use paging::{PageNumber, PageToken, Paging, StartIndex};
pub use records::records;
pub use request::{AuthScheme, Request};
pub use settings::HttpSettings;
pub use transport::{Proxy, Transport, TransportConfig};
pub use words::{MAX_WORDS, MESSAGE_FIELDS};
