//! Who a message is from, as far as its header tells.
//!
//! Programs read `From` in different ways, and what differs between them has been used to write as somebody else:
//! the program that checks a sender sees one address, the person who reads sees another (Chen, Paxson and Jiang,
//! "Composition Kills", USENIX Security 2020). So this is decided on the bytes of the header, by a parser for this one
//! field: either every reader sees the same mailbox, or nobody can tell and each address that some reader sees is a
//! candidate. `docs/author.md` has the forms, with who was fooled by which.

mod addresses;
mod authorship;
mod grammar;
mod header;

use std::fmt;

use serde::{Deserialize, Serialize};
use smallvec::{SmallVec, smallvec};

use super::Mailbox;
use super::layout::Layout;
use addresses::Readings;
pub use authorship::Authorship;

/// The author of a message: certain, or with the reason why nobody can tell and every address that it may be.
///
/// The author is *certain* if the header has exactly one `From` field, which holds exactly one mailbox, and every
/// program reads it the same: by the grammar of RFC 5322, section 3.4, with international addresses (RFC 6532), and of
/// the obsolete forms of section 4 only dots and bytes above 127 in a display name, and dots in any number before the
/// `@`, though not first. An address that stands in the display name without quotes is no harm where it is the same (`a@x.example
/// <a@x.example>`). No group, no control character, nothing that is never closed, no comment, fold or space inside the
/// address, and a domain that is one as it stands.
///
/// Whether the author is who the message says is another question: [`Message::is_sender_authenticated`].
///
/// # Examples
///
/// ```
/// use switchback::Message;
/// use switchback::message::Doubt;
///
/// let message = Message::parse("From: Ada <ada@x.example>\n\n");
/// assert_eq!(&*message.author().mailbox().unwrap().address, "ada@x.example");
///
/// let message = Message::parse("From: <ada@x.example>, <eve@y.example>\n\n");
/// assert!(message.author().mailbox().is_none());
/// assert_eq!(message.author().doubt(), Some(Doubt::SeveralMailboxes));
/// assert_eq!(message.author().candidates().len(), 2);
/// ```
///
/// [`Message::is_sender_authenticated`]: super::Message::is_sender_authenticated
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    candidates: SmallVec<[Mailbox; 1]>,
    doubt: Option<Doubt>,
    is_complete: bool,
}

impl Author {
    /// The author's mailbox; none where nobody can tell whose message it is. Its address is `local-part@domain` in
    /// one form: without quotes, and the domain in lower case and ASCII (RFC 5891).
    #[must_use]
    pub fn mailbox(&self) -> Option<&Mailbox> {
        self.candidates.first().filter(|_| self.doubt.is_none())
    }

    /// Every address that some program takes for the author's, at most 64; where the author is certain, the one. Each
    /// is in the form of [`Author::mailbox`], and without a name where the author is not certain. A source route or a
    /// comment can leave a candidate without a local part.
    #[must_use]
    pub fn candidates(&self) -> &[Mailbox] {
        &self.candidates
    }

    /// Why nobody can tell; none where the author is certain.
    #[must_use]
    pub fn doubt(&self) -> Option<Doubt> {
        self.doubt
    }

    /// Whether [`Author::candidates`] are all there are. Where they are not, because there is more in the header than
    /// is read, no rule about a sender can be ruled out.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// The author of a message of these bytes.
    pub(super) fn of(bytes: &[u8], layout: &Layout) -> Self {
        let found = header::find(bytes, layout);
        let doubt = match (found.doubt, &*found.values) {
            (_, []) => Doubt::NoMailbox,
            (None, [value]) => match grammar::mailbox(value) {
                Ok(mailbox) => return Self { candidates: smallvec![mailbox], doubt: None, is_complete: true },
                Err(doubt) => doubt,
            },
            (Some(doubt), [_]) => doubt,
            _ => Doubt::SeveralFields,
        };
        let mut readings = Readings::default();
        found.values.iter().for_each(|value| readings.read(value));
        let is_complete = found.is_complete && readings.is_complete();
        let candidates = SmallVec::from_vec(readings.into_mailboxes());
        let doubt = if candidates.is_empty() && is_complete { Doubt::NoMailbox } else { doubt };
        Self { candidates, doubt: Some(doubt), is_complete }
    }
}

/// Why nobody can tell who a message is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Doubt {
    /// There is no `From` field, or no address in it.
    NoMailbox,
    /// There are several `From` fields (RFC 5322, section 3.6: there is one).
    SeveralFields,
    /// Some programs do not see the field: its name has white space around it, or it comes after a line at which the
    /// header ends for them, or after 2,000 other fields.
    Header,
    /// There are several mailboxes in the field, or text beside the address that is one for some programs.
    SeveralMailboxes,
    /// The field holds a group (RFC 6854), or what some programs take for one.
    Group,
    /// A quoted string, a comment or an angle bracket never closes, or closes without having been opened.
    Unclosed,
    /// There is a control character in the field.
    Control,
    /// Programs that decode encoded words before they look for addresses find others (RFC 2047, section 5, forbids
    /// that).
    Encoded,
    /// A comment, space, fold, quoted string, source route or second `@` is inside the address.
    Address,
    /// What follows the `@` is not a domain as it stands (RFC 5321, section 2.3.5; RFC 5890, section 2.3.2.1).
    Domain,
    /// The field is longer than is read.
    TooLong,
}

impl Doubt {
    /// Its name, as in every record and metric.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoMailbox => "no-mailbox",
            Self::SeveralFields => "several-fields",
            Self::Header => "header",
            Self::SeveralMailboxes => "several-mailboxes",
            Self::Group => "group",
            Self::Unclosed => "unclosed",
            Self::Control => "control",
            Self::Encoded => "encoded",
            Self::Address => "address",
            Self::Domain => "domain",
            Self::TooLong => "too-long",
        }
    }
}

/// For a person: why nobody can tell who the message is from.
impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::NoMailbox => "there is no address in From",
            Self::SeveralFields => "there are several From fields",
            Self::Header => "some mail programs do not see the From field",
            Self::SeveralMailboxes => "there are several addresses in From",
            Self::Group => "From holds a group",
            Self::Unclosed => "a quote, comment or bracket in From is not closed",
            Self::Control => "there is a control character in From",
            Self::Encoded => "an encoded word in From hides an address",
            Self::Address => "mail programs read the address in From in different ways",
            Self::Domain => "the domain in From is not valid as written",
            Self::TooLong => "From is too long to be read whole",
        })
    }
}

#[cfg(test)]
mod tests;
