//! What a door tells its mail server.

use std::collections::HashMap;
use std::fmt;

use switchback::Verdict;
use thiserror::Error;

use crate::field::Field;
use crate::memory::Share;

/// What is to be done with a message.
#[derive(Debug)]
#[non_exhaustive]
pub struct Decision {
    /// What becomes of the message.
    pub disposition: Disposition,
    /// What changes in its header, in the order in which it is to be done: what is removed, then what is inserted. None unless
    /// it goes on.
    pub changes: Vec<HeaderChange>,
    /// The slot that judged it; absent where none was asked, as for mail in a direction that is not scored.
    pub slot: Option<String>,
    /// What the slot decided; absent where it was not asked.
    pub verdict: Option<Verdict>,
    /// What the changes take: a message may have very many fields that are removed.
    #[expect(dead_code, reason = "what was counted is given back when this is dropped")]
    pub(crate) memory: Share,
}

impl Decision {
    /// What becomes of a message that no slot judged.
    pub(crate) fn of_nobody(disposition: Disposition, changes: Vec<HeaderChange>) -> Self {
        Self { disposition, changes, slot: None, verdict: None, memory: Share::uncounted() }
    }

    /// A message as it is to be stored or passed on: with the changes.
    pub fn rewritten(&self, message: &[u8]) -> Vec<u8> {
        rewritten(message, &self.changes)
    }
}

/// A message with changes to its header.
pub(crate) fn rewritten(message: &[u8], changes: &[HeaderChange]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(message.len() + 1_024);
    // Of each name how many fields were seen, and which of them are removed: the next one is the last of the list.
    let mut removed = HashMap::<String, (u32, Vec<u32>)>::new();
    for change in changes.iter().rev() {
        if let HeaderChange::Insert { name, value } = change {
            let value = format!(" {value}");
            Field::new(name.as_bytes(), value.as_bytes()).write(|piece| bytes.extend_from_slice(piece));
        }
    }
    for change in changes {
        if let HeaderChange::Remove { name, index } = change {
            removed.entry(name.to_ascii_lowercase()).or_default().1.push(*index);
        }
    }
    let mut fields = Field::all_of(message);
    for field in &mut fields {
        let name = String::from_utf8_lossy(field.name().trim_ascii_end()).to_ascii_lowercase();
        if let Some((seen, indices)) = removed.get_mut(&name) {
            *seen += 1;
            if indices.pop_if(|index| index == seen).is_some() {
                continue;
            }
        }
        field.write(|piece| bytes.extend_from_slice(piece));
    }
    bytes.extend_from_slice(&message[fields.length()..]);
    bytes
}

/// What becomes of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Disposition {
    /// It goes on to its recipients.
    Accept,
    /// It goes into the mail server's own quarantine, such as Postfix's hold queue.
    Quarantine {
        /// Why, for the mail server's log: at most 200 bytes of printable ASCII.
        reason: String,
    },
    /// The mail server forgets it: it is held here, durably.
    Discard,
    /// It is refused for good.
    Reject(Reply),
    /// It is refused for now: the client tries again.
    Tempfail(Reply),
}

/// One change of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderChange {
    /// Remove a field.
    Remove {
        /// Its name, in whichever case.
        name: String,
        /// Which of the fields of this name, from the top, counted from 1. Removals of one name come with descending
        /// indices, so that each is right when its turn comes.
        index: u32,
    },
    /// Insert a field above all others.
    Insert {
        /// Its name.
        name: String,
        /// Its value, without the space after the colon. Lines are folded by LF and a space or tab.
        value: String,
    },
}

/// A reply of SMTP: a code, an enhanced status code, and one line of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    code: u16,
    enhanced: String,
    text: String,
}

