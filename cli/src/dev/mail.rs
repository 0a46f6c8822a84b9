//! The mail that is scored, parsed and in memory.

use switchback::Message;
use switchback_corpus::{Corpus, Missed};

use super::Args;
use crate::exit::say;
use crate::show;

/// The most mail that is kept, in bytes; one more message may go over it. What models ask for stays with each message: text, links,
/// features.
const MAIL_BYTES_MAX: usize = 256 << 20;

/// Messages, in the order of the corpus.
pub(super) struct Mail {
    pub(super) messages: Vec<Message>,
    /// What each is called.
    pub(super) names: Vec<String>,
    /// What could not be read or is no message; each was said.
    pub(super) missed: Missed,
}

impl Mail {
    pub(super) fn read(args: &Args) -> Self {
        Self::read_at_most(MAIL_BYTES_MAX, args)
    }

    fn read_at_most(bytes_max: usize, args: &Args) -> Self {
        let mut mail = Self { messages: Vec::new(), names: Vec::new(), missed: Missed::default() };
        let mut bytes = 0;
        for entry in Corpus::open(&args.inputs, args.message.reading(), say) {
            if bytes >= bytes_max {
                let (kept, bytes_max) =
                    (show::counted(mail.names.len() as u64, "message"), show::bytes(bytes_max as u64));
                say(&format!(
                    "the mail is larger than {bytes_max}: the first {kept} are scored, and the rest is left out"
                ));
                break;
            }
            let (name, raw) = entry.read();
            match raw {
                Ok(raw) => {
                    bytes += raw.bytes.len();
                    mail.messages.push(args.message.message(raw));
                    mail.names.push(name);
                }
                Err(unread) => {
                    mail.missed.add(&unread);
                    say(&unread.about(&name));
                }
            }
        }
        mail
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        args: Args,
    }

    #[test]
    fn what_is_more_than_memory_is_to_take_is_left_out() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a.eml", "b.eml", "c.eml"] {
            fs::write(dir.path().join(name), format!("Subject: x\n\n{}", "x".repeat(100))).unwrap();
        }
        let Command { args } = Command::parse_from(["dev", "--watch", dir.path().to_str().unwrap()]);
        let read = |bytes_max| Mail::read_at_most(bytes_max, &args).names.len();
        // The message that goes over it is read.
        assert_eq!((read(150), read(1_000), read(0)), (2, 3, 0));
    }
}
