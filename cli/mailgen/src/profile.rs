//! What mail looks like.

use std::fmt;
use std::str::FromStr;

/// How large and how involved messages are.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Profile {
    /// Small messages, 4 KiB on average: a text, its HTML, few header fields. What the example models are tested and demonstrated
    /// with.
    #[default]
    Small,
    /// Mail like that of the 2020s, 20 KiB on average: templates of nested tables with tracking links, threads quoted five deep,
    /// calendars and PDF, and the header that it has after some servers. `docs/mail-profile.md` has its figures beside those of
    /// real mail.
    Modern,
}

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 2] = [Self::Small, Self::Modern];

    /// Its name in lower case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Modern => "modern",
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Profile {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|profile| profile.name() == name);
        known.ok_or_else(|| format!("there is no profile {name}: small, modern"))
    }
}
