//! `switchback sign`.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::keygen::{Keys, digest, signature_of};
use crate::run::{Ran, switchback, switchback_alone};

/// Signs a release with a key file of this content.
fn sign_with(keys: &Keys, key: &[u8], options: &[&str]) -> Ran {
    let path = keys.path("other.key");
    fs::write(&path, key).unwrap();
    let release = keys.unsigned("1.0.0");
    let args = ["sign", "-k", path.to_str().unwrap(), release.to_str().unwrap()];
    let ran = switchback(args.iter().chain(options));
    assert!(ran.code == 0 || !signature_of(&release).exists(), "refused, and signed: {ran:?}");
    ran
}

#[test]
fn a_signature_lies_beside_its_release_and_names_it() {
    let keys = Keys::without_password();
    let [one, two] = ["1.0.0", "2.0.0"].map(|version| keys.unsigned(version).display().to_string());
    let out = switchback([vec!["sign".into()], keys.signing(), vec![one.clone(), two.clone()]].concat()).fine();
    let line = |path: &str, version: &str| format!("{path}.minisig  linear@{version}  key {}", keys.id);
    assert_eq!(out.lines().collect::<Vec<_>>(), [line(&one, "1.0.0"), line(&two, "2.0.0")]);
    let text = fs::read_to_string(format!("{two}.minisig")).unwrap();
    let comment = format!("trusted comment: switchback release linear@2.0.0 sha256:{}", digest(two.as_ref()));
    assert_eq!(text.lines().nth(2), Some(comment.as_str()));
    assert_eq!(keys.verify(two.as_ref()).fine(), format!("{two}  linear@2.0.0  key {}\n", keys.id));
    assert_eq!(fs::read_dir(keys.path(".")).unwrap().count(), 6, "nothing was left behind");
}

#[test]
fn a_key_with_a_password_signs_with_it_and_not_without() {
    let keys = Keys::with_password();
    let release = keys.signed("1.0.0");
    keys.verify(&release).fine();
    fs::remove_file(signature_of(&release)).unwrap();
    fs::write(keys.path("wrong"), "battery staple").unwrap();
    let [key, wrong, file] =
        [keys.path("k.key"), keys.path("wrong"), release.clone()].map(|path| path.display().to_string());
    let ran = switchback(["sign", "-k", &key, "--password-file", &wrong, &file]);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(ran.err.contains("k.key: the password is wrong"), "{ran:?}");
    let ran = switchback_alone(["sign", "-k", &key, &file]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("no terminal"), "{ran:?}");
    assert!(!signature_of(&release).exists());
}

#[test]
fn a_new_signature_takes_the_place_of_an_old_one() {
    let [old, new] = [Keys::without_password(), Keys::without_password()];
    let release = old.signed("1.0.0");
    let args = [vec!["sign".to_owned()], new.signing(), vec![release.display().to_string()]].concat();
    let ran = switchback(&args);
    assert!(ran.code == 0 && ran.err.contains(&format!("was by key {}, and is replaced", old.id)), "{ran:?}");
    switchback(args).fine();
    new.verify(&release).fine();
    assert_eq!(old.verify(&release).code, 1);
}

#[test]
fn nothing_is_signed_where_one_file_is_no_release() {
    let keys = Keys::without_password();
    let good = keys.unsigned("1.0.0");
    let bad = keys.path("bad.wasm");
    let mut damaged = fs::read(&good).unwrap();
    damaged[999] ^= 1;
    for (bytes, says) in
        [(&b"hello"[..], "it is not WebAssembly"), (&damaged, "it is damaged"), (b"", "it is not WebAssembly")]
    {
        fs::write(&bad, bytes).unwrap();
        let files = [&good, &bad].map(|path| path.display().to_string());
        let ran = switchback([&["sign".to_owned()][..], &keys.signing(), &files].concat());
        assert_eq!((ran.code, ran.out.as_str()), (1, ""));
        assert!(ran.err.contains(&format!("bad.wasm: {says}")), "{ran:?}");
        assert!(!signature_of(&good).exists() && !signature_of(&bad).exists());
    }
}

#[test]
fn what_is_no_secret_key_is_named() {
    let keys = Keys::without_password();
    let good = fs::read_to_string(keys.path("k.key")).unwrap();
    let (comment, line) = good.trim_end().split_once('\n').unwrap();
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = BASE64.decode(line).unwrap();
        change(&mut bytes);
        format!("{comment}\n{}\n", BASE64.encode(bytes)).into_bytes()
    };
    let none = "other.key: this is not a secret key";
    let cases = [
        (fs::read(keys.path("k.pub")).unwrap(), "other.key: this is a public key"),
        (Vec::new(), none),
        (comment.into(), none),
        (line.into(), none),
        (format!("{line}\n{comment}\n").into_bytes(), none),
        (format!("{good}{line}\n").into_bytes(), none),
        (format!("\u{feff}{good}").into_bytes(), none),
        (format!("{comment}\n{}", &line[..100]).into_bytes(), none),
        (with(&|bytes| bytes.truncate(157)), none),
        (with(&|bytes| bytes.push(0)), none),
        (with(&|bytes| bytes[0] = b'X'), none),
        (with(&|bytes| bytes[2..4].copy_from_slice(b"Zz")), "other.key: its password protects it in a way"),
        (with(&|bytes| bytes[70] ^= 1), "other.key: the key was damaged: take it from a copy"),
        (
            with(&|bytes| {
                bytes[70] ^= 1;
                bytes[126..].fill(0)
            }),
            "the key was damaged: its signature does not verify",
        ),
        (vec![b'x'; 9_000], "larger than 8192 bytes"),
        (vec![0xff; 90], "it is not text"),
    ];
    for (key, says) in cases {
        let ran = sign_with(&keys, &key, &[]);
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{says}: {ran:?}");
        assert!(ran.err.contains(says), "{ran:?} does not say {says}");
    }
    fs::write(keys.path("password"), "superfluous").unwrap();
    let ran = sign_with(&keys, good.as_bytes(), &["--password-file", keys.path("password").to_str().unwrap()]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("other.key has no password: leave out --password-file"), "{ran:?}");
    sign_with(&keys, good.as_bytes(), &[]).fine();
}
