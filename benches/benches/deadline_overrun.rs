//! How far past its deadline can a guest hold a thread? Guests that are written to be late, each scored some times: how
//! long the worst call took, what of it the host took to derive facts (which is the host's time, once for a message), and
//! what is left beyond the deadline of 5 ms.
//!
//! `--rounds N` scores each so many times; 30 unless told otherwise.

#![expect(clippy::expect_used, reason = "a bench has nobody to report to")]

use std::time::{Duration, Instant};

use switchback::message::Recipients;
use switchback::release::{Manifest, ManifestLimits, Reads, Scale, SelfTest};
use switchback::{Message, Runtime};
use switchback_benches::load;
use wit_component::{StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

const DEADLINE: Duration = Duration::from_millis(5);

/// `switchback:scoring` as the host offers it.
const CONTRACT: &str = include_str!("../../wit/1.0.0/scoring.wit");

/// Answers with zeros for the empty message, and does what `ATTACK` says for any other. What the host returns is put into
/// the last megabyte but one.
const MODULE: &str = r#"(module
    (import "switchback:scoring/message@1.0.0" "[resource-drop]message" (func $drop (param i32)))
    (import "switchback:scoring/message@1.0.0" "[method]message.size" (func $size (param i32) (result i64)))
    (import "switchback:scoring/message@1.0.0" "[method]message.counts" (func $counts (param i32 i32)))
    (import "switchback:scoring/message@1.0.0" "[method]message.defects" (func $defects (param i32) (result i32)))
    (import "switchback:scoring/message@1.0.0" "[method]message.header" (func $header (param i32 i32 i32 i32)))
    (import "switchback:scoring/message@1.0.0" "[method]message.headers" (func $headers (param i32 i32)))
    (import "switchback:scoring/message@1.0.0" "[method]message.text" (func $text (param i32 i32 i32)))
    (import "switchback:scoring/message@1.0.0" "[method]message.html" (func $html (param i32 i32 i32)))
    (import "switchback:scoring/message@1.0.0" "[method]message.links" (func $links (param i32 i32 i32)))
    (import "switchback:scoring/message@1.0.0" "[method]message.attachments" (func $attachments (param i32 i32)))
    (import "switchback:scoring/message@1.0.0" "[method]message.raw" (func $raw (param i32 i64 i32 i32)))
    (import "switchback:scoring/log@1.0.0" "log" (func $log (param i32 i32 i32)))
    (memory (export "memory") 992)
    (global $free (mut i32) (i32.const 1048576))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
        ;; Room behind room, and from the beginning again when there is none left.
        (if (i32.gt_u (i32.add (global.get $free) (local.get 3)) (i32.const 64000000))
            (then (global.set $free (i32.const 1048576))))
        (global.get $free)
        (global.set $free (i32.and (i32.const -16)
            (i32.add (i32.const 15) (i32.add (global.get $free) (local.get 3))))))
    (func (export "prepare") (param i32 i32) (result i32) (i32.const 0))
    (func (export "score") (param $handle i32) (result i32)
        (local $root f64)
        (if (i64.ne (call $size (local.get $handle)) (i64.const 0)) (then ATTACK))
        (call $drop (local.get $handle))
        (i32.const 256))
    (@custom "switchback:contract" "1.0.0"))"#;

/// A guest that is late, and the mail that helps it.
struct Attack {
    name: &'static str,
    code: String,
    mail: Vec<u8>,
    /// Derives natively what the guest asks for, to tell how long that takes.
    derive: fn(&Message),
}

fn main() {
    let rounds = std::env::args().skip_while(|arg| arg != "--rounds").nth(1).and_then(|n| n.parse().ok()).unwrap_or(30);
    let runtime = Runtime::builder().build().expect("a runtime");
    println!("{:<44}  {:>9}  {:>9}  {:>9}  {:>9}", "attack", "worst", "derived", "overrun", "median");
    let mut worst = Duration::ZERO;
    for (number, attack) in (0..).zip(attacks()) {
        worst = worst.max(try_out(&runtime, number, &attack, rounds));
    }
    println!("RATIO worst overrun of a deadline of 5 ms: {:.2} ms", worst.as_secs_f64() * 1e3);
}

