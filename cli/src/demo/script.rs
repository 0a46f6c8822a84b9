//! What happens in the story: the steps of the operator, and what the guard adds.

/// The slot's name.
pub(super) const SLOT: &str = "inbound";

/// What the operator does at the beginning of a phase.
pub(super) struct Step {
    pub(super) command: &'static str,
    pub(super) reason: &'static str,
    /// The index of the release that is to be live from then on.
    pub(super) live: u8,
}

/// Good, better, the bad one as a shadow, then live, and back.
pub(super) const STEPS: [Step; 5] = [
    Step { command: "promote linear@1.0.0 --slot inbound", reason: "the first release", live: 0 },
    Step { command: "promote linear@1.1.0", reason: "trained on more mail", live: 1 },
    Step { command: "shadow linear@2.0.0", reason: "what would it change?", live: 1 },
    Step { command: "promote linear@2.0.0", reason: "catches more phish", live: 2 },
    Step { command: "revert", reason: "mail from Gmail is flagged", live: 1 },
];

impl Step {
    /// The command as an operator types it.
    pub(super) fn line(&self) -> String {
        format!("switchback {} --reason '{}'", self.command, self.reason)
    }
}

/// What the operator does before the story.
pub(super) const OFF: &str = "guard set --slot inbound --mode off";

/// What the operator does before the last act.
pub(super) const ON: &str = "guard set --mode act";

/// The promotion that nobody looks at.
pub(super) const PROMOTION: Step = Step { command: "promote linear@2.0.0", reason: "once more, in the night", live: 2 };

/// The generations that the last act adds: the promotion, and the revert.
const GUARDED_GENERATIONS: usize = 2;

/// How many generations there are, that of an empty route and those of the guard's act included.
pub(super) const GENERATIONS: usize = STEPS.len() + 1 + GUARDED_GENERATIONS;
