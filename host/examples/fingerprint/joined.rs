//! Messages that have one fingerprint: are they alike?

use std::collections::BTreeMap;

use switchback::message::Fingerprint;

use crate::corpus::Mail;
use crate::shingles::pairs;
use crate::table;

/// Messages that resemble each other less should not have been joined.
const RESEMBLANCE_MIN: f64 = 0.5;
/// Examples that are named.
const EXAMPLES: usize = 15;

/// Two messages with one fingerprint.
struct Pair {
    resemblance: f64,
    places: (usize, usize),
}

pub(crate) fn report(corpus: &[Mail]) {
    let mut groups: BTreeMap<Fingerprint, Vec<usize>> = BTreeMap::new();
    for (index, mail) in corpus.iter().enumerate() {
        groups.entry(mail.fingerprint).or_default().push(index);
    }
    let shared: Vec<_> = groups.values().filter(|group| group.len() > 1).collect();
    let judged: Vec<Vec<Pair>> =
        shared.iter().map(|group| pairs(group).map(|pair| judge(corpus, pair)).collect()).collect();
    let is_wrong = |pair: &&Pair| pair.resemblance < RESEMBLANCE_MIN;
    let pairs = judged.iter().map(Vec::len).sum::<usize>();
    let mut wrong: Vec<&Pair> = judged.iter().flatten().filter(is_wrong).collect();
    let wrong_groups = judged.iter().filter(|group| group.iter().any(|pair| is_wrong(&pair))).count();
    let row = |what: &str, count: usize, of: usize| vec![what.to_owned(), count.to_string(), table::share(count, of)];
    let members = shared.iter().map(|group| group.len()).sum();
    table::print(
        "Joined",
        &["what", "count", "share"],
        &[
            row("distinct fingerprints, of messages", groups.len(), corpus.len()),
            row("messages that share theirs", members, corpus.len()),
            row("fingerprints with several messages", shared.len(), groups.len()),
            row("of these, with a pair that resembles less than 0.5", wrong_groups, shared.len()),
            row("pairs with one fingerprint", pairs, pairs),
            row("of these, that resemble less than 0.5", wrong.len(), pairs),
        ],
    );
    wrong.sort_by(|a, b| a.resemblance.total_cmp(&b.resemblance).then(a.places.cmp(&b.places)));
    for pair in wrong.iter().take(EXAMPLES) {
        let (first, second) = pair.places;
        println!("    {:.2} {} {}", pair.resemblance, corpus[first].path, corpus[second].path);
    }
    println!();
}

fn judge(corpus: &[Mail], places: (usize, usize)) -> Pair {
    Pair { resemblance: corpus[places.0].shingles.resemblance(&corpus[places.1].shingles), places }
}
