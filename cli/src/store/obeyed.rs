//! Which processes obey a change.

use std::io::{self, Write};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use switchback::control::{Acknowledgements, Lasting, Obeyed, ProcessNumber, StoreError, StoreProcess};

use super::text;
use crate::exit::{Exit, say};
use crate::show;

/// Who obeys, and who has not said so.
#[derive(Debug, Default, JsonSchema, Serialize)]
pub(super) struct Census {
    obeyed: Vec<Obeys>,
    silent: Vec<StoreProcess>,
    /// Why it is not known which processes have applied it.
    #[serde(skip_serializing_if = "Option::is_none")]
    unknown: Option<String>,
}

/// A process that obeys.
#[derive(Debug, JsonSchema, Serialize)]
struct Obeys {
    process: ProcessNumber,
    name: String,
    pid: u32,
    #[serde(rename = "after_ms", serialize_with = "milliseconds")]
    #[schemars(with = "f64")]
    after: Duration,
    problem: Option<String>,
}

impl Census {
    /// Of a change that stands: where it cannot be asked who obeys, that is said, and nothing is wrong with the change.
    pub(super) fn of(acknowledgements: Result<Acknowledgements, StoreError>) -> Self {
        match acknowledgements {
            Ok(acknowledgements) => Self::known(acknowledgements),
            Err(error) => Self { unknown: Some(error.to_string()), ..Self::default() },
        }
    }

    fn known(acknowledgements: Acknowledgements) -> Self {
        let mut obeyed: Vec<_> = acknowledgements.obeyed.into_iter().map(Obeys::of).collect();
        obeyed.sort_by_key(|one| one.after);
        Self { obeyed, silent: acknowledgements.silent, unknown: None }
    }

    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let all = (self.obeyed.len() + self.silent.len()) as u64;
        match self.obeyed.last() {
            None if self.unknown.is_some() => writeln!(out, "it is not known which processes have applied it")?,
            None if all == 0 => {
                writeln!(out, "no process follows the store now; processes will apply it when they start")?
            }
            None => writeln!(out, "applied by none of {}", processes(all))?,
            Some(last) => writeln!(
                out,
                "applied by {} of {}, the last after {:.1} ms",
                self.obeyed.len(),
                processes(all),
                last.after.as_secs_f64() * 1e3
            )?,
        }
        let width = self.names().map(|name| name.chars().count()).max().unwrap_or(0);
        for Obeys { process, name, pid, after, problem } in &self.obeyed {
            let name = show::padded(&show::printable(name, text::NAME_CHARS_MAX), width);
            let problem = if problem.is_some() { "  with a problem" } else { "" };
            let after = after.as_secs_f64() * 1e3;
            writeln!(out, "  {name}  process {process:<3} pid {pid:<7} {after:>8.1} ms{problem}")?;
        }
        for process in &self.silent {
            let name = show::padded(&show::printable(&process.registered.name, text::NAME_CHARS_MAX), width);
            let (number, pid) = (process.number, process.registered.pid);
            writeln!(out, "  {name}  process {number:<3} pid {pid:<7}   silent")?;
        }
        Ok(())
    }

    fn names(&self) -> impl Iterator<Item = String> {
        let silent = self.silent.iter().map(|process| &process.registered.name);
        self.obeyed.iter().map(|one| &one.name).chain(silent).map(|name| show::printable(name, text::NAME_CHARS_MAX))
    }

    /// Says who does not obey, or not in full.
    pub(super) fn complain(&self, waited: Duration) -> Exit {
        for Obeys { process, name, pid, problem, .. } in &self.obeyed {
            if let Some(problem) = problem {
                say(&format!("{name} (process {process}, pid {pid}): {problem}"));
            }
        }
        if let Some(why) = &self.unknown {
            say(&format!("the change is made, but it is not known which processes have applied it: {why}"));
        }
        for process in &self.silent {
            let (label, waited) = (text::process(process), Lasting(waited));
            say(&format!(
                "{label} has not applied it within {waited}; the change is made, and takes effect there once it has"
            ));
        }
        Exit::found_if(
            self.unknown.is_some() || !self.silent.is_empty() || self.obeyed.iter().any(|one| one.problem.is_some()),
        )
    }
}

impl Obeys {
    fn of(obeyed: Obeyed) -> Self {
        let Obeyed { process, name, pid, after, problem, .. } = obeyed;
        Self { process, name, pid, after, problem }
    }
}

fn processes(count: u64) -> String {
    if count == 1 { "1 process".to_owned() } else { format!("{} processes", show::count(count)) }
}

fn milliseconds<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_nanos() as f64 / 1e6)
}
