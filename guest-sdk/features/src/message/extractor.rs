//! Extracting features, in memory that a thread uses again for its next message.

use std::cell::Cell;
use std::sync::Arc;

use super::Features;
use super::distinct::Distinct;
use super::source::{Link, Source};
use crate::hash::{Kind, Namespace, hash, index_of, pair};
use crate::links::{shows_another_host, site};
use crate::text::Text;
use crate::{grams, words};

/// Bytes of the text that are hashed. Long texts end in quotations, legal notices and what is there to confuse a filter.
pub(crate) const BODY_BYTES_MAX: usize = 32_768;

/// Links that are hashed.
const LINKS_MAX: usize = 64;

/// Parts whose declarations are hashed.
const PARTS_MAX: usize = 64;

/// Bytes of a name or a declaration that are hashed.
const LABEL_BYTES_MAX: usize = 64;

/// Bytes of a file name's extension that are hashed.
const EXTENSION_BYTES_MAX: usize = 16;

/// Bytes of an n-gram.
const GRAM_BYTES: usize = 5;

/// What a link has whose text names another host.
const SHOWS_ANOTHER_HOST: &str = "shows another host";

/// About how many bytes of a text there are for each new word of it.
const BYTES_PER_WORD: usize = 12;

impl Features {
    /// The words of a message, and its pairs of words. Both cost hardly more than one of them.
    pub fn words_and_pairs(source: &impl Source) -> [Self; 2] {
        with_buffers(|buffers| buffers.extract::<false>(source))
    }

    /// The character n-grams of a message.
    pub fn grams(source: &impl Source) -> Self {
        let [grams, _] = with_buffers(|buffers| buffers.extract::<true>(source));
        grams
    }
}

/// Lends the buffers of the thread.
fn with_buffers<T>(work: impl FnOnce(&mut Buffers) -> T) -> T {
    thread_local! {
        static BUFFERS: Cell<Option<Box<Buffers>>> = const { Cell::new(None) };
    }
    let mut buffers = BUFFERS.take().unwrap_or_default();
    let result = work(&mut buffers);
    BUFFERS.set(Some(buffers));
    result
}

/// At most about 2 MiB, after a message with as many n-grams as there can be.
#[derive(Default)]
struct Buffers {
    text: Text,
    line: String,
    /// Words and tokens, or n-grams.
    units: Distinct,
    pairs: Distinct,
}

/// What one field has: words or n-grams, and pairs of words.
type Field = [Arc<[u32]>; 2];

impl Buffers {
    /// `GRAMS`, or else words and pairs of words.
    fn extract<const GRAMS: bool>(&mut self, source: &impl Source) -> [Features; 2] {
        let (text, has_more_text) = source.text(BODY_BYTES_MAX);
        let (links, has_more_links) = source.links();
        let is_truncated = has_more_text || has_more_links || links.len() > LINKS_MAX;
        let fields = [
            self.text::<GRAMS>(source.subject(), Namespace::SUBJECT),
            self.sender::<GRAMS>(source),
            self.text::<GRAMS>(text, Namespace::BODY),
            self.links::<GRAMS>(links.take(LINKS_MAX)),
            if GRAMS { Field::default() } else { self.structure(source) },
        ];
        let of = |kind: usize| fields.each_ref().map(|field| Arc::clone(&field[kind]));
        [Features::new(of(0), is_truncated), Features::new(of(1), is_truncated)]
    }

    fn text<const GRAMS: bool>(&mut self, text: &str, namespace: Namespace) -> Field {
        self.begin(if GRAMS { text.len() } else { text.len() / BYTES_PER_WORD });
        self.add::<GRAMS>(text, namespace);
        self.field()
    }

    fn sender<const GRAMS: bool>(&mut self, source: &impl Source) -> Field {
        self.begin(0);
        let mut line = std::mem::take(&mut self.line);
        for mailbox in source.from() {
            line.clear();
            line.extend([mailbox.name, " ", mailbox.address]);
            self.add::<GRAMS>(&line, Namespace::SENDER);
            self.token::<GRAMS>(mailbox.domain, Namespace::SENDER);
        }
        self.line = line;
        for domain in source.reply_to_domains() {
            self.token::<GRAMS>(domain, Namespace::REPLY_TO);
        }
        self.field()
    }

    fn links<'a, const GRAMS: bool>(&mut self, links: impl Iterator<Item = Link<'a>>) -> Field {
        self.begin(0);
        for link in links {
            self.add::<GRAMS>(link.url, Namespace::LINK);
            self.token::<GRAMS>(link.host, Namespace::LINK);
            self.token::<GRAMS>(site(link.host), Namespace::LINK);
            if shows_another_host(link.text, link.host) {
                self.token::<GRAMS>(SHOWS_ANOTHER_HOST, Namespace::LINK);
            }
        }
        self.field()
    }

    fn structure(&mut self, source: &impl Source) -> Field {
        self.begin(0);
        for name in source.field_names() {
            self.label("field:", &name, LABEL_BYTES_MAX);
        }
        for value in source.values("x-mailer").chain(source.values("user-agent")) {
            self.text.normalise(value.as_ref());
            words::each(&self.text, Namespace::STRUCTURE, |_, word| self.units.insert(index_of(word, 32)));
        }
        for part in source.parts().take(PARTS_MAX) {
            self.label("type:", part.media_type, LABEL_BYTES_MAX);
            self.label("charset:", part.charset.unwrap_or_default(), LABEL_BYTES_MAX);
            self.label("encoding:", part.encoding.unwrap_or_default(), LABEL_BYTES_MAX);
        }
        for name in source.attachment_names() {
            let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
            self.label("extension:", extension, EXTENSION_BYTES_MAX);
        }
        self.field()
    }

    /// Adds what something is called, unless it has no name.
    fn label(&mut self, label: &str, name: &str, bytes_max: usize) {
        if !name.is_empty() {
            self.line.clear();
            self.line.extend([label, &name[..name.floor_char_boundary(bytes_max)]]);
            self.line.make_ascii_lowercase();
            let token = hash(Kind::Token, Namespace::STRUCTURE, self.line.as_bytes());
            self.units.insert(index_of(token, 32));
        }
    }

    /// Begins a field of about so many features.
    fn begin(&mut self, expected: usize) {
        self.units.begin(expected);
        self.pairs.begin(expected);
    }

    fn add<const GRAMS: bool>(&mut self, input: &str, namespace: Namespace) {
        self.text.normalise(input);
        if GRAMS {
            grams::each::<GRAM_BYTES>(&self.text, namespace, |gram| self.units.insert(index_of(gram, 32)));
        } else {
            words::each(&self.text, namespace, |last, word| {
                self.units.insert(index_of(word, 32));
                self.pairs.insert(index_of(pair(last, word), 32));
            });
        }
    }

    /// Adds a string as it is; no n-gram is made of it, and nothing of an empty one.
    fn token<const GRAMS: bool>(&mut self, token: &str, namespace: Namespace) {
        if !GRAMS && !token.is_empty() {
            self.units.insert(index_of(hash(Kind::Token, namespace, token.as_bytes()), 32));
        }
    }

    fn field(&self) -> Field {
        [&self.units, &self.pairs].map(|distinct| distinct.numbers().into())
    }
}
