//! The features and facts of a message: `switchback-features` defines them, and this is the message that it asks.

use std::borrow::Cow;

use switchback_features::{Facts, FeatureKind, Features, Link, Mailbox, Measured, Part, Source, Structure};

use super::limits::ATTACHMENTS_MAX;
use super::{Message, Recipients, attachments};
use crate::limits::ADDRESS_BYTES_MAX;

impl Message {
    /// The features of one kind, hashed as the scoring contract says: for all releases and threads that score the message
    /// the same numbers, found once.
    ///
    /// Derives subject, senders, text and links.
    ///
    /// # Examples
    ///
    /// ```
    /// use switchback::Message;
    /// use switchback::message::FeatureKind;
    ///
    /// let message = Message::parse("Subject: pay pay now\n\n");
    /// assert_eq!(message.features(FeatureKind::Words).subject().len(), 2);
    /// assert_eq!(message.features(FeatureKind::Pairs).subject().len(), 3);
    /// ```
    #[must_use]
    pub fn features(&self, kind: FeatureKind) -> &Features {
        let found = match kind {
            FeatureKind::Words => &self.0.words,
            FeatureKind::Pairs => &self.0.pairs,
            FeatureKind::Grams => &self.0.grams,
        };
        found.get_or_init(|| Features::of(kind, &Asked(self)))
    }

    /// What the message is made of, hashed as the scoring contract says, found once: the names of its header fields, what its
    /// mail program calls itself, what its parts declare, and the extensions of its attachments.
    ///
    /// Derives which header fields a model may see; no text.
    #[must_use]
    pub fn structure(&self) -> &Structure {
        self.0.structure.get_or_init(|| Structure::of(&Asked(self)))
    }

    /// What models want to know beside words, as numbers ([`Fact`](switchback_features::Fact) has their list). Nothing in it
    /// comes from a hidden header field.
    ///
    /// Derives subject, senders, text, HTML, links, the number of attachments, and defects.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        self.0.facts.get_or_init(|| Facts::of(&Asked(self)))
    }
}

/// A message that is asked what its features are made of.
struct Asked<'a>(&'a Message);

