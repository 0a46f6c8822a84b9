//! An exported journal, read by DuckDB.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use switchback::verdict::{DecidedBy, Opinion};

use super::Judged;

/// Prints what DuckDB reads as one line of JSON.
const SCRIPT: &str = "
import duckdb, json, sys
row = duckdb.execute('''
    SELECT count(*), sum(bytes), sum(score), count(DISTINCT sender_domain), min(epoch_us(judged_at)), max(epoch_us(judged_at)),
           sum(len(others)), sum(list_sum(list_transform(others, lambda other: other.score))),
           count(*) FILTER (decided_by = 'allowed'), sum(rule), count(*) FILTER (action = 'quarantine'),
           string_agg(DISTINCT model || '@' || version), lower(hex(min(message))), lower(hex(min(id)))
    FROM read_parquet(?)''', [sys.argv[1]]).fetchone()
print(json.dumps([float(v) if isinstance(v, float) else v if isinstance(v, str) else int(v) for v in row]))
";

/// DuckDB's Python, where `cargo xtask test` installs it.
fn python() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(beside, PathBuf::from);
    let python = target.join("tools/duckdb/bin/python");
    let works = Command::new(&python).args(["-c", "import duckdb"]).output().is_ok_and(|run| run.status.success());
    if !works {
        eprintln!("SKIPPED: reading an export with DuckDB needs its Python package; `cargo xtask test` installs it");
    }
    works.then_some(python)
}

#[test]
fn duckdb_reads_what_was_recorded() {
    let Some(python) = python() else { return };
    let judged = Judged::new();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("journal.parquet");
    judged.store.fine(["journal", "export", "-o", file.to_str().unwrap()]);
    let run = Command::new(python).args(["-c", SCRIPT]).arg(&file).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let read: Value = serde_json::from_slice(&run.stdout).unwrap();
    let records = &judged.records;
    let scores = |opinions: fn(&[Opinion]) -> &[Opinion]| -> f64 {
        records.iter().flat_map(|record| opinions(&record.opinions)).filter_map(Opinion::score).sum()
    };
    let domains: std::collections::BTreeSet<_> = records.iter().filter_map(|r| r.mail.sender_domain.clone()).collect();
    let allowed = records.iter().filter(|record| record.decided_by == DecidedBy::Allowed { rule: 1 }).count();
    // Scores are sixteenths, whose sums are exact in any order.
    let meant = json!([
        records.len(),
        records.iter().map(|record| record.mail.bytes).sum::<u64>(),
        scores(|opinions| &opinions[..1]),
        domains.len(),
        records[0].at.as_microsecond(),
        records[records.len() - 1].at.as_microsecond(),
        records.iter().map(|record| record.opinions.len() - 1).sum::<usize>(),
        scores(|opinions| &opinions[1..]),
        allowed,
        allowed,
        records.iter().filter(|record| record.action.name() == "quarantine").count(),
        "linear@1.1.0",
        records.iter().map(|record| record.mail.digest.to_string()).min().unwrap(),
        records.iter().map(|record| record.id.to_string().replace('-', "")).min().unwrap(),
    ]);
    assert_eq!(read, meant);
}
