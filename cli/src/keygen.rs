//! `switchback keygen`.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::bail;
use minisign::KeyPair;
use switchback::release::{KeyId, PublicKey};

use crate::exit::Exit;
use crate::file::{Access, write_new};
use crate::secret::{PasswordArgs, key_error};

/// Create a key pair: one key to sign releases, one to verify them
///
/// Writes NAME.key, which signs and must stay secret, and NAME.pub, which verifies and is for everybody who uses your releases.
/// Both are in the format of minisign, whose command works with them. A lost key or password cannot be recovered.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(crate) struct Args {
    /// Write NAME.key and NAME.pub; NAME may include a folder
    #[arg(short, long, value_name = "NAME", default_value = "switchback")]
    output: PathBuf,

    /// Write the secret key without a password: whoever can read the file can sign
    #[arg(long, conflicts_with = "password_file")]
    no_password: bool,

    #[command(flatten)]
    password: PasswordArgs,
}

const AFTER_HELP: &str = "\
Examples:
  switchback keygen -o ada                  ada.key and ada.pub; asks for a password twice
  switchback keygen -o ada --password-file /run/secrets/ada
  switchback sign -k ada.key phish-2.0.0.wasm
  switchback verify -p ada.pub phish-2.0.0.wasm

Exit codes:
  0  both files were written
  1  they were not: one of them exists, or cannot be written; no half of a pair is left
  2  the command line is wrong, or there is nobody to ask for a password";

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let [secret, public] = ["key", "pub"].map(|extension| with_extension(&args.output, extension));
    for path in [&secret, &public] {
        if fs::symlink_metadata(path).is_ok() {
            bail!("{} exists, and keys are not overwritten: choose another name with -o", path.display());
        }
    }
    let pair = match args.no_password {
        true => KeyPair::generate_unencrypted_keypair(),
        false => KeyPair::generate_encrypted_keypair(Some(args.password.new_password()?.into_text())),
    }
    .map_err(|e| key_error("make a key", &e))?;
    let id = write(&pair, &secret, &public)?;
    writeln!(io::stdout(), "key {id}\n  signs     {}\n  verifies  {}", secret.display(), public.display())?;
    Ok(Exit::Fine)
}

/// Writes both keys, or none.
fn write(pair: &KeyPair, secret: &Path, public: &Path) -> anyhow::Result<KeyId> {
    let key: PublicKey = pair.pk.to_base64().parse()?;
    let id = key.id();
    let comment = format!("switchback secret key {id}");
    let text = pair.sk.to_box(Some(&comment)).map_err(|e| key_error("make a key", &e))?.into_string();
    write_new(secret, text.as_bytes(), Access::Owner)?;
    let text = format!("untrusted comment: switchback public key {id}\n{key}\n");
    write_new(public, text.as_bytes(), Access::Everybody).inspect_err(|_| {
        // Half a pair is of no use. If it cannot be taken away either, the error says what is wrong with the folder.
        let _ = fs::remove_file(secret);
    })?;
    Ok(id)
}

/// `NAME.key`, whatever dots are in the name.
fn with_extension(name: &Path, extension: &str) -> PathBuf {
    let mut path = name.as_os_str().to_owned();
    path.push(".");
    path.push(extension);
    path.into()
}
