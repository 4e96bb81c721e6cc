//! Methods that set one field, all alike.

/// Declares `with_*` for each field named.
macro_rules! setters {
    ($($with:ident($field:ident: $type:ty);)+) => {$(
        #[doc = concat!("Sets [`", stringify!($field), "`](Self#structfield.", stringify!($field), ").")]
        pub fn $with(mut self, $field: $type) -> Self {
            self.$field = $field.into();
            self
        }
    )+};
}
pub(crate) use setters;