impl Source for Asked<'_> {
    fn subject(&self) -> &str {
        self.0.subject()
    }

    fn from(&self) -> impl Iterator<Item = Mailbox<'_>> {
        self.0.from().iter().map(|one| Mailbox { name: &one.name, address: &one.address, domain: &one.domain })
    }

    fn reply_to_domains(&self) -> impl Iterator<Item = &str> {
        self.0.reply_to().iter().map(|mailbox| &*mailbox.domain)
    }

    fn text(&self, bytes_max: usize) -> (&str, bool) {
        let text = self.0.text(bytes_max);
        (text.value, text.truncated)
    }

    fn links(&self) -> (impl ExactSizeIterator<Item = Link<'_>>, bool) {
        let links = self.0.kept_links();
        (links.texts().map(|[url, host, text]| Link { url, host, text }), links.is_truncated())
    }

    fn field_names(&self) -> (impl Iterator<Item = Cow<'_, str>>, bool) {
        let names = self.0.header_fields().names(self.0.bytes(), Recipients::Masked);
        // Names are hardly ever anything else, and finding that out is quicker.
        let text = |name| str::from_utf8(name).map_or_else(|_| String::from_utf8_lossy(name), Cow::Borrowed);
        (names.map(text), self.0.layout().is_too_complex)
    }

    fn values(&self, name: &str) -> impl Iterator<Item = impl AsRef<str>> {
        self.0.header(name, Recipients::Masked).into_iter()
    }

    fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        self.0.layout().parts.iter().map(|part| {
            let media = &part.media;
            let charset = media.charset.as_deref().filter(|_| media.is_text());
            Part { media_type: &media.media_type, charset, encoding: media.declared_encoding }
        })
    }

    fn attachment_names(&self) -> impl Iterator<Item = &str> {
        let attachments = attachments::parts(self.0.layout()).take(ATTACHMENTS_MAX);
        attachments.map(|part| part.media.file_name.as_deref().unwrap_or_default())
    }

    fn dkim_domains(&self) -> impl Iterator<Item = &str> {
        self.0.authentication().dkim_domains.iter().map(|domain| &**domain)
    }

    fn measured(&self) -> Measured<'_> {
        let counts = self.0.counts(Recipients::Masked);
        let found = self.0.authentication();
        // What was cut off a longer one may have been the domain.
        let author = self.0.author().mailbox().filter(|author| author.address.len() <= ADDRESS_BYTES_MAX);
        Measured {
            size: self.0.size(),
            headers: counts.headers,
            received: counts.received,
            parts: counts.parts,
            attachments: counts.attachments,
            recipients: counts.recipients,
            html_bytes: self.0.html(usize::MAX).value.len() as u64,
            spf: found.spf as u8,
            dkim: found.dkim as u8,
            dmarc: found.dmarc as u8,
            arc: found.arc as u8,
            dmarc_domain: found.dmarc_domain.as_deref(),
            author_domain: author.map(|author| &*author.domain),
            defects: self.0.defects().bits(),
        }
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;
    use crate::message::limits::{ANCHORS_MAX, NESTING_MAX};
    use crate::message::{AuthResult, Authentication, attachments::hex};

    const MAIL: &str = "Received: from a by b\nFrom: =?utf-8?q?Caf=C3=A9?= <news@mail.Example.co.uk>\n\
        Reply-To: a@x.example\nTo: me@home.example\nSubject: =?utf-8?b?aGVsbG8=?= WORLD\nX-Mailer: The Bat! 3\n\
        X-Spam-Flag: YES\nDate: Fri, 25 Apr 2025 09:24:00 +0000\nContent-Type: multipart/mixed; boundary=b\n\n\
        --b\nContent-Type: text/html; charset=UTF-8\nContent-Transfer-Encoding: 7bit\n\n\
        <p>Log in 2 times: <a href=\"http://192.0.2.7/x\">https://bank.example/</a></p>\n\
        --b\nContent-Type: application/pdf; name=bill.PDF\n\n%PDF\n--b--\n";

    /// Computed by `golden/features.py` of the crate `switchback-features`, from what that file says the mail is read as.
    #[test]
    fn the_features_of_a_mail_are_frozen() {
        let message = Message::parse(MAIL);
        let mut numbers = Vec::new();
        let fields = FeatureKind::ALL.iter().flat_map(|kind| message.features(*kind).fields());
        for field in fields.chain([message.structure().features()]) {
            numbers.push(field.len() as u32);
            numbers.extend_from_slice(field);
        }
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        let digest = "8ab2f1b8b2dbbccd7c06d9db6d65ea27d0e539c2a8e4a2d1a986146908156a57";
        assert_eq!(hex(&Sha256::digest(&bytes).into()), digest, "{numbers:x?}");
    }

    #[test]
    fn the_facts_of_a_mail_are_frozen() {
        let signed = Authentication {
            spf: AuthResult::Softfail,
            dkim: AuthResult::Pass,
            dkim_domains: vec!["Example.co.uk.".into()],
            arc: AuthResult::None,
            ..Authentication::default()
        };
        let message = Message::builder(MAIL).authentication(signed).build();
        let expected = [
            8.910_156,
            7.0,
            1.0,
            3.0,
            1.0,
            0.0, // The message, by size and counts.
            1.0,
            1.0,
            3.5,
            0.454_545_47, // The header.
            5.1875,
            0.027_027_028,
            0.027_027_028,
            0.0,
            0.108_108_11,
            6.218_75, // The text.
            1.0,
            1.0,
            1.0,
            1.0,
            0.0, // The link.
            4.0,
            2.0,
            0.0,
            1.0,
            1.0, // Authentication.
            0.0,
            0.0,
            0.0,
            0.0,
            0.0,
            0.0, // Defects.
        ];
        assert_eq!(message.facts().values(), expected);
        let broken = Message::parse("\0").facts().values()[26..].to_vec();
        assert_eq!(broken, [1.0, 1.0, 1.0, 0.0, 1.0, 0.0]);
    }

    #[test]
    fn the_structure_says_where_a_message_has_more_than_is_read() {
        let nested = |levels| Message::parse("Content-Type: message/rfc822\n\n".repeat(levels));
        assert!(!nested(NESTING_MAX).structure().is_truncated());
        assert!(nested(NESTING_MAX + 1).structure().is_truncated());
    }

    #[test]
    fn the_features_say_where_a_message_has_more_than_is_read() {
        let is_truncated = |mail: String| Message::parse(mail).features(FeatureKind::Words).is_truncated();
        let text = |words: usize| format!("Subject: x\n\n{}", "word ".repeat(words));
        assert!(!is_truncated(text(6_000)) && is_truncated(text(7_000)));
        // The same link, more often than links are read.
        let page = |count| format!("Content-Type: text/html\n\n{}", "<a href=http://x.example/>x</a>".repeat(count));
        assert!(!is_truncated(page(ANCHORS_MAX)) && is_truncated(page(ANCHORS_MAX + 1)));
    }

    #[test]
    fn a_charset_is_one_of_a_text_and_of_many_attachments_the_first_are_looked_at() {
        let part = |fields: &str| format!("Content-Type: application/pdf; {fields}\n\n%PDF");
        let structure = |mail: String| Message::parse(mail).structure().clone();
        assert_eq!(structure(part("charset=koi8-r")), structure(part("x=y")));
        let attachments = |count: usize| {
            let named = |number| if number < ATTACHMENTS_MAX { "a.pdf" } else { "a.exe" };
            let part = |number| format!("--b\nContent-Disposition: attachment; filename={}\n\nx\n", named(number));
            format!("Content-Type: multipart/mixed; boundary=b\n\n{}--b--\n", (0..count).map(part).collect::<String>())
        };
        let [few, many] = [ATTACHMENTS_MAX, ATTACHMENTS_MAX + 1].map(|count| structure(attachments(count)));
        assert_eq!(few.features(), many.features());
    }

    #[test]
    fn an_author_whose_address_is_cut_is_aligned_with_nobody() {
        let signed = Authentication {
            dkim: AuthResult::Pass,
            dkim_domains: vec!["x.example".into()],
            ..Authentication::default()
        };
        let aligned = |letters: usize| {
            let mail = format!("From: {}@x.example\nSubject: x\n\n", "a".repeat(letters));
            let message = Message::builder(mail).authentication(signed.clone()).build();
            message.facts().get(switchback_features::Fact::Aligned)
        };
        assert_eq!((aligned(60), aligned(400)), (1.0, 0.0));
    }

    #[test]
    fn all_handles_share_what_was_found_once() {
        let message = Message::parse(MAIL);
        for kind in FeatureKind::ALL {
            let (one, other) = (message.features(kind), message.clone());
            assert!(std::ptr::eq(one, other.features(kind)));
        }
        assert!(std::ptr::eq(message.structure(), message.clone().structure()));
    }
}
