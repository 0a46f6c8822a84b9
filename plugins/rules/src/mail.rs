//! [`Mail`]: a message as the rules see it.

use crate::domains::organisation;
use crate::phrases::{Phrases, Topics};
use crate::tags::Tags;
use switchback_guest::{Attachment, Authentication, Counts, Defects, Link, Mailbox, Message};

/// How much of the text is read: what a person sees without much scrolling. Phrases stand at the top.
const TEXT_BYTES_MAX: u32 = 16 * 1024;

/// How much of the HTML is read. Style sheets come first, so this is more.
const HTML_BYTES_MAX: u32 = 32 * 1024;

/// How many links are looked at.
const LINKS_MAX: u32 = 64;

/// A message, read once. Rules get plain fields, so a rule is an expression and its test needs no sandbox.
#[derive(Debug)]
pub struct Mail {
    /// The first mailbox of `From`; an empty one if there is none.
    pub from: Mailbox,
    /// The organisation that the sender's domain belongs to: its registered part.
    pub organisation: String,
    /// The first mailbox of `Reply-To`.
    pub reply_to: Option<Mailbox>,
    /// The subject as it is.
    pub subject: String,
    /// The links, at most 64.
    pub links: Vec<Link>,
    /// The attachments.
    pub attachments: Vec<Attachment>,
    /// Sender authentication.
    pub authentication: Authentication,
    /// Sizes.
    pub counts: Counts,
    /// What was wrong with the bytes.
    pub defects: Defects,
    /// The text, at most 16 KiB.
    pub text: String,
    /// Whether there is an HTML body.
    pub has_html: bool,
    /// The elements in the first 32 KiB of it.
    pub tags: Tags,
    /// Which phrases the subject has.
    pub subject_topics: Topics,
    /// Which phrases the text has.
    pub topics: Topics,
    /// The value of `Message-ID`.
    pub message_id: Option<String>,
    /// Whether the message says that it answers another.
    pub answers: bool,
    /// Whether a mailing list sent it: `List-Id`, `List-Post` or `List-Unsubscribe`.
    pub is_list: bool,
}

impl Mail {
    /// Asks the host for all that the rules need.
    pub fn read(message: &Message, phrases: &mut Phrases) -> Self {
        let from = message.from().into_iter().next().unwrap_or_default();
        let subject = message.subject();
        let text = message.text(TEXT_BYTES_MAX).value;
        let html = message.html(HTML_BYTES_MAX).value;
        let has = |name: &str| !message.header(name).is_empty();
        Self {
            organisation: organisation(&from.domain).to_owned(),
            reply_to: message.reply_to().into_iter().next(),
            links: message.links(LINKS_MAX).items,
            attachments: message.attachments().items,
            authentication: message.authentication(),
            counts: message.counts(),
            defects: message.defects(),
            has_html: !html.is_empty(),
            tags: Tags::of(&html),
            subject_topics: phrases.find(&subject),
            topics: phrases.find(&text),
            message_id: message.header("Message-ID").into_iter().next(),
            answers: has("In-Reply-To") || has("References"),
            is_list: ["List-Id", "List-Post", "List-Unsubscribe"].into_iter().any(has),
            from,
            subject,
            text,
        }
    }
}
