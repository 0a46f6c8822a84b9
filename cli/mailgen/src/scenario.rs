//! What messages are about. The texts are in the rule files: `NAME.subject` and `NAME.body`.

use crate::dice::Dice;
use crate::kind::Kind;
use crate::provider::Provider;

/// A situation that somebody writes in.
#[derive(Debug)]
pub(crate) struct Scenario {
    /// Its rules' name.
    pub(crate) name: &'static str,
    /// What messages of it are.
    pub(crate) kind: Kind,
    /// How usual it is among those of its kind.
    pub(crate) weight: u32,
    /// Who writes.
    pub(crate) author: Author,
    /// Where its link goes.
    pub(crate) link: Link,
    /// How its HTML looks.
    pub(crate) look: Look,
    /// What is attached.
    pub(crate) attached: Attached,
    /// How many of 1,000 have something attached.
    pub(crate) attached_per_mille: u32,
}

/// Who writes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Author {
    /// Somebody with a name and a company.
    Person,
    /// A brand of one of these sectors.
    Brand(&'static [&'static str]),
    /// Somebody who pretends to be a brand of one of these sectors.
    Imitator(&'static [&'static str]),
    /// Somebody who pretends to be the recipient's superior or colleague.
    Colleague,
    /// Nobody in particular.
    Stranger,
}

/// Where a message's link goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Link {
    /// To a page of some site.
    Page,
    /// To the author's own site.
    Own,
    /// To a domain that resembles the imitated one, to an address, or to a shortener.
    Trap,
    /// To a shop in a domain that will be gone soon.
    Shop,
}

/// How the HTML looks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Look {
    /// As a mail program writes it.
    Letter,
    /// As a platform's template makes it.
    Designed,
    /// As somebody in a hurry makes it.
    Crude,
}

/// What is attached.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Attached {
    /// Photographs.
    Photos,
    /// A document or a spreadsheet.
    Document,
    /// An invoice or a ticket.
    Pdf,
    /// A page that asks for a password, or an archive.
    Bait,
}

const SHOPS: &[&str] = &["shop", "food"];
const MONEY: &[&str] = &["bank", "telecom", "state"];
const ONLINE: &[&str] = &["saas", "social"];
const IMITATED: &[&str] = &["bank", "saas", "telecom"];

macro_rules! scenarios {
    ($($name:literal $kind:ident $weight:literal $author:expr, $link:ident $look:ident
       $attached:ident $per_mille:literal;)*) => {
        &[$(Scenario {
            name: $name,
            kind: Kind::$kind,
            weight: $weight,
            author: $author,
            link: Link::$link,
            look: Look::$look,
            attached: Attached::$attached,
            attached_per_mille: $per_mille,
        }),*]
    };
}

/// How much more usual conversations are among the phish from a large provider's mailboxes.
const CONVERSATION: u32 = 8;

use Author::{Brand, Colleague, Imitator, Person, Stranger};

