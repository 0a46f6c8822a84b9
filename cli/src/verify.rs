//! `switchback verify`.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use switchback::ReleaseId;
use switchback::control::{TrustList, Untrusted};
use switchback::release::{PublicKey, SignatureError, read_signature, signature_path};

use crate::exit::{Exit, after_help, explained, say};
use crate::file::read_small;
use crate::sign::sound;

/// Check the signatures of releases
///
/// A release passes if it is valid, FILE.wasm.minisig next to it was made with this key, the file was not altered since, and the
/// signature, if it names a release, names this one.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, EXIT_CODES))]
pub(crate) struct Args {
    /// The public key of the signer
    #[arg(short = 'p', long, value_name = "NAME.pub")]
    public_key: PathBuf,

    /// The releases
    #[arg(value_name = "FILE.wasm", required = true)]
    files: Vec<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  switchback verify -p ada.pub phish-2.0.0.wasm
  switchback verify -p ada.pub releases/*.wasm";

const EXIT_CODES: [&str; 2] = ["every release passes", "some do not, for the reasons shown; or the key cannot be read"];

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let key = &args.public_key;
    let key: PublicKey = read_small(key)?.parse().with_context(|| key.display().to_string())?;
    let mut out = io::stdout().lock();
    let mut failed = false;
    for path in &args.files {
        match verify(path, &key) {
            Ok(release) => writeln!(out, "{}  {release}  key {}", path.display(), key.id())?,
            Err(error) => {
                failed = true;
                say(&explained(&error));
            }
        }
    }
    Ok(Exit::found_if(failed))
}

/// Checks a release as a store does that trusts this key and no other.
fn verify(path: &Path, key: &PublicKey) -> anyhow::Result<ReleaseId> {
    let release = sound(path)?;
    let signature = read_signature(&signature_path(path))?;
    let mut trusted = TrustList::default();
    trusted.trust(key.clone(), "")?;
    match trusted.check(release.id(), release.bytes(), signature.as_deref()) {
        Ok(_) => Ok(release.id().clone()),
        // There is no list to add it to.
        Err(Untrusted::KeyUnknown { id }) => Err(SignatureError::OtherKey { signed_by: id, key: key.id() }.into()),
        Err(untrusted) => Err(anyhow::Error::new(untrusted)),
    }
    .with_context(|| path.display().to_string())
}
