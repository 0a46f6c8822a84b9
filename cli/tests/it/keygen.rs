//! `switchback keygen`, and keys for other tests.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use switchback::Digest;
use tempfile::{TempDir, tempdir};

use crate::model::release;
use crate::run::{switchback, switchback_alone, switchback_in};

/// A pair of keys in a folder of its own, `k.key` and `k.pub`.
pub(crate) struct Keys {
    dir: TempDir,
    pub(crate) id: String,
    has_password: bool,
}

impl Keys {
    pub(crate) fn without_password() -> Self {
        Self::made(tempdir().unwrap(), false)
    }

    /// The password is `correct horse`.
    pub(crate) fn with_password() -> Self {
        let dir = tempdir().unwrap();
        fs::write(dir.path().join("password"), "correct horse\n").unwrap();
        Self::made(dir, true)
    }

    fn made(dir: TempDir, has_password: bool) -> Self {
        let how: &[_] = if has_password { &["--password-file", "password"] } else { &["--no-password"] };
        let out = switchback_in(dir.path(), ["keygen", "-o", "k"].iter().chain(how)).fine();
        let id = out.lines().next().unwrap().strip_prefix("key ").unwrap().to_owned();
        Self { dir, id, has_password }
    }

    /// A file in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Options that sign with this key.
    pub(crate) fn signing(&self) -> Vec<String> {
        let mut options = vec!["-k".to_owned(), self.path("k.key").display().to_string()];
        if self.has_password {
            options.extend(["--password-file".to_owned(), self.path("password").display().to_string()]);
        }
        options
    }

    /// A copy of a release in the folder.
    pub(crate) fn unsigned(&self, version: &str) -> PathBuf {
        let path = self.path(&format!("linear-{version}.wasm"));
        fs::copy(release(version), &path).unwrap();
        path
    }

    /// A copy of a release in the folder, signed.
    pub(crate) fn signed(&self, version: &str) -> PathBuf {
        let path = self.unsigned(version);
        let args = [vec!["sign".to_owned()], self.signing(), vec![path.display().to_string()]].concat();
        switchback(args).fine();
        path
    }

    /// What `switchback verify` says of a file with this key.
    pub(crate) fn verify(&self, path: &Path) -> crate::run::Ran {
        switchback(["verify".as_ref(), "-p".as_ref(), self.path("k.pub").as_os_str(), path.as_os_str()])
    }
}

/// Where the signature of a release lies.
pub(crate) fn signature_of(release: &Path) -> PathBuf {
    format!("{}.minisig", release.display()).into()
}

/// What `sha256sum` says of a file.
pub(crate) fn digest(path: &Path) -> Digest {
    Digest::of(&fs::read(path).unwrap())
}

#[test]
fn a_pair_is_two_files_and_only_the_owner_reads_the_one_that_signs() {
    let keys = Keys::without_password();
    let [secret, public] = ["k.key", "k.pub"].map(|name| fs::metadata(keys.path(name)).unwrap().permissions().mode());
    assert_eq!((secret & 0o777, public & 0o400), (0o600, 0o400));
    let text = fs::read_to_string(keys.path("k.pub")).unwrap();
    assert_eq!(text.parse::<switchback::release::PublicKey>().unwrap().id().to_string(), keys.id);
    assert!(text.starts_with(&format!("untrusted comment: switchback public key {}\n", keys.id)), "{text}");
    assert_eq!(fs::read_dir(keys.path(".")).unwrap().count(), 2, "nothing was left behind");
}

#[test]
fn a_name_may_have_dots_and_a_folder() {
    let dir = tempdir().unwrap();
    fs::create_dir(dir.path().join("sub")).unwrap();
    switchback_in(dir.path(), ["keygen", "--no-password", "-o", "sub/ada.example.org"]).fine();
    assert!(
        dir.path().join("sub/ada.example.org.key").is_file() && dir.path().join("sub/ada.example.org.pub").is_file()
    );
}

#[test]
fn no_key_is_overwritten_and_no_half_pair_is_left() {
    for exists in ["k.key", "k.pub"] {
        let dir = tempdir().unwrap();
        fs::write(dir.path().join(exists), "precious").unwrap();
        let ran = switchback_in(dir.path(), ["keygen", "--no-password", "-o", "k"]);
        assert_eq!((ran.code, ran.out.as_str()), (1, ""));
        assert!(ran.err.contains(&format!("{exists} exists")), "{ran:?}");
        assert_eq!(fs::read(dir.path().join(exists)).unwrap(), b"precious");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
    let ran = switchback(["keygen", "--no-password", "-o", "/nowhere/k"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("cannot write /nowhere/k.key"), "{ran:?}");
}

#[test]
fn a_password_that_is_none_is_refused() {
    let dir = tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(dir.path().join(name), bytes).unwrap();
    write("empty", b"");
    write("blank", b"\nsecond line\n");
    write("long", &[b'x'; 1_025]);
    write("huge", &[b'x'; 9_000]);
    write("binary", &[0xff; 9]);
    for (file, says) in [
        ("empty", "empty: the password is empty"),
        ("blank", "blank: the password is empty"),
        ("long", "longer than 1024 bytes"),
        ("huge", "larger than 8192 bytes"),
        ("binary", "cannot read binary"),
        ("absent", "cannot read absent"),
    ] {
        let ran = switchback_in(dir.path(), ["keygen", "-o", "k", "--password-file", file]);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.err.contains(says), "{ran:?}");
        assert!(!dir.path().join("k.key").exists() && !dir.path().join("k.pub").exists());
    }
}

#[test]
fn where_nobody_can_be_asked_the_command_line_is_wrong() {
    let dir = tempdir().unwrap();
    let name = dir.path().join("k");
    let ran = switchback_alone(["keygen".as_ref(), "-o".as_ref(), name.as_os_str()]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("no terminal") && ran.err.contains("--password-file"), "{ran:?}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

/// Runs the command in a folder, at a terminal where this is typed.
fn at_a_terminal(dir: &Path, command: &str, typed: &str) -> (bool, String) {
    let command = format!("{} {command}", env!("CARGO_BIN_EXE_switchback"));
    let mut script = Command::new("script");
    script.current_dir(dir).args(["--quiet", "--return", "--command", &command, "/dev/null"]);
    let mut child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn a_password_is_asked_for_twice_at_the_terminal_and_once_to_sign() {
    let dir = tempdir().unwrap();
    let (fine, said) = at_a_terminal(dir.path(), "keygen -o k", "correct horse\nbattery staple\n");
    assert!(!fine && said.contains("the passwords differ"), "{said}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "{said}");

    let (fine, said) = at_a_terminal(dir.path(), "keygen -o k", "correct horse\ncorrect horse\n");
    assert!(fine && said.contains("Password for the new key: ") && said.contains("The same again: "), "{said}");
    fs::copy(release("1.0.0"), dir.path().join("r.wasm")).unwrap();
    let (fine, said) = at_a_terminal(dir.path(), "sign -k k.key r.wasm", "battery staple\n");
    assert!(!fine && said.contains("the password is wrong"), "{said}");
    let (fine, said) = at_a_terminal(dir.path(), "sign -k k.key r.wasm", "correct horse\n");
    assert!(fine && said.contains("Password of k.key: "), "{said}");
    switchback_in(dir.path(), ["verify", "-p", "k.pub", "r.wasm"]).fine();
}
