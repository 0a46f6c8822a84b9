//! docs/training.md, from its beginning to its end.

use std::fs;

use super::page::{Step, steps};
use super::place::Place;
use crate::model::mail;
use crate::train::fill;

const PAGE: &str = include_str!("../../../../docs/training.md");

#[test]
fn whoever_follows_the_page_has_a_release_and_the_next_one() {
    let mut place = Place::new();
    fill(place.folder(), 600);
    fs::write(place.folder().join("message.eml"), mail("Notes of our meeting", "ada@example.org", 500)).unwrap();
    let steps = steps(PAGE);
    assert!(steps.iter().filter(|step| matches!(step, Step::Type(_))).count() >= 4);
    steps.iter().for_each(|step| place.follow(step));
    assert!(place.folder().join("acme-1.1.0.wasm").is_file());
}
