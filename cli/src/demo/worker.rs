//! One of the processes of the demonstration. It runs this program, and is no command of anybody's.

use std::ffi::OsString;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::thread;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use clap::Parser as _;
use serde::{Deserialize, Serialize};
use switchback::journal::JournalConfig;
use switchback::{Control, Runtime, SlotConfig};

use super::answers;
use super::mail::Source;
use super::quarantine::Quarantine;
use super::script::{GENERATIONS, SLOT};
use super::tally::Counts;
use super::traffic::{Answer, Clock, Share, Traffic};
use crate::args::MessageArgs;
use crate::exit::Exit;
use crate::journal;
use crate::schema::json_line;

/// How often it says how far it is.
const REPORT_INTERVAL: Duration = Duration::from_millis(20);

/// What the first argument of the program is where it is such a process.
pub(super) const CALLED: &str = "demo-worker";

/// What such a process is told.
#[derive(clap::Parser, Clone, Debug)]
pub(crate) struct Args {
    /// The store that it follows
    #[arg(long)]
    pub(super) store: PathBuf,

    /// What it calls itself
    #[arg(long)]
    pub(super) name: String,

    /// Which of the processes it is, from 0 on
    #[arg(long)]
    pub(super) index: u64,

    /// How many there are
    #[arg(long)]
    pub(super) of: u64,

    /// How many threads score
    #[arg(long)]
    pub(super) threads: usize,

    /// Where to write the answers
    #[arg(long)]
    pub(super) answers: PathBuf,

    /// Where to put what is held back
    #[arg(long)]
    pub(super) quarantine: PathBuf,

    /// From when on times are counted, in nanoseconds since 1970
    #[arg(long)]
    pub(super) epoch_ns: u64,

    /// The seed of generated mail
    #[arg(long)]
    pub(super) seed: u64,

    /// Score this mail instead
    #[arg(long)]
    pub(super) corpus: Option<PathBuf>,

    #[command(flatten)]
    pub(super) message: MessageArgs,
}

impl Args {
    /// The arguments, if the program was started as such a process.
    pub(crate) fn if_called() -> Option<Self> {
        let mut arguments = std::env::args_os().skip(1).peekable();
        arguments.peek().is_some_and(|first| first == CALLED).then(|| Self::parse_from(arguments))
    }

    /// Scores until standard input is closed, which it is at the latest when the demonstration ends, however it ends.
    pub(crate) fn run(&self) -> anyhow::Result<Exit> {
        let clock = Clock::since(SystemTime::UNIX_EPOCH + Duration::from_nanos(self.epoch_ns));
        let source = match &self.corpus {
            Some(corpus) => Source::corpus(corpus, &self.message).context("the corpus is gone")?,
            None => Source::generated(self.seed),
        };
        let instances = u32::try_from(8 * self.threads).unwrap_or(u32::MAX).clamp(64, 20_000);
        let builder = Runtime::builder().slot(SlotConfig::new(SLOT)).instances(instances);
        let journal = JournalConfig::new(journal::of_store(&self.store));
        let runtime = builder.name(&self.name).store_dir(&self.store).journal(journal).build()?;
        let slot = runtime.slot(SLOT)?;
        let state = Control::open(&self.store)?.state()?;
        // By name and version, as whoever counts the answers numbers them.
        let mut releases: Vec<_> = state.releases.into_values().map(|stored| stored.id).collect();
        releases.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
        let share = Share { index: self.index, of: self.of };
        let traffic = Traffic::new(&slot, &releases, &source, clock, share, GENERATIONS);
        let answered = score(&traffic, self.threads, &self.quarantine)?;
        answers::write(&self.answers, &answered).context("write the answers")?;
        tell(&traffic)?;
        Ok(Exit::Fine)
    }

    /// As the command line that it is read from.
    pub(super) fn to_command_line(&self) -> Vec<OsString> {
        let numbers = [
            ("--index", self.index),
            ("--of", self.of),
            ("--threads", self.threads as u64),
            ("--epoch-ns", self.epoch_ns),
            ("--seed", self.seed),
        ];
        let paths = [
            ("--store", Some(&self.store)),
            ("--answers", Some(&self.answers)),
            ("--quarantine", Some(&self.quarantine)),
            ("--corpus", self.corpus.as_ref()),
        ];
        let mut line: Vec<OsString> = vec!["--name".into(), self.name.clone().into()];
        for (name, number) in numbers {
            line.extend([name.into(), number.to_string().into()]);
        }
        for (name, path) in paths {
            line.extend(path.into_iter().flat_map(|path| [name.into(), path.into()]));
        }
        line.extend(self.message.to_command_line());
        line
    }
}

/// How far a process is: a line on its standard output.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Report {
    pub(super) begun: u64,
    /// By generation.
    pub(super) counts: Vec<Counts>,
}

/// Scores on these threads, says how far they are, and returns the answers of each.
fn score(traffic: &Traffic<'_>, threads: usize, quarantine: &Path) -> anyhow::Result<Vec<Vec<Answer>>> {
    thread::scope(|scope| {
        let quarantine = Quarantine::open(scope, quarantine)?;
        let work = |held_back: Sender<_>| move || traffic.score_without_pause(&held_back);
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work(quarantine.inbox()))).collect();
        scope.spawn(|| {
            // Whatever comes, and also an error: nobody is there any more.
            let _ = io::stdin().read_to_end(&mut Vec::new());
            traffic.stop();
        });
        while !traffic.is_stopped() {
            if tell(traffic).is_err() {
                traffic.stop();
            }
            thread::sleep(REPORT_INTERVAL);
        }
        // A thread that panicked has lost its message, and takes its answers with it: they all count as lost.
        let answers = workers.into_iter().map(|worker| worker.join().unwrap_or_default()).collect();
        quarantine.close()?;
        Ok(answers)
    })
}

fn tell(traffic: &Traffic<'_>) -> anyhow::Result<()> {
    let report = Report { begun: traffic.begun(), counts: traffic.counts() };
    let mut out = io::stdout().lock();
    json_line(&report, &mut out)?;
    Ok(out.flush()?)
}
