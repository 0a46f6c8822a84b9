//! `switchback held rescore`.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;
use switchback::control::StoreState;
use switchback::verdict::RecordId;
use switchback::{Action, Message, ReleaseId, Runtime, Slot, SlotConfig};
use switchback_corpus::{Corpus, Entry, Format, Reading};
use switchback_gateway::held::HeldMessage;

use super::place::{Place, PlaceArgs};
use super::select::{self, Selected};
use crate::args::{RuntimeArgs, ThreadArgs};
use crate::exit::{self, Exit, after_help};
use crate::judge::Opinion;
use crate::parallel::Workers;
use crate::progress::{Busy, Progress};
use crate::releases::{self, Loaded};
use crate::schema::{Output, json_line, kind};
use crate::show;
use crate::sides::Named;
use crate::store::{self, reference};

/// Show what the live release says now of mail that is held
///
/// Each message is scored in its slot, with what the gateway knew of it, by the thresholds of the configuration. Nothing is
/// changed, and nothing is recorded in the journal.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, EXIT_CODES))]
pub(super) struct Args {
    /// The messages, as `switchback held list` names them
    #[arg(value_name = "ID", required_unless_present = "all")]
    ids: Vec<RecordId>,

    /// Everything that is held
    #[arg(long, conflicts_with = "ids")]
    all: bool,

    /// Ask this release, of the store or a file, and no override [default: the live one of each message's slot]
    #[arg(short = 'm', long = "model", value_name = "RELEASE")]
    model: Option<PathBuf>,

    /// Print one JSON object per line
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    place: PlaceArgs,

    #[command(flatten)]
    threads: ThreadArgs,

    #[command(flatten)]
    runtime: RuntimeArgs,
}

const EXAMPLES: &str = "\
Examples:
  switchback held rescore --all
  switchback held rescore --all -m phish@1.1.0 --json | jq -r 'select(.now.action == \"deliver\") | .id'";

const EXIT_CODES: [&str; 2] = [
    "the answers are shown",
    "a message is not held here, cannot be read, or could not be scored; or the store or a release cannot be used",
];

/// What `--json` prints.
pub(super) const OUTPUT: Output = Output::lines("held-rescore", &[kind::<Rescored>]);

/// One message, judged again.
#[derive(Debug, JsonSchema, Serialize)]
struct Rescored {
    id: RecordId,
    slot: String,
    /// What it was held by.
    then: Judgement,
    /// What is said of it now.
    now: Judgement,
}

/// What was said of a message.
#[derive(Debug, JsonSchema, Serialize)]
struct Judgement {
    /// The release; none if the slot had none.
    release: Option<ReleaseId>,
    /// None if it has no score.
    score: Option<f64>,
    /// What is done with the message; none if a release that was asked alone failed.
    action: Option<Action>,
    /// Who decided: `live`, `allowed by rule 17`; none of a release that was asked alone.
    decided_by: Option<String>,
    /// What went wrong, if something did.
    fault: Option<String>,
}

/// Who is asked.
enum Judges {
    Slots { slots: BTreeMap<String, Slot>, _runtime: Runtime },
    Release(Loaded),
}

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let place = args.place.open()?;
    let Selected { mut messages, mut exit } = select::all(&place.spool)?;
    if !args.all {
        for id in args.ids.iter().filter(|id| messages.iter().all(|message| message.id != **id)) {
            exit = Exit::Found;
            exit::say(&format!("{id} is not held here"));
        }
        messages.retain(|message| args.ids.contains(&message.id));
    }
    if messages.is_empty() {
        exit::say(&format!("no such message is held in {}", place.spool.dir().display()));
        return Ok(exit);
    }
    let threads = args.threads.count();
    let judges = Judges::open(args, &place, &messages, threads)?;
    let paths: Vec<_> = messages.iter().map(|message| place.spool.path_of(message.id)).collect();
    let corpus = Corpus::open(&paths, Reading { format: Format::Message, sidecars: true }, exit::say);
    let (mut progress, mut rescored, mut held) = (Progress::over(corpus.bytes(), false), Vec::new(), messages.iter());
    let by_path: BTreeMap<_, _> = paths.iter().map(|path| path.display().to_string()).zip(&messages).collect();
    Workers::start(threads)?.in_order(
        corpus,
        |entry| judges.judge(entry, &by_path, &place),
        |one| {
            progress.message(held.next().map_or(0, |message| message.bytes));
            match one {
                Ok(one) => rescored.push(one),
                Err(why) => {
                    exit = Exit::Found;
                    progress.say(&why);
                }
            }
            Ok(())
        },
    )?;
    progress.finish();
    print(args, &rescored)?;
    let is_failed = rescored.iter().any(|one| one.now.fault.is_some());
    Ok(if is_failed { Exit::Found } else { exit })
}

impl Judges {
    fn open(args: &Args, place: &Place<'_>, messages: &[HeldMessage], threads: usize) -> anyhow::Result<Self> {
        match args.model.as_deref().map(Named::of) {
            Some(Named::File(path)) => Ok(Self::Release(releases::load(&[path], &args.runtime, threads)?)),
            Some(Named::Stored(name)) => {
                let (dir, state) = (place.store_dir()?, place.control()?.state()?);
                let id = reference::loaded(&state, &name)?;
                let loaded = store::releases::load_from(&dir, std::slice::from_ref(&id), &args.runtime, threads)?;
                Ok(Self::Release(loaded))
            }
            None => Self::slots(args, place, messages, threads),
        }
    }

