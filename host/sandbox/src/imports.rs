//! What the host does when a guest calls: the contract's interfaces over the message in the store.

use switchback_model::log::LogLevel;
use switchback_model::message::{self, AuthResult, Defects, FeatureKind};
use switchback_model::release::Reads;
use wasmtime::Result;
use wasmtime::component::Resource;

use super::bindings::switchback::scoring::{assessment, log, message as contract};
use super::borrowed::BorrowedMessage;
use super::clock::Clock;
use super::guest::Guest;

/// A guest asked for something that its manifest does not declare.
#[derive(Debug, thiserror::Error)]
#[error("it read `{0}`, which its manifest does not declare: add it to `reads`")]
pub(crate) struct Undeclared(pub(crate) &'static str);

impl Guest {
    fn reading(&self, what: Reads) -> Result<&message::Message> {
        if self.reads.contains(what) {
            return Ok(&self.message);
        }
        Err(Undeclared(what.names().next().unwrap_or_default()).into())
    }
}

/// How many items are copied between two looks at the clock: at most 130 KiB, of header fields.
const COPIED_AT_ONCE: usize = 16;

/// Copies what was derived into the contract's form, in the guest's time.
fn copied<T, U>(clock: &Clock, items: &[T], copy: impl Fn(&T) -> U) -> Result<Vec<U>> {
    let mut copies = Vec::with_capacity(items.len());
    for some in items.chunks(COPIED_AT_ONCE) {
        clock.check()?;
        copies.extend(some.iter().map(&copy));
    }
    Ok(copies)
}

impl assessment::Host for Guest {}

impl contract::Host for Guest {}

impl contract::HostMessage for Guest {
    fn envelope(&mut self, _: Resource<BorrowedMessage>) -> Result<contract::Envelope> {
        let message = self.reading(Reads::ENVELOPE)?;
        let recipients = message.recipients();
        let granted = self.recipients == message::Recipients::Granted;
        let items = recipients.items.iter().map(|one| contract::Recipient {
            address: granted.then(|| one.address.as_ref().to_owned()),
            domain: one.domain.as_ref().to_owned(),
            key: one.key.as_ref().to_owned(),
        });
        Ok(contract::Envelope {
            mail_from: message.envelope().and_then(|envelope| owned(envelope.mail_from.as_ref())),
            recipients: items.collect(),
            truncated: recipients.truncated,
        })
    }

    fn client(&mut self, _: Resource<BorrowedMessage>) -> Result<contract::Client> {
        let client = self.reading(Reads::CLIENT)?.client();
        Ok(contract::Client {
            ip: client.ip.map(|ip| ip.to_string()),
            helo: owned(client.helo.as_ref()),
            host: owned(client.host.as_ref()),
            tls: client.tls,
        })
    }

    fn authentication(&mut self, _: Resource<BorrowedMessage>) -> Result<contract::Authentication> {
        let found = self.reading(Reads::AUTHENTICATION)?.authentication();
        Ok(contract::Authentication {
            spf: found.spf.into(),
            spf_domain: owned(found.spf_domain.as_ref()),
            dkim: found.dkim.into(),
            dkim_domains: found.dkim_domains.iter().map(|domain| domain.as_ref().to_owned()).collect(),
            dmarc: found.dmarc.into(),
            arc: found.arc.into(),
        })
    }

    fn subject(&mut self, _: Resource<BorrowedMessage>) -> Result<String> {
        Ok(self.reading(Reads::SUBJECT)?.subject().as_ref().to_owned())
    }

    fn from(&mut self, _: Resource<BorrowedMessage>) -> Result<Vec<contract::Mailbox>> {
        Ok(self.reading(Reads::SENDER)?.from().iter().map(Into::into).collect())
    }

    fn reply_to(&mut self, _: Resource<BorrowedMessage>) -> Result<Vec<contract::Mailbox>> {
        Ok(self.reading(Reads::SENDER)?.reply_to().iter().map(Into::into).collect())
    }

    fn date(&mut self, _: Resource<BorrowedMessage>) -> Result<Option<i64>> {
        Ok(self.reading(Reads::DATE)?.date())
    }

    fn size(&mut self, _: Resource<BorrowedMessage>) -> Result<u64> {
        Ok(self.reading(Reads::SIZE)?.size())
    }

    fn counts(&mut self, _: Resource<BorrowedMessage>) -> Result<contract::Counts> {
        let counts = self.reading(Reads::SIZE)?.counts(self.recipients);
        Ok(contract::Counts {
            headers: counts.headers,
            received: counts.received,
            parts: counts.parts,
            attachments: counts.attachments,
            recipients: counts.recipients,
        })
    }

    fn defects(&mut self, _: Resource<BorrowedMessage>) -> Result<contract::Defects> {
        let found = self.reading(Reads::SIZE)?.defects();
        let named = [
            (Defects::NO_HEADER, contract::Defects::NO_HEADER),
            (Defects::BAD_FROM, contract::Defects::BAD_FROM),
            (Defects::BAD_DATE, contract::Defects::BAD_DATE),
            (Defects::BAD_MIME, contract::Defects::BAD_MIME),
            (Defects::BAD_BYTES, contract::Defects::BAD_BYTES),
            (Defects::TOO_COMPLEX, contract::Defects::TOO_COMPLEX),
        ];
        let present = named.into_iter().filter(|(defect, _)| found.contains(*defect));
        Ok(present.fold(contract::Defects::empty(), |all, (_, one)| all | one))
    }

    fn header(&mut self, _: Resource<BorrowedMessage>, name: String) -> Result<Vec<String>> {
        let values = self.reading(Reads::HEADERS)?.header(&name, self.recipients);
        copied(&self.clock, &values, |value| value.as_ref().to_owned())
    }

    fn headers(&mut self, _: Resource<BorrowedMessage>) -> Result<contract::HeaderFields> {
        let fields = self.reading(Reads::HEADERS)?.headers(self.recipients);
        let items = copied(&self.clock, &fields.items, |field| contract::HeaderField {
            name: field.name.as_ref().to_owned(),
            value: field.value.as_ref().to_owned(),
        })?;
        Ok(contract::HeaderFields { items, truncated: fields.truncated })
    }

    fn text(&mut self, _: Resource<BorrowedMessage>, max_bytes: u32) -> Result<contract::Content> {
        Ok(self.reading(Reads::TEXT)?.text(max_bytes as usize).into())
    }

    fn html(&mut self, _: Resource<BorrowedMessage>, max_bytes: u32) -> Result<contract::Content> {
        Ok(self.reading(Reads::HTML)?.html(max_bytes as usize).into())
    }

    fn links(&mut self, _: Resource<BorrowedMessage>, max: u32) -> Result<contract::Links> {
        let links = self.reading(Reads::LINKS)?.links(max as usize);
        let items = copied(&self.clock, links.items, |link| contract::Link {
            url: link.url.as_ref().to_owned(),
            host: link.host.as_ref().to_owned(),
            text: link.text.as_ref().to_owned(),
        })?;
        Ok(contract::Links { items, truncated: links.truncated })
    }

    fn attachments(&mut self, _: Resource<BorrowedMessage>) -> Result<contract::Attachments> {
        let attachments = self.reading(Reads::ATTACHMENTS)?.attachments();
        let items = copied(&self.clock, attachments.items, |one| contract::Attachment {
            name: one.name.as_ref().to_owned(),
            media_type: one.media_type.as_ref().to_owned(),
            size: one.size,
            sha256: one.sha256.as_ref().to_owned(),
        })?;
        Ok(contract::Attachments { items, truncated: attachments.truncated })
    }

    fn raw(&mut self, _: Resource<BorrowedMessage>, offset: u64, length: u32) -> Result<Vec<u8>> {
        Ok(self.reading(Reads::RAW)?.raw(offset, length, self.recipients).into_owned())
    }

    fn features(&mut self, _: Resource<BorrowedMessage>, kind: contract::FeatureKind) -> Result<contract::Features> {
        let (message, kind) = (self.reading(Reads::FEATURES)?, kind.into());
        if !message.has_features(kind) {
            wasmtime::bail!("it asked for features of a kind that was not kept of the message: {}", kind.name());
        }
        let features = message.features(kind);
        let [subject, sender, body, links] = features.fields().each_ref().map(|field| field.to_vec());
        Ok(contract::Features { subject, sender, body, links, truncated: features.is_truncated() })
    }

    fn structure(&mut self, _: Resource<BorrowedMessage>) -> Result<contract::Structure> {
        let structure = self.reading(Reads::FEATURES)?.structure();
        Ok(contract::Structure { features: structure.features().to_vec(), truncated: structure.is_truncated() })
    }

    fn facts(&mut self, _: Resource<BorrowedMessage>) -> Result<Vec<f32>> {
        Ok(self.reading(Reads::FACTS)?.facts().values().to_vec())
    }

    fn drop(&mut self, _: Resource<BorrowedMessage>) -> Result<()> {
        Ok(())
    }
}

impl log::Host for Guest {
    fn log(&mut self, level: log::Level, line: String) -> Result<()> {
        Ok(self.log.push(level.into(), &line)?)
    }
}

impl From<log::Level> for LogLevel {
    fn from(level: log::Level) -> Self {
        match level {
            log::Level::Error => Self::Error,
            log::Level::Warn => Self::Warn,
            log::Level::Info => Self::Info,
            log::Level::Debug => Self::Debug,
        }
    }
}

impl From<contract::FeatureKind> for FeatureKind {
    fn from(kind: contract::FeatureKind) -> Self {
        match kind {
            contract::FeatureKind::Words => Self::Words,
            contract::FeatureKind::Pairs => Self::Pairs,
            contract::FeatureKind::Grams => Self::Grams,
        }
    }
}

fn owned(text: Option<&std::sync::Arc<str>>) -> Option<String> {
    text.map(|text| text.as_ref().to_owned())
}

impl From<&message::Mailbox> for contract::Mailbox {
    fn from(mailbox: &message::Mailbox) -> Self {
        Self {
            name: mailbox.name.as_ref().to_owned(),
            address: mailbox.address.as_ref().to_owned(),
            domain: mailbox.domain.as_ref().to_owned(),
        }
    }
}

impl From<message::Content<'_>> for contract::Content {
    fn from(content: message::Content<'_>) -> Self {
        Self { value: content.value.to_owned(), truncated: content.truncated }
    }
}

impl From<AuthResult> for contract::AuthResult {
    fn from(result: AuthResult) -> Self {
        match result {
            AuthResult::Unknown => Self::Unknown,
            AuthResult::None => Self::None,
            AuthResult::Pass => Self::Pass,
            AuthResult::Fail => Self::Fail,
            AuthResult::Softfail => Self::Softfail,
            AuthResult::Neutral => Self::Neutral,
            AuthResult::Temperror => Self::Temperror,
            AuthResult::Permerror => Self::Permerror,
        }
    }
}
