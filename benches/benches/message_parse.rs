//! What does a message cost before anybody scores it? Parsing, and what models usually ask for, against
//! mail-parser by itself.

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use mail_parser::MessageParser;
use switchback::Message;
use switchback_benches::{in_turn, print_ratio, raw_messages};

const MESSAGES: usize = 500;
const ROUNDS: usize = 15;

fn main() {
    let raw = raw_messages(MESSAGES);
    let mut structure = || {
        for bytes in &raw {
            Message::parse(bytes.clone()).prepare();
        }
    };
    let mut usual = || {
        for bytes in &raw {
            let message = Message::parse(bytes.clone());
            black_box((message.subject(), message.from(), message.text(16_384)));
        }
    };
    let mut with_links = || {
        for bytes in &raw {
            let message = Message::parse(bytes.clone());
            black_box((message.subject(), message.from(), message.text(16_384), message.links(64)));
        }
    };
    let everything = |bytes: &Vec<u8>| {
        let message = Message::parse(bytes.clone());
        black_box((message.subject(), message.from(), message.text(usize::MAX), message.links(usize::MAX)));
        black_box(message.attachments());
        message
    };
    let mut derived = || raw.iter().for_each(|bytes| drop(everything(bytes)));
    let mut fingerprinted = || {
        for bytes in &raw {
            black_box(everything(bytes).fingerprint());
        }
    };
    let mut bare = || {
        for bytes in &raw {
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
    let against = ("mail-parser", bare_time);
    print_ratio("structure alone", ("parsed", structure_time), against, MESSAGES);
    print_ratio("subject, sender, text", ("parsed", usual_time), against, MESSAGES);
    print_ratio("subject, sender, text, links", ("parsed", links_time), against, MESSAGES);
    print_ratio("fingerprint", ("with it", fingerprint_time), ("with all that it reads", derived_time), MESSAGES);

    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("parse");
    group.throughput(Throughput::Bytes(raw.iter().map(|bytes| bytes.len() as u64).sum()));
    group.bench_function("subject, sender, text", |b| b.iter(&mut usual));
    group.bench_function("mail-parser", |b| b.iter(&mut bare));
    group.finish();
    criterion.final_summary();
}
