//! What mail consists of, by a parser that knows nothing of the generator, and by counting in HTML.

use mail_parser::{Encoding, MessageParser, MimeHeaders as _, PartType};

/// What is counted in each message, by how it is called in the table.
pub(super) const MEASURES: [&str; 11] = [
    "message, KiB",
    "header, KiB",
    "fields of the header",
    "parts",
    "plain text, KiB",
    "HTML, KiB",
    "tags of HTML",
    "links in HTML",
    "pictures in HTML",
    "tables in tables, deepest",
    "quoted, deepest",
];

/// What is in some messages, by how it is called in the table.
pub(super) const PARTS: [&str; 12] = [
    "with HTML",
    "with plain text",
    "with both as alternatives",
    "with a part in base64",
    "with a part in quoted-printable",
    "with a part in 8bit",
    "with an attachment",
    "with a calendar",
    "with a PDF",
    "with a picture of its own that HTML shows",
    "with HTML that only Outlook sees",
    "with text hidden by `display:none`",
];

/// The names of all rows.
pub(super) fn rows() -> impl Iterator<Item = String> {
    let measures = MEASURES.map(|name| format!("{name}: p10 / p50 / p90 / p99 / mean"));
    let parts = PARTS.map(|name| format!("messages {name}"));
    measures.into_iter().chain(parts)
}

/// The figures of some mail.
pub(super) struct Figures {
    measured: [Vec<f64>; MEASURES.len()],
    having: [usize; PARTS.len()],
}

impl Figures {
    pub(super) fn of(mail: &[Vec<u8>]) -> Self {
        let mut figures = Self { measured: Default::default(), having: Default::default() };
        for raw in mail {
            let one = One::of(raw);
            figures.measured.iter_mut().zip(one.measured).for_each(|(all, value)| all.push(value));
            figures.having.iter_mut().zip(one.having).for_each(|(count, has)| *count += usize::from(has));
        }
        figures.measured.iter_mut().for_each(|values| values.sort_by(f64::total_cmp));
        figures
    }

    /// A cell for each row.
    pub(super) fn cells(&self) -> Vec<String> {
        let measures = self.measured.iter().map(|sorted| {
            let at = |q: f64| sorted[((sorted.len() - 1) as f64 * q).round() as usize];
            let mean = sorted.iter().sum::<f64>() / sorted.len() as f64;
            let shown = |value: f64| {
                if value < 10.0 && value.fract() != 0.0 { format!("{value:.1}") } else { format!("{value:.0}") }
            };
            [at(0.1), at(0.5), at(0.9), at(0.99), mean].map(shown).join(" / ")
        });
        let count = self.measured[0].len() as f64;
        let shares = self.having.iter().map(|having| format!("{:.1} %", *having as f64 * 100.0 / count));
        measures.chain(shares).collect()
    }
}

/// The figures of one message.
struct One {
    measured: [f64; MEASURES.len()],
    having: [bool; PARTS.len()],
}

impl One {
    fn of(raw: &[u8]) -> Self {
        let kib = |bytes: usize| bytes as f64 / 1024.0;
        // Parts that nobody could parse are none.
        let message = MessageParser::new().parse(raw).unwrap_or_default();
        let body = message.parts.first().map_or(0, |root| root.raw_body_offset() as usize);
        let fields = message.parts.first().map_or(0, |root| root.headers.len());
        let (mut plain, mut html, mut types) = (String::new(), String::new(), Vec::new());
        let (mut encodings, mut attached) = ([false; 3], false);
        for part in &message.parts {
            let of = part.content_type();
            types.push(
                of.map_or(String::new(), |of| format!("{}/{}", of.ctype(), of.subtype().unwrap_or_default()))
                    .to_lowercase(),
            );
            let named = part.content_transfer_encoding().unwrap_or_default();
            encodings[0] |= part.encoding == Encoding::Base64;
            encodings[1] |= part.encoding == Encoding::QuotedPrintable;
            encodings[2] |= named.eq_ignore_ascii_case("8bit");
            let is_file = part.content_disposition().is_some_and(|how| how.is_attachment());
            attached |= is_file || matches!(part.body, PartType::Binary(_));
            match &part.body {
                PartType::Text(text) if !is_file => plain.push_str(text),
                PartType::Html(text) if !is_file => html.push_str(text),
                _ => {}
            }
        }
        let has = |name: &str| types.iter().any(|one| one == name);
        let page = html.to_ascii_lowercase();
        let count = |text: &str| page.matches(text).count() as f64;
        Self {
            measured: [
                kib(raw.len()),
                kib(body),
                fields as f64,
                message.parts.len() as f64,
                kib(plain.len()),
                kib(html.len()),
                count("<") - count("<="),
                count("<a "),
                count("<img"),
                table_depth(&page) as f64,
                quote_depth(&plain) as f64,
            ],
            having: [
                !html.is_empty(),
                !plain.is_empty(),
                has("multipart/alternative"),
                encodings[0],
                encodings[1],
                encodings[2],
                attached,
                has("text/calendar"),
                has("application/pdf"),
                page.contains("src=\"cid:") || page.contains("src=cid:"),
                page.contains("<!--[if"),
                page.contains("display:none") || page.contains("display: none"),
            ],
        }
    }
}

fn table_depth(page: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for (at, _) in page.match_indices("table") {
        if page[..at].ends_with("</") {
            depth = depth.saturating_sub(1);
        } else if page[..at].ends_with('<') {
            depth += 1;
            deepest = deepest.max(depth);
        }
    }
    deepest
}

fn quote_depth(plain: &str) -> usize {
    let marks =
        |line: &str| line.chars().take_while(|mark| matches!(mark, '>' | ' ')).filter(|mark| *mark == '>').count();
    plain.lines().map(marks).max().unwrap_or_default()
}
