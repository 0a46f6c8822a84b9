//! `cargo xtask test`, and what takes longer.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::shell::{cargo, command, step, target_dir};
use crate::{models, python, setup};

/// Runs every test of the workspace. Tests find the packed example models in `target/releases`.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    setup::test_programs();
    setup::python_packages();
    setup::toolchains();
    models::pack()?;
    step("tests", cargo().args(["test", "--release", "--locked", "--workspace"]).args(arguments))?;
    // Arguments are for the other test runner.
    if arguments.is_empty() { python::test(&[]) } else { Ok(()) }
}

/// Swaps under load, for longer than a test should take.
pub(crate) fn storm(seconds: u64) -> Result<()> {
    models::pack()?;
    step(
        "swap storm",
        cargo()
            .args(["test", "--release", "--locked", "--workspace", "--test", "it", "storm"])
            .args(["--", "--nocapture"])
            .env("SWITCHBACK_STORM_SECONDS", seconds.to_string()),
    )
}

/// Crashes operations at every system call, and lets every write of theirs fail.
pub(crate) fn crash() -> Result<()> {
    setup::test_programs();
    models::pack()?;
    step(
        "crashes at every system call",
        cargo()
            .args(["test", "--release", "--locked", "--workspace", "--test", "it", "crash"])
            .args(["--", "--nocapture"])
            .env("SWITCHBACK_CRASH", "all"),
    )
}

/// Lives days of a store, each in another order.
pub(crate) fn operate(days: u64) -> Result<()> {
    setup::test_programs();
    models::pack()?;
    step(
        "days of a store",
        cargo()
            .args(["test", "--release", "--locked", "--workspace", "--test", "it", "operate::life"])
            .args(["--", "--nocapture"])
            .env("SWITCHBACK_OPERATE_DAYS", days.to_string()),
    )
}

/// The day of a bad release through real mail servers, longer than a test should take, with a table of where its mail is. Fails if a
/// message is lost, is there twice, or is not where it belongs in the end.
pub(crate) fn incident() -> Result<()> {
    setup::test_programs();
    models::pack_linear()?;
    step(
        "the day of a bad release",
        cargo()
            .args(["test", "--release", "--locked", "--workspace", "--test", "milter", "incident"])
            .args(["--", "--nocapture"])
            .env("SWITCHBACK_INCIDENT", "long"),
    )
}

/// Scores every message of every corpus with every model, with one thread and with two, and compares the digests over
/// all scores.
pub(crate) fn corpora() -> Result<()> {
    let dir = located()?;
    let releases = models::pack()?;
    let unpacked = target_dir().join("corpora");
    for archive in models::archives(&dir)? {
        unpack(&archive, &unpacked)?;
    }
    let one_thread = score_all(&releases, &unpacked, "1")?;
    let two_threads = score_all(&releases, &unpacked, "2")?;
    if one_thread != two_threads {
        bail!("the scores differ between one thread and two:\n{one_thread}\n{two_threads}");
    }
    eprintln!("==> the corpora score alike with one thread and with two:\n{one_thread}");
    Ok(())
}

/// Measures fingerprints on the corpora in a folder.
pub(crate) fn fingerprint(dir: Option<PathBuf>) -> Result<()> {
    // The folder may be given relative to where this is called; the program runs in the root.
    let dir = dir.map_or_else(located, |dir| std::path::absolute(&dir).context("where is the folder?"))?;
    let program = models::build_example("fingerprint")?;
    step("measure fingerprints", command(program).arg(dir))
}

/// Simulates the guard, or attacks on it.
pub(crate) fn guard_sim(rollouts: u64, attacks: bool) -> Result<()> {
    let program = models::build_example("guard_sim")?;
    let what = if attacks { "attacks".to_owned() } else { rollouts.to_string() };
    step("simulate the guard", command(program).arg(what))
}

fn located() -> Result<PathBuf> {
    models::corpora().context("there are no corpora: set SWITCHBACK_CORPORA to their folder")
}

