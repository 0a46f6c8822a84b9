//! Who carries a message.

/// Who sends a message for its author. It decides the shape of the header.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Provider {
    /// gmail.com.
    Gmail,
    /// outlook.com, hotmail.com, live.com.
    Outlook,
    /// yahoo.com and its national domains.
    Yahoo,
    /// icloud.com, me.com.
    ICloud,
    /// proton.me.
    Proton,
    /// A company's own domain, hosted by Google, by Microsoft, or on its own server.
    Business,
    /// A platform that sends bulk mail for a brand's domain.
    Platform,
    /// A server that somebody rented for a week, or took over.
    Throwaway,
}

impl Provider {
    /// Every provider.
    pub const ALL: [Self; 8] = [
        Self::Gmail,
        Self::Outlook,
        Self::Yahoo,
        Self::ICloud,
        Self::Proton,
        Self::Business,
        Self::Platform,
        Self::Throwaway,
    ];

    /// The domains of its addresses, the most usual first; none where every sender has their own.
    #[must_use]
    pub fn domains(self) -> &'static [&'static str] {
        match self {
            Self::Gmail => &["gmail.com"],
            Self::Outlook => &["outlook.com", "hotmail.com", "live.com"],
            Self::Yahoo => &["yahoo.com", "yahoo.co.uk", "yahoo.fr"],
            Self::ICloud => &["icloud.com", "me.com"],
            Self::Proton => &["proton.me"],
            Self::Business | Self::Platform | Self::Throwaway => &[],
        }
    }
}
