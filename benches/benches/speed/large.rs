//! Large messages: how long everything about one takes, by its size and by what it is made of.

use std::hint::black_box;
use std::time::Duration;

use switchback::message::{FeatureKind, Recipients};
use switchback::{LocalSlot, Message};
use switchback_benches::{processor_time, quantile};

use crate::Bench;
use crate::models::Model;
use crate::table::Table;

/// The columns: messages of up to so many bytes, and how many of each shape are measured. They are from half of it on.
const SIZES: [(&str, usize, usize); 6] = [
    ("64 KiB", 64 << 10, 200),
    ("256 KiB", 256 << 10, 100),
    ("1 MiB", 1 << 20, 100),
    ("4 MiB", 4 << 20, 50),
    ("16 MiB", 16 << 20, 20),
    ("50 MiB", 50 << 20, 10),
];

/// A line of base64, as mail has it.
const BASE64: &str = "JVBERi0xLjQKJcOkw7zDtsOfCjIgMCBvYmoKPDwvTGVuZ3RoIDMgMCBSL0ZpbHRlci9GbGF0ZURl\r\n";

/// A paragraph of a newsletter.
const PARAGRAPH: &str = "<tr><td style=\"padding:0 24px;font-family:Arial\"><p>Dear customer, your order has been sent. \
    <a href=\"https://shop.example/track?id=1a2b&amp;utm_source=mail\">Track your parcel</a></p></td></tr>\r\n";

/// A line of a letter.
const LINE: &str =
    "The minutes of the meeting are at https://wiki.example/minutes/2025-04-25 as always, and so is the list.\r\n";

/// What a message is made of: a head, and what is repeated behind it.
type Shape = fn() -> (String, String);

/// Shapes with their names.
const SHAPES: [(&str, Shape); 10] = [
    ("attachment in base64", || {
        let part = "--b\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n";
        (format!("{MIXED}{part}"), BASE64.to_owned())
    }),
    ("HTML", || (format!("{FROM}Content-Type: text/html; charset=utf-8\r\n\r\n<table>"), PARAGRAPH.to_owned())),
    ("plain text", || (format!("{FROM}\r\n"), LINE.to_owned())),
    ("one long line", || (format!("{FROM}\r\n"), LINE.trim_end().to_owned() + " ")),
    ("quoted-printable", || {
        let encoding = "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n";
        (
            format!("{FROM}{encoding}"),
            "<p style=3D\"color:red\">Caf=C3=A9 au lait, caf=C3=A9 cr=C3=A8me, and so =\r\non</p>\r\n".to_owned(),
        )
    }),
    ("many parts", || {
        let part = "--b\r\nContent-Type: image/png; name=a.png\r\nContent-Transfer-Encoding: base64\r\n\r\n";
        (MIXED.to_owned(), format!("{part}{}", BASE64.repeat(20)))
    }),
    ("many header fields", || {
        (FROM.to_owned(), "Received: from a.example by b.example; Fri, 25 Apr 2025 09:24:01 +0000\r\n".to_owned())
    }),
    ("messages in messages", || {
        (format!("{FROM}{}", "Content-Type: message/rfc822\r\n\r\n".repeat(32)), LINE.to_owned())
    }),
    ("lines that are nearly delimiters", || (nested_boundaries(), "--b\r\n".to_owned())),
    ("tags", || (format!("{FROM}Content-Type: text/html\r\n\r\n"), "<b></b>".to_owned())),
];

const FROM: &str = "From: Ann <ann@x.example>\r\nSubject: large\r\nDate: Fri, 25 Apr 2025 09:24:00 +0000\r\n";

const MIXED: &str = "From: Ann <ann@x.example>\r\nSubject: large\r\nDate: Fri, 25 Apr 2025 09:24:00 +0000\r\n\
    Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n";

/// As many containers within each other as are told apart, each with a boundary that begins like the lines.
fn nested_boundaries() -> String {
    let container = |at: usize| format!("Content-Type: multipart/mixed; boundary=bb{at}\r\n\r\n--bb{at}\r\n");
    FROM.to_owned() + &(0..32).map(container).collect::<String>()
}

/// The table of large messages: a row for each shape, with the median, the 99th percentile and the slowest of each size.
pub(crate) fn table(bench: &Bench, models: &[Model]) -> Table {
    let slot = bench.promote(&models[0]);
    let columns = ["made of"].into_iter().chain(SIZES.map(|(name, ..)| name));
    let mut table = Table::new("large messages", &columns.collect::<Vec<_>>());
    for (name, shape) in SHAPES {
        let (head, unit) = shape();
        let cells = SIZES.map(|(_, bytes, count)| cell(&mut times(&slot, &head, &unit, bytes, count)));
        table.line([name.to_owned()].into_iter().chain(cells));
    }
    table
}

/// How long each message takes: everything that is known of it, and a verdict.
fn times(slot: &LocalSlot, head: &str, unit: &str, bytes_max: usize, count: usize) -> Vec<Duration> {
    let whole = [head, &unit.repeat(bytes_max / unit.len())].concat();
    let length = |at: usize| bytes_max / 2 + bytes_max / 2 * (at + 1) / count;
    let time = |at| {
        let bytes = whole.as_bytes()[..length(at).min(whole.len())].to_vec();
        let start = processor_time();
        let message = Message::parse(bytes);
        derive(&message);
        black_box(slot.score(&message));
        drop(message);
        processor_time() - start
    };
    (0..count).map(time).collect()
}

/// Asks for everything that a model, a rule, a journal or the guard can ask for.
fn derive(message: &Message) {
    black_box((message.author(), message.authentication(), message.defects(), message.headers(Recipients::Granted)));
    black_box((message.text(usize::MAX), message.html(usize::MAX), message.links(usize::MAX), message.attachments()));
    black_box((message.fingerprint(), message.content_digest(), message.facts()));
    for kind in FeatureKind::ALL {
        black_box(message.features(kind));
    }
}

/// `1.2 / 1.5 / 1.6`, in milliseconds.
fn cell(times: &mut [Duration]) -> String {
    let figure = |q| {
        let ms = quantile(times, q).as_secs_f64() * 1e3;
        if ms < 10.0 { format!("{ms:.2}") } else { format!("{ms:.0}") }
    };
    [0.5, 0.99, 1.0].map(figure).join(" / ")
}
