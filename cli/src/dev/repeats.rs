//! Builds that write what is watched: without a pause, each round would begin the next.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::exit::say;
use crate::show;

/// Builds, one after the other, during which the same files changed, until it is taken that the build writes them. Somebody may save a
/// file while it is built, and once more.
const REPEATS_MAX: u32 = 3;

/// How long it takes after so many until the next round: twice as long each time, and no change is lost.
const PAUSE: Duration = Duration::from_secs(10);

/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(640);

/// Cargo's own file, which it writes while it builds.
const LOCK_FILE: &str = "Cargo.lock";

/// What changed during builds that followed each other.
#[derive(Default)]
pub(super) struct Repeats {
    last: Vec<PathBuf>,
    count: u32,
    until: Option<Instant>,
}

impl Repeats {
    /// Takes note of what changed during a build that ends now. Returns whether anything did that is not cargo's.
    pub(super) fn note(&mut self, changes: Vec<PathBuf>) -> bool {
        let others: Vec<_> = changes.into_iter().filter(|path| !is_cargos(path)).collect();
        self.count = if others == self.last { self.count + 1 } else { 1 };
        self.last = others;
        let is_repeated = !self.last.is_empty() && self.count >= REPEATS_MAX;
        if is_repeated && self.count == REPEATS_MAX {
            let files: Vec<_> =
                self.last.iter().map(|path| show::printable(&path.display().to_string(), 200)).collect();
            say(&format!(
                "each build changes {}: the next round waits for a while, or for a change of another file; a build script writes to OUT_DIR",
                files.join(", ")
            ));
        }
        self.until = is_repeated.then(|| Instant::now() + pause(self.count));
        !self.last.is_empty()
    }

    /// Whether these changes are to wait.
    pub(super) fn holds(&self, changes: &[PathBuf]) -> bool {
        self.until.is_some_and(|until| Instant::now() < until)
            && changes.iter().all(|path| self.last.contains(path) || is_cargos(path))
    }
}

fn is_cargos(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == LOCK_FILE)
}

/// The pause after so many builds.
fn pause(count: u32) -> Duration {
    let times = 1_u32.checked_shl(count.saturating_sub(REPEATS_MAX)).unwrap_or(u32::MAX);
    PAUSE.saturating_mul(times).min(PAUSE_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_that_writes_what_is_watched_pauses_and_no_other_file_waits() {
        let paths = |names: &[&str]| names.iter().map(PathBuf::from).collect::<Vec<_>>();
        let mut repeats = Repeats::default();
        let mut held = |names: &[&str]| {
            let begins = repeats.note(paths(names));
            (begins, repeats.holds(&paths(names)), repeats.holds(&paths(&["generated.rs", "lib.rs"])))
        };
        for _ in 0..5 {
            assert_eq!((held(&[]), held(&["m/Cargo.lock"])), ((false, false, false), (false, false, false)), "cargo's");
        }
        assert_eq!((held(&["generated.rs"]), held(&["generated.rs"])), ((true, false, false), (true, false, false)));
        assert_eq!(held(&["lib.rs"]), (true, false, false), "somebody edits");
        assert_eq!((held(&["generated.rs"]), held(&["generated.rs"])), ((true, false, false), (true, false, false)));
        assert_eq!(held(&["generated.rs", "Cargo.lock"]), (true, true, false), "the build does, and other files go on");
        assert_eq!(held(&[]), (false, false, false), "not any more");
    }

    #[test]
    fn pauses_double_up_to_a_bound() {
        let seconds = [3, 4, 5, 9, 10, 40, u32::MAX].map(|count| pause(count).as_secs());
        assert_eq!(seconds, [10, 20, 40, 640, 640, 640, 640]);
    }
}
