//! What a filter keeps in a configuration of its own.

use std::time::Duration;

use serde::Deserialize;
use switchback::alert::{AlertConfig, Changes, Syslog};
use switchback::guard::{Floor, GuardSettings, Mode};
use switchback::journal::{JournalConfig, MessageIds, Overflow};
use switchback::verdict::{Answer, Cause};
use switchback::{Action, FailurePolicy, Limits, Runtime, SlotConfig, Thresholds};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FilterConfig {
    limits: Limits,
    journal: JournalConfig,
    alerts: AlertConfig,
    slot: Vec<SlotConfig>,
}

/// Everything that can be configured, where `SECRET` stands for the place of a secret.
const EVERYTHING: &str = r#"
[limits]
release_bytes_max = 1
memory_bytes_max = 2
deadline_max_ms = 3
table_elements_max = 4
log_lines_max = 5
reasons_max = 6

[journal]
dir = "/var/lib/filter/journal"
overflow = "drop"
message_ids = "omitted"
batch_records_max = 100
flush_interval = "50ms"
segment_bytes_max = 1000000
segment_age_max = "30m"
keep = "7d"
keep_bytes_max = 2000000

[alerts]
webhook = { url = "https://hooks.example/T0", SECRET }
command = "cat"
syslog = { socket = "/run/log" }
changes = "told"

[[slot]]
name = "inbound"
thresholds = { tag = 0.1, junk = 0.2, quarantine = 0.3, reject = 0.4 }
failure = { trap = "neutral", too_big = { act = "quarantine" } }
message_bytes_max = 7
cool_off_s = 8

[slot.guard]
mode = "warn"
floor = { campaigns = 1, senders = 2, recipients = 3 }
providers = { acme = ["acme.example"] }

[[slot]]
name = "outbound"
"#;

fn read(text: &str) -> Result<FilterConfig, String> {
    toml_edit::de::from_str(text).map_err(|error| error.to_string())
}

#[test]
fn a_configuration_with_everything_reads_back() {
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz\n").unwrap();
    let place = format!("secret_file = {:?}", secret.path());
    let FilterConfig { limits, journal, alerts, slot } = read(&EVERYTHING.replace("SECRET", &place)).unwrap();
    let meant = Limits::default().release_bytes_max(1).memory_bytes_max(2).deadline_max(Duration::from_millis(3));
    assert_eq!(limits, meant.table_elements_max(4).log_lines_max(5).reasons_max(6));
    let meant = JournalConfig::new("/var/lib/filter/journal")
        .overflow(Overflow::Drop)
        .message_ids(MessageIds::Omitted)
        .batches(100, Duration::from_millis(50))
        .segments(1_000_000, Duration::from_secs(1_800))
        .keep(Duration::from_secs(7 * 24 * 3_600), 2_000_000);
    assert_eq!(journal, meant);
    assert_eq!(alerts.webhook.as_ref().map(ToString::to_string).as_deref(), Some("webhook https://hooks.example"));
    assert_eq!((alerts.command.as_deref(), alerts.changes), (Some("cat"), Changes::Told));
    assert_eq!(alerts.syslog, Syslog::Socket("/run/log".into()));
    let failure = FailurePolicy::default().on(Cause::Trap, Answer::Neutral);
    let guard = GuardSettings::default().mode(Mode::Warn).floor(Floor::new(1, 2, 3)).provider("acme", ["acme.example"]);
    let inbound = SlotConfig::new("inbound")
        .thresholds(Thresholds::default().tag(0.1).junk(0.2).quarantine(0.3).reject(0.4))
        .failure(failure.on(Cause::TooBig, Answer::Act(Action::Quarantine)))
        .message_bytes_max(7)
        .cool_off(Duration::from_secs(8))
        .guard(guard);
    assert_eq!(slot, [inbound, SlotConfig::new("outbound")]);
}

#[test]
fn an_unknown_field_is_refused_by_its_name() {
    let known = EVERYTHING.replace("webhook = { url = \"https://hooks.example/T0\", SECRET }\n", "");
    assert!(read(&known).is_ok());
    let lines = ["[limits]", "[journal]", "[alerts]", "name = \"inbound\"", "[slot.guard]"];
    for line in lines {
        let refused = read(&known.replace(line, &format!("{line}\nreject_all = 1"))).err().unwrap();
        assert!(refused.contains("unknown field `reject_all`"), "{line}: {refused}");
    }
    let (old, new) = ("thresholds = { ", "thresholds = { defer = 0.1, ");
    assert!(read(&known.replace(old, new)).err().unwrap().contains("unknown field `defer`"));
}

