//! Extracting features, in memory that a thread uses again for its next message.

use std::cell::Cell;
use std::sync::Arc;

use super::distinct::Distinct;
use super::source::{Link, Source};
use super::{FeatureKind, Features, Structure};
use crate::hash::{Kind, Namespace, hash, index_of, pair};
use crate::links::{shows_another_host, site};
use crate::text::Text;
use crate::{grams, words};

/// Bytes of the text that are hashed. Long texts end in quotations, legal notices and what is there to confuse a filter.
pub(crate) const BODY_BYTES_MAX: usize = 32_768;

/// Links that are hashed.
const LINKS_MAX: usize = 64;

/// Header fields whose names are hashed.
const FIELDS_MAX: usize = 512;

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
    /// The features of one kind that a message has.
    pub fn of(kind: FeatureKind, source: &impl Source) -> Self {
        with_buffers(|buffers| buffers.extract(kind, source))
    }
}

impl Structure {
    /// The structure of a message.
    pub fn of(source: &impl Source) -> Self {
        with_buffers(|buffers| buffers.structure(source))
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
    found: Distinct,
}

impl Buffers {
    fn extract(&mut self, kind: FeatureKind, source: &impl Source) -> Features {
        let (text, has_more_text) = source.text(BODY_BYTES_MAX);
        let (links, has_more_links) = source.links();
        let is_truncated = has_more_text || has_more_links || links.len() > LINKS_MAX;
        let fields = [
            self.text(kind, source.subject(), Namespace::SUBJECT),
            self.sender(kind, source),
            self.text(kind, text, Namespace::BODY),
            self.links(kind, links.take(LINKS_MAX)),
        ];
        Features::new(fields, is_truncated)
    }

    fn text(&mut self, kind: FeatureKind, text: &str, namespace: Namespace) -> Arc<[u32]> {
        let bytes_per_feature = if kind == FeatureKind::Grams { 1 } else { BYTES_PER_WORD };
        self.found.begin(text.len() / bytes_per_feature);
        self.add(kind, text, namespace);
        self.found.numbers().into()
    }

    fn sender(&mut self, kind: FeatureKind, source: &impl Source) -> Arc<[u32]> {
        self.found.begin(0);
        let mut line = std::mem::take(&mut self.line);
        for mailbox in source.from() {
            line.clear();
            line.extend([mailbox.name, " ", mailbox.address]);
            self.add(kind, &line, Namespace::SENDER);
            self.token(kind, mailbox.domain, Namespace::SENDER);
        }
        self.line = line;
        for domain in source.reply_to_domains() {
            self.token(kind, domain, Namespace::REPLY_TO);
        }
        self.found.numbers().into()
    }

    fn links<'a>(&mut self, kind: FeatureKind, links: impl Iterator<Item = Link<'a>>) -> Arc<[u32]> {
        self.found.begin(0);
        for link in links {
            self.add(kind, link.url, Namespace::LINK);
            self.token(kind, link.host, Namespace::LINK);
            self.token(kind, site(link.host), Namespace::LINK);
            if shows_another_host(link.text, link.host) {
                self.token(kind, SHOWS_ANOTHER_HOST, Namespace::LINK);
            }
        }
        self.found.numbers().into()
    }

    fn structure(&mut self, source: &impl Source) -> Structure {
        self.found.begin(0);
        let (mut names, has_more_fields) = source.field_names();
        for name in names.by_ref().take(FIELDS_MAX) {
            self.label("field:", &name, LABEL_BYTES_MAX);
        }
        for value in source.values("x-mailer").chain(source.values("user-agent")) {
            self.text.normalise(value.as_ref());
            words::each(&self.text, Namespace::STRUCTURE, |_, word| self.found.insert(index_of(word, 32)));
        }
        let mut parts = source.parts();
        for part in parts.by_ref().take(PARTS_MAX) {
            self.label("type:", part.media_type, LABEL_BYTES_MAX);
            self.label("charset:", part.charset.unwrap_or_default(), LABEL_BYTES_MAX);
            self.label("encoding:", part.encoding.unwrap_or_default(), LABEL_BYTES_MAX);
        }
        for name in source.attachment_names() {
            let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
            self.label("extension:", extension, EXTENSION_BYTES_MAX);
        }
        let is_truncated = has_more_fields || names.next().is_some() || parts.next().is_some();
        Structure::new(self.found.numbers().into(), is_truncated)
    }

    /// Adds what something is called, unless it has no name.
    fn label(&mut self, label: &str, name: &str, bytes_max: usize) {
        if !name.is_empty() {
            self.line.clear();
            self.line.extend([label, &name[..name.floor_char_boundary(bytes_max)]]);
            self.line.make_ascii_lowercase();
            let token = hash(Kind::Token, Namespace::STRUCTURE, self.line.as_bytes());
            self.found.insert(index_of(token, 32));
        }
    }

    fn add(&mut self, kind: FeatureKind, input: &str, namespace: Namespace) {
        let Self { text, found, .. } = self;
        text.normalise(input);
        match kind {
            FeatureKind::Words => words::each(text, namespace, |_, word| found.insert(index_of(word, 32))),
            FeatureKind::Pairs => {
                words::each(text, namespace, |last, word| found.insert(index_of(pair(last, word), 32)));
            }
            FeatureKind::Grams => {
                grams::each::<GRAM_BYTES>(text, namespace, |gram| found.insert(index_of(gram, 32)));
            }
        }
    }

    /// Adds a string as it is, as one of the words; nothing of an empty one.
    fn token(&mut self, kind: FeatureKind, token: &str, namespace: Namespace) {
        if kind == FeatureKind::Words && !token.is_empty() {
            self.found.insert(index_of(hash(Kind::Token, namespace, token.as_bytes()), 32));
        }
    }
}
