//! What an author is told about a model that fails, and what of it is in the release.

use std::fs;
use std::path::{Path, PathBuf};

use switchback::verdict::LogLevel;
use switchback::{Category, Runtime};
use switchback_pack::{MANIFEST_FILE, PackError, Packed, Packer, Progress, Scaffold, Sdk};

/// Where guests are built: what other tests compiled is there.
const TARGET_DIR: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/guests");

/// A model that does what its data say, in `prepare` or for each message.
const MODEL: &str = r#"
use std::hint::black_box;
use std::sync::LazyLock;
use switchback_guest::print::{dbg, println};
use switchback_guest::*;

pub struct Model(String);

static WRONG: LazyLock<u32> = LazyLock::new(|| black_box(None).unwrap());

impl Scorer for Model {
    fn prepare(data: &[u8]) -> Result<Self, Error> {
        let deed = std::str::from_utf8(data).map_err(Error::new)?.trim();
        println!("prepare: {deed}");
        if let Some(deed) = deed.strip_prefix("in prepare ") {
            act(deed)?;
        }
        Ok(Self(deed.to_owned()))
    }

    fn score(&mut self, message: &Message) -> Result<Outcome, Error> {
        let words = dbg!(message.subject().split(' ').count());
        act(&self.0)?;
        Ok(match self.0.as_str() {
            "abstain" => Outcome::Abstain("no words".to_owned()),
            "probability" => Score::probability().reason("WORDS", 0.7, "").into(),
            "text" => Score::log_odds().reason("TEXT", message.text(1).value.len() as f64, "").into(),
            _ => Score::log_odds().reason("WORDS", words as f64, "").into(),
        })
    }
}

fn act(deed: &str) -> Result<(), Error> {
    let many: Vec<u8> = black_box(Vec::new());
    match deed {
        "unwrap" => drop(black_box(None::<u8>).unwrap()),
        "index" => drop(many[black_box(7)]),
        "divide" => drop(1 / black_box(many.len())),
        "static" => drop(*WRONG),
        "weight" => drop(Score::log_odds().reason("A", black_box(f64::NAN), "")),
        "error" => return Err("no such weight".into()),
        "long" => panic!("{}", "long".repeat(50_000)),
        "silent" => std::panic::panic_any(7),
        "full" => {
            (0..100).for_each(|line| println!("line {line}"));
            panic!("after so many lines");
        }
        "allocate" => drop(black_box(vec![1_u8; black_box(1_500_000_000)])),
        "free" => drop(black_box(vec![1_u8; 200_000_000])),
        _ => {}
    }
    Ok(())
}

switchback_guest::export!(Model);
"#;

/// The model's folder.
fn model() -> (tempfile::TempDir, PathBuf) {
    let parent = tempfile::tempdir().unwrap();
    let sdk = Sdk::Path(Path::new(env!("CARGO_MANIFEST_DIR")).join("../guest-sdk"));
    Scaffold::new("inside".parse().unwrap()).sdk(sdk).create(parent.path()).unwrap();
    let folder = parent.path().join("inside");
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    fs::write(folder.join("src/lib.rs"), MODEL).unwrap();
    (parent, folder)
}

/// Packs the model that does this, and returns the lines that it logged meanwhile.
fn pack(folder: &Path, deed: &str, bless: bool) -> (Result<Packed, PackError>, Vec<String>) {
    fs::write(folder.join("words.txt"), deed).unwrap();
    let packer = Packer::new(folder).cargo_arg("--target-dir").cargo_arg(TARGET_DIR).out(folder);
    let packer = if bless { packer.bless() } else { packer };
    let mut logged = Vec::new();
    let packed = packer.pack(&mut |progress| {
        if let Progress::Logged(call, log) = progress {
            logged.extend(log.lines.iter().map(|line| format!("{call}: {line}")));
        }
    });
    (packed, logged)
}

/// Every deed, in one test: the model is built once.
#[test]
fn a_model_that_fails_says_why_with_its_file_and_line() {
    let (_parent, folder) = model();
    let place = "panicked at src/lib.rs:";
    let cases: [(&str, &[&str]); 10] = [
        ("unwrap", &[place, "called `Option::unwrap()` on a `None` value"]),
        ("index", &[place, "index out of bounds: the len is 0 but the index is 7"]),
        ("divide", &[place, "attempt to divide by zero"]),
        ("static", &["panicked at src/lib.rs:9:", "on a `None` value"]),
        ("weight", &[place, "the reason A has the weight NaN"]),
        ("error", &["no such weight"]),
        ("long", &[place, "longlong", "…"]),
        ("silent", &[place, "a value that is not a text"]),
        ("full", &[place, "after so many lines"]),
        ("allocate", &["bytes of memory"]),
    ];
    for (deed, parts) in cases {
        for (deed, phase) in
            [(format!("in prepare {deed}"), "initialise: `prepare` "), (deed.to_owned(), "self-test: ")]
        {
            let error = pack(&folder, &deed, true).0.unwrap_err();
            assert!(error.is_guest_fault(), "{deed}: {error}");
            let said = error.to_string();
            assert!(said.starts_with(phase) && !said.contains("bless") && !said.contains("/tmp"), "{deed}: {said}");
            for part in parts {
                assert!(said.contains(part), "{part:?} is not in what {deed:?} says: {said}");
            }
            assert!(said.len() < 8_000, "{deed}: {} bytes", said.len());
        }
    }
    let of_score: [(&str, &[&str]); 3] = [
        ("abstain", &["it abstained: no words", "`abstains = true`"]),
        ("probability", &["`scale = \"log-odds\"`", "`scale = \"probability\"`", "`Score::log_odds()`"]),
        ("text", &["it read `text`", "add it to `reads`"]),
    ];
    for (deed, parts) in of_score {
        let said = pack(&folder, deed, true).0.unwrap_err().to_string();
        assert!(said.starts_with("self-test: `self-test/wanted.eml`: ") && !said.contains("--bless"), "{deed}: {said}");
        assert!(parts.iter().all(|part| said.contains(part)), "{deed}: {said}");
    }
    let (error, logged) = pack(&folder, "in prepare free", true);
    let error = error.unwrap_err();
    assert!(matches!(error, PackError::PrepareLeft { bytes_max: 16_777_216, .. }), "{error}");
    assert!(error.to_string().contains("`limits.memory_bytes_max`"), "{error}");
    assert_eq!(logged, ["prepare: debug: prepare: in prepare free"]);
    let error = pack(&folder, &" ".repeat(17 << 20), true).0.unwrap_err().to_string();
    assert!(error.contains("words.txt have 17825792 bytes") && error.contains("`limits.memory_bytes_max`"), "{error}");
}

