//! Replies, byte by byte as clients read them.

use super::request::Request;
use super::verb::{Dialect, Verb};
use crate::serve::letter::Letter;
use crate::serve::opinion::Opinion;

/// The answer to a ping.
pub(super) fn pong(dialect: Dialect) -> Vec<u8> {
    match dialect {
        Dialect::Spamc(_) => b"SPAMD/1.5 0 PONG\r\n".to_vec(),
        Dialect::Rspamc => b"RSPAMD/1.3 0 PONG\r\n".to_vec(),
    }
}

/// The answer to a request that was judged.
pub(super) fn of(request: &Request, opinion: &Opinion, letter: &Letter) -> Vec<u8> {
    match request.dialect {
        Dialect::Spamc(_) => spamd(request, opinion, letter),
        Dialect::Rspamc => rspamd(opinion),
    }
}

/// As spamd replies: `Content-length` alone where it sends a message to a client of version 1.2, `Spam` alone where it sends such
/// a client something else, and both to later ones.
fn spamd(request: &Request, opinion: &Opinion, letter: &Letter) -> Vec<u8> {
    let points = opinion.points;
    let body = body(request, opinion, letter);
    let is_message = matches!(request.verb, Verb::Process | Verb::Headers);
    let has_lengths = request.dialect.has_lengths();
    let mut reply = "SPAMD/1.1 0 EX_OK\r\n".to_owned();
    if is_message || has_lengths {
        reply += &format!("Content-length: {}\r\n", body.len());
    }
    if !is_message || has_lengths {
        let is_spam = if points.is_spam() { "True" } else { "False" };
        reply += &format!("Spam: {is_spam} ; {:.2} / {:.2}\r\n", points.score(), points.required());
    }
    [reply.as_bytes(), b"\r\n", &body].concat()
}

fn body(request: &Request, opinion: &Opinion, letter: &Letter) -> Vec<u8> {
    let changed = || letter.changed_header(|header| opinion.decision.rewritten(header));
    match request.verb {
        Verb::Symbols => {
            let names: Vec<_> = opinion.symbols().into_iter().map(|symbol| symbol.name).collect();
            let end = if request.dialect.has_lengths() { "" } else { "\r\n" };
            (names.join(",") + end).into_bytes()
        }
        Verb::Report => opinion.report().into_bytes(),
        Verb::ReportIfSpam if opinion.points.is_spam() => opinion.report().into_bytes(),
        Verb::Headers => [changed().0, letter.line_end().to_vec()].concat(),
        Verb::Process => {
            let (header, body) = changed();
            [&header, body].concat()
        }
        _ => Vec::new(),
    }
}

/// As Rspamd replied before it spoke HTTP, and as Exim reads it.
fn rspamd(opinion: &Opinion) -> Vec<u8> {
    let points = opinion.points;
    let is_spam = if points.is_spam() { "True" } else { "False" };
    let (score, required, reject) = (points.score(), points.required(), points.reject());
    let mut reply = format!(
        "RSPAMD/1.3 0 EX_OK\r\nMetric: default; {is_spam}; {score:.2} / {required:.2} / {reject:.2}\r\nAction: {}\r\n",
        opinion.action()
    );
    for symbol in opinion.symbols() {
        reply += &format!("Symbol: {}({:.2})\r\n", symbol.name, symbol.weight);
    }
    for line in opinion.report().lines() {
        reply += &format!("Report: {line}\r\n");
    }
    (reply + "\r\n").into_bytes()
}