/// Unpacks one corpus, unless it was unpacked before.
pub(crate) fn unpack(archive: &Path, into: &Path) -> Result<()> {
    let name = archive.file_name().context("an archive has a name")?.to_string_lossy().replace(".tar.zst", "");
    let done = into.join(format!(".{name}.unpacked"));
    if done.is_file() {
        return Ok(());
    }
    fs::create_dir_all(into)?;
    let file = fs::File::open(archive).with_context(|| format!("cannot open {}", archive.display()))?;
    let messages = zstd::Decoder::new(file)?;
    tar::Archive::new(messages).unpack(into).with_context(|| format!("cannot unpack {}", archive.display()))?;
    fs::write(done, "")?;
    Ok(())
}

/// Scores a folder with every release and returns the summary's lines that name a digest.
fn score_all(releases: &Path, corpus: &Path, threads: &str) -> Result<String> {
    let mut score = command(target_dir().join("release/switchback"));
    // Whatever lies there is scored: any bytes make a message.
    score.args(["score", "--summary", "--format", "message", "--threads", threads]).stdout(Stdio::piped());
    let mut files: Vec<_> = fs::read_dir(releases)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    for release in files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "wasm")) {
        score.arg("--model").arg(release);
    }
    eprintln!("==> score {} with {threads} threads", corpus.display());
    let output = score.arg(corpus).output().context("cannot run switchback")?;
    if !output.status.success() {
        bail!("scoring the corpora failed: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    let summary = String::from_utf8(output.stdout)?;
    let digests: Vec<_> = summary.lines().filter(|line| line.contains("digest")).collect();
    if digests.is_empty() {
        bail!("the summary names no digest:\n{summary}");
    }
    Ok(digests.join("\n"))
}

/// Every bench, in the order in which one would read their answers.
const BENCHES: [&str; 14] = [
    "speed",
    "score_overhead",
    "call_overhead",
    "embedding",
    "deadline_overrun",
    "swap_latency",
    "revert_under_load",
    "cold_load",
    "side_by_side",
    "shadow_cost",
    "message_parse",
    "override_lookup",
    "guard",
    "guard_path",
];

/// The bench that writes gigabytes, which is run by itself.
const JOURNAL_SCALE: &str = "journal_scale";

/// The bench of the programs in front of a mail server, which takes long and is run by its name.
const THROUGHPUT: &str = "throughput";

/// Builds every bench, so that none rots.
pub(crate) fn build_benches() -> Result<()> {
    step("benches build", benches(&[&BENCHES[..], &[JOURNAL_SCALE, THROUGHPUT]].concat()).arg("--no-run"))
}

/// Writes a journal of so many records, and asks it questions.
pub(crate) fn journal_scale(records: u64, domains: u64) -> Result<()> {
    let (records, domains) = (records.to_string(), domains.to_string());
    step("journal", benches(&[JOURNAL_SCALE]).args(["--", "--records", &records, "--domains", &domains]))
}

/// Runs benches, with arguments of theirs.
pub(crate) fn bench(names: &[String], features: &[&str], arguments: &[String]) -> Result<()> {
    let chosen: Vec<_> = names.iter().map(String::as_str).collect();
    // That one has no other model, and some take minutes to build.
    if chosen == [THROUGHPUT] {
        models::pack_linear()?
    } else {
        models::pack()?
    };
    if chosen.contains(&THROUGHPUT) {
        models::build_bin("switchback-milter")?;
    }
    let mut bench = benches(if chosen.is_empty() { &BENCHES } else { &chosen });
    for feature in features {
        bench.args(["--features", &format!("switchback-benches/{feature}")]);
    }
    if !arguments.is_empty() {
        bench.arg("--").args(arguments);
    }
    step("benches", &mut bench)
}

fn benches(names: &[&str]) -> Command {
    let mut bench = cargo();
    bench.args(["bench", "--locked", "--workspace"]);
    for name in names {
        bench.args(["--bench", name]);
    }
    bench
}