/// Scores with one guest, and prints its line.
fn try_out(runtime: &Runtime, number: u64, attack: &Attack, rounds: usize) -> Duration {
    let id = load(runtime, &packed(number, &attack.code));
    let mut calls: Vec<_> = (0..rounds)
        .map(|_| {
            let native = Message::parse(attack.mail.clone());
            native.prepare();
            let derived = timed(|| (attack.derive)(&native));
            let message = Message::parse(attack.mail.clone());
            message.prepare();
            let mut said = None;
            let whole = timed(|| said = runtime.score_with(&id, &message).ok());
            // An answer says what was derived for it; who was stopped took what it takes natively.
            let derived = said.map_or(derived, |scored| scored.timing.parse);
            (whole.saturating_sub(derived).saturating_sub(DEADLINE), whole, derived)
        })
        .collect();
    calls.sort_unstable();
    let (median, _, _) = calls[rounds / 2];
    let (overrun, whole, derived) = calls.last().copied().unwrap_or_default();
    let [whole, derived, shown, median] = [whole, derived, overrun, median].map(|time| time.as_secs_f64() * 1e3);
    println!("{:<44}  {whole:>6.2} ms  {derived:>6.2} ms  {shown:>6.2} ms  {median:>6.2} ms", attack.name);
    overrun
}

fn timed(run: impl FnOnce()) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed()
}

fn attacks() -> Vec<Attack> {
    let small = b"Subject: x\r\n\r\ntext\r\n".to_vec();
    let code = |name, code: &str| Attack { name, code: code.to_owned(), mail: small.clone(), derive: |_| {} };
    let asks = |name, ask: &str, mail: &[u8], derive| Attack {
        name,
        code: format!("{ask} (loop (br 0))"),
        mail: mail.to_vec(),
        derive,
    };
    let asks_on = |name, ask: &str, mail: &[u8], derive| Attack {
        name,
        code: format!("(loop {ask} (br 0))"),
        mail: mail.to_vec(),
        derive,
    };
    let roots =
        format!("(local.set $root (f64.const 2)) local.get $root {} local.set $root", "f64.sqrt ".repeat(300_000));
    let (header, links, html, attached) = (large_header(), many_links(), large_html(), large_attachment());
    vec![
        code("memory.fill, 62 MB", "(memory.fill (i32.const 0) (i32.const 7) (i32.const 65011712)) (loop (br 0))"),
        code(
            "memory.copy, 31 MB",
            "(memory.copy (i32.const 0) (i32.const 32505856) (i32.const 32505856)) (loop (br 0))",
        ),
        code(
            "memory.copy over itself, 60 MB",
            "(memory.copy (i32.const 65536) (i32.const 0) (i32.const 64000000)) (loop (br 0))",
        ),
        code(
            "memory.fill, 4 KiB without end",
            "(loop (memory.fill (i32.const 0) (i32.const 7) (i32.const 4096)) (br 0))",
        ),
        code("code without a loop", &format!("(loop {roots} (br 0))")),
        code("a loop", "(loop (br 0))"),
        code("log lines of 128 KB", "(loop (call $log (i32.const 0) (i32.const 0) (i32.const 130000)) (br 0))"),
        asks(
            "attachments() of 49 MiB",
            "(call $attachments (local.get $handle) (i32.const 512))",
            &attached,
            |message| _ = message.attachments(),
        ),
        asks("defects() of 49 MiB", "(drop (call $defects (local.get $handle)))", &attached, |message| {
            _ = message.defects();
        }),
        asks(
            "raw() over a header of 4 MB",
            "(call $raw (local.get $handle) (i64.const 0) (i32.const 65536) (i32.const 512))",
            &header,
            |message| _ = message.raw(0, 65_536, Recipients::Masked),
        ),
        asks("headers() of 4 MB", "(call $headers (local.get $handle) (i32.const 512))", &header, |message| {
            _ = message.headers(Recipients::Masked);
        }),
        asks("links(512)", "(call $links (local.get $handle) (i32.const 512) (i32.const 512))", &links, |message| {
            _ = message.links(512);
        }),
        asks(
            "text() of HTML",
            "(call $text (local.get $handle) (i32.const 262144) (i32.const 512))",
            &html,
            |message| {
                _ = message.text(262_144);
            },
        ),
        asks("html()", "(call $html (local.get $handle) (i32.const 262144) (i32.const 512))", &html, |message| {
            _ = message.html(262_144);
        }),
        asks_on(
            "headers() of 4 MB without end",
            "(call $headers (local.get $handle) (i32.const 512))",
            &header,
            |message| _ = message.headers(Recipients::Masked),
        ),
        asks_on(
            "links(512) without end",
            "(call $links (local.get $handle) (i32.const 512) (i32.const 512))",
            &links,
            |message| _ = message.links(512),
        ),
        asks_on(
            "raw() without end",
            "(call $raw (local.get $handle) (i64.const 0) (i32.const 65536) (i32.const 512))",
            &header,
            |message| _ = message.raw(0, 65_536, Recipients::Masked),
        ),
        asks_on(
            "header() by a name of 128 KB without end",
            "(memory.fill (i32.const 2097152) (i32.const 32) (i32.const 130000))
             (call $header (local.get $handle) (i32.const 2097152) (i32.const 130000) (i32.const 512))",
            &header,
            |message| _ = message.header(" ", Recipients::Masked),
        ),
        asks_on(
            "counts() without end",
            &"(call $counts (local.get $handle) (i32.const 512))".repeat(1_000),
            &header,
            |message| {
                _ = message.counts(Recipients::Masked);
            },
        ),
    ]
}

