//! The processes that score, as seen by who tells the story.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use anyhow::{Context as _, bail};

use super::answers;
use super::operator::Operator;
use super::tally::Counts;
use super::traffic::Answer;
use super::worker::{self, Report};
use crate::exit::say;

/// Processes that score until the crew is dropped or told to end.
pub(super) struct Crew {
    workers: Vec<Worker>,
    news: Receiver<(usize, Option<Report>)>,
}

/// A process. It is killed when the value is dropped before it has ended.
struct Worker {
    name: String,
    child: Child,
    /// It scores while this is open.
    input: Option<ChildStdin>,
    answers: PathBuf,
    /// What it says on standard error.
    log: PathBuf,
    latest: Report,
}

impl Crew {
    /// Starts a process for each of these, and waits until all are scoring.
    pub(super) fn start(operator: &Operator, workers: &[worker::Args], dir: &Path) -> anyhow::Result<Self> {
        let (sender, news) = mpsc::channel();
        let start = |(index, args)| Worker::start(operator, args, dir, index, sender.clone());
        let workers = workers.iter().enumerate().map(start).collect::<anyhow::Result<_>>()?;
        let mut crew = Self { workers, news };
        while crew.workers.iter().any(|worker| worker.latest.begun == 0) {
            crew.listen()?;
        }
        Ok(crew)
    }

    /// Waits until one of them says how far it is.
    pub(super) fn listen(&mut self) -> anyhow::Result<()> {
        match self.news.recv().context("every process has ended")? {
            (index, Some(report)) => self.workers[index].latest = report,
            (index, None) => bail!("{}; its messages are lost", self.workers[index].last_words()),
        }
        Ok(())
    }

    /// What all of them have counted in one generation.
    pub(super) fn counts(&self, generation: usize) -> Counts {
        let counts = self.workers.iter().filter_map(|worker| worker.latest.counts.get(generation));
        counts.fold(Counts::default(), |sum, counts| sum.with(counts))
    }

    /// How many messages they have begun.
    pub(super) fn begun(&self) -> u64 {
        self.workers.iter().map(|worker| worker.latest.begun).sum()
    }

    /// Lets them end, and returns the answers of every thread, with messages numbered through: 0 to
    /// [`Crew::begun`].
    pub(super) fn end(&mut self) -> Vec<Vec<Answer>> {
        for worker in &mut self.workers {
            drop(worker.input.take());
        }
        let mut ended = 0;
        while ended < self.workers.len() {
            match self.news.recv() {
                Ok((index, Some(report))) => self.workers[index].latest = report,
                Ok((_, None)) => ended += 1,
                Err(_) => break,
            }
        }
        let mut first = 0;
        let mut all = Vec::new();
        for worker in &mut self.workers {
            for mut answers in worker.take_answers() {
                answers.iter_mut().for_each(|answer| answer.message += first);
                all.push(answers);
            }
            first += worker.latest.begun;
        }
        all
    }
}

impl Worker {
    fn start(
        operator: &Operator,
        args: &worker::Args,
        dir: &Path,
        index: usize,
        news: Sender<(usize, Option<Report>)>,
    ) -> anyhow::Result<Self> {
        let log = dir.join(format!("{}.log", args.name));
        let mut command = operator.program();
        command.arg(worker::CALLED).args(args.to_command_line());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(File::create(&log)?);
        let mut child = command.spawn().context("start this program again")?;
        let input = child.stdin.take();
        let output = child.stdout.take();
        let worker = Self {
            name: args.name.clone(),
            child,
            input,
            answers: args.answers.clone(),
            log,
            latest: Report::default(),
        };
        let output = output.context("a process without output")?;
        thread::Builder::new().name(args.name.clone()).spawn(move || forward(output, index, &news))?;
        Ok(worker)
    }

    /// Its answers. If it did not end well, they are lost, and the account will say so.
    fn take_answers(&mut self) -> Vec<Vec<Answer>> {
        let is_fine = self.child.wait().is_ok_and(|status| status.success());
        match answers::read(&self.answers) {
            Ok(answers) if is_fine => answers,
            _ => {
                say(&self.last_words());
                Vec::new()
            }
        }
    }

    /// How it ended, and what it said last.
    fn last_words(&mut self) -> String {
        let status = self.child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let said = log.trim().trim_start_matches("switchback: ");
        let said = if said.is_empty() { String::new() } else { format!(": {said}") };
        format!("{} has ended ({status}){said}", self.name)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Both fail if it has ended, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Hands on what a process says, and that it has ended.
fn forward(output: ChildStdout, index: usize, news: &Sender<(usize, Option<Report>)>) {
    let reports = BufReader::new(output).lines().map_while(Result::ok);
    for report in reports.filter_map(|line| serde_json::from_str(&line).ok()) {
        // Nobody listens any more when the story is over.
        let _ = news.send((index, Some(report)));
    }
    let _ = news.send((index, None));
}
