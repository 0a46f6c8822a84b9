//! [`Error`]: why a model could not do its work.

use std::fmt;

/// What was wrong, in words for the operator: the host reports them with the release's name.
///
/// ```
/// use switchback_guest::Error;
///
/// fn weights(data: &[u8]) -> Result<&[u8], Error> {
///     data.strip_prefix(b"SBW1").ok_or_else(|| Error::from("the data does not start with SBW1"))
/// }
/// assert_eq!(weights(b"PK").unwrap_err().to_string(), "the data does not start with SBW1");
///
/// fn bias(text: &str) -> Result<f32, Error> {
///     text.parse().map_err(Error::new)
/// }
/// assert_eq!(bias("x").unwrap_err().to_string(), "invalid float literal");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(String);

impl Error {
    /// An error with the text of another.
    pub fn new(cause: impl fmt::Display) -> Self {
        Self(cause.to_string())
    }
}

impl From<&str> for Error {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Error {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}
