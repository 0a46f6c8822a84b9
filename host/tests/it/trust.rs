//! Wrong signatures, keys and signed files: each is refused, with a message that says what is wrong with it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use minisign::KeyPair;
use switchback::control::{TrustList, Untrusted};
use switchback::release::{PublicKey, trusted_comment};
use switchback::semver::Version;
use switchback::{Digest, ReleaseId};

/// Another implementation's key, and its legacy signature of `test`: from the documentation of minisign-verify.
const OTHERS_KEY: &str = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";
const OTHERS_LEGACY: &str = "untrusted comment: signature from minisign secret key\n\
    RWQf6LRCGA9i59SLOFxz6NxvASXDJeRtuZykwQepbDEGt87ig1BNpWaVWuNrm73YiIiJbq71Wi+dP9eKL8OC351vwIasSSbXxwA=\n\
    trusted comment: timestamp:1555779966\tfile:test\n\
    QtKMXWyYcwdpZAlPF7tE2ENJkRd1ujvKjlj1m9RtHTBnZPa5WKU5uWRs5GoP5M/VqE81QFuMKI5k/SfNQUaOAA==\n";

/// The order of Ed25519's base point, little-endian (RFC 8032, section 5.1).
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// Something wrong, and what is said of it.
struct Case {
    what: &'static str,
    file: Vec<u8>,
    signature: Option<String>,
    /// What the refusal's debug form starts with.
    refusal: &'static str,
    says: &'static str,
}

/// Ada is trusted, Bob was, nobody knows Eve.
struct World {
    ada: KeyPair,
    bob: KeyPair,
    eve: KeyPair,
    list: TrustList,
}

impl World {
    fn new() -> Self {
        let [ada, bob, eve] = [(); 3].map(|()| KeyPair::generate_unencrypted_keypair().unwrap());
        let mut list = TrustList::default();
        list.trust(public(&ada), "ada").unwrap();
        list.trust(public(&bob), "bob").unwrap();
        list.trust(OTHERS_KEY.parse().unwrap(), "other").unwrap();
        list.revoke_key(public(&bob).id()).unwrap();
        list.revoke_digest(Digest::of(b"revoked")).unwrap();
        Self { ada, bob, eve, list }
    }

    fn check(&self, file: &[u8], signature: Option<&str>) -> Result<Option<switchback::release::KeyId>, Untrusted> {
        self.list.check(&release(file), file, signature)
    }
}

fn public(pair: &KeyPair) -> PublicKey {
    pair.pk.to_base64().parse().unwrap()
}

fn release(file: &[u8]) -> ReleaseId {
    ReleaseId::new("phish".parse().unwrap(), Version::new(2, 0, 0), Digest::of(file))
}

/// The file that is signed.
fn file() -> Vec<u8> {
    (0..5_000_u32).flat_map(u32::to_le_bytes).collect()
}

fn sign(pair: &KeyPair, file: &[u8], comment: &str) -> String {
    minisign::sign(Some(&pair.pk), &pair.sk, file, Some(comment), Some("for tests")).unwrap().into_string()
}

/// A signature as `switchback sign` makes it.
fn signed(pair: &KeyPair, file: &[u8]) -> String {
    sign(pair, file, &trusted_comment(&release(file)))
}

/// The text with these of its lines, in this order, counted from 1.
fn lines(text: &str, order: &[usize]) -> String {
    let all: Vec<_> = text.lines().collect();
    order.iter().map(|&number| format!("{}\n", all[number - 1])).collect()
}

/// The text with another line in the place of one, counted from 1.
fn with_line(text: &str, number: usize, change: impl FnOnce(&str) -> String) -> String {
    let mut all: Vec<_> = text.lines().map(str::to_owned).collect();
    all[number - 1] = change(&all[number - 1]);
    all.join("\n") + "\n"
}

