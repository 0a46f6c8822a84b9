//! The last act: the bad release once more, and nobody is awake but the guard.

use std::fs;
use std::io::Write;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use schemars::JsonSchema;
use serde::Serialize;
use switchback::Control;
use switchback::control::{Event, GuardAction, Lasting, Operation};

use super::audit::Change;
use super::crew::Crew;
use super::operator::{Known, Obeyed, Told};
use super::script::{ON, PROMOTION, STEPS};
use super::stage::Stage;
use super::table::Live;
use crate::guard::{Rule, numbers};
use crate::show;

/// The release that is live again in the end.
const PREDECESSOR: u8 = 1;

/// How long the guard is waited for. It takes a fraction of a second where there is a core, and some where there is none.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the guard did.
#[derive(JsonSchema, Serialize)]
pub(super) struct Guarded {
    /// Whom it knew.
    known: Known,
    /// From the event of the promotion to that of the revert.
    reverted_after_ms: f64,
    /// Legitimate messages from Gmail that the release judged, and how many of them it flagged.
    gmail: u64,
    misfiled: u64,
    /// What it wrote into the ledger.
    event: Event,
    /// The earliest moment at which a rule of the usual shape could have done it, and how many would have been misfiled by
    /// then, at the rate at which they were while a person looked on.
    rule_after_s: u64,
    rule_misfiled: u64,
}

/// When the mail came in that teaches the guard who is known: on as many days as it asks for, long enough ago.
const EARLIER: [&str; 3] =
    ["Tue, 1 Apr 2025 09:00:00 +0000", "Tue, 8 Apr 2025 09:00:00 +0000", "Tue, 15 Apr 2025 09:00:00 +0000"];

/// Teaches the guard who is known: all who write, as if they had written on three days in April 2025. Nobody where the
/// mail is somebody's own.
pub(super) fn learn(stage: &Stage<'_>) -> anyhow::Result<Option<Known>> {
    let Some((authserv_id, messages)) = stage.source.day() else { return Ok(None) };
    let dir = stage.dir.join("earlier");
    fs::create_dir_all(&dir).with_context(|| format!("make {}", dir.display()))?;
    for (number, bytes) in messages.enumerate() {
        for (day, date) in EARLIER.iter().enumerate() {
            let received = format!("Received: from earlier by {authserv_id}; {date}\r\n").into_bytes();
            let path = dir.join(format!("{number}-{day}.eml"));
            fs::write(path, [received, bytes.clone()].concat()).context("write mail of earlier days")?;
        }
    }
    stage.operator.teach(authserv_id, &dir).map(Some)
}

impl Guarded {
    /// Promotes the bad release with the guard on, and waits until it is reverted.
    pub(super) fn play(
        stage: &Stage<'_>,
        known: Known,
        crew: &mut Crew,
        changes: &mut Vec<Change>,
        operations: &mut Vec<Told>,
        live: &mut Live<'_, impl Write>,
    ) -> anyhow::Result<Self> {
        let generation = STEPS.len() + 1;
        stage.operator.change(ON, "now with it")?;
        live.say(&format!("\n$ switchback {ON} --reason 'now with it'\n  {}", taught(known)))?;
        let (promotion, told) = stage.take(&PROMOTION, generation)?;
        live.step(&PROMOTION.line(), &told, promotion.returned - promotion.called)?;
        let control = stage.operator.control()?;
        let event = wait_for_revert(&control, crew)?;
        let revert = follow(stage, &control, &event)?;
        let reverted_after = event.at.duration_since(told.event.at);
        let alone = changes.last().zip(changes.iter().rev().nth(1)).map(|(end, begin)| end.called - begin.called);
        changes.extend([promotion, revert.0]);
        operations.extend([told, revert.1]);
        while crew.counts(generation + 1).messages < stage.last_row_messages() {
            crew.listen()?;
        }
        stage.row(crew, generation, PROMOTION.live, live)?;
        let [_, _, gmail] = stage.source.columns();
        let share = crew.counts(generation).share(&gmail);
        // The generation in which a person took it back, and for how long it was live then.
        let by_hand = crew.counts(STEPS.len() - 1).share(&gmail);
        let rule_after = Rule::default().earliest();
        let rate = by_hand.flagged as f64 / alone.unwrap_or_default().as_secs_f64().max(1e-3);
        let guarded = Self {
            known,
            reverted_after_ms: reverted_after.as_secs_f64() * 1e3,
            gmail: share.messages,
            misfiled: share.flagged,
            event,
            rule_after_s: rule_after.as_secs(),
            rule_misfiled: (rate * rule_after.as_secs_f64()) as u64,
        };
        guarded.tell(live)?;
        stage.row(crew, generation + 1, PREDECESSOR, live)?;
        Ok(guarded)
    }

    fn tell(&self, live: &mut Live<'_, impl Write>) -> anyhow::Result<()> {
        let Event { sequence, operation, .. } = &self.event;
        live.say(&format!("event {sequence}: {operation}"))?;
        if let Operation::Guard { evidence, .. } = operation {
            for line in show::wrapped(&numbers(evidence), 100) {
                live.say(&format!("  {line}"))?;
            }
        }
        let (gmail, misfiled) = (show::count(self.gmail), show::count(self.misfiled));
        live.say(&format!(
            "  reverted {:.0} ms after the promotion, after {gmail} legitimate messages from Gmail, {misfiled} of them misfiled",
            self.reverted_after_ms
        ))?;
        let (misfiled, minutes) = (show::count(self.rule_misfiled), self.rule_after_s / 60);
        Ok(live.say(&format!(
            "  {} could not have done it\n  before {minutes} min: about {misfiled} misfiled by then, at the rate of the \
             first time",
            Rule::default()
        ))?)
    }
}

fn taught(Known { messages, senders }: Known) -> String {
    let (messages, senders) = (show::count(messages), show::count(senders));
    format!("it knows {senders} senders: it was taught with these {messages} messages, which are dated to earlier days")
}

/// Waits until the guard has put the predecessor back.
fn wait_for_revert(control: &Control, crew: &mut Crew) -> anyhow::Result<Event> {
    let begin = Instant::now();
    while begin.elapsed() < PATIENCE {
        crew.listen()?;
        let is_revert = |event: &Event| matches!(event.operation, Operation::Guard { action: GuardAction::Revert, .. });
        if let Some(event) = control.history()?.into_iter().find(is_revert) {
            return Ok(event);
        }
    }
    bail!("the guard did not revert the bad release within {}", Lasting(PATIENCE))
}

/// Who obeyed it when.
fn follow(stage: &Stage<'_>, control: &Control, event: &Event) -> anyhow::Result<(Change, Told)> {
    let obeyed = control.acknowledgements(event, PATIENCE)?.obeyed;
    let returned = stage.clock.now();
    let obeyed = obeyed.into_iter().map(|one| Obeyed { name: one.name, after_ms: one.after.as_secs_f64() * 1e3 });
    let called = std::time::SystemTime::from(event.at).duration_since(stage.epoch).unwrap_or_default();
    let change = Change { release: PREDECESSOR, called: called.min(returned), returned };
    Ok((change, Told { event: event.clone(), obeyed: obeyed.collect() }))
}
