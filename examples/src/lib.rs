//! Code of an imagined integration service, and the unit tests that such a service would have. The programs beside it show
//! the same library at work: `quickstart` and `swap_provider`.

pub mod offboarding;
