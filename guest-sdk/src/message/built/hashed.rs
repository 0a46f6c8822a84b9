//! Features and facts of a message that was built, found as the host finds them.

use std::borrow::Cow;
use std::sync::OnceLock;

use switchback_features::{self as shared, Facts, FeatureKind, Measured, Part};

use super::{AuthResult, CONTENT_BYTES_MAX, Features, LINKS_MAX, Source, Structure};

/// What was found once, as a host finds it once.
#[derive(Debug, Clone, Default)]
pub(super) struct Hashed {
    words: OnceLock<shared::Features>,
    pairs: OnceLock<shared::Features>,
    grams: OnceLock<shared::Features>,
    structure: OnceLock<shared::Structure>,
    facts: OnceLock<Facts>,
}

impl Source {
    pub(in crate::message) fn features(&self, kind: FeatureKind) -> Features {
        let found = match kind {
            FeatureKind::Words => &self.hashed.words,
            FeatureKind::Pairs => &self.hashed.pairs,
            FeatureKind::Grams => &self.hashed.grams,
        };
        let found = found.get_or_init(|| shared::Features::of(kind, self));
        let [subject, sender, body, links] = found.fields().each_ref().map(|field| field.to_vec());
        Features { subject, sender, body, links, truncated: found.is_truncated() }
    }

    pub(in crate::message) fn structure(&self) -> Structure {
        let found = self.hashed.structure.get_or_init(|| shared::Structure::of(self));
        Structure { features: found.features().to_vec(), truncated: found.is_truncated() }
    }

    pub(in crate::message) fn facts(&self) -> Facts {
        *self.hashed.facts.get_or_init(|| Facts::of(self))
    }
}

/// A part is known of each attachment alone. DMARC that passed is taken to be about the author, who is certain if there is
/// one mailbox of `From`.
impl shared::Source for Source {
    fn subject(&self) -> &str {
        &self.subject
    }

    fn from(&self) -> impl Iterator<Item = shared::Mailbox<'_>> {
        self.from.iter().map(|one| shared::Mailbox { name: &one.name, address: &one.address, domain: &one.domain })
    }

    fn reply_to_domains(&self) -> impl Iterator<Item = &str> {
        self.reply_to.iter().map(|mailbox| &*mailbox.domain)
    }

    fn text(&self, bytes_max: usize) -> (&str, bool) {
        let text = &self.text[..self.text.floor_char_boundary(bytes_max.min(CONTENT_BYTES_MAX))];
        (text, text.len() < self.text.len())
    }

    fn links(&self) -> (impl ExactSizeIterator<Item = shared::Link<'_>>, bool) {
        let links = &self.links[..self.links.len().min(LINKS_MAX)];
        let items = links.iter().map(|link| shared::Link { url: &link.url, host: &link.host, text: &link.text });
        (items, links.len() < self.links.len())
    }

    fn field_names(&self) -> (impl Iterator<Item = Cow<'_, str>>, bool) {
        (self.headers.iter().map(|field| Cow::Borrowed(&*field.name)), false)
    }

    fn values(&self, name: &str) -> impl Iterator<Item = impl AsRef<str>> {
        self.header(name).into_iter()
    }

    fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        self.attachments.iter().map(|one| Part { media_type: &one.media_type, ..Part::default() })
    }

    fn attachment_names(&self) -> impl Iterator<Item = &str> {
        self.attachments.iter().map(|attachment| &*attachment.name)
    }

    fn dkim_domains(&self) -> impl Iterator<Item = &str> {
        self.authentication.dkim_domains.iter().map(String::as_str)
    }

    fn measured(&self) -> Measured<'_> {
        let (counts, found, defects) = (self.counts(), &self.authentication, self.defects);
        let author_domain = match &*self.from {
            [author] if !defects.bad_from => Some(&*author.domain),
            _ => None,
        };
        let flags = [
            defects.no_header,
            defects.bad_from,
            defects.bad_date,
            defects.bad_mime,
            defects.bad_bytes,
            defects.too_complex,
        ];
        Measured {
            size: self.size(),
            headers: counts.headers,
            received: counts.received,
            parts: counts.parts,
            attachments: counts.attachments,
            recipients: counts.recipients,
            html_bytes: self.html.len().min(CONTENT_BYTES_MAX) as u64,
            spf: found.spf as u8,
            dkim: found.dkim as u8,
            dmarc: found.dmarc as u8,
            arc: found.arc as u8,
            dmarc_domain: author_domain.filter(|_| found.dmarc == AuthResult::Pass),
            author_domain,
            defects: flags.iter().rev().fold(0, |bits, flag| bits << 1 | u8::from(*flag)),
        }
    }
}
