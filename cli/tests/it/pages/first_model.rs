//! docs/first-model.md, from its beginning to its end.

use super::page::{Step, steps};
use super::place::Place;

const PAGE: &str = include_str!("../../../../docs/first-model.md");

/// What sets up a machine: where this runs, `cargo xtask test` has added the target and built the command.
const SET_UP: [&str; 2] = ["rustup target add wasm32-unknown-unknown", "cargo install --locked --path cli"];

#[test]
fn whoever_follows_the_page_gets_to_its_end() {
    let mut place = Place::new();
    let mut typed_count = 0;
    for step in steps(PAGE) {
        if let Step::Type(typed) = &step {
            typed_count += 1;
            if SET_UP.contains(&typed.command.as_str()) {
                continue;
            }
        }
        place.follow(&step);
        if matches!(&step, Step::Type(typed) if typed.command == "switchback new newsletters") {
            place.lock("newsletters");
        }
    }
    assert!(typed_count > 25, "{typed_count}");
}
