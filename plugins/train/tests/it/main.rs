//! What the shipped releases of `linear` promise. These tests need the SpamAssassin public corpus, and say so
//! where it is not.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod onnx;
mod profile;
mod sandboxed;
mod training;

use std::path::{Path, PathBuf};

use switchback::Message as HostMessage;
use switchback_guest::{Category, Scorer};
use switchback_mailgen::hand_written;
use switchback_plugin_linear::{Linear, Weights};
use switchback_plugin_train::{Corpora, Measured, RECIPES, guest_message, spam_assassin, split::Split, train_release};

fn release(version: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../linear/releases").join(version)
}

fn shipped(version: &str) -> Vec<u8> {
    std::fs::read(release(version).join("weights.bin")).unwrap()
}

#[test]
fn training_again_gives_the_shipped_weights_and_figures() {
    let Some(corpora) = Corpora::locate() else {
        eprintln!("SKIPPED: training_again_gives_the_shipped_weights_and_figures, there are no corpora here");
        return;
    };
    let examples = spam_assassin(&corpora).unwrap();
    for recipe in &RECIPES {
        let weights = train_release(recipe, &examples);
        let same = weights.to_bytes() == shipped(recipe.version);
        assert!(same, "{}: train again with `cargo xtask train`, and bless the self-tests", recipe.version);
        let card = std::fs::read_to_string(release(recipe.version).join("switchback.toml")).unwrap();
        for (name, figure) in Measured::of(&weights, &examples).unwrap().figures() {
            let line = card.lines().find(|line| line.starts_with(&format!("{name} = "))).unwrap();
            let stated: f64 = line.rsplit(' ').next().unwrap().parse().unwrap();
            assert!((stated - figure).abs() <= 0.000_05, "{}: {line}, measured {figure}", recipe.version);
        }
    }
}

#[test]
fn the_split_has_its_shares_and_leaves_no_subject_on_two_sides() {
    let Some(corpora) = Corpora::locate() else {
        eprintln!("SKIPPED: the_split_has_its_shares_and_leaves_no_subject_on_two_sides, there are no corpora here");
        return;
    };
    let examples = spam_assassin(&corpora).unwrap();
    assert_eq!(examples.len(), 4702);
    let held_out = examples.iter().filter(|one| one.place.split == Split::Test).count();
    assert!((850..1050).contains(&held_out), "{held_out}");
    let mut sides = std::collections::HashMap::new();
    for one in examples.iter().filter(|one| one.message.subject().len() > 20) {
        let split = *sides.entry(one.message.subject()).or_insert(one.place.split);
        assert_eq!(split, one.place.split, "{}", one.message.subject());
    }
}

#[test]
fn each_release_judges_the_hand_written_mail_as_the_story_goes() {
    let judge = |version, name: &str| {
        let (_, bytes) = hand_written().iter().find(|(known, _)| *known == name).unwrap();
        let mut model = Linear::prepare(&shipped(version)).unwrap();
        let outcome = model.score(&guest_message(&HostMessage::parse(*bytes))).unwrap();
        outcome.into_assessment().unwrap().category
    };
    for version in ["1.0.0", "1.1.0", "1.2.0", "2.0.0"] {
        for wanted in ["receipt", "mailing-list"] {
            assert_eq!(judge(version, wanted), Category::Ham, "{wanted} by {version}");
        }
        for unwanted in ["spam", "phish", "gmail-phish"] {
            assert_ne!(judge(version, unwanted), Category::Ham, "{unwanted} by {version}");
        }
    }
    assert_eq!(judge("1.0.0", "gmail-personal"), Category::Ham);
    assert_eq!(judge("1.1.0", "gmail-personal"), Category::Ham);
    assert_eq!(judge("1.2.0", "gmail-personal"), Category::Ham);
    assert_eq!(judge("2.0.0", "gmail-personal"), Category::Phish, "that is what is wrong with it");
}

#[test]
fn the_releases_differ_in_nothing_but_their_weights() {
    let read = RECIPES.map(|recipe| Weights::parse(&shipped(recipe.version)).unwrap());
    let sizes = read.each_ref().map(Weights::bits);
    assert_eq!(sizes, [17, 17, 18, 17]);
    assert_eq!(read.map(|weights| weights.inputs()), RECIPES.map(|recipe| recipe.inputs));
    assert_ne!(shipped("1.0.0"), shipped("1.1.0"));
    assert_ne!(shipped("1.1.0"), shipped("2.0.0"));
}
