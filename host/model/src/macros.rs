//! What many types have alike: setters, and their forms as text.

/// Writes setters into an `impl` block: methods that set the field of their name, and return the value for the next call.
///
/// ```text
/// /// Sets the author.
/// pub author: impl Into<String>;      takes whatever becomes the field's type
/// pub deadline: Some(Duration);       takes the value of a field that is an `Option`
/// pub command: Some(impl Into<String>);
/// pub window_s: u32;                  takes the field's type
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! setters {
    () => {};
    ($(#[$doc:meta])* $vis:vis $field:ident: impl Into<$type:ty>; $($rest:tt)*) => {
        $(#[$doc])*
        #[must_use]
        $vis fn $field(mut self, $field: impl Into<$type>) -> Self {
            self.$field = $field.into();
            self
        }
        $crate::setters! { $($rest)* }
    };
    ($(#[$doc:meta])* $vis:vis $field:ident: Some(impl Into<$type:ty>); $($rest:tt)*) => {
        $(#[$doc])*
        #[must_use]
        $vis fn $field(mut self, $field: impl Into<$type>) -> Self {
            self.$field = Some($field.into());
            self
        }
        $crate::setters! { $($rest)* }
    };
    ($(#[$doc:meta])* $vis:vis $field:ident: Some($type:ty); $($rest:tt)*) => {
        $(#[$doc])*
        #[must_use]
        $vis fn $field(mut self, $field: $type) -> Self {
            self.$field = Some($field);
            self
        }
        $crate::setters! { $($rest)* }
    };
    ($(#[$doc:meta])* $vis:vis $field:ident: $type:ty; $($rest:tt)*) => {
        $(#[$doc])*
        #[must_use]
        $vis fn $field(mut self, $field: $type) -> Self {
            self.$field = $field;
            self
        }
        $crate::setters! { $($rest)* }
    };
}

/// Implements `Debug` with these fields, in this order. Fields that hold text of mail, or text that a model wrote about it, are
/// `unsaid` (`unsaid_if_any` if they are an `Option`): only the length is shown. Lists are `counted`. A `..` says that there
/// are other fields.
#[doc(hidden)]
#[macro_export]
macro_rules! debug {
    ($(#[$doc:meta])* $type:ident { $($field:ident $(: $how:ident)?),+ }) => {
        $crate::debug!($(#[$doc])* $type, finish, $($field $(: $how)?),+);
    };
    ($(#[$doc:meta])* $type:ident { $($field:ident $(: $how:ident)?),+, .. }) => {
        $crate::debug!($(#[$doc])* $type, finish_non_exhaustive, $($field $(: $how)?),+);
    };
    ($(#[$doc:meta])* $type:ident, $finish:ident, $($field:ident $(: $how:ident)?),+) => {
        $(#[$doc])*
        impl ::std::fmt::Debug for $type {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                let mut shown = f.debug_struct(stringify!($type));
                $(shown.field(stringify!($field), $crate::debug!(@ self.$field $(, $how)?));)+
                shown.$finish()
            }
        }
    };
    (@ $value:expr) => { &$value };
    (@ $value:expr, unsaid) => { &$crate::unsaid::Unsaid(&$value) };
    (@ $value:expr, unsaid_if_any) => { &$value.as_deref().map($crate::unsaid::Unsaid) };
    (@ $value:expr, counted) => { &$value.len() };
}

/// Lets serde write a type as its `Display` does, and read it as its `FromStr` does: for `#[serde(try_from, into)]`.
#[doc(hidden)]
#[macro_export]
macro_rules! text_form {
    ($type:ident, $error:ident) => {
        impl TryFrom<String> for $type {
            type Error = $error;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$type> for String {
            fn from(value: $type) -> Self {
                value.to_string()
            }
        }
    };
}

/// Shows the bytes that a type is in hexadecimal digits, in lower case.
#[doc(hidden)]
#[macro_export]
macro_rules! hexadecimal {
    ($type:ident) => {
        impl ::std::fmt::Display for $type {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl ::std::fmt::Debug for $type {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                write!(f, concat!(stringify!($type), "({})"), self)
            }
        }
    };
}

/// Displays a type by its `name()`.
#[doc(hidden)]
#[macro_export]
macro_rules! display_by_name {
    ($type:ident) => {
        impl ::std::fmt::Display for $type {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.name())
            }
        }
    };
}
