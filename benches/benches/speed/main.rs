//! What does a verdict cost, and what of it is the sandbox's price? Every row of `docs/speed.md`, on generated mail and on the corpora.
//!
//! `cargo xtask bench speed` prints the rows, and with `-- --write` puts them on the page. `--messages N` and `--rounds N` make a run
//! shorter; `--large` measures large messages instead. What is compared runs in turn, on one thread. Times are those for which processors worked for this process, so what
//! it does in the background is among them, and what others do is not; each is the median of all rounds.

#![expect(clippy::expect_used, reason = "a bench has nobody to report to")]

mod allocations;
mod bogofilter;
mod extism;
mod large;
mod models;
mod shared;
mod table;
mod verdict;

use std::time::Duration;

use switchback::{LocalRuntime, LocalSlot, Message, SlotConfig};
use switchback_benches::{Mail, runtime_builder};

use crate::models::Model;
use crate::table::Table;

/// Messages of each kind of mail, and rounds, unless the command line says otherwise.
const MESSAGES: usize = 500;
const ROUNDS: usize = 15;

/// What all rows are measured with.
struct Bench {
    runtime: LocalRuntime,
    mail: Vec<Mail>,
    rounds: usize,
    table: Table,
}

fn main() {
    // Cargo says that this is a bench.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let number = |name: &str, default| {
        let at = arguments.iter().position(|argument| argument == name);
        at.and_then(|at| arguments.get(at + 1)).map_or(default, |text| text.parse().expect("a number"))
    };
    // Without a cool-off: the release that was live before would score beside the one that is measured.
    let slot = SlotConfig::new("inbound").cool_off(Duration::ZERO);
    let mut bench = Bench {
        runtime: runtime_builder().slot(slot).build().expect("a runtime"),
        mail: Mail::all(number("--messages", MESSAGES)),
        rounds: number("--rounds", ROUNDS),
        table: Table::new("the table", &["what", "mail", "a message", "beside", "ratio"]),
    };
    let write = arguments.iter().any(|argument| argument == "--write");
    let mut models = Model::all(&bench.runtime);
    table::print_load("at the beginning");
    if arguments.iter().any(|argument| argument == "--large") {
        large::table(&bench, &models).show(write);
        return table::print_load("at the end");
    }
    bench.verdict_over_parsing(&models);
    bench.verdict_over_bogofilter(&models);
    bench.sandboxed_over_native(&mut models);
    bench.features_over_text(&models);
    bench.eight_over_one(&models);
    bench.allocations(&models);
    extism::compare(&mut bench, &models);
    table::print_load("at the end");
    bench.table.show(write);
}

impl Bench {
    /// Makes a release the live one, unless it is.
    fn promote(&self, model: &Model) -> LocalSlot {
        let slot = self.runtime.slot("inbound").expect("the slot");
        if slot.live().is_none_or(|live| live != model.id) {
            slot.promote(&model.id).expect("it is loaded");
        }
        slot
    }

    /// Messages with everything derived, each of which the models have scored once.
    fn warm(&self, mail: &Mail, models: &[&Model]) -> Vec<Message> {
        let messages = mail.warm();
        for message in &messages {
            models.iter().for_each(|model| model.score(&self.runtime, message));
        }
        messages
    }
}
