//! `switchback inspect`.

mod signature;

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;
use switchback::release::{Card, Manifest};
use switchback_pack::{BuildRecord, Checksum, Inspection, Measured};

use crate::exit::{Exit, after_help};
use crate::measured;
use crate::pack::list;
use crate::schema::{Output, kind};
use crate::show;

use self::signature::Beside;

/// The longest text of a model card that is shown, in characters.
const TEXT_CHARS_MAX: usize = 2_000;

/// Characters on a line of text.
const TEXT_WIDTH: usize = 100;

/// Show the contents of a release file
///
/// Reads the file without running any of it, unless --measure is given. Of a damaged file, it shows what can still be read. A signature next to the file is
/// shown but not checked; `switchback verify` checks it.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, EXIT_CODES))]
pub(crate) struct Args {
    /// The release file
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Messages to measure with, beside the self-tests: files, mbox files, Maildirs or folders
    #[arg(value_name = "MAIL", requires = "measure")]
    mail: Vec<PathBuf>,

    /// Score the self-tests, and MAIL, and show what that takes of the model's memory
    #[arg(long)]
    measure: bool,

    /// Print one JSON object, with the self-tests' messages and all sections
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  switchback inspect linear-1.0.0.wasm
  switchback inspect linear-1.0.0.wasm --json | jq .manifest.card
  switchback inspect --measure linear-1.0.0.wasm ~/Maildir";

const EXIT_CODES: [&str; 2] = [
    "the file is a release that a host with default limits would load",
    "it is not, for the reasons shown; or it cannot be read",
];

/// What `--json` prints.
pub(crate) const OUTPUT: Output = Output::document("inspect", &[kind::<Shown>]);

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let inspection = Inspection::of_file(&args.file)?;
    let measured = match args.measure && inspection.is_acceptable() {
        true => Some(Measured::of(&fs::read(&args.file)?, measured::messages(&args.mail))?),
        false => None,
    };
    let shown = Shown { inspection, signature: Beside::file(&args.file), measured };
    let mut out = io::stdout().lock();
    match args.json {
        true => writeln!(out, "{}", serde_json::to_string_pretty(&shown)?)?,
        false => write(&shown, &mut out)?,
    }
    let inspection = &shown.inspection;
    for problem in &inspection.problems {
        crate::exit::say(&format!("{}: {}", args.file.display(), show::printable(problem, TEXT_CHARS_MAX)));
    }
    for remark in shown.measured.iter().flat_map(Measured::remarks) {
        crate::exit::say(&show::printable(&remark, TEXT_CHARS_MAX));
    }
    Ok(Exit::found_if(!inspection.is_acceptable()))
}

/// What is shown: the file, and what lies beside it.
#[derive(JsonSchema, Serialize)]
struct Shown {
    #[serde(flatten)]
    inspection: Inspection,
    signature: Beside,
    /// What calls took of the model's memory; absent unless it was measured.
    measured: Option<Measured>,
}

fn write(Shown { inspection, signature, measured }: &Shown, out: &mut impl Write) -> io::Result<()> {
    let id = inspection.id.as_ref().map_or_else(|| "no release".to_owned(), ToString::to_string);
    writeln!(out, "{id}")?;
    line(out, "digest", &format!("sha256:{}", inspection.digest))?;
    let [size, code, memory] = [inspection.size_bytes, inspection.code_bytes(), inspection.data_bytes()]
        .map(|n| show::bytes(u64::try_from(n).unwrap_or(u64::MAX)));
    line(out, "size", &format!("{size} (code {code}, memory {memory})"))?;
    line(
        out,
        "checksum",
        match inspection.checksum {
            Checksum::Matches => "matches",
            Checksum::Differs => "DIFFERS: the file was changed or damaged",
            Checksum::Absent => "absent: the file was never packed, or was cut off",
        },
    )?;
    line(out, "signature", &signature.to_string())?;
    line(out, "contract", inspection.contract.as_deref().unwrap_or("-"))?;
    line(out, "imports", &list(&inspection.imports))?;
    line(out, "exports", &list(&inspection.exports))?;
    write_metadata(inspection, out)?;
    if let Some(manifest) = &inspection.manifest {
        write_manifest(manifest, out)?;
    }
    for (label, text) in measured.iter().flat_map(measured::lines) {
        line(out, label, &text)?;
    }
    Ok(())
}

