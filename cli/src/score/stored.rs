//! Scoring as a slot of a store does.

pub(super) mod lines;
pub(super) mod totals;

use std::io::{self, BufWriter, Write};
use std::path::Path;

use switchback::control::StoreState;
use switchback::journal::JournalConfig;
use switchback::{Control, Message, Runtime, Slot, SlotConfig, Verdict};
use switchback_corpus::{Entry, Unread};

use self::totals::Totals;
use super::{Args, Exit, Usage};
use crate::args;
use crate::journal;
use crate::parallel::Workers;
use crate::progress::{Busy, Progress};
use crate::schema::json_line;
use crate::show;
use crate::store::slot::Slots;

/// What this process calls itself in the register of the store.
const NAME: &str = "switchback score";

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let dir = args.store.dir().map_err(|_| {
        Usage("what is to score? Name releases with -m, or a store with --store or in SWITCHBACK_STORE".to_owned())
    })?;
    let thresholds = args.thresholds.thresholds()?;
    let corpus = args::open(&args.inputs, args.message.reading())?;
    let threads = args.threads.count();
    let control = Control::open(&dir)?;
    let state = control.state()?;
    let name = Slots::of(&state, &control.processes()?).existing(args.slot.named())?;
    // Of a database whose files are replaced below it a process lets go only where all of it does.
    drop(control);
    let used = state.slots.get(&name).map_or(0, |slot| slot.releases().count());
    let instances = u32::try_from(2 * threads * used).unwrap_or(u32::MAX).clamp(64, 20_000);
    let config = SlotConfig::new(&name).thresholds(thresholds);
    let alerts = args.sinks.config()?;
    let builder = Runtime::builder().instances(instances).name(NAME).store_dir(&dir).slot(config).alerts(alerts);
    let builder = args.runtime.grant(builder);
    let builder = match args.journal {
        // Nobody waits for an answer here: what scores beside it may have all of the CPU.
        true => builder.journal(JournalConfig::new(journal::of_store(&dir))).shadow_cpu_share(1.0),
        // Nobody would see what it says.
        false => builder.shadow_cpu_share(0.0),
    };
    let busy = Busy::with(format!("loading the releases of {}", dir.display()));
    let runtime = builder.build()?;
    drop(busy);
    let slot = runtime.slot(&name)?;
    say_unloadable(&dir, &state, &slot)?;
    let mut progress = Progress::over(corpus.bytes(), !args.summary);
    let mut report = Report { args, slot: &name, totals: Totals::default(), out: BufWriter::new(io::stdout()) };
    Workers::start(threads)?.in_order(
        corpus,
        |entry| judge(entry, &slot, args),
        |(name, judged)| {
            match &judged {
                Ok((message, verdict)) => report.message(&name, message, verdict, &progress)?,
                Err(unread) => {
                    report.totals.missed.add(unread);
                    progress.say(&unread.about(&name));
                }
            }
            progress.message(judged.map_or(0, |(message, _)| message.len() as u64));
            Ok(())
        },
    )?;
    progress.finish();
    runtime.flush();
    let lost = runtime.journal_counts().map_or(0, |counts| counts.dropped + counts.failed + counts.gone);
    if lost > 0 {
        crate::exit::say(&format!("{} could not be written into the journal", show::counted(lost, "record")));
    }
    let exit = report.finish()?;
    Ok(if lost > 0 { Exit::Found } else { exit })
}

/// Says why nothing is live here, where something is in the store.
fn say_unloadable(dir: &Path, state: &StoreState, slot: &Slot) -> anyhow::Result<()> {
    let live = state.slots.get(slot.name()).and_then(|slot| slot.live.as_ref());
    let Some(live) = live.filter(|_| slot.live().is_none()) else { return Ok(()) };
    let fault = Control::open(dir)?.check_file(state, live).err();
    let why = fault.map_or_else(|| "the log says why".to_owned(), |fault| fault.to_string());
    let why = show::printable(&why, usize::MAX);
    crate::exit::say(&format!("{live} is live in {} and cannot be loaded here: {why}", slot.name()));
    Ok(())
}

fn judge(entry: Entry, slot: &Slot, args: &Args) -> (String, Result<(Message, Verdict), Unread>) {
    let (name, raw) = entry.read();
    let judged = raw.map(|raw| {
        let message = args.message.message(raw);
        let verdict = slot.score(&message);
        (message, verdict)
    });
    (name, judged)
}

/// What is printed.
struct Report<'a> {
    args: &'a Args,
    slot: &'a str,
    totals: Totals,
    out: BufWriter<io::Stdout>,
}

impl Report<'_> {
    fn message(&mut self, name: &str, message: &Message, verdict: &Verdict, progress: &Progress) -> anyhow::Result<()> {
        self.totals.add(message, verdict);
        if let Some(fault) = &verdict.fault {
            progress.say(&format!("{name}: {fault}"));
        }
        match (self.args.summary, self.args.json) {
            (true, _) => Ok(()),
            (false, true) => lines::json(name, self.slot, message, verdict, &mut self.out),
            (false, false) => Ok(lines::text(name, verdict, self.args.verbose, &mut self.out)?),
        }
    }

    fn finish(mut self) -> anyhow::Result<Exit> {
        match (self.args.summary, self.args.json) {
            (true, true) => {
                json_line(&self.totals, &mut self.out)?;
            }
            (true, false) => self.totals.write(&mut self.out)?,
            (false, _) => {}
        }
        self.out.flush()?;
        Ok(Exit::found_if(self.totals.is_incomplete()))
    }
}
