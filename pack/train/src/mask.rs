//! What gives a label away without being a reason for it.
//!
//! The two folders that people train on were filled in two ways, and a model learns the ways if it may. What is taken out of each
//! message before anything is learned from it:
//!
//! * **names of header fields** that a mailing list, the receiving servers, other filters or the mail program added, and that the
//!   folder itself brought ([`hides`]); the host hides verdicts of other filters and recipients from every model anyway;
//! * **verdicts of other filters in the subject**, and that a message came from outside;
//! * of a discussion list ([`Mask::list`]) the tag in the subject, the footer, the list's own addresses and links;
//! * **what somebody else wrote**: messages that are forwarded or returned in the text, and links that are only there;
//! * **the addresses of the recipient**, wherever they are quoted: a trap for spam has one, and a person another.
//!
//! A release does not see fields that are masked either: they are in no vocabulary. The texts of lists it sees, and they weigh
//! nothing that was learned.

mod fields;
mod forwarded;
mod text;

use std::borrow::Cow;

use switchback::Message;
use switchback::message::Recipients;
use switchback_features::{FeatureKind, Features, Link, Mailbox, Measured, Part, Source, site};

pub(crate) use self::fields::hides;
use self::forwarded::without_forwarded;
use self::text::{without, without_footer, without_tags, without_verdicts};
use crate::limits::SAID_BYTES_MAX;

/// The most bytes of text that features are made of, twice: lines will be missing.
const TEXT_BYTES_MAX: usize = 2 * 32_768;

/// Fields that name the recipients.
const RECIPIENT_FIELDS: [&str; 5] = ["delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "to"];

/// Fields with the address of a discussion list, which also tell that it is one.
const LIST_FIELDS: [&str; 4] = ["list-post", "x-beenthere", "mailing-list", "x-mailing-list"];

/// The shortest address that is cut out: shorter ones are in other words.
const ADDRESS_BYTES_MIN: usize = 6;

/// What is masked of one message.
#[derive(Debug)]
pub(crate) struct Mask {
    /// The domains of the discussion list that it came through; none if it did not.
    list: Vec<String>,
    recipients: Vec<String>,
}

impl Mask {
    pub(crate) fn of(message: &Message) -> Self {
        let values = |name: &&str| message.header(name, Recipients::Granted);
        let list: Vec<_> = LIST_FIELDS
            .iter()
            .flat_map(values)
            .flat_map(|value| addresses(&value))
            .filter_map(|address| address.rsplit_once('@').map(|(_, domain)| domain.to_owned()))
            .collect();
        let envelope = message.envelope().map(|envelope| envelope.recipients.to_vec()).unwrap_or_default();
        let named = RECIPIENT_FIELDS.iter().flat_map(values).flat_map(|value| addresses(&value));
        let mut recipients: Vec<_> = envelope.iter().map(|address| address.to_lowercase()).chain(named).collect();
        recipients.retain(|address| address.len() >= ADDRESS_BYTES_MIN);
        recipients.sort_unstable();
        recipients.dedup();
        Self { list, recipients }
    }

    /// Whether it came through a discussion list.
    pub(crate) fn is_of_list(&self) -> bool {
        !self.list.is_empty()
    }

    fn is_list(&self, domain: &str) -> bool {
        self.list.iter().any(|list| domain == list)
    }

    fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.recipients.iter().fold(Cow::Borrowed(text), |text, address| without(text, address))
    }

    /// Whether somebody else's message is forwarded or returned in the text.
    pub(crate) fn quotes(message: &Message) -> bool {
        let text = message.text(TEXT_BYTES_MAX).value;
        without_forwarded(Cow::Borrowed(text), message.subject()).len() < text.len()
    }

    /// A message without what is masked.
    pub(crate) fn masked<'a>(&'a self, message: &'a Message) -> Masked<'a> {
        let (subject, text) = (message.subject(), message.text(TEXT_BYTES_MAX).value);
        let is_list = !self.list.is_empty();
        let written = if is_list { without_footer(text) } else { Cow::Borrowed(text) };
        let whole = written.len();
        let text = without_forwarded(written, subject);
        let subject = without_verdicts(subject);
        let subject = if is_list { without_tags(subject) } else { Cow::Borrowed(subject) };
        // A link does not tell where it is: it stays if what is left of the text names its host.
        let named = (text.len() < whole).then(|| text.to_ascii_lowercase());
        let is_own = |host: &str| named.as_ref().is_none_or(|text| text.contains(host));
        let links = message.links(usize::MAX).items.iter();
        let links = links
            .filter(|link| !self.is_list(&link.host) && is_own(&link.host))
            .map(|link| (self.text(&link.url), &*link.host, &*link.text));
        let links = links.collect();
        Masked {
            mask: self,
            message,
            subject: self.text(&subject).into_owned(),
            text: self.text(&text).into_owned(),
            links,
        }
    }
}

