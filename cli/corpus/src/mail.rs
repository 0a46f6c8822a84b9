//! [`Mail`]: messages that stay in memory.

use std::path::PathBuf;

use crate::corpus::{Corpus, RawMessage, Reading};
use crate::unread::Missed;

/// The most mail that is kept in memory, in bytes; one more message may go over it.
const MAIL_BYTES_MAX: usize = 512 << 20;

/// Messages in memory: for whoever goes through them more than once.
#[derive(Debug)]
pub struct Mail {
    /// The messages.
    pub messages: Vec<RawMessage>,
    /// What each is called.
    pub names: Vec<String>,
    /// What could not be read or was left out; each was a remark.
    pub missed: Missed,
}

impl Mail {
    /// Reads at most `count_max` messages, and at most 512 MiB of them. `remark` hears what [`Corpus::open`] says, and of
    /// everything that is not read.
    pub fn read(inputs: &[PathBuf], reading: Reading, count_max: usize, remark: fn(&str)) -> Self {
        let mut mail = Self { messages: Vec::new(), names: Vec::new(), missed: Missed::default() };
        let mut bytes = 0;
        for entry in Corpus::open(inputs, reading, remark) {
            if mail.messages.len() >= count_max || bytes >= MAIL_BYTES_MAX {
                break;
            }
            let (name, raw) = entry.read();
            match raw {
                Ok(raw) => {
                    bytes += raw.bytes.len();
                    mail.messages.push(raw);
                    mail.names.push(name);
                }
                Err(unread) => {
                    mail.missed.add(&unread);
                    remark(&unread.about(&name));
                }
            }
        }
        mail
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::format::Format;

    #[test]
    fn as_many_messages_are_kept_as_somebody_asks_for() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a.eml", "b.eml", "c.eml"] {
            fs::write(dir.path().join(name), "Subject: x\n\n").unwrap();
        }
        let reading = Reading { format: Format::Auto, sidecars: true };
        let read = |count_max| Mail::read(&[dir.path().to_owned()], reading, count_max, |_| {}).names.len();
        assert_eq!([0, 2, 3, 9].map(read), [0, 2, 3, 3]);
    }
}
