//! Mail without end.

use crate::clock::Moment;
use crate::dice::Dice;
use crate::draft::{Draft, Story};
use crate::kind::Kind;
use crate::mailer::Mailer;
use crate::mix::Mix;
use crate::modern;
use crate::profile::Profile;
use crate::provider::Provider;
use crate::scenario::Scenario;
use crate::sender::{self, Sender};
use crate::transport::{self, Delivery, Letter, RECIPIENT_DOMAIN};

/// When the first message is sent: Thursday, 24 April 2025, 06:00 UTC.
const START_UNIX: i64 = 1_745_474_400;

/// The average distance between two messages, in seconds.
const INTERVAL_S: u32 = 7;

/// A message and the truth about it.
#[derive(Clone, Debug)]
pub struct Generated {
    /// The message, RFC 5322, with CRLF line ends.
    pub bytes: Vec<u8>,
    /// What it really is.
    pub kind: Kind,
    /// Who carried it.
    pub provider: Provider,
    /// The address in `From`.
    pub from: String,
    /// The domain of that address, in lower case.
    pub from_domain: String,
    /// The reverse path of the envelope.
    pub mail_from: String,
    /// The envelope's only recipient.
    pub recipient: String,
    /// The client's IPv4 address.
    pub client_ip: String,
    /// What the client said with `EHLO`.
    pub helo: String,
    /// The client's host name, if forward and reverse DNS agree.
    pub client_host: Option<String>,
    /// When it was sent, in seconds since 1970-01-01 UTC.
    pub sent_unix: i64,
}

/// An endless, reproducible stream of mail.
///
/// The same seed and mix give the same bytes on every machine and with every compiler. A message
/// depends on its number and not on those before it, so [`Generator::nth_message`] can be called
/// from several threads. The cost is some 60 microseconds a message of
/// the small profile, and three times that of the modern one.
///
/// # Examples
///
/// ```
/// use switchback_mailgen::{Generator, Kind};
///
/// let phish = Generator::new(7).find(|message| message.kind == Kind::Phish);
/// assert!(phish.is_some_and(|message| message.bytes.starts_with(b"Return-Path: ")));
/// ```
#[derive(Clone, Debug)]
pub struct Generator {
    seed: u64,
    mix: Mix,
    next: u64,
}

impl Generator {
    /// Mail in the default mix.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::with_mix(seed, Mix::default())
    }

    /// Mail in a mix of one's own.
    #[must_use]
    pub fn with_mix(seed: u64, mix: Mix) -> Self {
        Self { seed, mix, next: 0 }
    }

    /// Message `index`, whatever was asked for before.
    #[must_use]
    pub fn nth_message(&self, index: u64) -> Generated {
        compose(&self.mix, index, &mut Dice::new(self.seed, index))
    }
}

impl Iterator for Generator {
    type Item = Generated;

    fn next(&mut self) -> Option<Generated> {
        let message = self.nth_message(self.next);
        self.next += 1;
        Some(message)
    }
}

fn compose(mix: &Mix, index: u64, dice: &mut Dice) -> Generated {
    let (kind, provider) = mix.draw(dice);
    let scenario = Scenario::draw(kind, provider, dice);
    let mailer = Mailer::draw(provider, dice);
    let zone = *dice.pick(&[0, 60, 120, 120, 330, 540, -240, -300, -420]);
    let unix = START_UNIX + index as i64 * i64::from(INTERVAL_S) + i64::from(dice.below(INTERVAL_S));
    let moment = Moment { unix, zone };
    let (to_first, recipient) = sender::recipient(RECIPIENT_DOMAIN, dice);
    let sender = Sender::draw(scenario.author, provider, dice);
    let story = Story { scenario, sender: &sender, mailer, to_first: &to_first, recipient: &recipient, moment };
    let mut draft = Draft::write(&story, dice);
    let entity = match mix.profile_of() {
        Profile::Small => draft.content(scenario, mailer, dice).encode(mailer, moment, dice),
        Profile::Modern => modern::write(&story, &mut draft, dice),
    };
    let letter = Letter {
        profile: mix.profile_of(),
        kind,
        provider,
        mailer,
        sender: &sender,
        recipient_name: &to_first,
        recipient: &recipient,
        subject: &draft.subject,
        answers: draft.answers.as_deref(),
        list: draft.list.as_deref(),
        moment,
        entity: &entity,
        word: mailer.word(dice),
    };
    let (header, delivery) = transport::header(&letter, dice);
    let bytes = format!("{header}\r\n{}", entity.body).into_bytes();
    finish(bytes, kind, provider, &sender, recipient, delivery, unix)
}

fn finish(
    bytes: Vec<u8>,
    kind: Kind,
    provider: Provider,
    sender: &Sender,
    recipient: String,
    delivery: Delivery,
    sent_unix: i64,
) -> Generated {
    Generated {
        bytes,
        kind,
        provider,
        from: sender.address.clone(),
        from_domain: sender.domain().to_lowercase(),
        mail_from: delivery.mail_from,
        recipient,
        client_ip: delivery.client_ip,
        helo: delivery.helo,
        client_host: delivery.client_host,
        sent_unix,
    }
}
