//! `switchback pack`.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;

use switchback_pack::{Packed, Packer, Progress};

use crate::exit::Exit;
use crate::file;
use crate::progress::Busy;
use crate::schema::{Output, kind};
use crate::show;

/// Pack a model into a release file
///
/// Builds the model's package for wasm32-unknown-unknown, makes it a component, runs its initialiser once
/// and stores the memory that it leaves, adds manifest and checksum, and runs the self-tests. Packing the
/// same files again gives the same bytes.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The folder with the model's switchback.toml, or that file
    #[arg(value_name = "DIR")]
    source: PathBuf,

    /// Write the scores that the model gives now into the manifest, as what its self-tests expect
    #[arg(long)]
    bless: bool,

    /// Where the release goes: a file, or a folder [default: releases/NAME-VERSION.wasm in cargo's target
    /// folder]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Build with this cargo profile instead of the manifest's
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,

    /// Print one JSON object
    #[arg(long)]
    json: bool,

    /// Arguments for `cargo build`, such as `--offline`
    #[arg(last = true, value_name = "CARGO_ARG")]
    cargo_args: Vec<OsString>,
}

const AFTER_HELP: &str = "\
Examples:
  switchback pack plugins/linear/releases/1.0.0
  switchback pack my-model --bless        the model changed, and its scores with it
  switchback pack my-model -o out.wasm -- --offline

Needs Rust with the target: rustup target add wasm32-unknown-unknown

Exit codes:
  0  the release was packed, and its self-tests pass
  1  it was not; a file that was there before is as it was
  2  the command line is wrong";

/// What `--json` prints.
pub(crate) const OUTPUT: Output = Output::document("pack", &[kind::<Packed>]);

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let mut packer = Packer::new(&args.source);
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
    let busy = Busy::with("read the manifest".to_owned());
    let packed = packer.pack(&mut |progress| tell(&busy, progress))?;
    drop(busy);
    let mut out = file::beside(args.output.as_deref());
    match args.json {
        true => writeln!(out, "{}", serde_json::to_string_pretty(&packed)?)?,
        false => write(&packed, &mut out)?,
    }
    Ok(Exit::Fine)
}

fn tell(busy: &Busy, progress: Progress<'_>) {
    match progress {
        Progress::Started(step) => busy.now(step.to_string()),
        Progress::Compiled(package) => busy.now(format!("build: {package}")),
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
            show::score(test.score),
            test.category,
            show::printable(&test.name, 200)
        )?;
    }
    Ok(())
}

/// Names with commas between them.
pub(crate) fn list(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { show::printable(&names.join(", "), 2_000) }
}
