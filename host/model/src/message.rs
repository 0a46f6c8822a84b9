//! Bytes -> [`Message`]: what models may ask about a message, within the limits of the scoring contract.
//!
//! **Any bytes make a message.** Nothing here fails or panics; what is broken is read as mail programs
//! would read it, and [`Message::defects`] tells. The work is linear in the size, and what hostile mail
//! can cost beyond that is bounded (`limits.rs`).
//!
//! **Nothing is derived before somebody asks, and nothing twice**: a message is shared by all threads and
//! releases that score it, and remembers. Finding the fields and parts is one pass without decoding
//! (`layout.rs`). mail-parser decodes header fields and character sets, HTML is read in one pass (`html.rs`),
//! linkify and url find links.
//!
//! **What a model may not see is decided here** (`hidden.rs`): verdicts of other filters never, recipients
//! only where [`Recipients::Granted`] is passed.

mod address;
mod attachments;
mod authentication;
mod author;
mod body;
mod builder;
mod charset;
mod content;
mod content_digest;
mod context;
mod context_digest;
mod decode;
mod defects;
mod derived;
mod deriving;
mod encoded_words;
mod features;
mod fields;
mod file_name;
mod fingerprint;
mod headers;
mod hidden;
mod html;
mod layout;
mod limits;
mod links;
mod media;
mod reading;
mod recorded;
mod sender;
mod value;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use sha2::{Digest, Sha256};

pub use address::Mailbox;
pub use address::{domain_of, is_normal, normal_domain, organisational_domain};
pub use attachments::{Attachment, Attachments};
pub use authentication::{AuthResult, Authentication};
pub use author::{Author, Authorship, Doubt};
pub use builder::MessageBuilder;
pub use content::Content;
pub use context::{Client, Envelope, Recipient, RecipientList};
pub use defects::Defects;
pub use deriving::time_of_thread;
pub use fingerprint::{Fingerprint, InvalidFingerprint};
pub use headers::{Counts, Header, HeaderFields};
pub use hidden::Recipients;
pub use html::HiddenText;
pub use links::{Link, Links};
pub use reading::Reading;
pub use switchback_features::{Fact, Facts, FeatureKind, Features, Structure};

use body::Body;
use content::Kept;
use deriving::OnceLock;
use headers::Headers;
use layout::Layout;
use limits::{RAW_BYTES_MAX, SUBJECT_BYTES_MAX};
use links::KeptLinks;

/// A message to be scored.
///
/// A clone is another handle on the same message. Making one costs nothing but the bytes: each accessor
/// derives what it needs when it is first called, on the calling thread, and remembers it for all clones.
/// Finding fields and parts takes a few microseconds for typical mail, a subject or a sender one more; text,
/// links and attachments cost what decoding them costs.
///
/// # Examples
///
/// ```
/// use switchback::Message;
///
/// let message = Message::parse(*b"From: \"The Bank\" <x@bank.example>\nSubject: =?utf-8?q?caf=C3=A9?=\n\nhttp://x.example\n");
/// assert_eq!(&**message.subject(), "café");
/// assert_eq!(&*message.from()[0].domain, "bank.example");
/// assert_eq!(message.text(1_000).value, "http://x.example\n");
/// assert_eq!(&*message.links(10).items[0].host, "x.example");
/// ```
#[derive(Clone)]
pub struct Message(Arc<Inner>);

