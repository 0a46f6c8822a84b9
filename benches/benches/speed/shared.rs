//! What releases share: a model that reads features over one that reads text, and eight releases over one.

use std::hint::black_box;

use semver::Version;
use switchback::{Message, ReleaseId, Runtime};
use switchback_benches::{in_turn_by, load, processor_time, release_path, renumbered};

use crate::Bench;
use crate::models::Model;
use crate::table::Side;

/// The release of `linear` that reads text.
const ON_TEXT: &str = "linear-1.1.0";

/// Releases side by side.
const RELEASES: u64 = 8;

impl Bench {
    /// The score alone, in a fresh instance, of messages from which everything is derived already.
    pub(crate) fn features_over_text(&mut self, models: &[Model]) {
        let mut linear = models.iter().filter(|model| model.name == "linear");
        let (Some(new), Some(old)) = (linear.next(), linear.next()) else {
            return println!("LEFT OUT: features over text: there is one release of linear");
        };
        for mail in &self.mail {
            let messages = self.warm(mail, &[new, old]);
            let score = |model: &Model| messages.iter().for_each(|message| model.score(&self.runtime, message));
            let [on_features, on_text] = in_turn_by(
                processor_time,
                self.rounds,
                [("features", &mut || score(new)), ("text", &mut || score(old))],
            );
            let [this, other] = [(new, on_features), (old, on_text)]
                .map(|(model, time)| Side::time(model.id.to_string(), time, messages.len()));
            self.table.row("score alone, features over text", mail.name, &this, &other);
        }
    }

    /// Each message parsed once, and scored by so many releases.
    pub(crate) fn eight_over_one(&mut self, models: &[Model]) {
        let name = models.iter().find(|model| model.name == "linear").map(|model| model.id.to_string());
        let source = name.map(|id| id.replace('@', "-")).unwrap_or_else(|| ON_TEXT.to_owned());
        let path = release_path(&source);
        let releases: Vec<_> =
            (0..RELEASES).map(|patch| load(&self.runtime, &renumbered(&path, Version::new(9, 0, patch)))).collect();
        for mail in &self.mail {
            let verdicts = |count: usize| {
                for bytes in &mail.raw {
                    score_all(&self.runtime, &releases[..count], &Message::parse(bytes.clone()));
                }
            };
            let [eight, one] = in_turn_by(
                processor_time,
                self.rounds,
                [("eight", &mut || verdicts(releases.len())), ("one", &mut || verdicts(1))],
            );
            let count = mail.raw.len();
            let this = Side::time(format!("eight of {source}"), eight, count);
            self.table.row("whole verdict, eight releases over one", mail.name, &this, &Side::time("one", one, count));

            let messages = mail.warm();
            let scores = |count: usize| {
                messages.iter().for_each(|message| score_all(&self.runtime, &releases[..count], message));
            };
            let [eight, one] = in_turn_by(
                processor_time,
                self.rounds,
                [("eight", &mut || scores(releases.len())), ("one", &mut || scores(1))],
            );
            let this = Side::time(format!("eight of {source}"), eight, count);
            self.table.row("scores alone, eight releases over one", mail.name, &this, &Side::time("one", one, count));
        }
    }
}

fn score_all(runtime: &Runtime, releases: &[ReleaseId], message: &Message) {
    for release in releases {
        black_box(runtime.score_with(release, message)).expect("a score");
    }
}
