//! The packed releases score as the same code does natively: what they are given are the host's features, and natively those
//! of the message as it is trained on.

use std::path::{Path, PathBuf};

use switchback::verdict::Outcome;
use switchback::{Message as HostMessage, Runtime, SlotConfig};
use switchback_guest::Scorer;
use switchback_mailgen::{Generator, hand_written};
use switchback_pack::Source;
use switchback_plugin_linear::Linear;
use switchback_plugin_onnx::Onnx;
use switchback_plugin_train::{Corpora, guest_message};

/// Every so many messages of a corpus are scored.
const STEP: usize = 23;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Generated mail, mail written by hand, and some of each corpus that is here.
pub(crate) fn mail() -> Vec<HostMessage> {
    let mut raw: Vec<Vec<u8>> = hand_written().iter().map(|(_, bytes)| bytes.to_vec()).collect();
    let generator = Generator::new(7_003_001);
    raw.extend((0..200).map(|index| generator.nth_message(index).bytes));
    match Corpora::locate() {
        Some(corpora) => {
            for set in ["usrp-users", "phishing-pot", "csdmc2010"] {
                raw.extend(corpora.read(set).unwrap().into_iter().step_by(STEP).map(|one| one.bytes));
            }
        }
        None => eprintln!("SKIPPED: the real mail, there are no corpora here"),
    }
    raw.into_iter().map(HostMessage::parse).collect()
}

fn weights(file: &str) -> Vec<u8> {
    std::fs::read(root().join(file)).unwrap()
}

/// Holds a release, as `cargo xtask models` packs it, against a model with the same data.
fn scores_as_natively<S: Scorer>(release: &str, data: &[u8]) {
    let runtime = Runtime::builder().slot(SlotConfig::new("inbound")).build().unwrap();
    let id = runtime.load(root().join(format!("target/releases/{release}.wasm"))).unwrap();
    let mut native = S::prepare(data).unwrap();
    for (number, message) in mail().iter().enumerate() {
        let Outcome::Scored(sandboxed) = runtime.score_with(&id, message).unwrap().outcome else { panic!("abstained") };
        let natively = native.score(&guest_message(message)).unwrap().into_assessment().unwrap();
        let weights = |weights: Vec<f64>| weights.into_iter().map(f64::to_bits).collect::<Vec<_>>();
        assert_eq!(sandboxed.score.to_bits(), natively.score.to_bits(), "{release}, message {number}");
        assert_eq!(
            weights(sandboxed.reasons.iter().map(|reason| reason.weight).collect()),
            weights(natively.reasons.iter().map(|reason| reason.weight).collect()),
            "{release}, message {number}"
        );
    }
}

#[test]
fn linear_in_the_sandbox_scores_as_natively() {
    scores_as_natively::<Linear>("linear-1.2.0", &weights("plugins/linear/releases/1.2.0/weights.bin"));
}

#[test]
fn linear_on_its_own_features_does_too() {
    scores_as_natively::<Linear>("linear-1.1.0", &weights("plugins/linear/releases/1.1.0/weights.bin"));
}

#[test]
fn onnx_in_the_sandbox_scores_as_natively() {
    let source = Source::read(root().join("plugins/onnx")).unwrap();
    scores_as_natively::<Onnx>("onnx-1.1.0", source.data());
}
