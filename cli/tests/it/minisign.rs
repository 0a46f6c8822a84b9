//! Debian's `minisign` verifies what we sign, and we verify what it signs. Without that command these tests say so and
//! pass; `cargo xtask test` installs it.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::keygen::Keys;
use crate::run::{Ran, ran, switchback};

/// The command, if there is one.
fn minisign() -> Option<Command> {
    let there = Command::new("minisign").arg("-v").stdout(Stdio::null()).status().is_ok();
    if !there {
        eprintln!("SKIPPED: there is no minisign; install Debian's package, as `cargo xtask test` does for root");
    }
    there.then(|| Command::new("minisign"))
}

/// Runs it with passwords on its standard input.
fn typed(command: &mut Command, passwords: &str) -> String {
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.unwrap();
    child.stdin.take().unwrap().write_all(passwords.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// What minisign says of a release, with the public key of this folder.
fn theirs_verifies(keys: &Keys, release: &Path, public: &str) -> Option<Ran> {
    Some(ran(minisign()?.arg("-Vm").arg(release).arg("-p").arg(keys.path(public))))
}

#[test]
fn minisign_verifies_what_we_sign() {
    for keys in [Keys::without_password(), Keys::with_password()] {
        let release = keys.signed("1.0.0");
        let Some(passed) = theirs_verifies(&keys, &release, "k.pub") else { return };
        assert_eq!(passed.code, 0, "{passed:?}");
        assert!(passed.out.contains("Trusted comment: switchback release linear@1.0.0 sha256:"), "{passed:?}");
        fs::copy(keys.unsigned("2.0.0"), &release).unwrap();
        assert_ne!(theirs_verifies(&keys, &release, "k.pub").unwrap().code, 0, "it looks at the file");
    }
}

#[test]
fn minisign_signs_with_our_keys() {
    for (keys, password) in [(Keys::without_password(), ""), (Keys::with_password(), "correct horse\n")] {
        let release = keys.unsigned("1.0.0");
        let Some(mut sign) = minisign() else { return };
        typed(sign.arg("-Sm").arg(&release).arg("-s").arg(keys.path("k.key")), password);
        keys.verify(&release).fine();
    }
}

#[test]
fn we_sign_with_minisigns_keys_and_verify_what_it_signs() {
    for (options, typed_twice) in [(&["-G", "-W"][..], ""), (&["-G"], "correct horse\n")] {
        let keys = Keys::with_password();
        let [release, other] = ["1.0.0", "2.0.0"].map(|version| keys.unsigned(version));
        let Some(mut generate) = minisign() else { return };
        let [public, secret] = ["their.pub", "their.key"].map(|name| keys.path(name));
        typed(generate.args(options).arg("-p").arg(&public).arg("-s").arg(&secret), &typed_twice.repeat(2));

        typed(minisign().unwrap().arg("-Sm").arg(&release).arg("-s").arg(&secret), typed_twice);
        let verify = |file: &Path| switchback(["verify".as_ref(), "-p".as_ref(), public.as_os_str(), file.as_os_str()]);
        verify(&release).fine();
        let id = fs::read_to_string(&public).unwrap().parse::<switchback::release::PublicKey>().unwrap().id();
        let inspected = switchback(["inspect".as_ref(), release.as_os_str()]).fine();
        assert!(inspected.contains(&format!("by key {id}, not checked")), "{inspected}");

        let mut sign =
            vec!["sign".to_owned(), "-k".to_owned(), secret.display().to_string(), other.display().to_string()];
        if !typed_twice.is_empty() {
            sign.extend(["--password-file".to_owned(), keys.path("password").display().to_string()]);
        }
        switchback(sign).fine();
        verify(&other).fine();
        assert_eq!(theirs_verifies(&keys, &other, "their.pub").unwrap().code, 0);
    }
}

#[test]
fn a_legacy_signature_of_minisign_is_refused() {
    let keys = Keys::without_password();
    let release = keys.unsigned("1.0.0");
    let Some(mut sign) = minisign() else { return };
    typed(sign.args(["-S", "-l", "-m"]).arg(&release).arg("-s").arg(keys.path("k.key")), "");
    assert_eq!(theirs_verifies(&keys, &release, "k.pub").unwrap().code, 0, "minisign still accepts it");
    let refused = keys.verify(&release);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("minisign's legacy kind"), "{refused:?}");
}

#[test]
fn a_key_id_reads_back_as_minisign_shows_it() {
    let keys = Keys::without_password();
    let release = keys.signed("1.0.0");
    // The 13th digit is the front of the id's last byte, which is shown first: a zero, which minisign leaves out.
    let line = fs::read_to_string(keys.path("k.pub")).unwrap().lines().nth(1).unwrap().to_owned();
    let renamed: switchback::release::PublicKey = [&line[..12], "B", &line[13..]].concat().parse().unwrap();
    fs::write(keys.path("other.pub"), format!("untrusted comment: renamed\n{renamed}\n")).unwrap();
    let Some(refused) = theirs_verifies(&keys, &release, "other.pub") else { return };
    let shown = refused.err.split_whitespace().last().unwrap_or_default();
    assert_eq!(shown.len(), 15, "{refused:?}");
    assert_eq!(shown.parse(), Ok(renamed.id()), "{refused:?}");
}
