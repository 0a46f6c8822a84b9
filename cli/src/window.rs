//! A stretch of time that a command looks at.

use jiff::Timestamp;

use crate::exit::Usage;
use crate::moment::moment;
use crate::store::text::instant;

/// From when to when.
#[derive(clap::Args, Clone, Copy, Debug)]
pub(crate) struct WindowArgs {
    /// Only what was judged at this time or later: `2026-04-25T09:24:00Z`, `2026-04-25`, or `24h` for that long ago
    ///
    /// A time without a zone is in UTC. docs/times.md has all forms.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<Timestamp>,

    /// Only what was judged before this time
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<Timestamp>,
}

/// From when, and before when; without end where nothing is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) since: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
}

impl WindowArgs {
    /// Whether either end is given.
    pub(crate) fn is_given(&self) -> bool {
        self.since.is_some() || self.until.is_some()
    }

    /// The window, if anything can be in it.
    pub(crate) fn window(&self) -> Result<Window, Usage> {
        Window::checked(self.since, self.until)
    }
}

impl Window {
    /// The window, if anything can be in it.
    pub(crate) fn checked(since: Option<Timestamp>, until: Option<Timestamp>) -> Result<Self, Usage> {
        match (since, until) {
            (Some(since), Some(until)) if since >= until => Err(Usage(format!(
                "--since ({}) is not before --until ({}): no message is between them",
                instant(since),
                instant(until)
            ))),
            _ => Ok(Self { since, until }),
        }
    }

    /// Why nothing judged from `first` to `last` can be in it, if that is so.
    pub(crate) fn misses(&self, now: Timestamp, (first, last): (Timestamp, Timestamp)) -> Option<&'static str> {
        match (self.since, self.until) {
            (Some(since), _) if since > now => Some("--since is in the future"),
            (Some(since), _) if since > last => Some("--since is after the last of them"),
            (_, Some(until)) if until <= first => Some("--until is before the first of them"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_window_that_ends_before_it_begins_is_refused() {
        for (since, until, is_refused) in [
            (Some(2), Some(1), true),
            (Some(1), Some(1), true),
            (Some(1), Some(2), false),
            (Some(1), None, false),
            (None, None, false),
        ] {
            let window = Window::checked(since.map(at), until.map(at));
            assert_eq!(window.is_err(), is_refused, "{since:?} to {until:?}");
        }
    }

    #[test]
    fn a_window_beside_all_records_says_on_which_side() {
        let records = (at(10), at(20));
        for (since, until, said) in [
            (Some(31), None, Some("in the future")),
            (Some(21), None, Some("after the last")),
            (Some(20), None, None),
            (None, Some(10), Some("before the first")),
            (None, Some(11), None),
            (None, None, None),
        ] {
            let window = Window { since: since.map(at), until: until.map(at) };
            let found = window.misses(at(30), records);
            assert_eq!(found.is_some(), said.is_some(), "{since:?} to {until:?}");
            assert!(found.zip(said).is_none_or(|(found, said)| found.contains(said)), "{found:?}");
        }
    }
}
