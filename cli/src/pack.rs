//! `switchback pack`.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use switchback::Category;
use switchback::release::{ModelName, parse_version};
use switchback::semver::Version;
use switchback_pack::{PackError, Packed, Packer, Progress, Verification};

use crate::exit::{Exit, Usage, after_help};
use crate::file;
use crate::measured;
use crate::progress::Busy;
use crate::schema::{Output, kind};
use crate::show;
use crate::sized;

/// Pack a model into a release file
///
/// Builds the model's package for wasm32-unknown-unknown (or takes what another toolchain built), makes it a component, runs its initialiser once and stores the
/// resulting memory, adds manifest and checksum, and runs the self-tests. What the model logs meanwhile is shown on standard
/// error. The same files, toolchain, platform and version of this command give the same bytes in any folder.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, EXIT_CODES))]
pub(crate) struct Args {
    /// The folder with the model's switchback.toml, or that file [default: this folder, or that of --component]
    #[arg(value_name = "DIR")]
    source: Option<PathBuf>,

    /// Pack this component, or core module, that another toolchain built, instead of a Cargo package
    #[arg(long, value_name = "FILE", conflicts_with_all = ["profile", "cargo_args"])]
    component: Option<PathBuf>,

    /// Pack this ONNX file, without a toolchain; what its inputs and its output are is told by the table [onnx] of the
    /// switchback.toml beside it or by their names (docs/onnx.md)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["source", "component", "profile", "cargo_args"])]
    onnx: Option<PathBuf>,

    /// The model's name [default: that in switchback.toml or, without one, the ONNX file's]
    #[arg(long, value_name = "NAME", requires = "onnx")]
    name: Option<ModelName>,

    /// The model's version [default: that in switchback.toml or, without one, 1.0.0]
    #[arg(long, value_name = "VERSION", value_parser = parse_version, requires = "onnx")]
    version: Option<Version>,

    /// Write the scores that the model gives now into the manifest, as the expected results of its self-tests, and the
    /// categories where the manifest has them
    #[arg(long)]
    bless: bool,

    /// The file or folder to write the release to [default: releases/NAME-VERSION.wasm in cargo's target
    /// folder, or beside --component; of an ONNX file, NAME-VERSION.wasm in this one]
    #[arg(short, long, visible_alias = "out", value_name = "FILE")]
    output: Option<PathBuf>,

    /// Pack again and compare with this release, byte by byte; write nothing
    #[arg(long, value_name = "RELEASE", conflicts_with_all = ["bless", "output"])]
    verify: Option<PathBuf>,

    /// Measure what these messages take of the model's memory, beside its self-tests: files, mbox files, Maildirs or folders
    #[arg(long, value_name = "MAIL", conflicts_with = "verify")]
    measure: Vec<PathBuf>,

    /// Show what the release is made of: whose code takes the room, the memory after `prepare`, and what a host compiles it to
    ///
    /// Only packing can tell whose code it is: a release has no names of functions, so `switchback inspect` shows sections.
    #[arg(long, conflicts_with = "verify")]
    size: bool,

    /// Build with this cargo profile instead of the manifest's
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,

    /// Print one JSON object
    #[arg(long)]
    json: bool,

    /// Arguments for `cargo build`, such as `--offline`, `--locked` or `--features large`; paths in them are
    /// relative to the current folder
    #[arg(last = true, value_name = "CARGO_ARG")]
    cargo_args: Vec<OsString>,
}

const EXAMPLES: &str = "\
Examples:
  switchback pack                         the model in this folder
  switchback pack my-model --bless        the model changed, and its scores with it
  switchback pack my-model -o out.wasm -- --offline
  switchback pack my-model --measure ~/Maildir
  switchback pack my-model --size         what is in the release, and whose code
  switchback pack my-model --verify my-model-1.0.0.wasm
  switchback pack my-model --component model.wasm   built from C, Go, JavaScript or Python
  switchback pack --onnx model.onnx --name phish --version 1.2.0

A model is built with the settings of its project (Cargo.toml, .cargo/config.toml,
rust-toolchain.toml, switchback.toml), where cargo runs, and the arguments behind `--`. Compiler
flags are those for the target: `[target.wasm32-unknown-unknown] rustflags`. RUSTFLAGS,
CARGO_PROFILE_* and other variables for programs of this machine are ignored. `switchback inspect`
shows what a release was built with.

Needs Rust with the target: rustup target add wasm32-unknown-unknown. With --component (see
docs/write-it-in.md) and --onnx it needs nothing.";

const EXIT_CODES: [&str; 2] = [
    "the release was packed, and its self-tests pass; with --verify, it is identical to the given one",
    "it was not, and an existing file is unchanged; with --verify, stdout has the differences",
];

/// What `--json` prints.
pub(crate) const OUTPUT: Output = Output::document("pack", &[kind::<Packed>, kind::<Verification>]);

