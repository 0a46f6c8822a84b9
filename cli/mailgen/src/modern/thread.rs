//! Conversations: longer letters, what they answer, and the lists that they go through.

use crate::dice::Dice;
use crate::draft::{self, Draft, Quote, Story};
use crate::kind::Kind;
use crate::mailer::Mailer;
use crate::tables::GRAMMAR;
use crate::text;

use super::{paragraphs, phrase};

/// How deep what is quoted is quoted: a weight for each depth beyond the first.
const DEEPER: [u32; 5] = [52, 22, 12, 8, 6];

/// How many paragraphs a letter has beside its own: a weight for each number.
const LONGER: [u32; 14] = [8, 12, 14, 14, 12, 10, 8, 6, 5, 4, 3, 2, 1, 1];

/// Of 1,000 wanted letters that answer nothing in the small profile, how many do here.
const ANSWERS: u32 = 520;

/// How many of 1,000 letters at work go through a list.
const LISTED: u32 = 420;

/// Gives a letter more to say, more to answer, and a list.
pub(super) fn lengthen(story: &Story<'_>, draft: &mut Draft, dice: &mut Dice) {
    let count = dice.weighted(LONGER) as u32;
    let more = paragraphs(story, draft, count, dice);
    draft.body = inserted(&draft.body, &more);
    if !draft.quotes.is_empty() || (!story.scenario.kind.is_unwanted() && dice.chance(ANSWERS)) {
        deepen(story, draft, dice);
    }
    if story.scenario.kind == Kind::Work && dice.chance(LISTED) {
        let list = format!("{}-dev", phrase("project", draft, dice)).to_lowercase();
        draft.subject = match draft.subject.strip_prefix("Re: ") {
            Some(rest) => format!("Re: [{list}] {rest}"),
            None => format!("[{list}] {}", draft.subject),
        };
        draft.list = Some(list);
    }
}

/// Paragraphs behind the first of a text, which is its greeting.
fn inserted(text: &str, more: &[String]) -> String {
    let (greeting, rest) = text.split_once("\n\n").unwrap_or((text, ""));
    let all = std::iter::once(greeting).chain(more.iter().map(String::as_str)).chain([rest]);
    all.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
}

/// Lets it answer something, and that something else.
fn deepen(story: &Story<'_>, draft: &mut Draft, dice: &mut Dice) {
    let turned = draft::turned(&draft.facts, story);
    let mut at = story.moment.plus(-i64::from(dice.between(200_000, 600_000)));
    let mut ids = draft.answers.take().into_iter().collect::<Vec<_>>();
    if draft.quotes.is_empty() {
        draft.subject.insert_str(0, "Re: ");
    }
    let first = draft.quotes.len();
    for depth in first..1 + dice.weighted(DEEPER) {
        at = at.plus(-i64::from(dice.between(900, 300_000)));
        let ours = depth % 2 == 0;
        let (facts, who) = if ours {
            (&turned, draft::wrote(at, story.to_first, story.recipient))
        } else {
            (&draft.facts, draft::wrote(at, &story.sender.first, &story.sender.address))
        };
        let text = GRAMMAR.expand(&format!("{}.body", story.scenario.neighbour(dice).name), facts, dice);
        let count = dice.weighted(LONGER) as u32 / 2;
        let text = inserted(&text, &paragraphs(story, draft, count, dice));
        draft.quotes.push(Quote { who, text });
        ids.insert(0, Mailer::Desktop.message_id(story.sender.domain(), at, dice));
    }
    draft.answers = Some(ids.join(" "));
}

/// What is quoted, as plain text quotes it: a mark more for each depth.
pub(super) fn plain(quotes: &[Quote], url: &str) -> String {
    let Some((Quote { who, text }, deeper)) = quotes.split_first() else { return String::new() };
    let inner = format!("{}{}", text::wrapped(&text::plain(text, url), 72), plain(deeper, url));
    format!("\n{who}\n{}", text::quoted(&inner))
}