/// The addresses in a field's value, in lower case.
fn addresses(value: &str) -> Vec<String> {
    let is_end = |c: char| c.is_whitespace() || "<>,;:\"()".contains(c);
    value.split(is_end).filter(|word| word.contains('@')).map(str::to_lowercase).collect()
}

/// A message without what is masked. It has no structure: whoever asks for that has the names of its fields.
pub(crate) struct Masked<'a> {
    mask: &'a Mask,
    message: &'a Message,
    subject: String,
    text: String,
    links: Vec<(Cow<'a, str>, &'a str, &'a str)>,
}

impl Masked<'_> {
    /// The features of the fields of text.
    pub(crate) fn features(&self, kind: FeatureKind) -> Features {
        Features::of(kind, self)
    }

    /// How subject, senders, text and links begin.
    pub(crate) fn said(self) -> [String; 4] {
        let senders = self.from().map(|one| format!("{} {} {}\n", one.name, one.address, one.domain)).collect();
        let links = self.links.iter().map(|(url, host, _)| format!("{url} {host} {}\n", site(host))).collect();
        let mut said = [self.subject, senders, self.text, links];
        said.iter_mut().for_each(|text| text.truncate(text.floor_char_boundary(SAID_BYTES_MAX)));
        said
    }
}

impl Source for Masked<'_> {
    fn subject(&self) -> &str {
        &self.subject
    }

    fn from(&self) -> impl Iterator<Item = Mailbox<'_>> {
        let senders = self.message.from().iter().filter(|one| !self.mask.is_list(&one.domain));
        senders.map(|one| Mailbox { name: &one.name, address: &one.address, domain: &one.domain })
    }

    fn reply_to_domains(&self) -> impl Iterator<Item = &str> {
        self.message.reply_to().iter().map(|one| &*one.domain).filter(|domain| !self.mask.is_list(domain))
    }

    fn text(&self, bytes_max: usize) -> (&str, bool) {
        let end = self.text.floor_char_boundary(bytes_max);
        (&self.text[..end], end < self.text.len())
    }

    fn links(&self) -> (impl ExactSizeIterator<Item = Link<'_>>, bool) {
        (self.links.iter().map(|(url, host, text)| Link { url, host, text }), false)
    }

    fn field_names(&self) -> (impl Iterator<Item = Cow<'_, str>>, bool) {
        (std::iter::empty(), false)
    }

    fn values(&self, _: &str) -> impl Iterator<Item = impl AsRef<str>> {
        std::iter::empty::<&str>()
    }

    fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        std::iter::empty()
    }

    fn attachment_names(&self) -> impl Iterator<Item = &str> {
        std::iter::empty()
    }

    fn dkim_domains(&self) -> impl Iterator<Item = &str> {
        std::iter::empty()
    }

    fn measured(&self) -> Measured<'_> {
        Measured::default()
    }
}
