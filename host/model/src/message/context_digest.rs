//! What the filter told beside the bytes, as a digest. See [`Message::context_digest`] for the format, which is frozen.

use std::net::IpAddr;

use sha2::{Digest, Sha256};

use super::{AuthResult, Authentication, Client, Envelope, Message};

/// [`Message::context_digest`].
pub(super) fn of(message: &Message) -> [u8; 32] {
    let mut fields = Fields(Sha256::new());
    fields.envelope(message.envelope());
    fields.client(message.client());
    fields.authentication(message.authentication());
    fields.bytes(&message.0.context.recipient_key);
    fields.0.finalize().into()
}

/// Fields one after another, each so that where it ends does not depend on what it says.
struct Fields(Sha256);

impl Fields {
    fn count(&mut self, count: usize) {
        self.0.update((count as u64).to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.0.update(bytes);
    }

    /// Whether there is one is a field of its own: an empty name is another than none.
    fn presence<T>(&mut self, field: Option<T>) -> Option<T> {
        self.0.update([u8::from(field.is_some())]);
        field
    }

    fn text(&mut self, text: Option<&str>) {
        if let Some(text) = self.presence(text) {
            self.bytes(text.as_bytes());
        }
    }

    fn envelope(&mut self, envelope: Option<&Envelope>) {
        if let Some(envelope) = self.presence(envelope) {
            self.text(envelope.mail_from.as_deref());
            self.count(envelope.recipients.len());
            envelope.recipients.iter().for_each(|recipient| self.bytes(recipient.as_bytes()));
        }
    }

    fn client(&mut self, client: &Client) {
        match self.presence(client.ip) {
            Some(IpAddr::V4(ip)) => self.bytes(&ip.octets()),
            Some(IpAddr::V6(ip)) => self.bytes(&ip.octets()),
            None => {}
        }
        self.text(client.helo.as_deref());
        self.text(client.host.as_deref());
        if let Some(encrypted) = self.presence(client.tls) {
            self.0.update([u8::from(encrypted)]);
        }
    }

    fn authentication(&mut self, found: &Authentication) {
        self.result(found.spf);
        self.text(found.spf_domain.as_deref());
        self.result(found.dkim);
        self.count(found.dkim_domains.len());
        found.dkim_domains.iter().for_each(|domain| self.bytes(domain.as_bytes()));
        self.result(found.dmarc);
        self.result(found.arc);
    }

    fn result(&mut self, result: AuthResult) {
        self.0.update([match result {
            AuthResult::Unknown => 0,
            AuthResult::None => 1,
            AuthResult::Pass => 2,
            AuthResult::Fail => 3,
            AuthResult::Softfail => 4,
            AuthResult::Neutral => 5,
            AuthResult::Temperror => 6,
            AuthResult::Permerror => 7,
        }]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::MessageBuilder;
    use crate::message::attachments::hex;

    fn mail() -> MessageBuilder {
        Message::builder("Authentication-Results: mx.example; dmarc=pass\nFrom: a@x.example\n\n")
    }

    fn digest(mail: MessageBuilder) -> String {
        hex(&mail.build().context_digest())
    }

    fn known() -> MessageBuilder {
        let found = Authentication {
            spf: AuthResult::Pass,
            spf_domain: Some("x.example".into()),
            dkim: AuthResult::Permerror,
            dkim_domains: vec!["x.example".into(), "y.example".into()],
            ..Authentication::default()
        };
        mail()
            .envelope(Envelope::new().mail_from("a@x.example").recipient("b@y.example").recipient("c@y.example"))
            .client(Client::new().ip([192, 0, 2, 7].into()).helo("x.example").host("mx.x.example").tls(true))
            .authentication(found)
            .recipient_key([7; 32])
    }

    #[test]
    fn the_digest_is_frozen() {
        assert_eq!(digest(mail()), "23e16bbb7bb587b2571785fcd14109d80969937ac0612b2d2c9adf5ef36e70eb");
        assert_eq!(
            hex(&Message::parse("").context_digest()),
            "23e16bbb7bb587b2571785fcd14109d80969937ac0612b2d2c9adf5ef36e70eb"
        );
        assert_eq!(digest(known()), "478a7fd827e30a58f299ab6e1a2503d3601af96bbc454b5175fcdb929ae9609b");
    }

    #[test]
    fn whatever_may_change_a_score_changes_it() {
        let envelope = |envelope: Envelope| digest(mail().envelope(envelope));
        let client = |client: Client| digest(mail().client(client));
        let found = |set: fn(&mut Authentication)| {
            let mut found = Authentication::default();
            set(&mut found);
            digest(mail().authentication(found))
        };
        let digests = [
            digest(mail()),
            digest(mail().recipient_key([1; 32])),
            digest(mail().trust_authserv_id("mx.example")),
            envelope(Envelope::new()),
            envelope(Envelope::new().mail_from("")),
            envelope(Envelope::new().mail_from("a@x.example")),
            envelope(Envelope::new().recipient("a@x.example")),
            envelope(Envelope::new().recipient("a@x.example").recipient("")),
            client(Client::new().ip([0; 4].into())),
            client(Client::new().ip([1; 16].into())),
            client(Client::new().helo("x")),
            client(Client::new().host("x")),
            client(Client::new().tls(false)),
            client(Client::new().tls(true)),
            found(|found| found.spf = AuthResult::Pass),
            found(|found| found.spf_domain = Some("x".into())),
            found(|found| found.dkim = AuthResult::Pass),
            found(|found| found.dkim_domains = vec!["x".into()]),
            found(|found| found.dkim_domains = vec!["x".into(), "x".into()]),
            found(|found| found.arc = AuthResult::Pass),
        ];
        let mut distinct = digests.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), digests.len(), "{digests:#?}");
    }

    #[test]
    fn where_an_answer_came_from_does_not_matter() {
        let given = Authentication { dmarc: AuthResult::Pass, ..Authentication::default() };
        assert_eq!(digest(mail().authentication(given)), digest(mail().trust_authserv_id("mx.example")));
        assert_eq!(digest(mail().authentication(Authentication::default())), digest(mail()));
        assert_eq!(digest(mail().tenant("acme")), digest(mail()), "models do not see the tenant");
    }
}