    fn slots(args: &Args, place: &Place<'_>, messages: &[HeldMessage], threads: usize) -> anyhow::Result<Self> {
        let (dir, state): (_, StoreState) = (place.store_dir()?, place.control()?.state()?);
        let known = messages.iter().filter(|message| state.slots.contains_key(&message.slot));
        let thresholds: BTreeMap<_, _> =
            known.map(|message| (message.slot.clone(), place.thresholds(&message.slot))).collect();
        let releases: usize = thresholds.keys().map(|name| state.slots[name].releases().count()).sum();
        let instances = u32::try_from(2 * threads * releases).unwrap_or(u32::MAX).clamp(64, 20_000);
        let builder = Runtime::builder().instances(instances).name(NAME).store_dir(&dir).shadow_cpu_share(0.0);
        let builder = thresholds.iter().fold(args.runtime.grant(builder), |builder, (name, thresholds)| {
            builder.slot(SlotConfig::new(name).thresholds(*thresholds))
        });
        let busy = Busy::with(format!("loading the releases of {}", dir.display()));
        let runtime = builder.build()?;
        drop(busy);
        let slot = |name: &String| Ok::<_, anyhow::Error>((name.clone(), runtime.slot(name)?));
        let slots = thresholds.keys().map(slot).collect::<Result<_, _>>()?;
        Ok(Self::Slots { slots, _runtime: runtime })
    }

    fn judge(
        &self,
        entry: Entry,
        held: &BTreeMap<String, &HeldMessage>,
        place: &Place<'_>,
    ) -> Result<Rescored, String> {
        let (name, raw) = entry.read();
        let raw = raw.map_err(|unread| unread.about(&name))?;
        let held = held.get(&name).ok_or_else(|| format!("{name} is not held here"))?;
        let message = raw.sidecar.unwrap_or_default().tell(Message::builder(raw.bytes)).build();
        let now = match self {
            Self::Slots { slots, .. } => {
                let slot = slots.get(&held.slot);
                in_slot(
                    slot.ok_or_else(|| format!("{}: there is no slot {} in the store", held.id, held.slot))?,
                    &message,
                )
            }
            Self::Release(loaded) => alone(loaded, held, &message, place),
        };
        let then = Judgement {
            release: held.release.clone(),
            score: held.score,
            action: Some(held.action),
            decided_by: Some(held.decided_by.to_string()),
            fault: None,
        };
        Ok(Rescored { id: held.id, slot: held.slot.clone(), then, now })
    }
}

/// What this process calls itself in the register of the store.
const NAME: &str = "switchback held";

fn in_slot(slot: &Slot, message: &Message) -> Judgement {
    let verdict = slot.score(message);
    Judgement {
        release: verdict.release,
        score: verdict.score,
        action: Some(verdict.action),
        decided_by: Some(verdict.decided_by.to_string()),
        fault: verdict.fault,
    }
}

fn alone(loaded: &Loaded, held: &HeldMessage, message: &Message, place: &Place<'_>) -> Judgement {
    let opinions = loaded.ids.first().map(|id| (id, Opinion::of(&loaded.runtime, id, message)));
    let thresholds = place.thresholds(&held.slot);
    let opinion = opinions.as_ref().map(|(_, opinion)| opinion);
    Judgement {
        release: loaded.ids.first().cloned(),
        score: opinion.and_then(Opinion::assessment).map(|assessment| assessment.score),
        action: opinion.and_then(|opinion| opinion.action(&thresholds)),
        decided_by: None,
        fault: match opinion {
            Some(Opinion::Failed(why)) => Some(why.clone()),
            _ => None,
        },
    }
}

fn print(args: &Args, rescored: &[Rescored]) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    if args.json {
        rescored.iter().try_for_each(|one| json_line(one, &mut out))?;
        return Ok(out.flush()?);
    }
    let mut table = show::table(["id", "held by", "score", "action", "now", "score", "action"]);
    for one in rescored {
        let [then, now] = [&one.then, &one.now].map(cells);
        table.add_row(std::iter::once(one.id.to_string()).chain(then).chain(now));
    }
    show::numbers(&mut table, 2..3);
    show::numbers(&mut table, 5..6);
    if !rescored.is_empty() {
        writeln!(out, "{}", table.trim_fmt())?;
    }
    let is_mild = |one: &&Rescored| one.now.action.is_some_and(|action| !action.is_flagged());
    let mild = rescored.iter().filter(is_mild).count() as u64;
    let all = show::counted(rescored.len() as u64, "message");
    writeln!(out, "of {all}, {} would not be flagged now", show::count(mild))?;
    Ok(out.flush()?)
}

fn cells(judgement: &Judgement) -> [String; 3] {
    let dash = || "-".to_owned();
    [
        judgement.release.as_ref().map_or_else(dash, ReleaseId::to_string),
        judgement.score.map_or_else(dash, show::score),
        judgement.action.map_or_else(dash, |action| action.to_string()),
    ]
}
