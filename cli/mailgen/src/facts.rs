//! What is the same throughout one message.

/// A fact that texts mention. A rule writes it in capitals: `{TO}`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fact {
    /// The recipient's first name.
    To,
    /// The recipient's address.
    Toaddr,
    /// The author's first name.
    From,
    /// The author's full name.
    Fromfull,
    /// The author's address.
    Fromaddr,
    /// The author's company, or the brand that writes or is pretended to write.
    Company,
    /// The company's domain.
    Domain,
    /// Where the message wants its reader to go.
    Url,
    /// An order, case or invoice number.
    Order,
    /// An amount of money, without a currency.
    Amount,
    /// The day of sending, as people write it.
    Date,
    /// Six digits.
    Code,
}

impl Fact {
    const ALL: [(&'static str, Self); 12] = [
        ("TO", Self::To),
        ("TOADDR", Self::Toaddr),
        ("FROM", Self::From),
        ("FROMFULL", Self::Fromfull),
        ("FROMADDR", Self::Fromaddr),
        ("COMPANY", Self::Company),
        ("DOMAIN", Self::Domain),
        ("URL", Self::Url),
        ("ORDER", Self::Order),
        ("AMOUNT", Self::Amount),
        ("DATE", Self::Date),
        ("CODE", Self::Code),
    ];

    /// The fact of that name in capitals.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, fact)| *fact)
    }
}

/// The facts of one message.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    values: [String; Fact::ALL.len()],
}

impl Facts {
    /// The fact's text; empty if it was never set.
    pub(crate) fn of(&self, fact: Fact) -> &str {
        &self.values[fact as usize]
    }

    /// States a fact.
    pub(crate) fn state(&mut self, fact: Fact, value: impl Into<String>) {
        self.values[fact as usize] = value.into();
    }
}
