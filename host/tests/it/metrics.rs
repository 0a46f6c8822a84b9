//! Metrics: what is documented is what a recorder gets, no label is unbounded, and the dashboard finds its data in a
//! real Prometheus.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use serde_json::Value;
use switchback::journal::JournalConfig;
use switchback::route::{BASIS_POINTS, CanaryKey, Share};
use switchback::{Runtime, SlotConfig, Thresholds};

use crate::side_by_side::mail;
use crate::support::{cache_of_parent, child, load, root};

/// Where a child serves its metrics.
const ADDRESS: &str = "SWITCHBACK_TEST_METRICS";

/// How long a test waits for what has to happen. Only a test that fails waits so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a child does: it is a filter in which everything happens that is counted, and serves its metrics. Run as a test
/// of its own, it has nothing to do.
#[test]
fn filter() {
    let Ok(address) = std::env::var(ADDRESS) else { return };
    let recorder = PrometheusBuilder::new()
        .with_http_listener(address.parse::<SocketAddr>().unwrap())
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &[1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0])
        .unwrap();
    recorder.install().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let slot = SlotConfig::new("inbound").thresholds(Thresholds::default().junk(0.6));
    let runtime = Runtime::builder()
        .slot(slot)
        .cache_dir(cache_of_parent())
        .instances(16)
        .journal(JournalConfig::new(dir.path().join("journal")))
        .build()
        .unwrap();
    let slot = runtime.slot("inbound").unwrap();
    slot.score(&mail(0));
    slot.promote(&load(&runtime, "empty", "1.0.0")).unwrap();
    let share = Share::new(5_000, CanaryKey::Content).mirrored(true);
    slot.canary(&load(&runtime, "stateful", "1.1.0"), share).unwrap();
    slot.shadow(&load(&runtime, "trap", "1.2.0"), BASIS_POINTS).unwrap();
    println!("ready");
    let stop = std::thread::spawn(|| std::io::stdin().read_to_end(&mut Vec::new()).map(drop));
    let mut number = 0;
    while !stop.is_finished() {
        slot.score(&mail(number % 10_000));
        number += 1;
        std::thread::park_timeout(Duration::from_millis(1));
    }
}

/// A filter in a process of its own.
struct Filter {
    child: Child,
    address: String,
}