#[test]
fn what_changed_is_told_and_blessing_it_cures_it() {
    let (_parent, folder) = model();
    let (error, logged) = pack(&folder, "", false);
    let error = error.unwrap_err();
    assert!(matches!(error, PackError::OtherAnswer { .. }), "{error}");
    let (wanted, phish) = ("self-test/wanted.eml", "self-test/phish.eml");
    for part in [wanted, "category ham -> spam", phish, "category phish -> spam", "-> 0.9", "--bless"] {
        assert!(error.to_string().contains(part), "{part:?} is not in: {error}");
    }
    assert_eq!(logged.len(), 3, "{logged:?}");
    assert!(logged[1].starts_with("self-test/wanted.eml: debug: [src/lib.rs:22:"), "{logged:?}");

    let manifest = folder.join(MANIFEST_FILE);
    let before = fs::read_to_string(&manifest).unwrap().replace('\n', "\r\n");
    fs::write(&manifest, &before).unwrap();
    let (blessed, again) = pack(&folder, "", true);
    let blessed = blessed.unwrap();
    assert_eq!(again, logged, "each line is told once");
    let names: Vec<_> = blessed.blessed.iter().map(|changed| changed.name.as_str()).collect();
    assert_eq!(names, [wanted, phish]);
    assert_eq!(blessed.blessed[0].expected_category, Some(Category::Ham));
    assert_eq!(blessed.prepare_log.lines[0].level, LogLevel::Debug);
    assert!(blessed.self_tests[0].log.lines[0].line.ends_with(" = 4"), "{:?}", blessed.self_tests[0].log);

    let after = fs::read_to_string(&manifest).unwrap();
    let differing = before.split("\r\n").zip(after.split("\r\n")).filter(|(old, new)| old != new).count();
    assert_eq!((differing, before.matches("\r\n").count()), (4, after.matches('\n').count()), "{after}");
    let packed = pack(&folder, "", false).0.unwrap();
    assert!(packed.id.digest == blessed.id.digest && packed.blessed.is_empty());
}

#[test]
fn a_model_may_be_expected_to_abstain_and_is_told_what_it_can_ask_for() {
    let (_parent, folder) = model();
    let manifest = folder.join(MANIFEST_FILE);
    let text = fs::read_to_string(&manifest).unwrap();
    let (head, _) = text.split_once("[[self_test]]").unwrap();
    let abstains = "[[self_test]]\nmessage = \"self-test/wanted.eml\"\nabstains = true\n";
    fs::write(&manifest, format!("{head}{abstains}")).unwrap();
    for bless in [false, true] {
        let packed = pack(&folder, "abstain", bless).0.unwrap();
        assert_eq!((packed.self_tests[0].score, packed.self_tests[0].category), (None, None));
        assert!(packed.blessed.is_empty());
        let runtime = Runtime::builder().instances(1).build().unwrap();
        runtime.load(&packed.path).unwrap();
    }
    assert!(fs::read_to_string(&manifest).unwrap().ends_with(abstains), "there is nothing to write");
    let said = pack(&folder, "", true).0.unwrap_err().to_string();
    assert!(said.contains("is expected to abstain"), "{said}");

    fs::write(&manifest, format!("{}{abstains}", head.replace("\"links\"", "\"links\", \"recipients\""))).unwrap();
    fs::write(folder.join("words.txt"), "abstain").unwrap();
    let mut remarks = Vec::new();
    let packer = Packer::new(&folder).cargo_arg("--target-dir").cargo_arg(TARGET_DIR).out(&folder);
    let packed = packer.pack(&mut |progress| {
        if let Progress::Remark(remark) = progress {
            remarks.push(remark.to_owned());
        }
    });
    packed.unwrap();
    for part in
        ["can ask for `text`, which", "declares `links`, which the model never", "`recipients`: their addresses"]
    {
        assert!(remarks.iter().any(|remark| remark.contains(part)), "{part}: {remarks:?}");
    }
}
