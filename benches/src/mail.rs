//! [`Mail`]: what is measured on, under the name that stands beside each figure.

use switchback::Message;
use switchback_mailgen::{Generator, Mix};
use switchback_plugin_train::{Corpora, guest_message};

/// The seed of the generated mail.
const SEED: u64 = 20_250_425;

/// What generated mail is called.
pub(crate) const GENERATED: &str = "generated 2020s";

/// The corpora of the years since 2019: a mailing list, and phish.
const CORPORA: [&str; 2] = ["usrp-users", "phishing-pot"];

/// Messages, the same in every run.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Where they come from: `generated 2020s`, or the name of a corpus.
    pub name: &'static str,
    /// The messages.
    pub raw: Vec<Vec<u8>>,
}

impl Mail {
    /// So many generated messages like those of the 2020s.
    pub fn generated(count: usize) -> Self {
        let mail = Generator::with_mix(SEED, Mix::modern()).take(count);
        Self { name: GENERATED, raw: mail.map(|generated| generated.bytes).collect() }
    }

    /// Generated mail, and so many messages of each corpus, where there are corpora. Says what there is.
    ///
    /// # Panics
    /// If a corpus cannot be read.
    pub fn all(count: usize) -> Vec<Self> {
        let mut all = vec![Self::generated(count)];
        match Corpora::locate() {
            Some(corpora) => all.extend(CORPORA.map(|name| Self::of_corpus(&corpora, name, count))),
            None => println!("LEFT OUT: {}: SWITCHBACK_CORPORA does not name their folder", CORPORA.join(", ")),
        }
        all.iter().for_each(Self::print);
        all
    }

    /// Mail by its name: that of a corpus, else generated mail.
    ///
    /// # Panics
    /// If the corpus cannot be read.
    pub fn named(name: &str, count: usize) -> Self {
        let corpus = CORPORA.into_iter().find(|known| *known == name).zip(Corpora::locate());
        corpus.map_or_else(|| Self::generated(count), |(name, corpora)| Self::of_corpus(&corpora, name, count))
    }

    /// Messages from all parts of a corpus, in the order of their names.
    #[expect(clippy::expect_used, reason = "a bench has nobody to report to")]
    fn of_corpus(corpora: &Corpora, name: &'static str, count: usize) -> Self {
        let messages = corpora.read(name).expect("the corpus can be read");
        let count = count.min(messages.len());
        Self { name, raw: (0..count).map(|at| messages[at * messages.len() / count].bytes.clone()).collect() }
    }

    /// Whether people wrote it.
    pub fn is_real(&self) -> bool {
        self.name != GENERATED
    }

    fn print(&self) {
        let bytes: usize = self.raw.iter().map(Vec::len).sum();
        let kib = bytes as f64 / 1024.0 / self.raw.len() as f64;
        println!("MAIL {}: {} messages, {kib:.1} KiB on average", self.name, self.raw.len());
    }

    /// The messages with everything derived that the example models ask for, so that only scoring is timed.
    pub fn warm(&self) -> Vec<Message> {
        let messages: Vec<_> = self.raw.iter().cloned().map(Message::parse).collect();
        // Copying a message into the guest's form asks for all there is.
        messages.iter().for_each(|message| drop(guest_message(message)));
        messages
    }
}
