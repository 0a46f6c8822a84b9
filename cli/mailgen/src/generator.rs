//! Mail without end.

use crate::clock::Moment;
use crate::dice::{Dice, alphabet};
use crate::entity::{self, Content};
use crate::facts::{Fact, Facts};
use crate::kind::Kind;
use crate::link;
use crate::mailer::Mailer;
use crate::mix::Mix;
use crate::provider::Provider;
use crate::scenario::{Link, Look, Scenario};
use crate::sender::{self, Sender};
use crate::tables::GRAMMAR;
use crate::text;
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
/// from several threads. The cost is some 60 microseconds a message.
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
    let draft = Draft::write(scenario, &sender, &to_first, &recipient, moment, dice);
    let content = draft.content(scenario, mailer, dice);
    let entity = content.encode(mailer, moment, dice);
    let letter = Letter {
        kind,
        provider,
        mailer,
        sender: &sender,
        recipient_name: &to_first,
        recipient: &recipient,
        subject: &draft.subject,
        answers: draft.answers.as_deref(),
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

/// A message as its author sees it.
struct Draft {
    subject: String,
    body: String,
    /// What is answered: who wrote when, and what.
    quote: Option<(String, String)>,
    answers: Option<String>,
    url: String,
    preheader: String,
    footer: String,
}

impl Draft {
    fn write(
        scenario: &Scenario,
        sender: &Sender,
        to_first: &str,
        recipient: &str,
        moment: Moment,
        dice: &mut Dice,
    ) -> Self {
        let url = link::url(scenario.link, sender, dice);
        let facts = facts(sender, to_first, recipient, &url, moment, dice);
        let mut subject = GRAMMAR.expand(&format!("{}.subject", scenario.name), &facts, dice);
        let mut body = GRAMMAR.expand(&format!("{}.body", scenario.name), &facts, dice);
        body.push_str(&ending(scenario, &facts, dice));
        let reply = scenario.look == Look::Letter && dice.chance(if scenario.kind.is_unwanted() { 80 } else { 420 });
        let (mut quote, mut answers) = (None, None);
        if reply {
            let earlier = moment.plus(-i64::from(dice.between(600, 400_000)));
            let turned = turned(&facts, sender, to_first);
            let original = GRAMMAR.expand(&format!("{}.body", scenario.name), &turned, dice);
            let clock = earlier.clock();
            let who = format!("On {} at {}, {to_first} <{recipient}> wrote:", earlier.in_words(), &clock[..5]);
            quote = Some((who, original));
            answers = Some(Mailer::Desktop.message_id(RECIPIENT_DOMAIN, earlier, dice));
        }
        if (reply || (scenario.kind.is_unwanted() && dice.chance(40))) && !subject.starts_with("Re:") {
            subject.insert_str(0, dice.word(&["Re: ", "Re: ", "RE: ", "AW: "]));
        }
        let preheader = GRAMMAR.expand("preheader", &facts, dice);
        let footer = GRAMMAR.expand("footer", &facts, dice);
        Self { subject: subject.trim().to_owned(), body, quote, answers, url, preheader, footer }
    }

    fn content(&self, scenario: &Scenario, mailer: Mailer, dice: &mut Dice) -> Content {
        let (plain, html) = forms(scenario.look, mailer, dice);
        let attachments = if dice.chance(scenario.attached_per_mille) {
            entity::attachments(scenario.attached, dice)
        } else {
            Vec::new()
        };
        Content {
            plain: plain.then(|| self.plain(scenario, mailer)),
            html: html.then(|| self.html(scenario, mailer)),
            attachments,
        }
    }

    fn plain(&self, scenario: &Scenario, mailer: Mailer) -> String {
        let width = if mailer == Mailer::Apple || mailer == Mailer::Exchange { 900 } else { 76 };
        let mut plain = text::wrapped(&text::plain(&self.body, &self.url), width);
        if let Some((who, original)) = &self.quote {
            let original = text::wrapped(&text::plain(original, &self.url), 72);
            plain.push_str(&format!("\n{who}\n{}", text::quoted(&original)));
        }
        if scenario.look == Look::Designed {
            plain.push_str(&format!("\n--\n{}\n", text::wrapped(&self.footer, 76)));
        }
        plain
    }

    fn html(&self, scenario: &Scenario, mailer: Mailer) -> String {
        let mut inner = text::html(&self.body, &self.url, scenario.look);
        if let Some((who, original)) = &self.quote {
            inner.push_str(&format!(
                "<br><div class=\"gmail_quote\"><div>{}</div><blockquote>{}</blockquote></div>",
                text::escaped(who),
                text::html(original, &self.url, Look::Letter)
            ));
        }
        let footer = text::html(&self.footer, &self.url, scenario.look);
        entity::page(&inner, scenario.look, mailer, &text::escaped(&self.preheader), &footer)
    }
}

/// Whether there is a plain text and whether there is HTML.
fn forms(look: Look, mailer: Mailer, dice: &mut Dice) -> (bool, bool) {
    let (both, plain_only) = match (look, mailer) {
        (Look::Letter, Mailer::Apple) => (400, 1000),
        (Look::Letter, Mailer::Desktop) => (200, 1000),
        (Look::Letter, Mailer::Script) => (300, 900),
        (Look::Letter, _) => (960, 1000),
        (Look::Designed, _) => (820, 830),
        (Look::Crude, _) => (320, 650),
    };
    match dice.below(1000) {
        roll if roll < both => (true, true),
        roll if roll < plain_only => (true, false),
        _ => (false, true),
    }
}

fn facts(sender: &Sender, to_first: &str, recipient: &str, url: &str, moment: Moment, dice: &mut Dice) -> Facts {
    let mut facts = Facts::default();
    let full = if sender.name.is_empty() { &sender.first } else { &sender.name };
    let letters = dice.characters(alphabet::UPPER, 2);
    let number = dice.characters(alphabet::DIGITS, 8);
    let order = match dice.below(3) {
        0 => number,
        1 => format!("{letters}-{}", &number[..6]),
        _ => format!("#{}-{}", &number[..3], &number[3..]),
    };
    let currency = *dice.pick(&["€", "$", "£", "EUR ", "USD "]);
    facts.state(Fact::To, to_first);
    facts.state(Fact::Toaddr, recipient);
    facts.state(Fact::From, sender.first.as_str());
    facts.state(Fact::Fromfull, full.as_str());
    facts.state(Fact::Fromaddr, sender.address.as_str());
    facts.state(Fact::Company, sender.company.as_str());
    facts.state(Fact::Domain, sender.company_domain.as_str());
    facts.state(Fact::Url, url);
    facts.state(Fact::Order, order);
    facts.state(Fact::Amount, format!("{currency}{}.{:02}", dice.between(4, 480), dice.below(100)));
    facts.state(Fact::Date, moment.in_words());
    facts.state(Fact::Code, dice.characters(alphabet::DIGITS, 6));
    facts
}

/// The facts as the other side would state them.
fn turned(facts: &Facts, sender: &Sender, to_first: &str) -> Facts {
    let mut turned = facts.clone();
    turned.state(Fact::To, sender.first.as_str());
    turned.state(Fact::From, to_first);
    turned.state(Fact::Fromfull, to_first);
    turned
}

/// What a program or a habit puts below the text.
fn ending(scenario: &Scenario, facts: &Facts, dice: &mut Dice) -> String {
    let (rule, share) = match scenario.kind {
        _ if scenario.look != Look::Letter => return String::new(),
        Kind::Work if scenario.link == Link::Page => ("list-footer", 500),
        Kind::Work => (*dice.pick(&["signature", "signature", "disclaimer"]), 450),
        _ => ("mobile", 120),
    };
    if dice.chance(share) { format!("\n\n{}", GRAMMAR.expand(rule, facts, dice)) } else { String::new() }
}
