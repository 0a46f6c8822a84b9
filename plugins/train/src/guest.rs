//! [`guest_message`]: from the host's view of a message to the one that plugins have natively.

use switchback::Message as HostMessage;
use switchback::message::{Defects, Recipients};
use switchback_guest as guest;

/// The most bytes of text and the most links that a host keeps: all that a model could ask for.
const TEXT_BYTES_MAX: usize = 262_144;
const LINKS_MAX: usize = 512;

/// What a model in the sandbox would be given, as a message for the same model run natively. Recipients
/// are masked. All fields are copied at once, which costs more than most models: make it once per message.
pub fn guest_message(message: &HostMessage) -> guest::Message {
    let mut builder = guest::Message::builder()
        .subject(message.subject())
        .size(message.size())
        .defects(defects(message))
        .parts(message.counts(Recipients::Masked).parts)
        .authentication(authentication(message))
        .client(client(message))
        .text(message.text(TEXT_BYTES_MAX).value)
        .html(message.html(TEXT_BYTES_MAX).value);
    for mailbox in message.from() {
        builder = builder.from_mailbox(guest_mailbox(mailbox));
    }
    for mailbox in message.reply_to() {
        builder = builder.reply_to_mailbox(guest_mailbox(mailbox));
    }
    for link in message.links(LINKS_MAX).items {
        builder = builder.link_record(guest_link(link));
    }
    for field in &message.headers(Recipients::Masked).items {
        builder = builder.header(&field.name, &field.value);
    }
    for attachment in message.attachments().items {
        builder = builder.attachment(guest::Attachment {
            name: attachment.name.to_string(),
            media_type: attachment.media_type.to_string(),
            size: attachment.size,
            sha256: attachment.sha256.to_string(),
        });
    }
    if let Some(date) = message.date() {
        builder = builder.date(date);
    }
    with_envelope(builder, message).build()
}

pub(crate) fn guest_link(link: &switchback::message::Link) -> guest::Link {
    guest::Link { url: link.url.to_string(), host: link.host.to_string(), text: link.text.to_string() }
}

pub(crate) fn guest_mailbox(mailbox: &switchback::message::Mailbox) -> guest::Mailbox {
    guest::Mailbox {
        name: mailbox.name.to_string(),
        address: mailbox.address.to_string(),
        domain: mailbox.domain.to_string(),
    }
}

fn with_envelope(mut builder: guest::MessageBuilder, message: &HostMessage) -> guest::MessageBuilder {
    if let Some(mail_from) = message.envelope().and_then(|envelope| envelope.mail_from.as_deref()) {
        builder = builder.mail_from(mail_from);
    }
    for recipient in message.recipients().items {
        builder = builder.recipient(guest::Recipient {
            address: None,
            domain: recipient.domain.to_string(),
            key: recipient.key.to_string(),
        });
    }
    builder
}

fn defects(message: &HostMessage) -> guest::Defects {
    let defects = message.defects();
    guest::Defects {
        no_header: defects.contains(Defects::NO_HEADER),
        bad_from: defects.contains(Defects::BAD_FROM),
        bad_date: defects.contains(Defects::BAD_DATE),
        bad_mime: defects.contains(Defects::BAD_MIME),
        bad_bytes: defects.contains(Defects::BAD_BYTES),
        too_complex: defects.contains(Defects::TOO_COMPLEX),
    }
}

fn client(message: &HostMessage) -> guest::Client {
    let client = message.client();
    guest::Client {
        ip: client.ip.map(|ip| ip.to_string()),
        helo: client.helo.as_deref().map(str::to_owned),
        host: client.host.as_deref().map(str::to_owned),
        tls: client.tls,
    }
}

fn authentication(message: &HostMessage) -> guest::Authentication {
    let results = message.authentication();
    guest::Authentication {
        spf: auth_result(results.spf),
        spf_domain: results.spf_domain.as_deref().map(str::to_owned),
        dkim: auth_result(results.dkim),
        dkim_domains: results.dkim_domains.iter().map(ToString::to_string).collect(),
        dmarc: auth_result(results.dmarc),
        arc: auth_result(results.arc),
    }
}

fn auth_result(result: switchback::AuthResult) -> guest::AuthResult {
    use switchback::AuthResult as Host;
    match result {
        Host::Unknown => guest::AuthResult::Unknown,
        Host::None => guest::AuthResult::None,
        Host::Pass => guest::AuthResult::Pass,
        Host::Fail => guest::AuthResult::Fail,
        Host::Softfail => guest::AuthResult::Softfail,
        Host::Neutral => guest::AuthResult::Neutral,
        Host::Temperror => guest::AuthResult::Temperror,
        Host::Permerror => guest::AuthResult::Permerror,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchback_mailgen::{AUTHSERV_ID, Generator, hand_written};

    fn parsed(bytes: &[u8]) -> HostMessage {
        HostMessage::builder(bytes).trust_authserv_id(AUTHSERV_ID).build()
    }

    #[test]
    fn a_guest_sees_what_the_host_shows() {
        for generated in Generator::new(31).take(200) {
            let host = parsed(&generated.bytes);
            let message = guest_message(&host);
            assert_eq!(message.subject(), host.subject().as_ref());
            assert_eq!(message.from()[0].address, generated.from);
            assert_eq!(message.from()[0].domain, host.from()[0].domain.as_ref());
            assert_eq!(message.text(16_384).value, host.text(16_384).value);
            assert_eq!(message.date(), Some(generated.sent_unix));
            let hosts = |links: &[guest::Link]| links.iter().map(|link| link.host.clone()).collect::<Vec<_>>();
            let expected: Vec<_> = host.links(32).items.iter().map(|link| link.host.to_string()).collect();
            assert_eq!(hosts(&message.links(32).items), expected);
        }
    }

    #[test]
    fn authentication_results_of_the_trusted_server_get_through() {
        let (_, bytes) = hand_written().iter().find(|(name, _)| *name == "gmail-personal").unwrap();
        let message = guest_message(&parsed(bytes));
        assert_eq!(message.authentication().dmarc, guest::AuthResult::Pass);
        assert_eq!(message.authentication().dkim_domains, ["gmail.com"]);
    }
}