fn write_metadata(inspection: &Inspection, out: &mut impl Write) -> io::Result<()> {
    let Some(metadata) = &inspection.metadata else { return Ok(()) };
    let fields = [
        ("licences", &metadata.licenses),
        ("authors", &metadata.authors),
        ("source", &metadata.source),
        ("revision", &metadata.revision),
    ];
    for (name, value) in fields {
        if let Some(value) = value {
            line(out, name, value)?;
        }
    }
    let tools: Vec<_> = metadata.processed_by.iter().map(|(tool, version)| format!("{tool} {version}")).collect();
    line(out, "made by", &list(&tools))?;
    if let Some(build) = &inspection.build {
        write_build(build, out)?;
    }
    if let Some(component) = &inspection.component {
        let stub = component.stub.map_or("", |_| "; stubs in the place of WASI");
        line(out, "packed from", &format!("sha256:{}{stub}", component.file))?;
    }
    Ok(())
}

fn write_build(build: &BuildRecord, out: &mut impl Write) -> io::Result<()> {
    line(out, "compiler", &format!("{} on {}", build.rustc, build.host))?;
    line(out, "SDK", build.sdk.as_deref().unwrap_or("none"))?;
    let settings: Vec<_> = build.profile_settings.iter().map(|(name, value)| format!("{name} {value}")).collect();
    line(out, "profile", &format!("{} ({}), stack of {} KiB", build.profile, list(&settings), build.stack_kib))?;
    let lists = [("flags", &build.rustflags), ("features", &build.features), ("unstable", &build.unstable)];
    for (name, values) in lists.into_iter().filter(|(_, values)| !values.is_empty()) {
        line(out, name, &values.join(" "))?;
    }
    let lock_file = build.lock_file.map_or("none".to_owned(), |digest| format!("sha256:{digest}"));
    line(out, "lock file", &lock_file)
}

fn write_manifest(manifest: &Manifest, out: &mut impl Write) -> io::Result<()> {
    if !manifest.description.is_empty() {
        line(out, "is", &manifest.description)?;
    }
    line(out, "reads", &manifest.reads.names().collect::<Vec<_>>().join(", "))?;
    line(
        out,
        "scale",
        match manifest.scale {
            switchback::release::Scale::Probability => "probability",
            switchback::release::Scale::LogOdds => "log-odds",
        },
    )?;
    let limits = &manifest.limits;
    let limits = [
        ("memory_bytes_max", limits.memory_bytes_max),
        ("deadline_ms", limits.deadline_ms),
        ("table_elements_max", limits.table_elements_max),
        ("log_lines_max", limits.log_lines_max),
        ("reasons_max", limits.reasons_max),
    ];
    let asked: Vec<_> = limits.iter().filter_map(|(name, limit)| Some(format!("{name} {}", (*limit)?))).collect();
    let asked = if asked.is_empty() { "the host's".to_owned() } else { asked.join(", ") };
    line(out, "limits", &asked)?;
    write_card(&manifest.card, out)?;
    for (i, test) in manifest.self_tests.iter().enumerate() {
        let label = if i == 0 { "self-tests" } else { "" };
        let category = test.category.map_or("-".to_owned(), |category| category.to_string());
        let score = if test.abstains { "abstains".to_owned() } else { show::score(test.score) };
        let name = show::printable(&test.name, TEXT_CHARS_MAX);
        writeln!(out, "  {label:<11}  {score}  {category:<7}  {name} ({} bytes)", test.message.len())?;
    }
    Ok(())
}

fn write_card(card: &Card, out: &mut impl Write) -> io::Result<()> {
    let texts = [
        ("summary", &card.summary),
        ("trained on", &card.training_data),
        ("split", &card.split),
        ("meant for", &card.intended_use),
        ("limitations", &card.limitations),
    ];
    for (name, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
        line(out, name, &text.replace('\n', " "))?;
    }
    for (i, (name, value)) in card.metrics.iter().enumerate() {
        line(out, if i == 0 { "metrics" } else { "" }, &format!("{name} = {value}"))?;
    }
    Ok(())
}

/// A label and a text beside it, on as many lines as it takes.
fn line(out: &mut impl Write, label: &str, text: &str) -> io::Result<()> {
    let text = show::printable(text, TEXT_CHARS_MAX);
    for (i, line) in show::wrapped(&text, TEXT_WIDTH).iter().enumerate() {
        writeln!(out, "  {:<11}  {line}", if i == 0 { label } else { "" })?;
    }
    Ok(())
}
