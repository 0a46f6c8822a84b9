//! What Dovecot says of one message.

use serde::Deserialize;
use switchback::verdict::RecordId;

use super::{Delivered, Mark, Place};
use crate::config::MailboxConfig;

/// What is asked of a message.
pub(super) const FIELDS: &str = "user mailbox mailbox-guid uid hdr.x-switchback-status hdr.message-id";

/// The field of the stamp.
pub(super) const STATUS: &str = "X-Switchback-Status";

/// A message as `doveadm -f json fetch` prints it.
#[derive(Debug, Deserialize)]
pub(super) struct Row {
    user: String,
    mailbox: String,
    #[serde(rename = "mailbox-guid")]
    mailbox_guid: String,
    uid: String,
    /// Every field of that name, one behind the other; empty if there is none.
    #[serde(rename = "hdr.x-switchback-status")]
    status: String,
    #[serde(rename = "hdr.message-id")]
    message_id: String,
}

impl Row {
    pub(super) fn all(json: &[u8]) -> Result<Vec<Self>, serde_json::Error> {
        serde_json::from_str(&String::from_utf8_lossy(json))
    }

    /// The message, if it is in one of the two mailboxes, and can be recognised.
    pub(super) fn delivered(self, config: &MailboxConfig) -> Option<Delivered> {
        // INBOX is the one name without regard to case (RFC 3501, section 5.1).
        let is_in = |name: &str| match name.eq_ignore_ascii_case("INBOX") {
            true => self.mailbox.eq_ignore_ascii_case(name),
            false => self.mailbox == name,
        };
        let place = if is_in(&config.from) { Place::From } else { Place::To };
        if place == Place::To && !is_in(&config.to) {
            return None;
        }
        let mark = self.mark()?;
        let uid = self.uid.parse().ok()?;
        Some(Delivered { user: self.user, place, mark, mailbox_guid: self.mailbox_guid, uid })
    }

    fn mark(&self) -> Option<Mark> {
        // The filter stamps at the top, and removes what was there.
        if let Some(status) = values(&self.status).first() {
            return record(status).map(Mark::Record);
        }
        let ids = values(&self.message_id);
        let [id] = &ids[..] else { return None };
        let is_plain = !id.is_empty() && !id.contains(|c: char| c.is_control() || c == char::REPLACEMENT_CHARACTER);
        is_plain.then(|| Mark::MessageId(id.clone()))
    }
}

/// The record that a stamp names.
fn record(status: &str) -> Option<RecordId> {
    status.split_whitespace().find_map(|word| word.strip_prefix("id=")?.parse().ok())
}

/// The values of all fields, unfolded: a line that begins with white space belongs to the one before.
fn values(text: &str) -> Vec<String> {
    let mut values: Vec<String> = Vec::new();
    for line in text.split_inclusive('\n').map(|line| line.trim_end_matches(['\r', '\n'])) {
        match values.last_mut() {
            Some(value) if line.starts_with([' ', '\t']) => value.push_str(line),
            _ => values.push(line.to_owned()),
        }
    }
    values.into_iter().map(|value| value.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "01938a4e-7c1b-7000-8000-0242ac120002";

    fn mark(status: &str, message_id: &str) -> Option<Mark> {
        let json = serde_json::json!([{
            "user": "ada", "mailbox": "inbox", "mailbox-guid": "ab", "uid": "7",
            "hdr.x-switchback-status": status, "hdr.message-id": message_id,
        }]);
        let row = Row::all(json.to_string().as_bytes()).unwrap().remove(0);
        row.delivered(&MailboxConfig::default()).map(|delivered| {
            assert_eq!((delivered.place, delivered.uid), (Place::To, 7));
            delivered.mark
        })
    }

    #[test]
    fn a_message_is_recognised_by_its_stamp_and_without_one_by_its_only_message_id() {
        let stamp = format!("Yes, score=0.9\n digest=2d3e\n\tdecided=live id={ID}");
        assert_eq!(mark(&stamp, "<1@x.example>"), Some(Mark::Record(ID.parse().unwrap())));
        // Ours is the first, and what names no record is a stamp nevertheless.
        assert_eq!(mark(&format!("No, score=0.1\nYes, id={ID}"), "<1@x.example>"), None);
        assert_eq!(mark(&format!("Yes, xid={ID}"), "<1@x.example>"), None);
        assert_eq!(mark("", "\n <1@x.example>"), Some(Mark::MessageId("<1@x.example>".to_owned())));
        for unusable in ["", "<1@x.example>\n<2@x.example>", "<1\u{fffd}@x.example>", "<1\u{1}@x.example>"] {
            assert_eq!(mark("", unusable), None, "{unusable:?}");
        }
    }
}
