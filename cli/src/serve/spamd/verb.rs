//! What a client asks for, and in which dialect.

use std::str::FromStr;

/// What a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    /// Points alone.
    Check,
    /// And the names of the reasons.
    Symbols,
    /// And a report.
    Report,
    /// And a report, of spam only.
    ReportIfSpam,
    /// The header with its changes.
    Headers,
    /// The message with its changes.
    Process,
    /// Whether somebody is there.
    Ping,
    /// Nothing.
    Skip,
    /// To learn from a message.
    Tell,
}

impl FromStr for Verb {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Ok(match text {
            "CHECK" => Self::Check,
            "SYMBOLS" => Self::Symbols,
            "REPORT" => Self::Report,
            "REPORT_IFSPAM" => Self::ReportIfSpam,
            "HEADERS" => Self::Headers,
            "PROCESS" => Self::Process,
            "PING" => Self::Ping,
            "SKIP" => Self::Skip,
            "TELL" => Self::Tell,
            _ => return Err(()),
        })
    }
}

/// How a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// As spamc, in a version of which this is the number behind `1.`.
    Spamc(u32),
    /// As Rspamd's clients did before it spoke HTTP. Exim still does.
    Rspamc,
}

impl Dialect {
    /// Whether replies may have several fields.
    pub(super) fn has_lengths(self) -> bool {
        matches!(self, Self::Spamc(minor) if minor >= 3)
    }

    /// Whether a message that is to be tried again later is told by a code. Rspamd has an action for it.
    pub(super) fn has_codes(self) -> bool {
        matches!(self, Self::Spamc(_))
    }
}

impl FromStr for Dialect {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (name, version) = text.split_once('/').ok_or(())?;
        let (major, minor) = version.split_once('.').ok_or(())?;
        let (Ok(1), Ok(minor)) = (major.parse::<u32>(), minor.parse::<u32>()) else { return Err(()) };
        match name {
            "SPAMC" => Ok(Self::Spamc(minor)),
            "RSPAMC" => Ok(Self::Rspamc),
            _ => Err(()),
        }
    }
}
