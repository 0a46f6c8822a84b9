//! `switchback new`.

use std::io::{self, Write as _};
use std::path::PathBuf;

use switchback::ModelName;
use switchback_pack::{Scaffold, Sdk};

use crate::exit::Exit;

/// Start a model of your own
///
/// Makes a folder with a small model in Rust, its manifest and its self-tests. It packs and passes its
/// tests as it stands; change it from there.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The model's name: 1 to 64 of a-z, 0-9 and -, starting with a letter
    name: ModelName,

    /// Make the folder in this one
    #[arg(long = "in", value_name = "DIR", default_value = ".")]
    parent: PathBuf,

    /// Take the crate switchback-guest from this checkout [default: the checkout that this command was
    /// built from, else the registry]
    #[arg(long, value_name = "DIR")]
    sdk: Option<PathBuf>,
}

const AFTER_HELP: &str = "\
Examples:
  switchback new newsletters
  switchback pack newsletters -o newsletters.wasm
  switchback score -m newsletters.wasm ~/Maildir

Exit codes:
  0  the folder was made
  1  it was not: it exists already, or cannot be written
  2  the command line is wrong";

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let scaffold = Scaffold::new(args.name.clone());
    let scaffold = match &args.sdk {
        Some(sdk) => scaffold.sdk(Sdk::Path(sdk.clone())),
        None => scaffold,
    };
    let files = scaffold.create(&args.parent)?;
    let mut out = io::stdout().lock();
    for file in &files {
        writeln!(out, "{}", file.display())?;
    }
    let folder = args.parent.join(args.name.as_str());
    writeln!(out, "\nnext:\n  cargo test --manifest-path {0}/Cargo.toml\n  switchback pack {0}", folder.display())?;
    Ok(Exit::Fine)
}
