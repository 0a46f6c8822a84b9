//! What a fingerprint costs beside what scoring derives anyway.

use std::hint::black_box;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use switchback::Message;

use crate::corpus::Mail;
use crate::table;

pub(crate) fn report(corpus: &[Mail]) {
    let mut all: Vec<_> = corpus.iter().map(|mail| (mail.bytes.len(), cost(&mail.bytes))).collect();
    let mut typical: Vec<_> = all.iter().copied().filter(|(bytes, _)| (3_072..5_120).contains(bytes)).collect();
    let rows = [("3 to 5 KiB", &mut typical), ("all", &mut all)].map(|(what, costs)| {
        costs.sort_by_key(|(_, cost)| *cost);
        let quantile = |part: usize| format!("{:.1} us", costs[(costs.len() - 1) * part / 100].1.as_secs_f64() * 1e6);
        vec![what.to_owned(), costs.len().to_string(), quantile(50), quantile(99)]
    });
    table::print("Cost", &["messages", "count", "median", "99th percentile"], &rows);
}

/// The processor time of one fingerprint, everything else derived before.
fn cost(bytes: &[u8]) -> Duration {
    let message = Message::parse(bytes);
    black_box((message.subject(), message.from(), message.text(usize::MAX), message.links(usize::MAX)));
    black_box((message.attachments(), message.authentication()));
    let used = || Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap();
    let started = used();
    black_box(message.fingerprint());
    used() - started
}
