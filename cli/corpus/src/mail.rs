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
