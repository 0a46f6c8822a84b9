//! How long does training on a million messages take, and how much memory?
//!
//! `train_scale MESSAGES` generates mail like that of the 2020s and trains on it. Generating is timed apart: who trains has mail.

use std::error::Error;
use std::fs;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rayon::prelude::*;
use switchback::Message;
use switchback_mailgen::{Generated, Generator, Mix};
use switchback_train::{Collection, Example, KINDS, Label, Step, Trainer};

/// Messages that are in memory at once.
const CHUNK: usize = 2_000;

const SEED: u64 = 7_004_001;

fn main() -> Result<(), Box<dyn Error>> {
    let messages: u64 = std::env::args().nth(1).ok_or("how many messages?")?.parse()?;
    let temp = std::env::temp_dir();
    let generator = Generator::with_mix(SEED, Mix::modern());
    let mut collection = Collection::new(&temp, KINDS)?;
    let (mut generating, mut reading, mut bytes) = (Duration::ZERO, Duration::ZERO, 0);
    for start in (0..messages).step_by(CHUNK) {
        let begun = Instant::now();
        let chunk = start..messages.min(start + CHUNK as u64);
        let mail: Vec<(u64, Generated)> =
            chunk.into_par_iter().map(|number| (number, generator.nth_message(number))).collect();
        bytes += mail.iter().map(|(_, one)| one.bytes.len()).sum::<usize>();
        generating += begun.elapsed();

        let begun = Instant::now();
        let examples: Vec<_> = mail.into_par_iter().map(|(number, one)| example(number, one)).collect();
        examples.into_iter().try_for_each(|example| collection.add(example))?;
        reading += begun.elapsed();
    }
    let steps = Steps::default();
    let trained = Trainer::default().folder(temp).train(collection, |step| steps.now(name(step)))?;
    steps.now("packing");
    let release = trained.pack("scale".parse()?, semver::Version::new(1, 0, 0))?;

    println!("not counted:  generating {messages} messages of {bytes} bytes: {}", seconds(generating));
    println!("reading:      {} ({:.0} messages/s)", seconds(reading), messages as f64 / reading.as_secs_f64());
    let mut all = reading;
    for (name, took) in steps.all() {
        all += took;
        println!("{:<13} {}", format!("{name}:"), seconds(took));
    }
    println!("all:          {}, {}, {} threads", seconds(all), peak()?, rayon::current_num_threads());
    let (mail, at) = (&trained.report.mail, &trained.report.default);
    println!(
        "learned from: {} wanted and {} unwanted, of {} campaigns",
        mail.training_ham, mail.training_spam, mail.campaigns
    );
    println!(
        "at 0.5:       {} of {} found, {} of {} flagged; a release of {} bytes",
        at.recall.part,
        at.recall.whole,
        at.false_positives.part,
        at.false_positives.whole,
        release.len()
    );
    Ok(())
}

fn example(number: u64, one: Generated) -> Example {
    let label = if one.kind.is_unwanted() { Label::Spam } else { Label::Ham };
    Example::new(number.to_string(), label, &Message::parse(one.bytes), KINDS)
}

fn name(step: Step) -> &'static str {
    match step {
        Step::Sorting => "sorting",
        Step::Preparing => "preparing",
        Step::Learning { .. } => "learning",
        _ => "measuring",
    }
}

/// When each step began.
#[derive(Default)]
struct Steps(Mutex<Vec<(&'static str, Instant)>>);

impl Steps {
    fn now(&self, name: &'static str) {
        let mut steps = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // Other threads tell of rounds that end.
        if steps.iter().all(|(other, _)| *other != name) {
            steps.push((name, Instant::now()));
        }
    }

    /// How long each took, the last until now.
    fn all(&self) -> Vec<(&'static str, Duration)> {
        let steps = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let ends = steps.iter().skip(1).map(|(_, began)| *began).chain([Instant::now()]);
        steps.iter().zip(ends).map(|((name, began), end)| (*name, end - *began)).collect()
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

/// The most memory that this process had.
fn peak() -> Result<String, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("this is not Linux")?;
    Ok(format!("at most {}", line.trim()))
}