impl Filter {
    fn start() -> Self {
        let address = free_address();
        let mut child = child()
            .args(["--exact", "metrics::filter", "--nocapture", "--test-threads=1"])
            .env(ADDRESS, &address)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains("ready")), "the filter ended");
        Self { child, address }
    }

    /// What it serves.
    fn scrape(&self) -> String {
        let mut stream = std::net::TcpStream::connect(&self.address).unwrap();
        std::io::Write::write_all(&mut stream, b"GET /metrics HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Filter {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// An address at which nobody listens.
fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// Asks until the answer is as wanted.
fn until<T>(what: &str, mut ask: impl FnMut() -> Result<T, String>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        match ask() {
            Ok(answer) => return answer,
            Err(why) => assert!(Instant::now() < end, "{what}: {why}"),
        }
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

/// Names and labels in the table of `docs/metrics.md`.
fn documented() -> BTreeMap<String, BTreeSet<String>> {
    let text = std::fs::read_to_string(root().join("docs/metrics.md")).unwrap();
    let code = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let rows = text.lines().filter(|line| line.starts_with("| `switchback_"));
    rows.map(|row| {
        let cells: Vec<_> = row.split('|').collect();
        (code(cells[1]).remove(0), code(cells[3]).into_iter().collect())
    })
    .collect()
}

/// Names and labels of what was served.
fn served(answer: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in answer.lines().filter(|line| line.starts_with("switchback_")) {
        let name = line.split(['{', ' ']).next().unwrap();
        let name = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
        let labels = line.split_once('{').map_or("", |(_, rest)| rest.split_once('}').unwrap().0);
        let labels = labels.split(',').filter_map(|label| label.split_once('=')).map(|(name, _)| name.to_owned());
        found.entry(name.to_owned()).or_default().extend(labels.filter(|label| label != "le"));
    }
    found
}

#[test]
fn what_is_served_is_what_is_documented() {
    let filter = Filter::start();
    let documented = documented();
    let found = until("every metric", || {
        let found = served(&filter.scrape());
        if found == documented { Ok(found) } else { Err(format!("served {found:?}\ndocumented {documented:?}")) }
    });
    assert!(found.len() > 8);
}

#[test]
fn counts_are_of_what_happened() {
    let filter = Filter::start();
    until("a canary's flips", || {
        let answer = filter.scrape();
        let has = |start: &str, end: &str| {
            answer.lines().any(|line| line.starts_with(start) && line.contains(end) && !line.ends_with(" 0"))
        };
        let all = has("switchback_flips_total", "release=\"hostile@1.1.0\",against=\"hostile@1.0.0\",direction=\"up\"")
            && has("switchback_verdicts_total", "release=\"hostile@1.1.0\",role=\"canary\",action=\"junk\"")
            && has("switchback_verdicts_total", "release=\"hostile@1.0.0\",role=\"live\",action=\"deliver\"")
            && has("switchback_faults_total", "release=\"hostile@1.2.0\",role=\"shadow\",cause=\"trap\"")
            && has("switchback_unscanned_total", "action=\"deliver\"")
            && has("switchback_generation{slot=\"inbound\"}", " 3")
            && has("switchback_answer_seconds_bucket", "le=\"0.001\"");
        all.then_some(()).ok_or(answer)
    });
}

/// Prometheus, scraping one filter.
struct Prometheus {
    child: Child,
    url: String,
    _dir: tempfile::TempDir,
}

impl Prometheus {
    fn start(filter: &Filter) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = format!(
            "global: {{scrape_interval: 1s}}\nscrape_configs:\n- job_name: switchback\n  static_configs: [{{targets: ['{}']}}]\n",
            filter.address
        );
        let file = dir.path().join("prometheus.yml");
        std::fs::write(&file, config).unwrap();
        let address = free_address();
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", dir.path().join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { child, url: format!("http://{address}"), _dir: dir }
    }

    /// The value of an expression, as `promtool` prints it; an error where there is none.
    fn value(&self, expression: &str) -> Result<String, String> {
        let output = Command::new("promtool").args(["query", "instant", &self.url, expression]).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let is_value = output.status.success() && !text.trim().is_empty() && !text.contains("NaN");
        if is_value { Ok(text) } else { Err(format!("{text}{}", String::from_utf8_lossy(&output.stderr))) }
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Every expression of a dashboard, with its panel's title.
fn expressions(dashboard: &Value) -> Vec<(String, String)> {
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let of_panel = |panel: &Value| {
        let title = panel["title"].as_str().unwrap().to_owned();
        let targets = panel["targets"].as_array().cloned().unwrap_or_default();
        let expression = |target: &Value| target["expr"].as_str().unwrap().replace("$slot", "inbound");
        targets.iter().map(|target| (title.clone(), expression(target))).collect::<Vec<_>>()
    };
    panels.flat_map(of_panel).collect()
}

#[test]
fn every_panel_of_the_dashboard_finds_data_in_a_real_prometheus() {
    let file = root().join("docs/grafana-dashboard.json");
    let dashboard: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let expressions = expressions(&dashboard);
    assert!(expressions.len() > 8, "{expressions:?}");
    if !is_installed(Path::new("prometheus")) {
        eprintln!("SKIPPED: prometheus is not installed, so no expression of the dashboard was evaluated");
        return;
    }
    let filter = Filter::start();
    let prometheus = Prometheus::start(&filter);
    for (panel, expression) in expressions {
        // Rates need two scrapes.
        until(&format!("panel {panel}: {expression}"), || prometheus.value(&expression));
    }
}

fn is_installed(program: &Path) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}