/// The text with a line of base64 whose bytes were changed.
fn with_bytes(text: &str, number: usize, change: impl FnOnce(&mut Vec<u8>)) -> String {
    with_line(text, number, |line| {
        let mut bytes = BASE64.decode(line).unwrap();
        change(&mut bytes);
        BASE64.encode(bytes)
    })
}

/// The text that names another key as its signer.
fn with_key_id(text: &str, pair: &KeyPair) -> String {
    with_bytes(text, 2, |bytes| bytes[2..10].copy_from_slice(pair.pk.keynum()))
}

/// Adds the group's order to a signature's second half, which makes another text of the same signature where nobody
/// looks whether that half is reduced.
fn add_order(signature: &mut [u8]) {
    let mut carry = 0;
    for (byte, more) in signature[42..74].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(more) + carry;
        *byte = u8::try_from(sum & 0xff).unwrap();
        carry = sum >> 8;
    }
    assert_eq!(carry, 0);
}

fn case(what: &'static str, signature: impl Into<Option<String>>, refusal: &'static str, says: &'static str) -> Case {
    Case { what, file: file(), signature: signature.into(), refusal, says }
}

/// What is wrong with a signature's text.
fn malformed(good: &str) -> Vec<Case> {
    let public_key = "untrusted comment: minisign public key 484971BD463A024D\n\
        RWRNAjpGvXFJSAtMW5ZutgsEPFDIv30EX5O5+UmoU9zo0kDgPFhGjVVo\n";
    let secret_key = format!("untrusted comment: secret\n{}\n", BASE64.encode([7; 158]));
    let none = "Invalid(SignatureLine { bytes: None })";
    let order = "missing or in the wrong order";
    let start = "starts with the line `untrusted comment: ...`";
    let not_base64 = "line 2, the signature itself, is not base64";
    vec![
        case("no signature", None, "Unsigned", "it is not signed"),
        case("an empty file", String::new(), "Invalid(Empty)", "is empty"),
        case("blank lines", "\n \r\n\n".to_owned(), "Invalid(Empty)", "is empty"),
        case("1 line", lines(good, &[1]), "Invalid(Truncated { lines: 1 })", "after line 1 of 4"),
        case("2 lines", lines(good, &[1, 2]), "Invalid(Truncated { lines: 2 })", "after line 2 of 4"),
        case("3 lines", lines(good, &[1, 2, 3]), "Invalid(Truncated { lines: 3 })", "after line 3 of 4"),
        case("no line 1", lines(good, &[2, 3, 4]), "Invalid(NoSignature)", start),
        case("no line 2", lines(good, &[1, 3, 4]), none, not_base64),
        case("no line 3", lines(good, &[1, 2, 4]), "Invalid(TrustedComment)", order),
        case("lines 1 and 2 swapped", lines(good, &[2, 1, 3, 4]), "Invalid(NoSignature)", start),
        case("lines 2 and 3 swapped", lines(good, &[1, 3, 2, 4]), none, not_base64),
        case(
            "lines 2 and 4 swapped",
            lines(good, &[1, 4, 3, 2]),
            "Invalid(SignatureLine { bytes: Some(64) })",
            "64 bytes long instead of 74",
        ),
        case("lines 3 and 4 swapped", lines(good, &[1, 2, 4, 3]), "Invalid(TrustedComment)", order),
        case("the comments swapped", lines(good, &[3, 2, 1, 4]), "Invalid(NoSignature)", start),
        case(
            "twice the same",
            lines(good, &[1, 2, 3, 4, 1, 2, 3, 4]),
            "Invalid(MoreLines)",
            "goes on after its 4 lines",
        ),
        case("a fifth line", format!("{good}trusted comment: all is well\n"), "Invalid(MoreLines)", "nothing protects"),
        case("an upper-case comment", good.replace("\ntrusted", "\nTRUSTED"), "Invalid(TrustedComment)", "line 3"),
        case("a digit that is none", with_line(good, 2, |l| l.replacen('R', "*", 1)), none, not_base64),
        case("no padding", with_line(good, 2, |l| l.trim_end_matches('=').to_owned()), none, not_base64),
        case("a space in line 2", with_line(good, 2, |l| format!(" {l}")), none, not_base64),
        case("line 2 cut", with_line(good, 2, |l| l[..50].to_owned()), none, not_base64),
        case(
            "line 2 empty",
            with_line(good, 2, |_| String::new()),
            "Invalid(SignatureLine { bytes: Some(0) })",
            "0 bytes long instead of 74",
        ),
        case(
            "a byte less",
            with_bytes(good, 2, |b| b.truncate(73)),
            "Invalid(SignatureLine { bytes: Some(73) })",
            "73 bytes long instead of 74",
        ),
        case(
            "a byte more",
            with_bytes(good, 2, |b| b.push(0)),
            "Invalid(SignatureLine { bytes: Some(75) })",
            "75 bytes long instead of 74",
        ),
        case(
            "line 4 is no base64",
            with_line(good, 4, |l| l.replace('=', "!")),
            "Invalid(GlobalLine { bytes: None })",
            "line 4, the signature of the trusted comment, is not base64",
        ),
        case(
            "line 4 a byte less",
            with_bytes(good, 4, |b| b.truncate(63)),
            "Invalid(GlobalLine { bytes: Some(63) })",
            "63 bytes long instead of 64",
        ),
        case("line 4 cut", with_line(good, 4, |l| l[..9].to_owned()), "Invalid(GlobalLine { bytes: None })", "line 4"),
        case("a byte order mark", format!("\u{feff}{good}"), "Invalid(ByteOrderMark)", "byte order mark"),
        case("an error page", "<html><title>404</title></html>\n".to_owned(), "Invalid(NoSignature)", start),
        case("a signature of PGP", "-----BEGIN PGP SIGNATURE-----\n\niQ==\n".to_owned(), "Invalid(NoSignature)", start),
        case("a public key", public_key.to_owned(), "Invalid(SignatureLine { bytes: Some(42) })", "42 bytes long"),
        case("a secret key", secret_key, "Invalid(SignatureLine { bytes: Some(158) })", "158 bytes long"),
        case("an unknown algorithm", with_bytes(good, 2, |b| b[1] = b'\0'), "Invalid(Algorithm(", "`E\\x00`"),
    ]
}

