//! What many types have in common, written once: setters, names of values, and texts.

/// Declares `with_*` for each field named; after `0:`, for fields of what the type wraps.
macro_rules! setters {
    ($($(#[$doc:meta])* $with:ident($field:ident: $type:ty);)+) => {$(
        #[doc = concat!("Sets [`", stringify!($field), "`](Self::", stringify!($field), ").")]
        $(#[$doc])*
        pub fn $with(mut self, $field: $type) -> Self {
            self.$field = $field.into();
            self
        }
    )+};
    (0: $($(#[$doc:meta])* $with:ident($field:ident: $type:ty);)+) => {$(
        #[doc = concat!("Sets [`", stringify!($field), "`](Self::", stringify!($field), ").")]
        $(#[$doc])*
        pub fn $with(mut self, $field: $type) -> Self {
            self.0.$field = $field.into();
            self
        }
    )+};
}

/// Declares the methods of what has `marks`, which are sorted.
macro_rules! marked {
    () => {
        /// Adds a mark.
        pub fn with_mark(mut self, mark: Mark) -> Self {
            if let Err(at) = self.marks.binary_search(&mark) {
                self.marks.insert(at, mark);
            }
            self
        }

        /// Whether the mark is set.
        pub fn is(&self, mark: Mark) -> bool {
            self.marks.contains(&mark)
        }
    };
}

/// Declares an enum whose values have names in text and data, and perhaps one more text each, which a method returns and
/// which ends their documentation.
macro_rules! names {
    ($(#[$doc:meta])* $enum:ident $(#[$text_doc:meta] $text:ident)? {
        $($(#[$value_doc:meta])* $value:ident = $name:literal $(: $words:literal)?,)+
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[non_exhaustive]
        pub enum $enum {
            $($(#[$value_doc])* $(#[doc = ""] #[doc = $words])? #[cfg_attr(feature = "serde", serde(rename = $name))] $value,)+
        }

        impl $enum {
            /// Every value, in a fixed order.
            pub const ALL: &'static [$enum] = &[$($enum::$value),+];

            /// The name used in text and data.
            pub const fn as_str(self) -> &'static str {
                match self { $($enum::$value => $name,)+ }
            }

            names! { @text $enum $(#[$text_doc] $text)? { $($value $(: $words)?,)+ } }
        }

        impl std::fmt::Display for $enum {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
    (@text $enum:ident #[$doc:meta] $text:ident { $($value:ident: $words:literal,)+ }) => {
        #[$doc]
        pub const fn $text(self) -> &'static str {
            match self { $($enum::$value => $words,)+ }
        }
    };
    (@text $enum:ident { $($value:ident,)+ }) => {};
}

/// Implements for a type around a text, which its function `new` checks, what every such type has.
macro_rules! checked_text {
    ($type:ident) => {
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }

        impl std::str::FromStr for $type {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $type {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl From<$type> for String {
            fn from(text: $type) -> String {
                String::from(&*text.0)
            }
        }
    };
}

/// Declares a type around a name that may be known at compile time.
macro_rules! name {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
        pub struct $type(std::borrow::Cow<'static, str>);

        impl $type {
            /// A name known at compile time.
            pub const fn from_static(name: &'static str) -> Self {
                Self(std::borrow::Cow::Borrowed(name))
            }

            /// A name known at run time.
            pub fn new(name: impl Into<String>) -> Self {
                Self(std::borrow::Cow::Owned(name.into()))
            }

            /// The name.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

pub(crate) use {checked_text, marked, name, names, setters};
