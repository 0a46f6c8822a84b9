//! Mail like that of the 2020s: what [`Profile::Modern`](crate::Profile::Modern) stands for.
//!
//! The texts are those of the small profile, and more of them. What differs is what stands around them: templates, what is quoted,
//! parts, and how it is all encoded. `docs/mail-profile.md` has the figures that this is set by.

mod crude;
mod letter;
mod parts;
mod template;
mod thread;

use crate::dice::Dice;
use crate::draft::{Draft, Story};
use crate::entity::{self, Entity};
use crate::kind::Kind;
use crate::mailer::Mailer;
use crate::scenario::{Attached, Look};
use crate::tables::GRAMMAR;
use crate::text;

use self::parts::{Encoding, Inline};

/// How many of 1,000 invitations have a calendar, and of 1,000 other letters at work.
const MEETINGS_WITH_CALENDAR: u32 = 550;
const LETTERS_WITH_CALENDAR: u32 = 12;

/// Makes a draft longer, and a message of it.
pub(crate) fn write(story: &Story<'_>, draft: &mut Draft, dice: &mut Dice) -> Entity {
    if story.scenario.look == Look::Letter {
        thread::lengthen(story, draft, dice);
    }
    let (plain, html) = forms(story, dice);
    let encoding = Encoding::draw(story.mailer, dice);
    let mut inline = Vec::new();
    let (designed, written) = match story.scenario.look {
        Look::Designed => template::page(story, draft, dice),
        Look::Letter => letter::page(story, draft, &mut inline, dice),
        Look::Crude => crude::page(draft, dice),
    };
    let mut texts = Vec::new();
    if plain {
        texts.push(encoding.text("plain", &written, dice));
    }
    if html {
        let page = encoding.text("html", &designed, dice);
        texts.push(with_inline(page, inline, story, dice));
    }
    let mut attached = Vec::new();
    if has_calendar(story, dice) {
        let calendar = parts::calendar(story, draft, dice);
        texts.push(parts::calendar_part(&calendar));
        attached.push(parts::calendar_file(&calendar));
    }
    let body = entity::gather("alternative", texts, story.mailer, story.moment, dice);
    attached.extend(attachments(story, dice));
    if let Some(list) = &draft.list {
        attached.push(list_footer(list, &story.sender.company_domain));
    }
    let all = std::iter::once(body).chain(attached).collect();
    entity::gather("mixed", all, story.mailer, story.moment, dice)
}

/// Whether there is a plain text and whether there is HTML.
fn forms(story: &Story<'_>, dice: &mut Dice) -> (bool, bool) {
    let (both, plain_only) = match (story.scenario.look, story.mailer) {
        (Look::Letter, Mailer::Apple) => (450, 1000),
        (Look::Letter, Mailer::Desktop) => (350, 1000),
        (Look::Letter, Mailer::Script) => (500, 850),
        (Look::Letter, _) => (960, 1000),
        (Look::Designed, _) if story.scenario.kind.is_unwanted() => (350, 360),
        (Look::Designed, _) => (800, 805),
        (Look::Crude, _) => (260, 400),
    };
    match dice.below(1000) {
        roll if roll < both => (true, true),
        roll if roll < plain_only => (true, false),
        _ => (false, true),
    }
}

/// The page, with the pictures that it shows.
fn with_inline(page: Entity, inline: Vec<Inline>, story: &Story<'_>, dice: &mut Dice) -> Entity {
    let pictures = inline.into_iter().map(Inline::into_entity);
    let all = std::iter::once(page).chain(pictures).collect();
    entity::gather("related", all, story.mailer, story.moment, dice)
}

fn has_calendar(story: &Story<'_>, dice: &mut Dice) -> bool {
    match (story.scenario.kind, story.scenario.name) {
        (Kind::Work, "meeting") => dice.chance(MEETINGS_WITH_CALENDAR),
        (Kind::Work, _) => dice.chance(LETTERS_WITH_CALENDAR),
        _ => false,
    }
}

fn attachments(story: &Story<'_>, dice: &mut Dice) -> Vec<Entity> {
    if !dice.chance(story.scenario.attached_per_mille / 2) {
        return Vec::new();
    }
    match story.scenario.attached {
        Attached::Photos => (0..dice.between(1, 3)).map(|_| parts::photo(dice)).collect(),
        Attached::Document | Attached::Pdf => vec![parts::document(story.scenario.attached, dice)],
        Attached::Bait => entity::attachments(Attached::Bait, dice),
    }
}

/// What a mailing list adds to each message, as a part of its own.
fn list_footer(list: &str, domain: &str) -> Entity {
    let text = format!(
        "_______________________________________________\n{list} mailing list -- {list}@lists.{domain}\n\
         To unsubscribe send an email to {list}-leave@lists.{domain}\n"
    );
    Encoding::Plain.text_of("plain", &text)
}

/// `count` more paragraphs of what people write about in such a situation.
fn paragraphs(story: &Story<'_>, draft: &Draft, count: u32, dice: &mut Dice) -> Vec<String> {
    (0..count)
        .filter_map(|_| {
            let other = story.scenario.neighbour(dice);
            let body = GRAMMAR.expand(&format!("{}.body", other.name), &draft.facts, dice);
            let inner: Vec<_> = body.split("\n\n").collect();
            // Without the greeting and the closing.
            let inner = inner.get(1..inner.len().saturating_sub(1)).filter(|inner| !inner.is_empty())?;
            Some((*dice.pick(inner)).to_owned())
        })
        .collect()
}

/// A text of the rules.
fn phrase(rule: &str, draft: &Draft, dice: &mut Dice) -> String {
    GRAMMAR.expand(rule, &draft.facts, dice)
}

/// A text of the rules as HTML shows it.
fn shown(rule: &str, draft: &Draft, dice: &mut Dice) -> String {
    text::escaped(&phrase(rule, draft, dice))
}