struct Inner {
    bytes: Vec<u8>,
    context: Context,
    layout: OnceLock<Layout>,
    headers: OnceLock<Headers>,
    body: OnceLock<Body>,
    recipients: OnceLock<Vec<Recipient>>,
    authentication: OnceLock<Authentication>,
    author: OnceLock<Author>,
    subject: OnceLock<Arc<str>>,
    from: OnceLock<Vec<Mailbox>>,
    reply_to: OnceLock<Vec<Mailbox>>,
    date: OnceLock<Option<i64>>,
    defects: OnceLock<Defects>,
    text: OnceLock<Kept>,
    html: OnceLock<Kept>,
    links: OnceLock<KeptLinks>,
    attachments: OnceLock<Vec<Attachment>>,
    attachment_count: OnceLock<usize>,
    masked_header: OnceLock<Vec<u8>>,
    granted_header: OnceLock<Vec<u8>>,
    sha256: OnceLock<[u8; 32]>,
    content_digest: OnceLock<[u8; 32]>,
    fingerprint: OnceLock<Fingerprint>,
    words: OnceLock<Features>,
    pairs: OnceLock<Features>,
    grams: OnceLock<Features>,
    structure: OnceLock<Structure>,
    facts: OnceLock<Facts>,
}

/// What the filter told.
#[derive(Default)]
struct Context {
    envelope: Option<Envelope>,
    client: Client,
    authentication: Option<Authentication>,
    /// Names of servers whose `Authentication-Results` are trusted, in lower case.
    trusted: Vec<String>,
    recipient_key: [u8; 32],
    tenant: Option<Arc<str>>,
    /// Whether nothing is known of the message but features and facts.
    is_features_alone: bool,
}

impl Message {
    /// A message of which nothing but its bytes is known. Nothing is parsed yet.
    #[must_use]
    pub fn parse(bytes: impl Into<Vec<u8>>) -> Self {
        Self::builder(bytes).build()
    }

    /// A message with its context: envelope, client, authentication.
    pub fn builder(bytes: impl Into<Vec<u8>>) -> MessageBuilder {
        MessageBuilder::new(bytes.into())
    }

    fn with_context(bytes: Vec<u8>, context: Context) -> Self {
        Self(Arc::new(Inner {
            bytes,
            context,
            layout: OnceLock::new(),
            headers: OnceLock::new(),
            body: OnceLock::new(),
            recipients: OnceLock::new(),
            authentication: OnceLock::new(),
            author: OnceLock::new(),
            subject: OnceLock::new(),
            from: OnceLock::new(),
            reply_to: OnceLock::new(),
            date: OnceLock::new(),
            defects: OnceLock::new(),
            text: OnceLock::new(),
            html: OnceLock::new(),
            links: OnceLock::new(),
            attachments: OnceLock::new(),
            attachment_count: OnceLock::new(),
            masked_header: OnceLock::new(),
            granted_header: OnceLock::new(),
            sha256: OnceLock::new(),
            content_digest: OnceLock::new(),
            fingerprint: OnceLock::new(),
            words: OnceLock::new(),
            pairs: OnceLock::new(),
            grams: OnceLock::new(),
            structure: OnceLock::new(),
            facts: OnceLock::new(),
        }))
    }

    /// Finds the fields and parts now, if it has not happened yet: for a filter that wants to see the time
    /// that this takes apart from scoring.
    pub fn prepare(&self) {
        self.layout();
    }

