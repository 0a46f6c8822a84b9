//! The message in the sandbox: a resource of the host.

use super::{
    Attachments, AuthResult, Authentication, Client, Content, Counts, Defects, Envelope, Features, HeaderFields, Links,
    Mailbox, Message, Structure,
};
use crate::export::bindings::{self, switchback::scoring::message as wit};
use crate::features::{Fact, Facts, FeatureKind};
use ref_cast::RefCast;

/// The host's message. Most records need no conversion: the bindings use the SDK's own types.
#[derive(Debug, RefCast)]
#[repr(transparent)]
pub struct Source(bindings::Message);

impl Message {
    /// Views the host's message.
    pub(crate) fn of(message: &bindings::Message) -> &Self {
        Self::ref_cast(Source::ref_cast(message))
    }
}

impl Source {
    pub(super) fn envelope(&self) -> Envelope {
        self.0.envelope()
    }

    pub(super) fn client(&self) -> Client {
        self.0.client()
    }

    pub(super) fn authentication(&self) -> Authentication {
        let wit::Authentication { spf, spf_domain, dkim, dkim_domains, dmarc, arc } = self.0.authentication();
        let result = AuthResult::from_wit;
        let (spf, dkim, dmarc, arc) = (result(spf), result(dkim), result(dmarc), result(arc));
        Authentication { spf, spf_domain, dkim, dkim_domains, dmarc, arc }
    }

    pub(super) fn subject(&self) -> String {
        self.0.subject()
    }

    pub(super) fn from(&self) -> Vec<Mailbox> {
        self.0.from()
    }

    pub(super) fn reply_to(&self) -> Vec<Mailbox> {
        self.0.reply_to()
    }

    pub(super) fn date(&self) -> Option<i64> {
        self.0.date()
    }

    pub(super) fn size(&self) -> u64 {
        self.0.size()
    }

    pub(super) fn counts(&self) -> Counts {
        self.0.counts()
    }

    pub(super) fn defects(&self) -> Defects {
        let flags = self.0.defects();
        Defects {
            no_header: flags.contains(wit::Defects::NO_HEADER),
            bad_from: flags.contains(wit::Defects::BAD_FROM),
            bad_date: flags.contains(wit::Defects::BAD_DATE),
            bad_mime: flags.contains(wit::Defects::BAD_MIME),
            bad_bytes: flags.contains(wit::Defects::BAD_BYTES),
            too_complex: flags.contains(wit::Defects::TOO_COMPLEX),
        }
    }

    pub(super) fn header(&self, name: &str) -> Vec<String> {
        self.0.header(name)
    }

    pub(super) fn headers(&self) -> HeaderFields {
        self.0.headers()
    }

    pub(super) fn text(&self, bytes_max: u32) -> Content {
        self.0.text(bytes_max)
    }

    pub(super) fn html(&self, bytes_max: u32) -> Content {
        self.0.html(bytes_max)
    }

    pub(super) fn links(&self, max: u32) -> Links {
        self.0.links(max)
    }

    pub(super) fn attachments(&self) -> Attachments {
        self.0.attachments()
    }

    pub(super) fn features(&self, kind: FeatureKind) -> Features {
        self.0.features(match kind {
            FeatureKind::Words => wit::FeatureKind::Words,
            FeatureKind::Pairs => wit::FeatureKind::Pairs,
            FeatureKind::Grams => wit::FeatureKind::Grams,
        })
    }

    pub(super) fn structure(&self) -> Structure {
        self.0.structure()
    }

    pub(super) fn facts(&self) -> Facts {
        let found = self.0.facts();
        let mut values = [0.0; Fact::COUNT];
        values.iter_mut().zip(found).for_each(|(value, found)| *value = found);
        Facts::new(values)
    }

    pub(super) fn raw(&self, offset: u64, length: u32) -> Vec<u8> {
        self.0.raw(offset, length)
    }
}

impl AuthResult {
    fn from_wit(result: wit::AuthResult) -> Self {
        match result {
            wit::AuthResult::Unknown => Self::Unknown,
            wit::AuthResult::None => Self::None,
            wit::AuthResult::Pass => Self::Pass,
            wit::AuthResult::Fail => Self::Fail,
            wit::AuthResult::Softfail => Self::Softfail,
            wit::AuthResult::Neutral => Self::Neutral,
            wit::AuthResult::Temperror => Self::Temperror,
            wit::AuthResult::Permerror => Self::Permerror,
        }
    }
}
