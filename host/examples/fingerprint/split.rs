//! Messages of one sender that are nearly alike: do they have one fingerprint?

use crate::corpus::Mail;
use crate::shingles::candidates;
use crate::table;

/// Resemblances from which on two messages are nearly alike, a row each.
const RESEMBLANCES_MIN: [f64; 4] = [0.9, 0.95, 0.98, 1.0];
/// Examples that are named.
const EXAMPLES: usize = 15;

pub(crate) fn report(corpus: &[Mail]) {
    let mut alike = Vec::new();
    for (first, second) in candidates(corpus.iter().map(|mail| &mail.shingles)) {
        let (one, other) = (&corpus[first], &corpus[second]);
        let resemblance = one.shingles.resemblance(&other.shingles);
        if resemblance >= RESEMBLANCES_MIN[0] && one.sender_domain.is_some() && one.sender_domain == other.sender_domain
        {
            alike.push((resemblance, one, other));
        }
    }
    let is_split = |(_, one, other): &&(f64, &Mail, &Mail)| one.fingerprint != other.fingerprint;
    let rows = RESEMBLANCES_MIN.map(|min| {
        let found: Vec<_> = alike.iter().filter(|(resemblance, ..)| *resemblance >= min).collect();
        let split = found.iter().copied().filter(is_split).count();
        vec![format!("{min} and more"), found.len().to_string(), split.to_string(), table::share(split, found.len())]
    });
    table::print("Split, of pairs from one sender domain", &["resemblance", "pairs", "split", "share"], &rows);
    let mut split: Vec<_> = alike.iter().filter(is_split).collect();
    split.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.path.cmp(&b.1.path)));
    let step = split.len().div_ceil(EXAMPLES).max(1);
    for (resemblance, one, other) in split.into_iter().step_by(step) {
        println!("    {resemblance:.2} {} {}", one.path, other.path);
    }
    println!();
}
