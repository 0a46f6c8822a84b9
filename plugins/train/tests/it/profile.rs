//! `docs/mail-profile.md` says how generated mail compares with real mail, and says it truly.

mod measure;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use switchback_mailgen::{Generator, Mix};
use switchback_plugin_train::Corpora;

use self::measure::{Figures, MEASURES, PARTS};

/// The generated messages that are measured.
const SEED: u64 = 1;
const GENERATED: usize = 3_000;

/// The columns of real mail.
const CORPORA: [&str; 2] = ["usrp-users", "phishing-pot"];

const BEGIN: &str = "<!-- the table begins -->\n";
const END: &str = "<!-- the table ends -->\n";

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/mail-profile.md")
}

/// The cells of the page's table, a row for each measure, without the header.
fn cells(page: &str) -> Vec<Vec<String>> {
    let (_, rest) = page.split_once(BEGIN).unwrap();
    let (table, _) = rest.split_once(END).unwrap();
    let row = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    table.lines().skip(2).map(row).collect()
}

fn table(columns: &[Vec<String>]) -> String {
    let mut table = format!("| | generated 2020s | {} |\n|---|---|---|---|\n", CORPORA.join(" | "));
    for (row, what) in measure::rows().enumerate() {
        let cells: Vec<_> = columns.iter().map(|column| column[row].as_str()).collect();
        writeln!(table, "| {what} | {} |", cells.join(" | ")).unwrap();
    }
    table
}

/// The figures of each corpus; those that the page has where there are no corpora.
fn of_corpora(stated: &[Vec<String>]) -> Vec<Vec<String>> {
    let Some(corpora) = Corpora::locate() else {
        eprintln!("SKIPPED: the figures of real mail in docs/mail-profile.md, there are no corpora here");
        return (0..CORPORA.len()).map(|at| stated.iter().map(|row| row[2 + at].clone()).collect()).collect();
    };
    let measured = |name: &&str| {
        let mail: Vec<_> = corpora.read(name).unwrap().into_iter().map(|raw| raw.bytes).collect();
        Figures::of(&mail).cells()
    };
    CORPORA.iter().map(measured).collect()
}

#[test]
fn the_page_says_how_generated_mail_compares_with_real_mail() {
    let text = fs::read_to_string(page()).unwrap();
    let mail: Vec<_> =
        Generator::with_mix(SEED, Mix::modern()).take(GENERATED).map(|generated| generated.bytes).collect();
    let mut columns = vec![Figures::of(&mail).cells()];
    columns.extend(of_corpora(&cells(&text)));
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let right = format!("{before}{BEGIN}{}{END}{after}", table(&columns));
    if std::env::var_os("SWITCHBACK_BLESS").is_some() {
        fs::write(page(), &right).unwrap();
    }
    assert!(
        fs::read_to_string(page()).unwrap() == right,
        "docs/mail-profile.md: run this test with SWITCHBACK_BLESS=1, and look at what changes\n{}",
        table(&columns)
    );
}

/// A figure of generated mail is not less than half of the lower one of real mail, and not more than twice the higher one. Where real
/// mail has none of something, generated mail may have a little.
#[test]
fn generated_mail_is_near_to_real_mail() {
    /// What 99 of 100 messages are below is left out: no message of the corpora is larger than 64 KiB.
    const QUANTILES: usize = 3;
    let rows = cells(&fs::read_to_string(page()).unwrap());
    for row in &rows[..MEASURES.len()] {
        let numbers = |cell: &str| cell.split(" / ").map(|text| text.parse().unwrap()).collect::<Vec<f64>>();
        let [generated, a, b] = [1, 2, 3].map(|at| numbers(&row[at]));
        for at in 0..QUANTILES {
            let (low, high) = (a[at].min(b[at]) / 2.0, a[at].max(b[at]) * 2.0 + 1.0);
            assert!((low..=high).contains(&generated[at]), "{}: {} is not in {low}..={high}", row[0], generated[at]);
        }
    }
    for row in &rows[MEASURES.len()..] {
        let [generated, a, b] = [1, 2, 3].map(|at| row[at].trim_end_matches(" %").parse::<f64>().unwrap());
        let (low, high) = (a.min(b) / 2.0, a.max(b) * 2.0 + 10.0);
        assert!((low..=high).contains(&generated), "{}: {generated} % is not in {low}..={high}", row[0]);
    }
    assert_eq!(rows.len(), MEASURES.len() + PARTS.len());
}
