//! What mail of the 2020s has, says a parser that knows nothing of the generator.

use mail_parser::{Message, MessageParser, MimeHeaders as _};
use switchback_mailgen::{Generated, Generator, Kind, Mix, Profile};

/// How many of 1,500 messages pass.
fn count(test: impl Fn(&Generated, &Message<'_>) -> bool) -> usize {
    let mail = Generator::with_mix(31, Mix::modern()).take(1500);
    mail.filter(|one| test(one, &MessageParser::new().parse(&one.bytes).unwrap())).count()
}

fn html<'a>(message: &'a Message<'_>) -> Option<std::borrow::Cow<'a, str>> {
    message.html_bodies().any(|part| part.is_text_html()).then(|| message.body_html(0)).flatten()
}

/// How deep tables stand in tables.
fn table_depth(html: &str) -> usize {
    let mut depth = 0_usize;
    let tags = html.match_indices("<table").map(|(at, _)| (at, true));
    let mut tags: Vec<_> = tags.chain(html.match_indices("</table").map(|(at, _)| (at, false))).collect();
    tags.sort_unstable();
    let depths = tags.into_iter().map(|(_, opens)| {
        depth = if opens { depth + 1 } else { depth.saturating_sub(1) };
        depth
    });
    depths.max().unwrap_or_default()
}

#[test]
fn newsletters_are_templates() {
    let newsletters = count(|one, _| one.kind == Kind::Newsletter);
    let templates = count(|one, message| {
        let page = html(message).unwrap_or_default();
        let hidden = page.contains("display:none");
        let pixel = page.contains("width=\"1\" height=\"1\"");
        one.kind == Kind::Newsletter
            && hidden
            && pixel
            && page.matches("<a href=").count() >= 6
            && table_depth(&page) >= 2
    });
    assert!(newsletters > 100);
    assert!(templates * 100 > newsletters * 90, "{templates} of {newsletters}");
    assert!(count(|_, message| table_depth(&html(message).unwrap_or_default()) >= 4) > 50);
    assert!(count(|_, message| html(message).unwrap_or_default().contains("<!--[if mso")) > 100);
}

#[test]
fn tables_are_closed() {
    let unbalanced = count(|one, message| {
        let page = html(message).unwrap_or_default();
        one.kind.is_bulk() && page.matches("<table").count() != page.matches("</table>").count()
    });
    assert_eq!(unbalanced, 0);
}

#[test]
fn threads_are_quoted_five_deep() {
    let five = |text: &str| text.lines().any(|line| line.starts_with("> > > > > "));
    assert!(count(|_, message| message.body_text(0).is_some_and(|text| five(&text))) > 10);
    let references = |message: &Message<'_>| message.references().as_text_list().map_or(0, |ids| ids.len());
    assert!(count(|_, message| references(message) == 5) > 10);
}

#[test]
fn calendars_documents_and_pictures_come_along() {
    let has = |message: &Message<'_>, kind: &str, subtype: &str| {
        message.parts.iter().any(|part| {
            let of = part.content_type();
            of.is_some_and(|of| of.ctype() == kind && of.subtype() == Some(subtype))
        })
    };
    assert!(count(|_, message| has(message, "text", "calendar") && has(message, "application", "ics")) > 20);
    let pdf = |message: &Message<'_>| message.attachments().any(|part| part.contents().starts_with(b"%PDF-1.7"));
    assert!(count(|_, message| pdf(message)) > 20);
    let shown = |message: &Message<'_>| {
        let page = html(message).unwrap_or_default();
        message.parts.iter().any(|part| part.content_id().is_some_and(|id| page.contains(&format!("cid:{id}"))))
    };
    assert!(count(|_, message| shown(message)) > 10);
    assert!(count(|_, message| message.header_raw("List-Id").is_some() && message.parts.len() >= 5) > 40);
}

#[test]
fn every_encoding_is_used() {
    for encoding in ["7bit", "8bit", "quoted-printable", "base64"] {
        let field = format!("Content-Transfer-Encoding: {encoding}\r\n");
        let used = count(|one, _| String::from_utf8_lossy(&one.bytes).contains(&field));
        assert!(used > 50, "{encoding}: {used}");
    }
}

#[test]
fn a_profile_has_a_name_and_a_mix() {
    for profile in Profile::ALL {
        assert_eq!(profile.name().parse(), Ok(profile));
        assert_eq!(Mix::of(profile).profile_of(), profile);
    }
    assert!("large".parse::<Profile>().is_err());
}
