//! Secret keys and their passwords.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use minisign::{ErrorKind, PError, SecretKey, SecretKeyBox};
use switchback::release::PublicKey;

use crate::exit::Usage;
use crate::file::read_small;

/// The bytes of a secret key.
const SECRET_KEY_BYTES: usize = 158;

/// The most bytes of a password: minisign's own limit.
const PASSWORD_BYTES_MAX: usize = 1_024;

/// Where the password comes from.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct PasswordArgs {
    /// Take the password from the first line of this file [default: ask at the terminal]
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

/// A password. There is no way to print it.
pub(crate) struct Password(String);

impl Password {
    /// The password itself.
    pub(crate) fn into_text(self) -> String {
        self.0
    }
}

impl PasswordArgs {
    /// The password of a key that is being made: asked for twice.
    pub(crate) fn new_password(&self) -> anyhow::Result<Password> {
        if let Some(file) = &self.password_file {
            return from_file(file);
        }
        let password = ask("Password for the new key: ")?;
        if password.0 != ask("The same again: ")?.0 {
            bail!("the passwords differ: nothing was written");
        }
        Ok(password)
    }

    fn password_of(&self, key: &Path) -> anyhow::Result<Password> {
        match &self.password_file {
            Some(file) => from_file(file),
            None => ask(&format!("Password of {}: ", key.display())),
        }
    }

    /// Reads a secret key, and decrypts it if it has a password.
    pub(crate) fn unlock(&self, path: &Path) -> anyhow::Result<SecretKey> {
        let text = read_small(path)?;
        let what = path.display().to_string();
        let protection = Protection::of(&text).with_context(|| what.clone())?;
        if !matches!(protection, Protection::Password) && self.password_file.is_some() {
            bail!("{what} has no password: leave out --password-file");
        }
        let key = SecretKeyBox::from(text);
        match protection {
            Protection::Password => key.into_secret_key(Some(self.password_of(path)?.into_text())),
            Protection::Checksum => key.into_unencrypted_secret_key(),
            Protection::None(bytes) => SecretKey::from_bytes(&bytes),
        }
        .map_err(|e| key_error(&what, &e))
    }
}

/// How a secret key is protected from readers and damage.
enum Protection {
    /// Encrypted, and with a checksum.
    Password,
    /// With a checksum alone.
    Checksum,
    /// Not at all: so does minisign write keys without a password. Whether it is damaged shows when it signs.
    None(Vec<u8>),
}

impl Protection {
    fn of(text: &str) -> anyhow::Result<Self> {
        if text.parse::<PublicKey>().is_ok() {
            bail!("this is a public key: sign with the .key file that was made with it");
        }
        let bytes = decoded(text)
            .context("this is not a secret key: expected the .key file of `switchback keygen` or minisign")?;
        // `Sc` is scrypt, two zeros are no encryption; the checksum is at the end.
        match (&bytes[2..4], &bytes[SECRET_KEY_BYTES - 32..]) {
            (b"Sc", _) => Ok(Self::Password),
            ([0, 0], checksum) if checksum.iter().any(|&byte| byte != 0) => Ok(Self::Checksum),
            ([0, 0], _) => Ok(Self::None(bytes)),
            _ => bail!("its password protects it in a way that this version does not know: use minisign"),
        }
    }
}

/// The bytes of a secret key's file.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let (comment, key) = text.trim_end().split_once('\n')?;
    let bytes = BASE64.decode(key).ok()?;
    let well_formed = comment.starts_with("untrusted comment: ") && bytes.starts_with(b"Ed");
    (well_formed && bytes.len() == SECRET_KEY_BYTES).then_some(bytes)
}

/// An error of a secret key, in words of ours where it is the password's.
pub(crate) fn key_error(what: &str, error: &PError) -> anyhow::Error {
    match error.kind() {
        ErrorKind::Verify if error.to_string().contains("password") => {
            anyhow::anyhow!("{what}: the password is wrong, or the key was damaged")
        }
        ErrorKind::Verify => anyhow::anyhow!("{what}: the key was damaged: take it from a copy"),
        _ => anyhow::anyhow!("{what}: {error}"),
    }
}

fn ask(prompt: &str) -> anyhow::Result<Password> {
    if File::open("/dev/tty").is_err() {
        return Err(Usage("there is no terminal to ask for a password at: use --password-file".to_owned()).into());
    }
    acceptable(rpassword::prompt_password(prompt).context("cannot read the password")?)
}

fn from_file(path: &Path) -> anyhow::Result<Password> {
    let first = read_small(path)?.lines().next().unwrap_or_default().to_owned();
    acceptable(first).with_context(|| path.display().to_string())
}

fn acceptable(password: String) -> anyhow::Result<Password> {
    match password.len() {
        0 => bail!("the password is empty: a key without one is made with `switchback keygen --no-password`"),
        1..=PASSWORD_BYTES_MAX => Ok(Password(password)),
        _ => bail!("the password is longer than {PASSWORD_BYTES_MAX} bytes, the most that minisign takes"),
    }
}