/// Signatures that are well-formed, and not by whom or of what they should be.
fn forged(world: &World, good: &str) -> Vec<Case> {
    let eves = signed(&world.eve, &file());
    let again = signed(&world.ada, &file());
    let other_file = signed(&world.ada, b"another release");
    let forged = "Signature(Forged ";
    let altered = "the signature or its trusted comment was altered";
    vec![
        case(
            "the letters of the legacy kind",
            with_bytes(good, 2, |b| b[1] = b'd'),
            "Signature(Legacy ",
            "legacy kind",
        ),
        case("Eve's", eves.clone(), "KeyUnknown ", "which is not trusted here"),
        case("Bob's", signed(&world.bob, &file()), "KeyRevoked ", "(bob), which was revoked"),
        case("Eve's under Ada's id", with_key_id(&eves, &world.ada), forged, "somebody else made it"),
        case("Eve's under Bob's id", with_key_id(&eves, &world.bob), "KeyRevoked ", "(bob), which was revoked"),
        case("Ada's under Eve's id", with_key_id(good, &world.eve), "KeyUnknown ", "which is not trusted here"),
        case("a bit of its first half", with_bytes(good, 2, |b| b[10] ^= 1), forged, altered),
        case("a bit of its second half", with_bytes(good, 2, |b| b[42] ^= 1), forged, altered),
        case("zeros", with_bytes(good, 2, |b| b[10..].fill(0)), forged, altered),
        case("its second half not reduced", with_bytes(good, 2, |b| add_order(b)), forged, altered),
        case("a bit of the global signature", with_bytes(good, 4, |b| b[63] ^= 1), forged, altered),
        case("a global signature of zeros", with_bytes(good, 4, |b| b.fill(0)), forged, altered),
        case(
            "another's global signature",
            with_line(good, 4, |_| again.lines().last().unwrap().into()),
            forged,
            altered,
        ),
        case("the first signature as the global one", with_line(good, 4, |_| first_as_global(good)), forged, altered),
        case("an edited version", good.replace("phish@2.0.0", "phish@2.0.1"), forged, altered),
        case(
            "an edited digest",
            good.replace(&Digest::of(&file()).to_string(), &Digest::of(b"").to_string()),
            "Signature(OtherFile ",
            "not the file that was signed",
        ),
        case("no comment", with_line(good, 3, |_| "trusted comment: ".into()), "Signature(Mismatch ", "does not match"),
        case(
            "another comment",
            with_line(good, 3, |_| "trusted comment: fine".into()),
            "Signature(Mismatch ",
            "does not match",
        ),
        case(
            "a space more in its comment",
            with_line(good, 3, |l| format!("{l} ")),
            "Signature(Mismatch ",
            "does not match",
        ),
        case("that of another release", other_file, "Signature(OtherFile ", "not the file that was signed"),
    ]
}