impl Args {
    /// Where the manifest is.
    fn source(&self) -> &Path {
        let beside = self.component.as_deref().and_then(Path::parent).filter(|folder| !folder.as_os_str().is_empty());
        self.source.as_deref().or(beside).unwrap_or(Path::new("."))
    }
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let mut packer = match &args.onnx {
        Some(file) => Packer::onnx(file),
        None => Packer::new(args.source()),
    };
    if let Some(component) = &args.component {
        packer = packer.component(component);
    }
    if let Some(name) = &args.name {
        packer = packer.name(name.clone());
    }
    if let Some(version) = &args.version {
        packer = packer.version(version.clone());
    }
    if args.bless {
        packer = packer.bless();
    }
    if let Some(out) = &args.output {
        packer = packer.out(out);
    }
    if let Some(profile) = &args.profile {
        packer = packer.profile(profile);
    }
    for argument in &args.cargo_args {
        packer = packer.cargo_arg(argument);
    }
    if args.size {
        packer = packer.sizes();
    }
    let busy = Busy::with("read the manifest".to_owned());
    if let Some(release) = &args.verify {
        let verification = packer.verify(release, &mut |progress| tell(&busy, progress)).map_err(usage)?;
        drop(busy);
        return verified(&verification, release, args.json);
    }
    let mail = measured::messages(&args.measure);
    let mut sizes = None;
    let packed = packer.pack_measuring(mail, &mut |progress| match progress {
        Progress::Sized(told) => sizes = Some(told.clone()),
        progress => tell(&busy, progress),
    });
    drop(busy);
    let packed = packed.map_err(|error| {
        // What is too large for a host is what its author wants to know the sizes of.
        sizes.iter().flat_map(sized::lines).for_each(|(label, text)| crate::exit::say(&format!("{label:<10} {text}")));
        usage(error)
    })?;
    let mut out = file::beside(args.output.as_deref());
    match args.json {
        true => writeln!(out, "{}", serde_json::to_string_pretty(&packed)?)?,
        false => write(&packed, &mut out)?,
    }
    Ok(Exit::Fine)
}

/// Says whether a release is what its model is packed to.
fn verified(verification: &Verification, release: &Path, json: bool) -> anyhow::Result<Exit> {
    let mut out = io::stdout().lock();
    let Verification { id, packed, same, differences, .. } = verification;
    let release = show::printable(&release.display().to_string(), 2_000);
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(verification)?)?;
    } else if *same {
        writeln!(out, "{release} is what {id} is packed to here, byte by byte: sha256:{packed}")?;
    } else {
        writeln!(out, "{release} is not what {id} is packed to here: sha256:{}, here sha256:{packed}", id.digest)?;
        for difference in differences {
            writeln!(out, "  {}", show::printable(&difference.to_string(), 2_000))?;
        }
    }
    Ok(Exit::found_if(!same))
}

/// An argument that cannot be given to cargo is a wrong command line.
pub(crate) fn usage(error: PackError) -> anyhow::Error {
    match error {
        PackError::CargoArgument { .. } => Usage(error.to_string()).into(),
        error => error.into(),
    }
}

/// Tells whoever waits.
pub(crate) fn tell(busy: &Busy, progress: Progress<'_>) {
    match progress {
        Progress::Started(step) => busy.now(step.to_string()),
        Progress::Compiled(package) => busy.now(format!("build: {package}")),
        Progress::Remark(remark) => busy.say(remark),
        Progress::Logged(call, log) => {
            show::log_lines(log).for_each(|line| busy.say(&format!("{}: {line}", show::printable(call, 200))));
        }
        Progress::Finished(step, time) => busy.say(&format!("{step:<12}  {}", show::time(time))),
        _ => {}
    }
}

fn write(packed: &Packed, out: &mut impl Write) -> io::Result<()> {
    let inspection = &packed.inspection;
    writeln!(out, "{}", packed.id)?;
    writeln!(out, "  file       {}", packed.path.display())?;
    writeln!(out, "  digest     sha256:{}", packed.id.digest)?;
    let [code, memory] = [inspection.code_bytes(), inspection.data_bytes()].map(|n| show::bytes(n as u64));
    writeln!(out, "  size       {} (code {code}, memory {memory})", show::bytes(inspection.size_bytes as u64))?;
    writeln!(out, "  contract   {}", inspection.contract.as_deref().unwrap_or("-"))?;
    writeln!(out, "  imports    {}", list(&inspection.imports))?;
    for (i, test) in packed.self_tests.iter().enumerate() {
        let label = if i == 0 { "self-tests" } else { "" };
        writeln!(
            out,
            "  {label:<10} {}  {}  {}",
            test.score.map_or_else(|| "abstains".to_owned(), show::score),
            test.category.map_or("", Category::name),
            show::printable(&test.name, 200)
        )?;
    }
    for (i, changed) in packed.blessed.iter().enumerate() {
        let label = if i == 0 { "blessed" } else { "" };
        writeln!(out, "  {label:<10} {}", show::printable(&changed.to_string(), 400))?;
    }
    for (label, text) in
        packed.measured.iter().flat_map(measured::lines).chain(packed.sizes.iter().flat_map(sized::lines))
    {
        writeln!(out, "  {label:<10} {text}")?;
    }
    Ok(())
}

/// Names with commas between them.
pub(crate) fn list(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { show::printable(&names.join(", "), 2_000) }
}
