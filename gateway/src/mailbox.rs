//! Mail that was delivered, in the users' mailboxes: found by the record that its stamp names, and moved back.
//!
//! All of it goes through Dovecot's `doveadm`, whatever the mailboxes are stored as. A message is moved by its mailbox's GUID, its
//! UID and what it was recognised by, all three: where the user or Dovecot has changed something meanwhile, nothing is moved.

mod doveadm;
mod error;
mod row;

use std::process::Stdio;

use switchback::jiff::Timestamp;
use switchback::verdict::RecordId;

pub use self::error::MailboxError;
use self::row::Row;
use crate::config::MailboxConfig;

/// The users' mailboxes.
#[derive(Debug)]
pub struct Mailboxes<'a> {
    config: &'a MailboxConfig,
}

/// Whose mailboxes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Users {
    /// Those of every user that Dovecot lists.
    All,
    /// Those of this user, or of all that match: `*@example.org`.
    Matching(String),
}

/// In which of the two mailboxes a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
// Exhaustive: no others are looked into.
pub enum Place {
    /// In that of junk.
    From,
    /// In that which it is moved back into.
    To,
}

/// A message in a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivered {
    /// Whose it is, as Dovecot calls the user.
    pub user: String,
    /// Where it is.
    pub place: Place,
    /// What it can be recognised by.
    pub mark: Mark,
    mailbox_guid: String,
    uid: u32,
}

/// What a message can be recognised by.
#[derive(Clone, Debug, PartialEq, Eq)]
// Exhaustive: whoever looks for a message has to know each.
pub enum Mark {
    /// The record that its stamp names: no other message has it.
    Record(RecordId),
    /// The only Message-ID of a message without a stamp. Another message may have the same.
    MessageId(String),
}

/// What was found in mailboxes.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Found {
    /// The messages, by user, in the order of the mailbox.
    pub messages: Vec<Delivered>,
    /// What Dovecot said of mailboxes that it could not look into.
    pub trouble: Option<MailboxError>,
}

impl<'a> Mailboxes<'a> {
    /// The mailboxes of a configuration.
    pub fn new(config: &'a MailboxConfig) -> Self {
        Self { config }
    }

    /// Finds the messages that came into the two mailboxes at this time or later. Dovecot reads the header of each.
    ///
    /// # Errors
    /// If Dovecot cannot be asked, or nothing of its answer can be used.
    pub fn find(&self, users: &Users, since: Timestamp) -> Result<Found, MailboxError> {
        let (from, to) = (self.config.from.as_str(), self.config.to.as_str());
        // One of ten digits is a time to Dovecot.
        let since = since.as_second().clamp(1_000_000_000, 9_999_999_999).to_string();
        let whose: &[&str] = match users {
            Users::All => &["-A"],
            Users::Matching(mask) => &["-u", mask],
        };
        let query = ["(", "mailbox", from, "OR", "mailbox", to, ")", "savedsince", &since];
        let args = [&["-f", "json", "fetch"], whose, &[row::FIELDS], &query].concat();
        let said = self.ask(&args, Stdio::null())?;
        let rows = Row::all(&said.out);
        let is_nothing = rows.as_ref().map_or(true, Vec::is_empty);
        match said.trouble {
            Some(trouble) if is_nothing => Err(trouble),
            trouble => {
                let rows = rows.map_err(MailboxError::Answer)?;
                let messages = rows.into_iter().filter_map(|row| row.delivered(self.config)).collect();
                Ok(Found { messages, trouble })
            }
        }
    }

    /// Moves a message back, if it is still there and still the same one. `stdin` is what the program inherits: a lock in it is
    /// held until the program ends, also where this process does not live so long.
    ///
    /// # Errors
    /// If Dovecot cannot be asked or refuses. Whether the message was there only [`find`](Self::find) can tell.
    pub fn move_back(&self, message: &Delivered, stdin: impl Into<Stdio>) -> Result<(), MailboxError> {
        // It would be taken for a pattern.
        if message.user.contains(['*', '?']) {
            return Err(MailboxError::User(message.user.clone()));
        }
        let (uid, (field, value)) = (message.uid.to_string(), message.mark.condition());
        let args = [
            &["move", "-u", &message.user, &self.config.to, "mailbox-guid", &message.mailbox_guid, "uid", &uid][..],
            &["header", field, &value],
        ];
        self.ask(&args.concat(), stdin.into())?.trouble.map_or(Ok(()), Err)
    }
}

impl Mark {
    /// The header field of a message that has it, and a part of its value.
    fn condition(&self) -> (&'static str, String) {
        match self {
            Self::Record(id) => (row::STATUS, format!("id={id}")),
            Self::MessageId(id) => ("Message-ID", id.clone()),
        }
    }
}
