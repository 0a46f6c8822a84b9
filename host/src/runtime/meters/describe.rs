//! What each metric is, in words.

use metrics::Unit::{Count, Seconds};
use metrics::{describe_counter, describe_gauge, describe_histogram};

/// Says what each metric is, in the recorder that is installed.
pub(super) fn describe() {
    describe_gauge!(
        "switchback_store_trouble",
        Count,
        "1 while the store is not followed (stopped), or followed and cannot be told so (silent)"
    );
    describe_gauge!("switchback_generation", Count, "generation of the slot's route");
    describe_gauge!(
        "switchback_reading",
        Count,
        "how messages are read: models of two readings may see different text"
    );
    describe_histogram!("switchback_answer_seconds", Seconds, "time for one answer, overrides included");
    describe_histogram!(
        "switchback_score_seconds",
        Seconds,
        "time for one release to score one message, without reading it"
    );
    describe_counter!("switchback_verdicts_total", Count, "messages answered, by the release that the verdict names");
    describe_counter!("switchback_authors_total", Count, "messages answered, by what is known of their author");
    describe_counter!("switchback_unscanned_total", Count, "messages answered by the failure policy");
    describe_counter!("switchback_override_hits_total", Count, "messages that an override decided");
    describe_counter!("switchback_faults_total", Count, "messages that a release did not answer for, by cause");
    describe_counter!("switchback_shadow_drops_total", Count, "scores in the background that were given up, by reason");
    describe_counter!("switchback_journal_records_total", Count, "records of messages, by what became of them");
    describe_counter!(
        "switchback_guard_drops_total",
        Count,
        "messages that the guard did not look at, by what is missed"
    );
    describe_counter!("switchback_clock_jumps_total", Count, "times that the clock was set, or the machine slept");
    describe_counter!("switchback_alerts_total", Count, "alerts that this process raised, by kind");
    describe_counter!("switchback_pairs_total", Count, "messages that two releases both have an action for");
    describe_counter!("switchback_flips_total", Count, "pairs of which one release flags the message and one does not");
}
