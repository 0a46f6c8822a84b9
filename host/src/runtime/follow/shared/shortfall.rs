//! What a process cannot do that the ledger says.

use std::error::Error;

use switchback_store::control::Acknowledgement;

use crate::runtime::error::describe;

/// What a process cannot do that the ledger says.
#[derive(Default)]
pub(super) struct Shortfall {
    pub(super) problems: Vec<String>,
    /// Slots in which nobody decides.
    pub(super) undecided: Vec<String>,
    /// Whether nothing that comes after is obeyed.
    pub(super) stopped: bool,
}

/// What was said before.
impl From<Acknowledgement> for Shortfall {
    fn from(known: Acknowledgement) -> Self {
        let Acknowledgement { problem, undecided, stopped, .. } = known;
        Self { problems: problem.into_iter().collect(), undecided, stopped }
    }
}

impl Shortfall {
    /// What keeps a process that once said this from going on.
    pub(super) fn of_stopped(known: Option<&Acknowledgement>, trouble: &(impl Error + 'static)) -> Self {
        let mut shortfall =
            Self { undecided: known.map(|known| known.undecided.clone()).unwrap_or_default(), ..Self::default() };
        shortfall.stop(Some(trouble));
        shortfall
    }

    pub(super) fn stop(&mut self, trouble: Option<&(impl Error + 'static)>) {
        self.stopped |= trouble.is_some();
        self.problems.extend(trouble.map(|trouble| format!("the store is not followed: {}", describe(trouble))));
    }

    pub(super) fn problem(&self) -> Option<String> {
        (!self.problems.is_empty()).then(|| self.problems.join("; "))
    }
}