/// A reply that SMTP cannot carry.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidReply {
    /// The code is no failure.
    #[error("{0} is no reply code of a failure: 4xx and 5xx are")]
    Code(u16),
    /// The enhanced status code is of another class or form (RFC 3463, section 2).
    #[error("`{0}` does not go with {1}: an enhanced status code is {2}.N.N")]
    Enhanced(String, u16, u16),
    /// The text has characters that would end the line, or that are not ASCII, or is too long (RFC 5321, section 4.5.3.1.5).
    #[error("a reply text is one line of 1 to {} printable ASCII characters", Reply::TEXT_MAX)]
    Text,
}

impl Reply {
    /// The longest text, in bytes: a reply line has at most 512 (RFC 5321, section 4.5.3.1.5), codes and CRLF included.
    pub const TEXT_MAX: usize = 480;

    /// A reply.
    ///
    /// # Errors
    /// If the code is not 4xx or 5xx, the enhanced status code is not of its class, or the text is empty, longer than
    /// [`TEXT_MAX`](Self::TEXT_MAX), or not one line of printable ASCII.
    pub fn new(code: u16, enhanced: &str, text: &str) -> Result<Self, InvalidReply> {
        if !(400..600).contains(&code) {
            return Err(InvalidReply::Code(code));
        }
        let class = code / 100;
        let is_number = |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        let parts: Vec<_> = enhanced.split('.').collect();
        if parts.len() != 3 || parts[0] != class.to_string() || !parts.iter().all(|part| is_number(part)) {
            return Err(InvalidReply::Enhanced(enhanced.to_owned(), code, class));
        }
        let is_printable = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if text.trim().is_empty() || text.len() > Self::TEXT_MAX || !is_printable {
            return Err(InvalidReply::Text);
        }
        Ok(Self { code, enhanced: enhanced.to_owned(), text: text.to_owned() })
    }

    /// The client is to try again: this is a fault here, and none of the message.
    pub(crate) fn later() -> Self {
        Self { code: 451, enhanced: "4.3.0".to_owned(), text: "Temporary failure, please try again later".to_owned() }
    }

    /// The code: 400 to 599.
    pub fn code(&self) -> u16 {
        self.code
    }

    /// The enhanced status code (RFC 3463).
    pub fn enhanced(&self) -> &str {
        &self.enhanced
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.code, self.enhanced, self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_rewritten_from_the_top() {
        let remove = |name: &str, index| HeaderChange::Remove { name: name.to_owned(), index };
        let insert = HeaderChange::Insert { name: "X".to_owned(), value: "new,\n folded".to_owned() };
        let message = b"X: 1\r\nA:b\r\nx: 2\r\n\tfolded\r\nX: 3\r\n\r\nX: body\n.\r\n";
        let changed = rewritten(message, &[remove("x", 2), remove("x", 1), remove("none", 1), insert]);
        assert_eq!(changed, b"X: new,\r\n folded\r\nA:b\r\nX: 3\r\n\r\nX: body\n.\r\n");
        assert_eq!(rewritten(b"no header\r\n", &[]), b"no header\r\n");
    }

    #[test]
    fn a_reply_is_one_line_that_smtp_can_carry() {
        let reply = Reply::new(550, "5.7.1", "Message refused").unwrap();
        assert_eq!(reply.to_string(), "550 5.7.1 Message refused");
        for text in ["", " ", "a\r\n250 ok", "a\nb", "a\0b", "caf\u{e9}", &"x".repeat(481)] {
            assert_eq!(Reply::new(550, "5.7.1", text), Err(InvalidReply::Text), "{text:?}");
        }
        for code in [0, 250, 354, 399, 600] {
            assert_eq!(Reply::new(code, "5.7.1", "no"), Err(InvalidReply::Code(code)));
        }
        for enhanced in ["", "4.7.1", "5.7", "5.7.1.1", "5.7.x", "5.7.1000", "5.7.-1"] {
            assert!(matches!(Reply::new(550, enhanced, "no"), Err(InvalidReply::Enhanced(..))), "{enhanced}");
        }
    }
}
