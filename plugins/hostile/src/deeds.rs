//! What a model can do that is worse than a bad answer.

use crate::answers;
use std::hint::black_box;
use switchback_guest::features::{FeatureKind, sum};
use switchback_guest::print::{dbg, eprintln, print, println};
use switchback_guest::{Error, Level, Message, Outcome, Score, log};

/// Executes `unreachable` without a panic before it.
pub(crate) fn trap() -> ! {
    #[cfg(target_arch = "wasm32")]
    core::arch::wasm32::unreachable();
    #[cfg(not(target_arch = "wasm32"))]
    std::process::abort();
}

/// Never returns.
pub(crate) fn run_forever<T>() -> T {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

/// Calls itself without end, for any subject that does not say when to stop: the compiler cannot see that it
/// has none, and the work after the call keeps it from making a loop of it. Little of it lives in memory.
pub(crate) fn recurse(message: &Message, depth: u64) -> u64 {
    if message.subject().ends_with("enough") {
        return depth;
    }
    recurse(message, depth.wrapping_add(1)).rotate_left(7) ^ depth
}

/// Calls itself without end, with four kilobytes of memory each time.
pub(crate) fn recurse_with_memory(depth: u8) -> u8 {
    let local = black_box([depth; 4096]);
    if local[100] != depth {
        return depth;
    }
    recurse_with_memory(depth.wrapping_add(1)).rotate_left(1) ^ local[200]
}

/// Allocates and writes until there is no memory left.
pub(crate) fn fill_memory() -> Result<Outcome, Error> {
    let mut kept = Vec::new();
    loop {
        kept.push(black_box(vec![1_u8; 1 << 20]));
    }
}

/// Logs without end.
pub(crate) fn flood_log() -> Result<Outcome, Error> {
    loop {
        log(Level::Error, "the hostile model has so much to say");
    }
}

/// Prints, a line of which does not end.
pub(crate) fn print() -> Outcome {
    print!("one ");
    println!("line");
    eprintln!("two\nlines");
    let two = dbg!(1 + 1);
    print!("begun");
    answers::after(two)
}

/// Panics when nobody keeps another line.
pub(crate) fn panic_late() -> Result<Outcome, Error> {
    print!("begun");
    (0..100).for_each(|line| log(Level::Debug, &format!("line {line}")));
    panic!("after so many lines");
}

/// Gives the SDK a weight that is no number.
pub(crate) fn add_no_number() -> Outcome {
    Score::log_odds().reason("A", black_box(f64::NAN), "").into()
}

/// Asks the SDK for a weight that is not there.
pub(crate) fn sum_beyond_the_weights() -> Outcome {
    answers::after(sum(&[0.5_f32; 4], black_box(&[1, 9, 2])))
}

/// Allocates patterns in blocks of many sizes, in the way that vectors grow too, and frees all but the first.
pub(crate) fn forget() -> Vec<u8> {
    let pattern =
        |number: u8| -> Vec<u8> { (0..24_u8).map(|i| i.wrapping_mul(29) ^ number.wrapping_mul(67) ^ 0x5A).collect() };
    let kept = pattern(0);
    let mut freed = Vec::new();
    for number in 1..=40_u8 {
        let mut grown = Vec::new();
        for _ in 0..=u32::from(number).pow(2) {
            grown.extend(pattern(number));
        }
        // What is freed lies between what is not.
        freed.push((black_box(grown), black_box(vec![number; 40])));
    }
    drop(black_box(freed));
    kept
}

/// Logs one line of a megabyte.
pub(crate) fn log_long_line() -> Outcome {
    log(Level::Warn, &"long ".repeat(200_000));
    answers::even()
}

/// Reads what the manifest should not declare.
pub(crate) fn read_raw(message: &Message) -> Outcome {
    answers::after(message.raw(0, 16))
}

/// Logs a line for each kind and field, one of the structure, and one of facts. The log-odds are sums of fractions of them.
pub(crate) fn tell_features(message: &Message) -> Outcome {
    let mut score = Score::log_odds();
    for kind in FeatureKind::ALL {
        let found = message.features(kind);
        score = told(score, kind.name(), &[found.subject, found.sender, found.body, found.links], found.truncated);
    }
    let found = message.structure();
    score = told(score, "structure", &[found.features], found.truncated);
    let facts = message.facts();
    log(Level::Info, &format!("{:?}", facts.values()));
    let sum: f32 = facts.values().iter().sum();
    score.reason("FACTS", f64::from(sum) / 64.0, "").into()
}

/// Logs a line for each list, and adds a reason.
fn told(score: Score, name: &str, lists: &[Vec<u32>], truncated: bool) -> Score {
    for list in lists {
        log(Level::Info, &format!("{name} {list:x?}"));
    }
    let fraction = |feature: &u32| f64::from(*feature) / f64::from(u32::MAX) - 0.5;
    let sum = lists.iter().flatten().map(fraction).sum::<f64>() / 64.0;
    score.reason(&name.to_uppercase(), sum, if truncated { "truncated" } else { "" })
}