/// Every scenario.
pub(crate) const SCENARIOS: &[Scenario] = scenarios! {
    "plans"           Personal     20 Person, Page Letter Photos 20;
    "news"            Personal     20 Person, Page Letter Photos 80;
    "photos"          Personal     10 Person, Page Letter Photos 850;
    "favour"          Personal     13 Person, Page Letter Document 60;
    "costs"           Personal      8 Person, Page Letter Document 90;
    "tip"             Personal     10 Person, Page Letter Photos 10;
    "thanks"          Personal     12 Person, Page Letter Photos 50;
    "de.personal"     Personal      5 Person, Page Letter Photos 60;
    "fr.personal"     Personal      4 Person, Page Letter Photos 60;
    "es.personal"     Personal      4 Person, Page Letter Photos 60;
    "ja.personal"     Personal      2 Person, Page Letter Photos 60;
    "status"          Work         20 Person, Own Letter Document 120;
    "meeting"         Work         18 Person, Own Letter Document 60;
    "review"          Work         14 Person, Own Letter Document 800;
    "invoice"         Work          8 Person, Own Letter Pdf 850;
    "code"            Work         12 Person, Page Letter Document 40;
    "hr"              Work         10 Person, Own Letter Document 40;
    "question"        Work         12 Person, Own Letter Document 40;
    "de.work"         Work          6 Person, Own Letter Document 200;
    "order"           Receipt      10 Brand(SHOPS), Own Designed Pdf 100;
    "ticket"          Receipt       7 Brand(&["travel"]), Own Designed Pdf 450;
    "bill"            Receipt       8 Brand(&["telecom", "saas"]), Own Designed Pdf 400;
    "parcel"          Notification  8 Brand(&["parcel"]), Own Designed Pdf 10;
    "signin"          Notification  8 Brand(&["saas", "social", "bank"]), Own Designed Pdf 0;
    "mention"         Notification 10 Brand(ONLINE), Own Designed Pdf 0;
    "account"         Notification  8 Brand(MONEY), Own Designed Pdf 30;
    "de.notification" Notification  3 Brand(&["shop", "parcel", "telecom"]), Own Designed Pdf 50;
    "digest"          Newsletter   10 Brand(&["shop", "food", "travel", "social"]), Own Designed Pdf 5;
    "offer"           Newsletter   10 Brand(&["shop", "food", "travel"]), Own Designed Pdf 0;
    "pills"           Spam         16 Stranger, Shop Crude Bait 0;
    "loan"            Spam         11 Stranger, Shop Crude Document 20;
    "crypto"          Spam         14 Stranger, Shop Crude Bait 0;
    "seo"             Spam         12 Person, Shop Crude Document 30;
    "luxury"          Spam         12 Stranger, Shop Crude Photos 80;
    "lottery"         Spam         12 Person, Shop Crude Document 60;
    "survey"          Spam         12 Imitator(SHOPS), Shop Crude Bait 0;
    "es.spam"         Spam          3 Stranger, Shop Crude Bait 0;
    "ja.spam"         Spam          2 Stranger, Shop Crude Bait 0;
    "ru.spam"         Spam          3 Stranger, Shop Crude Bait 0;
    "suspend"         Phish        20 Imitator(IMITATED), Trap Designed Bait 40;
    "delivery"        Phish        14 Imitator(&["parcel"]), Trap Designed Bait 60;
    "mailbox"         Phish        16 Imitator(&["saas"]), Trap Crude Bait 60;
    "share"           Phish        14 Imitator(&["saas"]), Trap Designed Bait 150;
    "gift"            Phish        12 Colleague, Trap Letter Document 0;
    "thread"          Phish        12 Person, Trap Letter Document 30;
    "contact"         Phish        10 Person, Trap Letter Document 10;
    "refund"          Phish        12 Imitator(MONEY), Trap Designed Bait 120;
    "extort"          Phish         6 Stranger, Trap Crude Bait 0;
    "de.phish"        Phish         4 Imitator(&["bank", "parcel"]), Trap Designed Bait 50;
    "fr.phish"        Phish         3 Imitator(&["bank", "parcel"]), Trap Designed Bait 50;
};

impl Scenario {
    /// One of `kind` that goes with `provider`.
    pub(crate) fn draw(kind: Kind, provider: Provider, dice: &mut Dice) -> &'static Self {
        let weights = SCENARIOS.iter().map(|one| if one.kind == kind { one.weight_at(provider) } else { 0 });
        &SCENARIOS[dice.weighted(weights)]
    }

    /// Another one of the same kind and language that is written in the same way, or this one.
    pub(crate) fn neighbour(&self, dice: &mut Dice) -> &'static Self {
        let alike = |one: &Self| {
            let language = |name: &'static str| name.split_once('.').map(|(language, _)| language);
            one.kind == self.kind && one.look == self.look && language(one.name) == language(self.name)
        };
        let weights = SCENARIOS.iter().map(|one| if alike(one) { one.weight } else { 0 });
        &SCENARIOS[dice.weighted(weights)]
    }

    /// From a mailbox of a large provider, phish is mostly conversation: nobody takes it for a bank's.
    fn weight_at(&self, provider: Provider) -> u32 {
        let conversation = self.kind == Kind::Phish && self.look == Look::Letter;
        if conversation && !provider.domains().is_empty() { self.weight * CONVERSATION } else { self.weight }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::GRAMMAR;

    #[test]
    fn every_scenario_has_its_texts() {
        for scenario in SCENARIOS {
            for part in ["subject", "body"] {
                let rule = format!("{}.{part}", scenario.name);
                assert!(GRAMMAR.has(&rule), "{rule}");
            }
        }
    }

    #[test]
    fn every_kind_has_scenarios() {
        for kind in Kind::ALL {
            assert!(SCENARIOS.iter().any(|scenario| scenario.kind == kind), "{kind:?}");
        }
    }
}
