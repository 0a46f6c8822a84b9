//! Looking at the model and at the mail. That something changed is told by the kernel where it can be; what changed is looked up, so
//! nothing that is told twice, late or not at all makes a difference.

use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use rustix::io::Errno;

use super::Args;
use super::bell::Bell;
use super::event::Event;
use super::origins::Origins;
use super::tree::{Counts, Tree};
use crate::exit::say;

/// How often somebody looks who is told of changes: some file systems tell of none that another machine made.
const INTERVAL_TOLD: Duration = Duration::from_secs(2);

/// How often somebody looks who is not.
const INTERVAL_UNTOLD: Duration = Duration::from_millis(500);

/// Of the time, looking takes one part in so many at most.
const LOOKING_PART: u32 = 50;

/// Looks one after the other, where each finds a folder that nobody was told of.
const LOOKS_MAX: u32 = 10;

/// What is looked at.
pub(super) struct Watch {
    pub(super) origins: Origins,
    inputs: Vec<PathBuf>,
    bell: Option<Bell>,
    /// As of the last round.
    round: Seen,
    /// Whether there was one.
    has_begun: bool,
    looked_for: Duration,
}

/// What one look found.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) model: Tree,
    pub(super) mail: Tree,
}

impl Watch {
    pub(super) fn new(args: &Args, origins: Origins, events: Sender<Event>) -> Self {
        let bell = (!args.poll).then(|| Bell::new(events).inspect_err(|errno| say_untold(*errno)).ok()).flatten();
        let inputs = args.inputs.clone();
        Self { origins, inputs, bell, round: Seen::default(), has_begun: false, looked_for: Duration::ZERO }
    }

    /// Looks, until all folders are those of which changes are told.
    pub(super) fn look(&mut self) -> Seen {
        let begun = Instant::now();
        let mut seen = self.look_once();
        for _ in 1..LOOKS_MAX {
            if !self.is_anything_new(&seen) {
                break;
            }
            seen = self.look_once();
        }
        self.looked_for = begun.elapsed();
        seen
    }

    fn look_once(&mut self) -> Seen {
        Seen {
            model: Tree::look(&self.origins.roots(), Counts::Content, &self.round.model),
            mail: Tree::look(&self.inputs, Counts::Stamps, &self.round.mail),
        }
    }

    fn is_anything_new(&mut self, seen: &Seen) -> bool {
        let Some(bell) = &mut self.bell else { return false };
        match bell.keep(seen.model.folders().chain(seen.mail.folders())) {
            Ok(is_any_new) => is_any_new,
            Err(errno) => {
                say_untold(errno);
                self.bell = None;
                false
            }
        }
    }

    /// How long to wait until the next look, if nothing is told.
    pub(super) fn interval(&self) -> Duration {
        let interval = if self.bell.is_some() { INTERVAL_TOLD } else { INTERVAL_UNTOLD };
        interval.max(self.looked_for * LOOKING_PART)
    }

    /// What changed since the last round: of the model, and of the mail.
    pub(super) fn changes(&self, seen: &Seen) -> [Vec<PathBuf>; 2] {
        [seen.model.changes_since(&self.round.model), seen.mail.changes_since(&self.round.mail)]
    }

    /// Packing says that it uses this: it is looked at from now on, and what is there now is no change.
    pub(super) fn use_too(&mut self, path: &Path) {
        if let Some(root) = self.origins.use_too(path) {
            let found = Tree::look(&[root], Counts::Content, &self.round.model);
            self.round.model.add(found);
        }
    }

    /// Whether no round has begun yet.
    pub(super) fn is_new(&self) -> bool {
        !self.has_begun
    }

    /// What was seen of the model is what a round begins with, or ended with.
    pub(super) fn take_model(&mut self, model: Tree) {
        self.has_begun = true;
        self.round.model = model;
    }

    /// What was seen of the mail is what is read.
    pub(super) fn take_mail(&mut self, mail: Tree) {
        self.round.mail = mail;
    }
}

fn say_untold(errno: Errno) {
    let every_ms = INTERVAL_UNTOLD.as_millis();
    say(&format!(
        "the system cannot tell of changes ({errno}): inotify is used up (fs.inotify.max_user_instances, max_user_watches), or there \
         is none; files are looked at every {every_ms} ms"
    ));
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::mpsc;

    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        args: Args,
    }

    #[test]
    fn looking_takes_a_fiftieth_of_the_time_at_most() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("switchback.toml"), "").unwrap();
        let path = dir.path().to_str().unwrap();
        for (more, least) in [(None, INTERVAL_TOLD), (Some("--poll"), INTERVAL_UNTOLD)] {
            let Command { args } = Command::parse_from(["dev", path, "--watch", path].into_iter().chain(more));
            let (events, _heard) = mpsc::channel();
            let mut watch = Watch::new(&args, Origins::of(&args).unwrap(), events);
            assert_eq!(watch.interval(), least);
            watch.looked_for = Duration::from_secs(3);
            assert_eq!(watch.interval(), Duration::from_secs(150));
        }
    }
}
