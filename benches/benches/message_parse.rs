//! What does a message cost before anybody scores it? Parsing, and what models usually ask for, against
//! mail-parser by itself, on generated mail and on the corpora.

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use mail_parser::MessageParser;
use switchback::Message;
use switchback_benches::{Mail, in_turn, print_ratio};

const MESSAGES: usize = 500;
const ROUNDS: usize = 15;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for mail in Mail::all(MESSAGES) {
        compare(&mail, &mut criterion);
    }
    criterion.final_summary();
}

fn compare(mail: &Mail, criterion: &mut Criterion) {
    let raw = &mail.raw;
    let mut structure = || {
        for bytes in raw {
            Message::parse(bytes.clone()).prepare();
        }
    };
    let mut usual = || {
        for bytes in raw {
            let message = Message::parse(bytes.clone());
            black_box((message.subject(), message.from(), message.text(16_384)));
        }
    };
    let mut with_links = || {
        for bytes in raw {
            let message = Message::parse(bytes.clone());
            black_box((message.subject(), message.from(), message.text(16_384), message.links(64)));
        }
    };
    let mut derived = || raw.iter().for_each(|bytes| drop(everything(bytes)));
    let mut fingerprinted = || {
        for bytes in raw {
            black_box(everything(bytes).fingerprint());
        }
    };
    let mut bare = || {
        for bytes in raw {
            let bytes = bytes.clone();
            let message = MessageParser::new().parse(&bytes);
            black_box(message.as_ref().map(|m| (m.subject(), m.from(), m.body_text(0))));
        }
    };
    let [structure_time, usual_time, links_time, derived_time, fingerprint_time, bare_time] = in_turn(
        ROUNDS,
        [
            ("", &mut structure),
            ("", &mut usual),
            ("", &mut with_links),
            ("", &mut derived),
            ("", &mut fingerprinted),
            ("", &mut bare),
        ],
    );
    let (against, count) = (("mail-parser", bare_time), raw.len());
    let print = |what: &str, this, other| print_ratio(&format!("{}, {what}", mail.name), this, other, count);
    print("structure alone", ("parsed", structure_time), against);
    print("subject, sender, text", ("parsed", usual_time), against);
    print("subject, sender, text, links", ("parsed", links_time), against);
    print("fingerprint", ("with it", fingerprint_time), ("with all that it reads", derived_time));

    let mut group = criterion.benchmark_group(format!("parse {}", mail.name));
    group.throughput(Throughput::Bytes(raw.iter().map(|bytes| bytes.len() as u64).sum()));
    group.bench_function("subject, sender, text", |b| b.iter(&mut usual));
    group.bench_function("mail-parser", |b| b.iter(&mut bare));
    group.finish();
}

fn everything(bytes: &[u8]) -> Message {
    let message = Message::parse(bytes);
    black_box((message.subject(), message.from(), message.text(usize::MAX), message.links(usize::MAX)));
    black_box(message.attachments());
    message
}
