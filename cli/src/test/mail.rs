//! The messages that a model is tried on, beside its self-tests.

use switchback::Message;
use switchback_corpus::{Corpus, Missed};
use switchback_mailgen::{Generator, Mix, Profile, odd};

use super::Args;
use crate::show;

/// Messages, each with its name.
pub(super) struct Tried<'a> {
    args: &'a Args,
    origin: Origin,
    /// How many there were so far.
    count: u64,
    missed: Missed,
}

enum Origin {
    Corpus(Box<Corpus>),
    /// Odd messages, and then generated ones.
    Generated(Box<dyn Iterator<Item = (String, Vec<u8>)>>),
}

impl<'a> Tried<'a> {
    pub(super) fn new(args: &'a Args) -> Self {
        let origin = match args.inputs.is_empty() {
            true => Origin::Generated(Box::new(generated(args))),
            false => Origin::Corpus(Box::new(Corpus::open(&args.inputs, args.message.reading(), crate::exit::say))),
        };
        Self { args, origin, count: 0, missed: Missed::default() }
    }

    /// What they are, for a person.
    pub(super) fn described(&self) -> String {
        match self.origin {
            Origin::Corpus(_) => show::counted(self.count, "message") + " of the corpus",
            Origin::Generated(_) => {
                // A model that loops is not tried on all of them.
                let odd = self.count.min(odd().len() as u64);
                format!("{} odd and {} generated", show::count(odd), show::count(self.count - odd))
            }
        }
    }

    /// Whether a corpus had no message, or one that could not be read.
    pub(super) fn is_incomplete(&self) -> bool {
        self.missed.any() || (self.count == 0 && matches!(self.origin, Origin::Corpus(_)))
    }
}

fn generated(args: &Args) -> impl Iterator<Item = (String, Vec<u8>)> + use<> {
    let odd = odd().into_iter().map(|(name, bytes)| (format!("odd/{name}"), bytes));
    let mail = Generator::with_mix(args.seed, Mix::of(Profile::Modern)).take(args.messages as usize);
    odd.chain((1..).zip(mail).map(|(number, message)| (format!("generated/{number}"), message.bytes)))
}

impl Iterator for Tried<'_> {
    type Item = (String, Message);

    fn next(&mut self) -> Option<Self::Item> {
        let (name, message) = match &mut self.origin {
            Origin::Generated(mail) => {
                let (name, bytes) = mail.next()?;
                (name, self.args.message.message(bytes))
            }
            Origin::Corpus(corpus) => loop {
                let (name, raw) = corpus.next()?.read();
                match raw {
                    Ok(raw) => break (name, self.args.message.message(raw)),
                    Err(unread) => {
                        self.missed.add(&unread);
                        crate::exit::say(&unread.about(&name));
                    }
                }
            },
        };
        self.count += 1;
        Some((name, message))
    }
}
