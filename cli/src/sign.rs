//! `switchback sign`.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use minisign::SecretKey;
use switchback::release::{
    PublicKey, Signature, Verified, read_release, read_signature, signature_path, trusted_comment,
};
use switchback::{Limits, ReleaseId};

use crate::exit::{Exit, say};
use crate::file::{Access, write};
use crate::secret::{PasswordArgs, key_error};

/// Sign releases
///
/// Writes FILE.wasm.minisig next to each release, replacing an existing one. All files are checked first: if a host with default
/// limits would refuse one of them, none is signed. minisign can verify the signatures too.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The secret key, made by `switchback keygen` or by minisign
    #[arg(short, long, value_name = "NAME.key")]
    key: PathBuf,

    #[command(flatten)]
    password: PasswordArgs,

    /// The releases
    #[arg(value_name = "FILE.wasm", required = true)]
    files: Vec<PathBuf>,
}

const AFTER_HELP: &str = "\
Examples:
  switchback sign -k ada.key phish-2.0.0.wasm            asks for the password
  switchback sign -k ada.key --password-file /run/secrets/ada releases/*.wasm
  minisign -Vm phish-2.0.0.wasm -p ada.pub               the same check by another program

Exit codes:
  0  every file is signed
  1  a file is no sound release, the password is wrong, or something cannot be read or written
  2  the command line is wrong, or there is nobody to ask for a password";

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    // All of them before the password is asked for. The bytes are kept: what was checked is what is signed.
    let releases = args.files.iter().map(|path| Ok((path, sound(path)?))).collect::<anyhow::Result<Vec<_>>>()?;
    let signer = Signer::new(args.password.unlock(&args.key)?).with_context(|| args.key.display().to_string())?;
    let mut out = io::stdout().lock();
    for (path, release) in &releases {
        let to = signature_path(path);
        let before = read_signature(&to).ok().flatten().and_then(|text| text.parse::<Signature>().ok());
        if let Some(before) = before.filter(|before| before.key_id() != signer.public.id()) {
            say(&format!("{} was by key {}, and is replaced", to.display(), before.key_id()));
        }
        write(&to, signer.sign(release)?.as_bytes(), Access::Everybody)?;
        writeln!(out, "{}  {}  key {}", to.display(), release.id(), signer.public.id())?;
    }
    Ok(Exit::Fine)
}

/// A release that a host with default limits would not refuse.
pub(crate) fn sound(path: &Path) -> anyhow::Result<Verified> {
    let limits = Limits::default();
    let verified = read_release(path, &limits).and_then(|draft| draft.verify(&limits));
    verified.with_context(|| path.display().to_string())
}

/// A secret key with its public half.
struct Signer {
    secret: SecretKey,
    public: PublicKey,
}

impl Signer {
    fn new(secret: SecretKey) -> anyhow::Result<Self> {
        let public =
            minisign::PublicKey::from_secret_key(&secret).map_err(|e| key_error("read its public half", &e))?;
        Ok(Self { public: public.to_base64().parse()?, secret })
    }

    /// The text of a release's signature.
    fn sign(&self, release: &Verified) -> anyhow::Result<String> {
        let comments = [trusted_comment(release.id()), self.untrusted_comment(release.id())];
        let [trusted, untrusted] = comments.each_ref().map(|comment| Some(comment.as_str()));
        let text = minisign::sign(None, &self.secret, release.bytes(), trusted, untrusted)
            .map_err(|e| key_error(&format!("sign {}", release.id()), &e))?
            .into_string();
        // A damaged key makes signatures that nobody can verify: better noticed here.
        let signature: Signature = text.parse()?;
        self.public
            .verify(release.bytes(), &signature)
            .context("the key was damaged: its signature does not verify")?;
        Ok(text)
    }

    fn untrusted_comment(&self, release: &ReleaseId) -> String {
        format!("signature of {release} by switchback key {}", self.public.id())
    }
}