    /// The whole message as it came, hidden fields included.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0.bytes
    }

    /// The size of the whole message in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.bytes.len()
    }

    /// Whether it has no bytes at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.bytes.is_empty()
    }

    /// SHA-256 of the whole message as it came.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        *self.0.sha256.get_or_init(|| Sha256::digest(&self.0.bytes).into())
    }

    /// [`Message::sha256`] as 64 hexadecimal digits in lower case.
    #[must_use]
    pub fn sha256_hex(&self) -> String {
        attachments::hex(&self.sha256())
    }

    /// What the message says, as a digest: the same for a campaign that is sent again with other header fields,
    /// another when a link leads to another host or an attachment differs. SHA-256 over
    ///
    /// 1. the text ([`Message::text`]), runs of white space as one space, none at either end, in lower case;
    /// 2. the hosts of all links, in order;
    /// 3. the SHA-256 of each attachment's content, in order;
    /// 4. where one of these was too large to be kept whole, or the message has [`Defects::TOO_COMPLEX`], the bytes
    ///    behind the header as they are: such a message equals only its exact copy;
    /// 5. where bytes of the text have no meaning in their character set, the word `undecoded` and the text of 1. with
    ///    those parts as bytes: ASCII as it is, each other byte as the character U+4E00 plus its number.
    ///
    /// Each with its length before it, so that none passes for another. The format is frozen: digests are kept.
    /// Derives text, links and attachments.
    #[must_use]
    pub fn content_digest(&self) -> [u8; 32] {
        *self.0.content_digest.get_or_init(|| content_digest::of(self))
    }

    /// The campaign that the message belongs to: the same for one content that is sent to many recipients, or again
    /// with another Message-ID, date, name of the recipient, tracking parameter in a link, line length or encoding;
    /// another for another content.
    ///
    /// A hash over the words of subject and text, the sites that links lead to, and the attachments. Left out is what
    /// differs between copies: words that begin with a capital, as names do, whatever has a digit, addresses,
    /// salutations, and of links all but the site. With fewer than 12 words left, the message is taken literally, with
    /// digits and names, and together with the domain of its sender. `docs/fingerprint.md` has the exact algorithm, its
    /// sources, and how often it errs on real mail.
    ///
    /// Depends on nothing but the bytes, not on the envelope: every process finds the same for every copy. Two
    /// fingerprints are equal or they are not; there is no distance. It proves nothing: who wants to can send two
    /// contents with one fingerprint. What may decide over mail needs [`Message::content_digest`] or
    /// [`Message::sha256`].
    ///
    /// Derives text, links and attachments. The format is frozen: another algorithm would have another first byte. Where
    /// bytes of subject or text have no meaning in their character set, they stand for themselves, and the first byte is 2.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        *self.0.fingerprint.get_or_init(|| fingerprint::of(self))
    }

    /// What the filter told beside the bytes, as a digest: two messages with equal bytes and equal context get
    /// equal scores from a release. SHA-256 over
    ///
    /// 1. [`Message::envelope`]: the reverse path, how many recipients there are, each recipient;
    /// 2. [`Message::client`]: the address (its 4 or 16 bytes), the name of `HELO`, the host name, whether the
    ///    connection was encrypted (a byte, 1 or 0);
    /// 3. [`Message::authentication`], whether the filter gave it or a trusted field said so: SPF's result and domain,
    ///    DKIM's result, how many domains signed, each domain, DMARC's and ARC's result; a result is a byte: unknown 0,
    ///    none 1, pass 2, fail 3, softfail 4, neutral 5, temperror 6, permerror 7;
    /// 4. the key of the recipients' hashes ([`MessageBuilder::recipient_key`]).
    ///
    /// Text, addresses and keys each with their length before them, and counts, as 8 bytes, the lowest first; before
    /// what may be absent (the envelope, its reverse path, each fact about the client, SPF's domain) a byte, 1 if it
    /// is there. [`Message::tenant`] is left out: models do not see it. The format is frozen: digests are kept.
    #[must_use]
    pub fn context_digest(&self) -> [u8; 32] {
        context_digest::of(self)
    }

    /// Who the message is from, as far as its header tells: certain, or with every address that it may be.
    ///
    /// Allow rules, known senders, segments and the guard's evidence need a certain author who is authenticated
    /// ([`Message::is_sender_authenticated`]); a block rule matches any candidate. Models see both: [`Message::from`]
    /// has the candidates, and [`Defects::BAD_FROM`] says that nobody can tell.
    #[must_use]
    pub fn author(&self) -> &Author {
        self.0.author.get_or_init(|| Author::of(&self.0.bytes, self.layout()))
    }

    /// Whether the author is who the message says, as far as a domain can be: the author is certain
    /// ([`Message::author`]), and a result of [`Message::authentication`] that passed names that very domain. That is
    /// DMARC with [`Authentication::dmarc_domain`], compared in lower case and ASCII; or, where DMARC named no other
    /// domain and did not fail, DKIM with a signing domain of the same organisational domain (RFC 7489, section 3.1.1); of
    /// a service that gives names to anybody, with the very domain.
    ///
    /// **Where nobody checked, nobody is**: of a message from [`Message::parse`] alone, or without
    /// [`MessageBuilder::authentication`] and [`MessageBuilder::trust_authserv_id`], no author is authenticated, no rule
    /// for authenticated senders matches, and the guard counts it for warnings only. SPF alone is about the envelope. An
    /// address of more than 320 bytes is never authenticated.
    #[must_use]
    pub fn is_sender_authenticated(&self) -> bool {
        sender::is_authenticated(self)
    }

    /// What is known of the author, in a word: what a verdict says ([`Verdict::author`](crate::verdict::Verdict::author)).
    #[must_use]
    pub fn authorship(&self) -> Authorship {
        Authorship::of(self)
    }

    /// For which of the filter's tenants the message is, as the filter told; none if it did not.
    #[must_use]
    pub fn tenant(&self) -> Option<&str> {
        self.0.context.tenant.as_deref()
    }

    /// What the SMTP transaction said, as the filter told; none if it did not.
    #[must_use]
    pub fn envelope(&self) -> Option<&Envelope> {
        self.0.context.envelope.as_ref()
    }

    /// The envelope's recipients, at most 100, with the keys that models know them by.
    #[must_use]
    pub fn recipients(&self) -> RecipientList<'_> {
        let context = &self.0.context;
        let items =
            self.0.recipients.get_or_init(|| context::recipients(context.envelope.as_ref(), &context.recipient_key));
        let total = context.envelope.as_ref().map_or(0, |envelope| envelope.recipients.len());
        RecipientList { items, truncated: items.len() < total, total: count(total) }
    }

    /// The SMTP client, as the filter told.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.0.context.client
    }

    /// Sender authentication: what the filter said or, where it said nothing, what the trusted
    /// `Authentication-Results` fields say (see [`MessageBuilder::trust_authserv_id`]).
    #[must_use]
    pub fn authentication(&self) -> &Authentication {
        let context = &self.0.context;
        context.authentication.as_ref().unwrap_or_else(|| self.0.authentication.get_or_init(|| self.trusted_results()))
    }

    /// The decoded subject, at most 4,096 bytes; empty if there is none. Of several the first.
    #[must_use]
    pub fn subject(&self) -> &Arc<str> {
        self.0.subject.get_or_init(|| {
            let value = self.values("subject").next();
            value.map_or_else(|| "".into(), |value| value::text(value, SUBJECT_BYTES_MAX).0)
        })
    }

    /// The mailboxes of `From`, at most 16, as models see them: the author's or, where nobody can tell who the author is,
    /// every mailbox of every `From` field and whatever else may be the author ([`Author::candidates`]).
    #[must_use]
    pub fn from(&self) -> &[Mailbox] {
        self.0.from.get_or_init(|| self.shown_authors())
    }

    /// The mailboxes of `Reply-To`, at most 16. Of several fields all, in order.
    #[must_use]
    pub fn reply_to(&self) -> &[Mailbox] {
        self.0.reply_to.get_or_init(|| self.mailboxes("reply-to"))
    }

    /// The organisational domain of the author: the part that somebody registered below a public suffix,
    /// `example.co.uk` of `mail.example.co.uk`. None where nobody can tell who the author is.
    /// Whether the author is who the message says is another question.
    #[must_use]
    pub fn sender_domain(&self) -> Option<&str> {
        Some(organisational_domain(&self.author().mailbox()?.domain))
    }

    /// The time that `Date` states, in seconds since 1970-01-01 UTC; none if it is missing or cannot be
    /// read. Of several fields the first.
    #[must_use]
    pub fn date(&self) -> Option<i64> {
        *self.0.date.get_or_init(|| self.values("date").next().and_then(value::date))
    }

    /// The size of the whole message in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.len() as u64
    }

    /// How many there are of what.
    #[must_use]
    pub fn counts(&self, recipients: Recipients) -> Counts {
        let layout = self.layout();
        let attachments = *self.0.attachment_count.get_or_init(|| attachments::count(layout));
        Counts {
            headers: count(self.header_fields().count(recipients)),
            received: count(self.values("received").count()),
            parts: count(layout.parts.len()),
            attachments: count(attachments),
            recipients: count(self.envelope().map_or(0, |envelope| envelope.recipients.len())),
        }
    }

    /// What is wrong with the message as bytes. Looks at every byte once.
    #[must_use]
    pub fn defects(&self) -> Defects {
        *self.0.defects.get_or_init(|| self.find_defects())
    }

    /// The values of every field of this name (case does not matter), at most 64, each of at most 8,192
    /// bytes, decoded. Empty for a hidden name.
    #[must_use]
    pub fn header(&self, name: &str, recipients: Recipients) -> Vec<Arc<str>> {
        self.header_fields().values(&self.0.bytes, name, recipients)
    }

    /// All header fields but the hidden ones, at most 512.
    #[must_use]
    pub fn headers(&self, recipients: Recipients) -> &HeaderFields {
        self.header_fields().all(&self.0.bytes, recipients)
    }

    /// What a person reads: the plain-text body or, where there is none or it is blank, the HTML body's
    /// text. At most `max_bytes`, and at most 262,144; lines end in a line feed.
    #[must_use]
    pub fn text(&self, max_bytes: usize) -> Content<'_> {
        self.kept_text().content(max_bytes)
    }

    /// The HTML body as it came, decoded to UTF-8; empty if there is none. Bounds as for
    /// [`Message::text`].
    #[must_use]
    pub fn html(&self, max_bytes: usize) -> Content<'_> {
        self.kept_html().content(max_bytes)
    }

    /// How much of the HTML body's text is hidden from which mail programs. Reads the HTML, as [`Message::links`] does.
    #[must_use]
    pub fn hidden_text(&self) -> HiddenText {
        self.body().hidden()
    }

    /// The links of the body, plain text and HTML, in order: at most `max`, and at most 512.
    #[must_use]
    pub fn links(&self, max: usize) -> Links<'_> {
        self.kept_links().links(max)
    }

    /// The attachments, at most 64. The first call decodes and hashes them all.
    #[must_use]
    pub fn attachments(&self) -> Attachments<'_> {
        let layout = self.layout();
        let items = self.0.attachments.get_or_init(|| attachments::list(&self.0.bytes, layout));
        let total = *self.0.attachment_count.get_or_init(|| attachments::count(layout));
        Attachments { items, truncated: items.len() < total }
    }

    /// Where in its bytes the messages are that are attached to this one (`message/rfc822`, `message/global`): each with its header,
    /// as it was sent, in order. What is attached to one of them is within it.
    pub fn attached_messages(&self) -> impl Iterator<Item = Range<usize>> {
        let attached = self.layout().parts.iter().filter(|part| part.message_depth == 0 && part.media.says_message());
        attached.map(|part| part.body.clone())
    }

    /// Bytes of the message without the hidden fields, from `offset` on: at most `length`, and at most
    /// 65,536, of them; fewer at the end. Lines of the header that are no fields are left out as well.
    #[must_use]
    pub fn raw(&self, offset: u64, length: u32, recipients: Recipients) -> Cow<'_, [u8]> {
        let header = self.visible_header(recipients);
        let rest = &self.0.bytes[self.separator()..];
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(header.len() + rest.len());
        let length = usize::try_from(length).unwrap_or(usize::MAX).min(RAW_BYTES_MAX);
        let end = (start + length).min(header.len() + rest.len());
        if end <= header.len() {
            Cow::Borrowed(&header[start..end])
        } else if let Some(start) = start.checked_sub(header.len()) {
            Cow::Borrowed(&rest[start..end - header.len()])
        } else {
            Cow::Owned([&header[start..], &rest[..end - header.len()]].concat())
        }
    }
}

/// Neither the text nor the addresses of a message belong in a log.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("sha256", &self.sha256_hex()).field("size", &self.len()).finish_non_exhaustive()
    }
}

/// A count as the contract has it.
fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
