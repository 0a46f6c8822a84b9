//! `switchback new`.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use switchback::release::ModelName;
use switchback_pack::{Language, Scaffold, Scaffolded, Sdk};

use crate::exit::{Exit, after_help};

/// Create a new model
///
/// Creates a folder with a small model, its manifest and its self-tests. It can be packed and passes its tests
/// unchanged; change it from there. docs/first-model.md leads to a signed release in a filter.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, EXIT_CODES))]
pub(crate) struct Args {
    /// The model's name: 1 to 64 of a-z, 0-9 and -, starting with a letter; in Rust, not a keyword
    name: ModelName,

    /// The language to write it in: rust, c, go, js or python
    #[arg(long, value_name = "LANGUAGE", default_value_t)]
    language: Language,

    /// Create the model's folder in this one, which is created if necessary
    #[arg(long = "in", value_name = "DIR", default_value = ".")]
    parent: PathBuf,

    /// The crate switchback-guest that a model in Rust uses: its folder, or a checkout of Switchback [default: the checkout that this
    /// command was built from, if it still exists, else the registry]
    #[arg(long, value_name = "DIR")]
    sdk: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  switchback new newsletters
  switchback pack newsletters -o newsletters.wasm
  switchback score -m newsletters.wasm ~/Maildir
  switchback new newsletters --in models --sdk ~/switchback
  switchback new bulk --language python

If a Cargo workspace around the folder includes it in its `members`, the model becomes a member of
that workspace, without profiles of its own; otherwise it is a workspace by itself.";

const EXIT_CODES: [&str; 2] = [
    "the folder was created",
    "it was not, and nothing was written: the name is not valid for a crate, the folder exists and is not empty or cannot be \
     written, the SDK is not where --sdk says, or cargo cannot work there",
];

/// What a member of a workspace lacks, compared with a model that is a workspace of its own.
const MEMBER_PROFILE: &str = "\
for a small and fast release, add there

  [profile.guest]
  inherits = \"release\"
  codegen-units = 1
  lto = true
  panic = \"abort\"
  strip = true

and in the model's switchback.toml, under [build]: profile = \"guest\"";

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let scaffold = Scaffold::new(args.name.clone()).language(args.language);
    let scaffold = match &args.sdk {
        Some(sdk) => scaffold.sdk(Sdk::Path(sdk.clone())),
        None => scaffold,
    };
    let made = scaffold.create(&args.parent)?;
    write(&made, args.language, &mut io::stdout().lock())?;
    Ok(Exit::Fine)
}

fn write(made: &Scaffolded, language: Language, out: &mut impl Write) -> io::Result<()> {
    for file in &made.files {
        writeln!(out, "{}", file.display())?;
    }
    match &made.sdk {
        Some(Sdk::Path(path)) => writeln!(out, "\nswitchback-guest is taken from {}", path.display())?,
        Some(Sdk::Registry) => writeln!(out, "\nswitchback-guest is taken from the registry")?,
        None => {}
    }
    if let Some(root) = &made.workspace {
        let root = root.join("Cargo.toml");
        writeln!(
            out,
            "\nit is a member of the workspace {}, where profiles are set; {MEMBER_PROFILE}",
            root.display()
        )?;
    }
    writeln!(out, "\nnext:")?;
    let folder = shell_word(&made.folder);
    match language.build_command() {
        Some(build) => {
            writeln!(out, "  cd {folder} && {build}")?;
            writeln!(out, "  switchback pack --component model.wasm")
        }
        None => {
            writeln!(out, "  cargo test --manifest-path {}", shell_word(&made.folder.join("Cargo.toml")))?;
            writeln!(out, "  switchback pack {folder}")
        }
    }
}

/// A path as a shell reads it.
fn shell_word(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+@:,%".contains(c);
    match text.chars().all(is_plain) && !text.starts_with('-') {
        true => text,
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}
