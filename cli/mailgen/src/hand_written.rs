//! A handful of messages that people wrote.

macro_rules! messages {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_bytes!(concat!("../messages/", $name, ".eml")))),*]
    };
}

/// The messages under `messages/`, each with its name, in alphabetical order.
///
/// They are for first attempts, self-tests and documentation: `gmail-personal`, `gmail-phish`,
/// `gtube`, `malformed-mime`, `mailing-list`, `phish`, `receipt`, `spam`.
#[must_use]
pub fn hand_written() -> &'static [(&'static str, &'static [u8])] {
    messages!["gmail-personal", "gmail-phish", "gtube", "mailing-list", "malformed-mime", "phish", "receipt", "spam",]
}