#[test]
fn a_webhook_without_its_secret_is_refused_and_the_place_is_named() {
    let refused = |secret: &str| read(&EVERYTHING.replace(", SECRET", secret)).err().unwrap();
    assert!(refused("").contains("name either `secret_file` or `secret_env`"));
    assert!(refused(", secret_file = \"/nowhere\"").contains("/nowhere: No such file"));
    let unset = refused(", secret_env = \"SWITCHBACK_TEST_UNSET\"");
    assert!(unset.contains("environment variable SWITCHBACK_TEST_UNSET"), "{unset}");
    assert!(refused(", secret_file = \"/dev/null\"").contains("/dev/null: the webhook's secret is not"));
}

#[test]
fn an_address_in_the_place_of_a_webhook_is_not_shown() {
    let of = |webhook: &str| format!("webhook = {webhook}");
    let refused = |text: &str| toml_edit::de::from_str::<AlertConfig>(text).unwrap_err();
    let address = refused(&of("\"https://hooks.example/opensesame\""));
    assert!(address.message().contains("`secret_file`") && !address.message().contains("opensesame"), "{address}");
    let secret = refused(&of("{ url = \"https://a.example\", secret_env = \"whsec_opensesame\" }"));
    assert!(secret.message().contains("name of an environment variable"), "{secret}");
    assert!(!secret.message().contains("opensesame"), "{secret}");
}

#[test]
fn a_value_that_cannot_be_is_refused_by_its_name_before_a_store_is_made() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store");
    let limits = Limits::default;
    let slot = || SlotConfig::new("inbound");
    let builder = || Runtime::builder().instances(1);
    for (builder, name) in [
        (builder().limits(limits().release_bytes_max(0)), "release_bytes_max = 0"),
        (builder().limits(limits().memory_bytes_max(u64::MAX)), "memory_bytes_max = 18446744073709551615"),
        (builder().limits(limits().memory_bytes_max(0)), "memory_bytes_max = 0"),
        (builder().limits(limits().deadline_max(Duration::ZERO)), "deadline_max_ms = 0"),
        (builder().limits(limits().deadline_max(Duration::MAX)), "deadline_max_ms = 18446744073709551615"),
        (builder().limits(limits().table_elements_max(1 << 40)), "table_elements_max = 1099511627776"),
        (builder().limits(limits().log_lines_max(65)), "log_lines_max = 65: 0 to 64"),
        (builder().limits(limits().reasons_max(65)), "reasons_max = 65: 0 to 64"),
        (builder().shadow_cpu_share(f64::NAN), "shadow_cpu_share = NaN"),
        (builder().alerts(AlertConfig::default().command(" ")), "the command for alerts is empty"),
        (builder().alerts(AlertConfig::default().command("a\0b")), "the command for alerts has a zero byte"),
        (builder().alerts(AlertConfig::default().syslog(Syslog::Socket("log".into()))), "socket for alerts, `log`"),
        (builder().slot(slot().message_bytes_max(0)), "slot `inbound`: message_bytes_max = 0"),
        (builder().slot(slot()).slot(slot()), "slot `inbound`: it is there twice"),
        (builder().journal(JournalConfig::new("")), "the journal's dir is empty"),
        (builder().cache_dir(""), "cache_dir is empty"),
    ] {
        let refused = builder.store_dir(&store).build().unwrap_err().to_string();
        assert!(refused.contains(name), "{name}: {refused}");
        assert!(!store.exists(), "{name}");
    }
    let refused = builder().store_dir("").build().unwrap_err().to_string();
    assert!(refused.contains("store_dir is empty"), "{refused}");
}

#[test]
fn the_widest_limits_can_be_had() {
    let widest = Limits::default().memory_bytes_max(4 << 30).table_elements_max(1 << 20).release_bytes_max(1 << 30);
    Runtime::builder().instances(1).limits(widest.deadline_max(Duration::from_secs(3_600))).build().unwrap();
}
