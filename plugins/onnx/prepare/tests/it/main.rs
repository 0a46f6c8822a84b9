//! What the guest runs is the ONNX file.

mod committed;
mod files;
mod models;
mod refusals;
