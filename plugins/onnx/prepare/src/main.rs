//! `switchback-onnx-prepare MODEL.onnx graph.bin`
#![forbid(unsafe_code)]

use std::path::PathBuf;

use anyhow::{Context, bail};
use switchback_plugin_onnx::Network;
use switchback_plugin_onnx_prepare::prepare;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [model, graph] = &*arguments else {
        bail!("usage: switchback-onnx-prepare MODEL.onnx graph.bin");
    };
    let onnx = std::fs::read(model).with_context(|| format!("read {}", model.display()))?;
    let prepared = prepare(&onnx).with_context(|| format!("prepare {}", model.display()))?;
    // The guest would only say so when it is packed.
    Network::new(&prepared).context("the graph cannot be built")?;
    let bytes = prepared.to_bytes().context("write the graph")?;
    std::fs::write(graph, &bytes).with_context(|| format!("write {}", graph.display()))?;
    println!("{}: {} operators, {} bytes", graph.display(), prepared.nodes.len(), bytes.len());
    Ok(())
}
