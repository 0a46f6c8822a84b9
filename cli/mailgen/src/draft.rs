//! What an author writes before a program makes a message of it.

use crate::clock::Moment;
use crate::dice::{Dice, alphabet};
use crate::entity::{self, Content};
use crate::facts::{Fact, Facts};
use crate::kind::Kind;
use crate::link;
use crate::mailer::Mailer;
use crate::scenario::{Link, Look, Scenario};
use crate::sender::Sender;
use crate::tables::GRAMMAR;
use crate::text;
use crate::transport::RECIPIENT_DOMAIN;

/// Who writes to whom, when, and about what.
#[derive(Debug)]
pub(crate) struct Story<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) sender: &'a Sender,
    pub(crate) mailer: Mailer,
    /// The recipient's first name.
    pub(crate) to_first: &'a str,
    /// The recipient's address.
    pub(crate) recipient: &'a str,
    pub(crate) moment: Moment,
}

/// What is answered.
#[derive(Clone, Debug)]
pub(crate) struct Quote {
    /// Who wrote, and when.
    pub(crate) who: String,
    pub(crate) text: String,
}

/// A message as its author sees it.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) subject: String,
    pub(crate) body: String,
    /// What is answered, the newest first.
    pub(crate) quotes: Vec<Quote>,
    /// The `Message-ID`s of the thread, the newest last.
    pub(crate) answers: Option<String>,
    /// The mailing list that it goes through.
    pub(crate) list: Option<String>,
    pub(crate) url: String,
    pub(crate) preheader: String,
    pub(crate) footer: String,
    pub(crate) facts: Facts,
}

impl Draft {
    pub(crate) fn write(story: &Story<'_>, dice: &mut Dice) -> Self {
        let Story { scenario, sender, to_first, recipient, moment, .. } = *story;
        let url = link::url(scenario.link, sender, dice);
        let facts = facts(sender, to_first, recipient, &url, moment, dice);
        let mut subject = GRAMMAR.expand(&format!("{}.subject", scenario.name), &facts, dice);
        let mut body = GRAMMAR.expand(&format!("{}.body", scenario.name), &facts, dice);
        body.push_str(&ending(scenario, &facts, dice));
        let reply = scenario.look == Look::Letter && dice.chance(if scenario.kind.is_unwanted() { 80 } else { 420 });
        let (mut quotes, mut answers) = (Vec::new(), None);
        if reply {
            let earlier = moment.plus(-i64::from(dice.between(600, 400_000)));
            let text = GRAMMAR.expand(&format!("{}.body", scenario.name), &turned(&facts, story), dice);
            quotes.push(Quote { who: wrote(earlier, to_first, recipient), text });
            answers = Some(Mailer::Desktop.message_id(RECIPIENT_DOMAIN, earlier, dice));
        }
        if (reply || (scenario.kind.is_unwanted() && dice.chance(40))) && !subject.starts_with("Re:") {
            subject.insert_str(0, dice.word(&["Re: ", "Re: ", "RE: ", "AW: "]));
        }
        let preheader = GRAMMAR.expand("preheader", &facts, dice);
        let footer = GRAMMAR.expand("footer", &facts, dice);
        Self { subject: subject.trim().to_owned(), body, quotes, answers, list: None, url, preheader, footer, facts }
    }

    /// What a message of the small profile consists of.
    pub(crate) fn content(&self, scenario: &Scenario, mailer: Mailer, dice: &mut Dice) -> Content {
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
        if let Some(Quote { who, text }) = self.quotes.first() {
            let original = text::wrapped(&text::plain(text, &self.url), 72);
            plain.push_str(&format!("\n{who}\n{}", text::quoted(&original)));
        }
        if scenario.look == Look::Designed {
            plain.push_str(&format!("\n--\n{}\n", text::wrapped(&self.footer, 76)));
        }
        plain
    }

    fn html(&self, scenario: &Scenario, mailer: Mailer) -> String {
        let mut inner = text::html(&self.body, &self.url, scenario.look);
        if let Some(Quote { who, text }) = self.quotes.first() {
            inner.push_str(&format!(
                "<br><div class=\"gmail_quote\"><div>{}</div><blockquote>{}</blockquote></div>",
                text::escaped(who),
                text::html(text, &self.url, Look::Letter)
            ));
        }
        let footer = text::html(&self.footer, &self.url, scenario.look);
        entity::page(&inner, scenario.look, mailer, &text::escaped(&self.preheader), &footer)
    }
}

/// Whether there is a plain text and whether there is HTML.
pub(crate) fn forms(look: Look, mailer: Mailer, dice: &mut Dice) -> (bool, bool) {
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
pub(crate) fn turned(facts: &Facts, story: &Story<'_>) -> Facts {
    let mut turned = facts.clone();
    turned.state(Fact::To, story.sender.first.as_str());
    turned.state(Fact::From, story.to_first);
    turned.state(Fact::Fromfull, story.to_first);
    turned
}

/// The line above what is quoted.
pub(crate) fn wrote(at: Moment, name: &str, address: &str) -> String {
    format!("On {} at {}, {name} <{address}> wrote:", at.in_words(), &at.clock()[..5])
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
