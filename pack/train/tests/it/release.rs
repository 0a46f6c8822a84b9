//! The release that comes of a training, in a host.

use switchback::release::Draft;
use switchback::verdict::Outcome;
use switchback::{Limits, Message, Runtime};
use switchback_guest::Scorer as _;
use switchback_mailgen::Generator;
use switchback_plugin_trained::Trained as Guest;

use super::{arrived, train, without_gmail};

/// What earlier filters and mail programs write into the header.
const BY_OTHERS: &[u8] = b"X-Spam-Status: Yes, score=9\r\nX-Spam-Flag: YES\r\nX-Bogosity: Spam, tests=bogofilter\r\nX-DSPAM-Result: Spam\r\n\
                           Status: RO\r\nX-Status: D\r\nX-Keywords: Junk\r\nX-Mozilla-Status: 0001\r\n";

#[test]
fn a_release_is_loaded_and_scores_in_the_sandbox_as_its_model_does() {
    let mail = arrived(&without_gmail(10), 800, "Tue, 1 Apr 2025 09:00:00 +0000");
    let trained = train(&mail);
    let release = trained.pack("acme".parse().unwrap(), semver::Version::new(1, 2, 3)).unwrap();
    assert_eq!(trained.pack("acme".parse().unwrap(), semver::Version::new(1, 2, 3)).unwrap(), release, "packing twice");
    assert!(Guest::prepare(&trained.model.to_bytes()).is_ok());

    let runtime = Runtime::builder().instances(2).build().unwrap();
    let verified = Draft::new(release).verify(&Limits::default()).unwrap();
    let id = runtime.load_verified(verified).unwrap();
    assert_eq!(id.to_string(), "acme@1.2.3");
    let mut flagged = [0_u32; 2];
    for one in arrived(&Generator::new(11), 200, "Wed, 2 Apr 2025 09:00:00 +0000") {
        let added = Message::parse([BY_OTHERS, &one.bytes].concat());
        let message = Message::parse(one.bytes);
        let Outcome::Scored(assessment) = runtime.score_with(&id, &message).unwrap().outcome else {
            panic!("it abstains")
        };
        let sum: f64 = assessment.reasons.iter().map(|reason| reason.weight).sum();
        assert!((assessment.score - 1.0 / (1.0 + (-sum).exp())).abs() < 1e-9);
        assert!(
            (sum - trained.log_odds(&message)).abs() < 1e-9,
            "{sum} in the sandbox, {} here",
            trained.log_odds(&message)
        );
        let score = runtime.score_with(&id, &added).unwrap().outcome.score().unwrap();
        assert_eq!(
            score.to_bits(),
            assessment.score.to_bits(),
            "what other filters and mail programs add changes a score"
        );
        flagged[one.label as usize] += u32::from(assessment.score >= trained.report.chosen.threshold);
    }
    assert!(flagged[1] > 30 && flagged[0] < 20, "{flagged:?}");
}