fn first_as_global(good: &str) -> String {
    BASE64.encode(&BASE64.decode(good.lines().nth(1).unwrap()).unwrap()[10..])
}

/// Files that are not what was signed, and comments that say so.
fn moved(world: &World, good: &str) -> Vec<Case> {
    let of = |what, file: &[u8], signature: String, refusal, says| Case {
        what,
        file: file.to_vec(),
        signature: Some(signature),
        refusal,
        says,
    };
    let whole = file();
    let mut flipped = whole.clone();
    flipped[777] ^= 0x10;
    let longer = [&whole[..], &[0]].concat();
    let ours = |comment: &str| sign(&world.ada, &file(), comment);
    let digests = [&whole, &flipped].map(|file| Digest::of(file).to_string());
    let other = "not the file that was signed";
    let says = "the signature is for another release";
    vec![
        of("a flipped bit", &flipped, good.to_owned(), "Signature(OtherFile ", other),
        of("a byte less", &whole[..whole.len() - 1], good.to_owned(), "Signature(OtherFile ", other),
        of("a byte more", &longer, good.to_owned(), "Signature(OtherFile ", other),
        of("nothing", b"", good.to_owned(), "Signature(OtherFile ", other),
        of(
            "a flipped bit, and the comment with it",
            &flipped,
            good.replace(&digests[0], &digests[1]),
            "Signature(Forged ",
            "altered",
        ),
        of(
            "a flipped bit under minisign's own comment",
            &flipped,
            ours("timestamp:1\tfile:x\thashed"),
            "Signature(Mismatch ",
            "the file, the signature or its trusted comment",
        ),
        of("a legacy signature that matches", b"test", OTHERS_LEGACY.to_owned(), "Signature(Legacy ", "sign it again"),
        of(
            "a revoked release",
            b"revoked",
            signed(&world.ada, b"revoked"),
            "DigestRevoked ",
            "was revoked: use another version",
        ),
        case(
            "another version, signed so",
            ours(&format!("switchback release phish@1.0.0 sha256:{}", digests[0])),
            "OtherRelease ",
            says,
        ),
        case(
            "another model, signed so",
            ours(&format!("switchback release spam@2.0.0 sha256:{}", digests[0])),
            "OtherRelease ",
            says,
        ),
        case(
            "another digest, signed so",
            ours(&format!("switchback release phish@2.0.0 sha256:{}", digests[1])),
            "OtherRelease ",
            says,
        ),
        case("half a comment, signed so", ours("switchback release phish@2.0.0"), "OtherRelease ", says),
        case("escapes in a comment, signed so", ours("switchback release \x1b[2J"), "OtherRelease ", r"\u{1b}[2J"),
    ]
}

