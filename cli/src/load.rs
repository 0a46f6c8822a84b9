//! `switchback load`.

mod dry_run;
mod readiness;

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use schemars::JsonSchema;
use serde::Serialize;
use switchback::control::{Event, LoadedRelease};
use switchback::{Control, Digest, ReleaseId, Runtime};

use self::readiness::Readiness;
use crate::exit::{Exit, after_help, explained, is_broken_pipe, say};
use crate::progress::Busy;
use crate::releases;
use crate::schema::{Output, json_line, kind};
use crate::show;
use crate::sign::sound;
use crate::store::change::ChangeArgs;

/// Add releases to a store
///
/// Checks each file and, if the store trusts keys, its signature; compiles it once, for all processes; runs its
/// self-tests; and waits until every process that follows the store has it ready. A loaded release has no role until
/// `promote` or another command gives it one. Creates the store if there is none. Loading a release again is not an error: if
/// its file is missing from the store or was altered, the file is restored.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, EXIT_CODES))]
pub(crate) struct Args {
    /// The release files; a signature is looked for beside each
    #[arg(value_name = "FILE.wasm", required = true)]
    files: Vec<PathBuf>,

    #[command(flatten)]
    change: ChangeArgs,
}

const EXAMPLES: &str = "\
Examples:
  switchback load phish-2.0.0.wasm --store /var/lib/my-filter/switchback
  switchback load --dry-run releases/*.wasm          would they be accepted?";

const EXIT_CODES: [&str; 2] = [
    "every release is loaded, and ready in every process",
    "a release is not loaded, or not ready in every process; stderr says why",
];

/// Messages that are scored at once while a release is tested.
const INSTANCES: u32 = 4;

/// A release that was loaded, or would be.
#[derive(JsonSchema, Serialize)]
struct Loaded {
    dry_run: bool,
    release: ReleaseId,
    /// Absent if it was loaded already.
    event: Option<Event>,
    /// The event's hash: the ledger's head until the next.
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<Digest>,
    /// What was wrong with its file, if it was loaded already and that was not whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    mended: Option<String>,
    #[serde(flatten)]
    readiness: Readiness,
}

/// What `--json` prints.
pub(crate) const OUTPUT: Output = Output::lines("load", &[kind::<Loaded>]);

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    if args.change.dry_run {
        return dry_run::run(args);
    }
    let dir = args.change.store.dir()?;
    // Where one may not look, making the store says so.
    if dir.join("control.db").try_exists().is_ok_and(|exists| !exists) {
        // What is no release makes no store.
        args.files.iter().try_for_each(|path| sound(path).map(drop))?;
    }
    let control = args.change.sign(Control::create(&dir)?);
    let runtime = Runtime::builder().cache_dir(&dir).instances(INSTANCES).build().context("start the runtime")?;
    let mut exit = Exit::Fine;
    for path in &args.files {
        match load(args, &control, &runtime, path) {
            Ok(Exit::Fine) => {}
            Ok(found) => exit = found,
            // It is loaded. Whoever read the output has seen enough, and the others are loaded all the same.
            Err(error) if is_broken_pipe(&error) => {}
            Err(error) => {
                say(&explained(&error));
                exit = Exit::Found;
            }
        }
    }
    Ok(exit)
}

fn load(args: &Args, control: &Control, runtime: &Runtime, path: &Path) -> anyhow::Result<Exit> {
    let busy = Busy::with(releases::loading(path));
    let (release, added) = runtime.load_into(control, path).map_err(releases::described)?;
    busy.now(format!("waiting for the processes to have {release} ready"));
    let readiness = Readiness::awaited(control, &release, &added, args.change.wait());
    drop(busy);
    // It is for the processes that follow; however many are loaded, few are held here.
    let _ = runtime.unload(&release);
    let (event, mended) = match added {
        LoadedRelease::New(event) => (Some(*event), None),
        LoadedRelease::Mended(fault) => (None, Some(fault.to_string())),
        _ => (None, None),
    };
    let head = event.as_ref().map(Event::hash);
    Loaded { dry_run: false, release, event, head, mended, readiness }.tell(args.change.json)
}

impl Loaded {
    fn tell(&self, json: bool) -> anyhow::Result<Exit> {
        let mut out = io::stdout().lock();
        if json {
            json_line(self, &mut out)?;
        } else {
            let Self { release, event, head, dry_run, mended, .. } = self;
            match (event, dry_run) {
                (Some(Event { sequence, operation, .. }), false) => writeln!(out, "event {sequence}: {operation}")?,
                (Some(Event { sequence, operation, .. }), true) => {
                    writeln!(out, "nothing was changed; this would be event {sequence}: {operation}")?;
                }
                (None, _) => writeln!(out, "{release} is loaded already")?,
            }
            if let Some(fault) = mended {
                let is = if *dry_run { "would be" } else { "is" };
                writeln!(out, "  it {is} put back; what was wrong: {}", show::printable(fault, usize::MAX))?;
            }
            writeln!(out, "  digest sha256:{}", release.digest)?;
            if !dry_run {
                writeln!(out, "  {}", show::printable(&self.readiness.to_string(), usize::MAX))?;
                head.iter().try_for_each(|head| writeln!(out, "  head {head}"))?;
            }
        }
        Ok(self.readiness.complain(&self.release))
    }
}
