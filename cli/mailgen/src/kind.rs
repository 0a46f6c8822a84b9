//! What a message is.

/// What a message really is: the label that a filter should arrive at.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    /// Between people who know each other.
    Personal,
    /// Between people at work, mailing lists included.
    Work,
    /// An order, an invoice, a ticket.
    Receipt,
    /// An account, a parcel or a service reports something.
    Notification,
    /// Bulk mail that was asked for.
    Newsletter,
    /// Unsolicited advertising.
    Spam,
    /// An attempt to obtain credentials, money or data by deceit.
    Phish,
}

impl Kind {
    /// Every kind, in the order that tables here use.
    pub const ALL: [Self; 7] =
        [Self::Personal, Self::Work, Self::Receipt, Self::Notification, Self::Newsletter, Self::Spam, Self::Phish];

    /// Whether a filter should keep it away from its recipient.
    #[must_use]
    pub fn is_unwanted(self) -> bool {
        matches!(self, Self::Spam | Self::Phish)
    }

    /// Whether it is bulk mail that its recipient wants.
    #[must_use]
    pub fn is_bulk(self) -> bool {
        matches!(self, Self::Receipt | Self::Notification | Self::Newsletter)
    }

    /// Its name in lower case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Personal => "personal",
            Self::Work => "work",
            Self::Receipt => "receipt",
            Self::Notification => "notification",
            Self::Newsletter => "newsletter",
            Self::Spam => "spam",
            Self::Phish => "phish",
        }
    }
}