#[test]
fn whatever_is_wrong_with_a_signature_is_refused_and_named() {
    let world = World::new();
    let good = signed(&world.ada, &file());
    assert_eq!(world.check(&file(), Some(&good)), Ok(Some(public(&world.ada).id())));
    let cases: Vec<_> = [malformed(&good), forged(&world, &good), moved(&world, &good)].into_iter().flatten().collect();
    assert!(cases.len() >= 60, "{}", cases.len());
    for Case { what, file, signature, refusal, says } in &cases {
        assert_ne!(
            signature.as_deref(),
            Some(good.as_str()).filter(|_| *file == self::file()),
            "{what} changed nothing"
        );
        let found = world.check(file, signature.as_deref()).expect_err(what);
        assert!(format!("{found:?}").starts_with(refusal), "{what}: {found:?} is not {refusal}");
        assert!(found.to_string().contains(says), "{what}: {found} does not say {says}");
        assert!(!found.to_string().contains(char::is_control), "{what}: {found:?}");
    }
}

#[test]
fn comments_that_name_no_release_are_the_signers_own_business() {
    let world = World::new();
    for comment in ["", "timestamp:1633700835\tfile:phish.wasm\thashed", "grüße", "Switchback release phish@9.9.9"] {
        let signature = sign(&world.ada, &file(), comment);
        assert_eq!(world.check(&file(), Some(&signature)), Ok(Some(public(&world.ada).id())), "{comment}");
    }
}

#[test]
fn what_nothing_protects_may_differ() {
    let world = World::new();
    let good = signed(&world.ada, &file());
    let renamed = with_line(&good, 1, |_| "untrusted comment: something else".to_owned());
    for same in [good.replace('\n', "\r\n"), good.trim_end().to_owned(), format!("{good}\n\n"), renamed] {
        assert_eq!(world.check(&file(), Some(&same)), Ok(Some(public(&world.ada).id())), "{same}");
    }
}

#[test]
fn whatever_is_wrong_with_a_public_key_is_named() {
    let pair = KeyPair::generate_unencrypted_keypair().unwrap();
    let good = pair.pk.to_box().unwrap().into_string();
    assert_eq!(good.parse::<PublicKey>().unwrap(), public(&pair));
    let signature = signed(&pair, &file());
    let secret = pair.sk.to_box(None).unwrap().into_string();
    let cases = [
        (String::new(), "Empty", "is empty"),
        ("\n".to_owned(), "Empty", "is empty"),
        (format!("\u{feff}{good}"), "ByteOrderMark", "byte order mark"),
        (lines(&good, &[1]), "Truncated", "cut off after its comment"),
        (lines(&good, &[2, 1]), "NoKey", "this is no public key"),
        (lines(&good, &[1, 2, 2]), "NoKey", "this is no public key"),
        ("<html>\n</html>".to_owned(), "NoKey", "this is no public key"),
        (secret.clone(), "SecretKey", "this is a secret key"),
        (lines(&secret, &[2]), "SecretKey", "this is a secret key"),
        (signature.clone(), "Signature", "this is a signature"),
        (lines(&signature, &[2]), "Line { bytes: Some(74) }", "74 bytes long instead of 42"),
        (with_bytes(&good, 2, |b| b.truncate(41)), "Line { bytes: Some(41) }", "41 bytes long instead of 42"),
        (with_line(&good, 2, |l| l[..54].to_owned()), "Line { bytes: None }", "is not base64"),
        (with_line(&good, 2, |l| format!(" {l}")), "Line { bytes: None }", "is not base64"),
        (public(&pair).id().to_string(), "Line { bytes: Some(12) }", "12 bytes long instead of 42"),
        (with_bytes(&good, 2, |b| b[1] = b'D'), "Algorithm([69, 68])", "`ED`, not `Ed`"),
        (with_bytes(&good, 2, |b| b[0] = 0x1b), "Algorithm([27, 100])", "`\\x1bd`"),
    ];
    for (text, refusal, says) in cases {
        let found = text.parse::<PublicKey>().expect_err(&text);
        assert_eq!(format!("{found:?}"), refusal, "{text}");
        assert!(found.to_string().contains(says), "{text}: {found} does not say {says}");
    }
}
