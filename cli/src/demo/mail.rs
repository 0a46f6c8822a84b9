//! The mail that is scored.

use std::path::Path;

use switchback::{Client, Digest, Envelope, Message};
use switchback_corpus::{Mail, Missed, RawMessage};
use switchback_mailgen::{AUTHSERV_ID, Generated, Generator, Provider};

use crate::args::MessageArgs;
use crate::show;

/// Generated messages. They come over and over, so that those who write today have written before.
const DAY_MESSAGES: u64 = 10_000;

/// Mail without end.
pub(super) enum Source {
    /// Generated, with the truth about each message.
    Generated(Generator),
    /// Somebody's own mail, over and over.
    Corpus { messages: Vec<(RawMessage, Group)>, missed: Missed, args: MessageArgs },
}

/// Whose mail a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    /// Legitimate mail from Gmail; in a corpus, all mail from Gmail.
    Gmail,
    /// Other legitimate mail; in a corpus, all other mail.
    Other,
    /// Spam and phish, where it is known.
    Unwanted,
}

impl Group {
    /// How many there are.
    pub(super) const COUNT: usize = 3;
}

/// A column of the table: its name, and the groups of which it shows the flagged share.
pub(super) type Column = (&'static str, &'static [Group]);

impl Source {
    pub(super) fn generated(seed: u64) -> Self {
        Self::Generated(Generator::new(seed))
    }

    /// The mail in a folder; none if there is none.
    pub(super) fn corpus(dir: &Path, args: &MessageArgs) -> Option<Self> {
        let Mail { mut messages, missed, .. } =
            Mail::read(&[dir.to_owned()], args.reading(), usize::MAX, crate::exit::say);
        // In an order that has nothing to do with sender or age, so that every row shows all kinds of mail.
        messages.sort_by_cached_key(|raw| Digest::of(&raw.bytes));
        let grouped = messages.into_iter().map(|raw| {
            let message = Message::parse(raw.bytes.as_slice());
            let is_gmail = matches!(message.sender_domain(), Some("gmail.com" | "googlemail.com"));
            (raw, if is_gmail { Group::Gmail } else { Group::Other })
        });
        let messages: Vec<_> = grouped.collect();
        (!messages.is_empty()).then(|| Self::Corpus { messages, missed, args: args.clone() })
    }

    /// What it is, for a headline.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Generated(_) => format!("{} generated messages, over and over,", show::count(DAY_MESSAGES)),
            Self::Corpus { messages, .. } => {
                format!("your {}, over and over,", show::counted(messages.len() as u64, "message"))
            }
        }
    }

    /// Whether something in the corpus could not be read; it was said on stderr.
    pub(super) fn is_incomplete(&self) -> bool {
        matches!(self, Self::Corpus { missed, .. } if missed.any())
    }

    /// Whose mail the story is about: that of the last column.
    pub(super) fn protagonist(&self) -> &'static str {
        match self {
            Self::Generated(_) => "legitimate mail from Gmail",
            Self::Corpus { .. } => "mail from Gmail",
        }
    }

    /// What the table shows.
    pub(super) fn columns(&self) -> [Column; 3] {
        use Group::{Gmail, Other, Unwanted};
        match self {
            Self::Generated(_) => {
                [("unwanted", &[Unwanted]), ("legitimate", &[Gmail, Other]), ("legitimate from Gmail", &[Gmail])]
            }
            Self::Corpus { .. } => {
                [("all mail", &[Gmail, Other]), ("not from Gmail", &[Other]), ("from Gmail", &[Gmail])]
            }
        }
    }

    /// Who signs the results of authentication in generated mail, and all of it as it came in; none of somebody's own
    /// mail.
    pub(super) fn day(&self) -> Option<(&'static str, impl Iterator<Item = Vec<u8>>)> {
        match self {
            Self::Generated(generator) => {
                Some((AUTHSERV_ID, (0..DAY_MESSAGES).map(|number| generator.nth_message(number).bytes)))
            }
            Self::Corpus { .. } => None,
        }
    }

    /// The message of this number. The same number gives the same message.
    pub(super) fn nth(&self, number: u64) -> (Message, Group) {
        match self {
            Self::Generated(generator) => received(generator.nth_message(number % DAY_MESSAGES)),
            Self::Corpus { messages, args, .. } => {
                let (raw, group) = &messages[(number % messages.len() as u64) as usize];
                (args.message(raw.clone()), *group)
            }
        }
    }
}

/// A generated message as the filter of its receiving server would get it.
fn received(generated: Generated) -> (Message, Group) {
    let group = match (generated.kind.is_unwanted(), generated.provider) {
        (true, _) => Group::Unwanted,
        (false, Provider::Gmail) => Group::Gmail,
        (false, _) => Group::Other,
    };
    let mut client = Client::new().helo(&generated.helo);
    if let Ok(ip) = generated.client_ip.parse() {
        client = client.ip(ip);
    }
    if let Some(host) = &generated.client_host {
        client = client.host(host);
    }
    let envelope = Envelope::new().mail_from(&generated.mail_from).recipient(&generated.recipient);
    let message = Message::builder(generated.bytes).envelope(envelope).client(client).trust_authserv_id(AUTHSERV_ID);
    (message.build(), group)
}
