//! The files of the release.

use std::fs;
use std::path::PathBuf;

use switchback_plugin_onnx::graph::{Graph, Operator, Scale};
use switchback_plugin_onnx_prepare::prepare;

use crate::models::check;

fn release_file(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_graph_is_what_prepare_makes_of_the_model() {
    let prepared = prepare(&release_file("model.onnx")).unwrap().to_bytes().unwrap();
    assert!(prepared == release_file("graph.bin"), "run switchback-onnx-prepare again: see train/README.md");
}

#[test]
fn the_graph_answers_as_the_model_does() {
    let rows = switchback_plugin_onnx_hot::ROWS as i64;
    let graph = check(&release_file("model.onnx"), rows, 300);
    assert!(graph.nodes.iter().any(|node| node.operator == Operator::EmbeddingBag));
    assert_eq!(graph.scale, Scale::LogOdds);
}

#[test]
fn a_graph_survives_being_bytes() {
    let graph = prepare(&release_file("model.onnx")).unwrap();
    assert_eq!(Graph::from_bytes(&graph.to_bytes().unwrap()).unwrap(), graph);
}

#[test]
fn a_graph_that_was_cut_is_refused() {
    let bytes = release_file("graph.bin");
    for end in (0..200).chain([bytes.len() / 2, bytes.len() - 1]) {
        assert!(Graph::from_bytes(&bytes[..end]).is_err(), "cut at {end}");
    }
}

#[test]
fn a_damaged_graph_is_never_a_panic() {
    let mut bytes = release_file("graph.bin");
    for place in 0..200 {
        let original = bytes[place];
        for value in [0, 1, 0x7F, 0xFF] {
            bytes[place] = value;
            let _ = Graph::from_bytes(&bytes);
        }
        bytes[place] = original;
    }
}
