//! [`Facts`]: what models want to know of a message beside its words, as numbers.

#[cfg(not(target_arch = "wasm32"))]
mod finding;

/// Writes the enum with its list and its names.
macro_rules! facts {
    ($($(#[doc = $doc:literal])+ $fact:ident = $name:literal,)+) => {
        /// One number about a message, by its place in [`Facts`].
        ///
        /// A *magnitude* of `n` is about log2(1 + `n`): with `x = n + 1` and `2^e <= x < 2^(e+1)`, `e + x / 2^e - 1`, a straight
        /// line between powers of two, so that every machine finds the same. A *share* is a part of 0 to 1, of nothing 0.
        /// A *flag* is 1 or 0. Everything else is a count, or a result by its place in the contract's `auth-result`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Fact {
            $($(#[doc = $doc])+ $fact,)+
        }

        impl Fact {
            /// How many there are.
            pub const COUNT: usize = [$(Self::$fact),+].len();

            /// All of them, in the contract's order.
            pub const ALL: [Self; Self::COUNT] = [$(Self::$fact),+];

            /// Its name in the contract: `text-size`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$fact => $name,)+
                }
            }
        }
    };
}

facts! {
    /// Bytes of the message; a magnitude.
    Size = "size",
    /// Header fields that a model may see without a grant.
    Headers = "headers",
    /// `Received` fields.
    Received = "received",
    /// MIME parts, of any kind.
    Parts = "parts",
    /// Attachments.
    Attachments = "attachments",
    /// Recipients of the envelope.
    Recipients = "recipients",
    /// Mailboxes of `From`.
    FromMailboxes = "from-mailboxes",
    /// Whether `Reply-To` names a domain that no mailbox of `From` has; a flag.
    ReplyElsewhere = "reply-elsewhere",
    /// Bytes of the subject; a magnitude.
    SubjectSize = "subject-size",
    /// Capitals A to Z among the bytes of the subject; a share.
    SubjectCapitals = "subject-capitals",
    /// Bytes of the text; a magnitude.
    TextSize = "text-size",
    /// Capitals A to Z among the first 32,768 bytes of the text; a share.
    TextCapitals = "text-capitals",
    /// Digits 0 to 9 among them; a share.
    TextDigits = "text-digits",
    /// Bytes above 127 among them; a share.
    TextBeyondAscii = "text-beyond-ascii",
    /// Spaces, tabs, line feeds and carriage returns among them; a share.
    TextWhiteSpace = "text-white-space",
    /// Bytes of the HTML body; a magnitude.
    HtmlSize = "html-size",
    /// Links.
    Links = "links",
    /// Different hosts of links.
    LinkHosts = "link-hosts",
    /// Links whose text names another host: [`shows_another_host`](crate::shows_another_host).
    LinksShownElsewhere = "links-shown-elsewhere",
    /// Links to an address instead of a name.
    LinksToAddress = "links-to-address",
    /// Links to a host that has a label beginning with `xn--`.
    LinksToPunycode = "links-to-punycode",
    /// SPF's result.
    Spf = "spf",
    /// DKIM's result.
    Dkim = "dkim",
    /// DMARC's result.
    Dmarc = "dmarc",
    /// ARC's result.
    Arc = "arc",
    /// Whether a result that passed is about the author's domain; a flag. The author is certain; DMARC was checked for no
    /// other domain than the author's, and passed for it; or it did not fail, and DKIM passed for that domain, for one that
    /// it lies below, or for one that lies below it.
    Aligned = "aligned",
    /// There is no header at all, or it does not end; a flag.
    NoHeader = "no-header",
    /// No usable `From` field, or more than one; a flag.
    BadFrom = "bad-from",
    /// The `Date` field is missing or cannot be read; a flag.
    BadDate = "bad-date",
    /// A MIME part's encoding or boundary is broken; a flag.
    BadMime = "bad-mime",
    /// A NUL byte, or bytes above 127 in the header that are not UTF-8; a flag.
    BadBytes = "bad-bytes",
    /// More parts, header fields or nesting than the host reads; a flag.
    TooComplex = "too-complex",
}

/// The numbers of one message, one for each [`Fact`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Facts([f32; Fact::COUNT]);

impl Facts {
    /// Facts that were kept: one for each [`Fact`], in the order of [`Fact::ALL`].
    pub const fn new(values: [f32; Fact::COUNT]) -> Self {
        Self(values)
    }

    /// In the order of [`Fact::ALL`].
    pub fn values(&self) -> &[f32] {
        &self.0
    }

    /// One of them.
    pub const fn get(&self, fact: Fact) -> f32 {
        self.0[fact as usize]
    }
}