/// 2,000 fields of 2 KB, half of them hidden.
fn large_header() -> Vec<u8> {
    let field =
        |n: u32| format!("{}: {}\r\n", if n.is_multiple_of(2) { "X-Any" } else { "X-Spam-Any" }, "value ".repeat(340));
    let header: String = (0..2_000).map(field).collect();
    format!("{header}\r\ntext\r\n").into_bytes()
}

fn many_links() -> Vec<u8> {
    let links: String =
        (0..4_000).map(|n| format!("<a href=\"https://h{n}.example/{}\">t{n}</a>\n", "p".repeat(200))).collect();
    format!("Content-Type: text/html\r\n\r\n{links}").into_bytes()
}

fn large_html() -> Vec<u8> {
    format!("Content-Type: text/html\r\n\r\n{}", "<p><b>some</b> text &amp; more</p>\n".repeat(30_000)).into_bytes()
}

fn large_attachment() -> Vec<u8> {
    let line = format!("{}\r\n", "QUJD".repeat(19));
    let body = line.repeat((49 << 20) / line.len());
    let head = "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n";
    format!("{head}{body}").into_bytes()
}

fn packed(number: u64, attack: &str) -> Vec<u8> {
    let mut module = wat::parse_str(MODULE.replace("ATTACK", attack)).expect("a module");
    let mut resolve = Resolve::default();
    let package = resolve.push_str("scoring.wit", CONTRACT).expect("the contract");
    let world = resolve.select_world(&[package], Some("plugin")).expect("its world");
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).expect("it is of that world");
    let reads = ["size", "headers", "text", "html", "links", "attachments", "raw"];
    let (name, version) = ("late".parse().expect("a name"), semver::Version::new(1, 0, number));
    let reads = reads.into_iter().filter_map(Reads::from_name).fold(Reads::default(), |all, one| all | one);
    let manifest = Manifest::new(name, version, Scale::Probability, reads)
        .limits(ManifestLimits::default().memory_bytes_max(64 << 20).deadline_ms(DEADLINE.as_millis() as u64))
        .self_test(SelfTest::new("empty", "", 0.0));
    switchback_pack::pack_module(&module, &[], &manifest).expect("it packs")
}
