//! Which processes have a release ready.

use std::fmt;
use std::thread;
use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::Serialize;
use switchback::control::{Lasting, LoadedRelease, PromoteError};
use switchback::{Control, ReleaseId};

use crate::exit::{Exit, chain, say};
use crate::store::text;

/// How long a process that could not load a release is given to notice that its file is whole again. It looks ten times
/// a second.
const NOTICE_TIME: Duration = Duration::from_secs(1);

/// Which processes have a release ready, by their names.
#[derive(Debug, Default, JsonSchema, Serialize)]
pub(super) struct Readiness {
    ready: Vec<String>,
    failed: Vec<Failed>,
    silent: Vec<String>,
    /// Why it is not known where it is ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    unknown: Option<String>,
    #[serde(skip)]
    waited: Duration,
}

/// A process that cannot load it.
#[derive(Debug, JsonSchema, Serialize)]
struct Failed {
    process: String,
    why: String,
}

impl Readiness {
    /// Waits until every process has said whether it has a release ready.
    pub(super) fn awaited(control: &Control, release: &ReleaseId, added: &LoadedRelease, waited: Duration) -> Self {
        let (begin, was_there) = (Instant::now(), !matches!(added, LoadedRelease::New(_)));
        loop {
            return match control.wait_until_ready(release, waited) {
                Ok(processes) => {
                    Self { ready: processes.iter().map(text::process).collect(), waited, ..Self::default() }
                }
                Err(PromoteError::Unable { .. }) if was_there && begin.elapsed() < NOTICE_TIME => {
                    thread::sleep(NOTICE_TIME / 20);
                    continue;
                }
                Err(PromoteError::Unable { processes, .. }) => {
                    let failed = processes.into_iter().map(|(process, why)| Failed { process, why }).collect();
                    Self { failed, waited, ..Self::default() }
                }
                Err(PromoteError::Silent { processes, .. }) => Self { silent: processes, waited, ..Self::default() },
                // The release is loaded, whatever can be asked.
                Err(error) => Self { unknown: Some(chain(&error)), waited, ..Self::default() },
            };
        }
    }

    /// Says where it is not ready.
    pub(super) fn complain(&self, release: &ReleaseId) -> Exit {
        for Failed { process, why } in &self.failed {
            say(&format!("{process} cannot load {release}: {why}"));
        }
        for process in &self.silent {
            let waited = Lasting(self.waited);
            say(&format!("{process} has not said within {waited} that {release} is ready"));
        }
        if let Some(why) = &self.unknown {
            say(&format!("{release} is loaded; which processes have it ready cannot be asked: {why}"));
        }
        Exit::found_if(self.unknown.is_some() || !self.failed.is_empty() || !self.silent.is_empty())
    }
}

/// `ready in filter (process 1, pid 4711)`.
impl fmt::Display for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.unknown.is_some() {
            return f.write_str("it is not known where it is ready");
        }
        match (self.ready.as_slice(), self.failed.is_empty() && self.silent.is_empty()) {
            ([], true) => {
                f.write_str("no process follows the store now; those that start make it ready when it is asked for")
            }
            ([], false) => f.write_str("not ready everywhere"),
            (ready, _) => write!(f, "ready in {}", ready.join(", ")),
        }
    }
}
