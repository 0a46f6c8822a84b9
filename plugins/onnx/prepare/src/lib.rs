//! Turns an ONNX file into the graph that the `onnx` model loads.
//!
//! tract-onnx reads the file and simplifies it; what remains must be operators that the guest has
//! ([`operator_names`](switchback_plugin_onnx::graph::operator_names)). This runs on the author's machine, so
//! that the code that understands all of ONNX need not be in the guest.
//!
//! The model must have one input, a vector of `int64` or `int32` indices of any length, and one output, one
//! `float`: a probability or, as a graph that ends in `Sigmoid` is understood, log-odds.
#![forbid(unsafe_code)]

mod dense;
mod fuse;
mod translate;

use switchback_plugin_onnx::graph::{Graph, Operator, Scale, Unary};
use tract_onnx::prelude::*;

/// Why an ONNX file cannot be a model here.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// tract-onnx could not read or simplify the file.
    #[error("tract cannot read the ONNX file: {0}")]
    Onnx(String),
    /// The input is not one vector of indices.
    #[error("the input must be one vector of int64 or int32 indices, of any length; {0}")]
    Input(String),
    /// The output is not one number.
    #[error("the output must be one float, a probability or log-odds; {0}")]
    Output(String),
    /// The file needs an operator that the guest lacks.
    #[error("the node {node:?} is {operator}, which the guest does not have; it has {}", .known.join(", "))]
    Operator {
        /// The name of the node in the simplified graph.
        node: String,
        /// What it is.
        operator: String,
        /// What the guest has.
        known: Vec<String>,
    },
}

impl From<TractError> for Error {
    fn from(error: TractError) -> Self {
        Self::Onnx(format!("{error:#}"))
    }
}

/// Reads an ONNX file and returns the graph of it that the guest loads.
///
/// # Errors
/// If the file cannot be read, its input or output is of another form, or it needs an operator that the
/// guest does not have.
pub fn prepare(onnx: &[u8]) -> Result<Graph, Error> {
    let model = tract_onnx::onnx().model_for_read(&mut &*onnx)?.into_typed()?.into_decluttered()?;
    check_input(&model)?;
    check_output(&model)?;
    let mut graph = translate::translate(&model)?;
    drop_last_sigmoid(&mut graph);
    Ok(fuse::without_dead_nodes(fuse::layers(fuse::embedding_bags(graph))))
}

fn check_input(model: &TypedModel) -> Result<(), Error> {
    let [input] = model.input_outlets()? else {
        return Err(Error::Input(format!("there are {} inputs", model.inputs.len())));
    };
    let fact = model.outlet_fact(*input)?;
    let is_index = [i64::datum_type(), i32::datum_type()].contains(&fact.datum_type);
    let is_any_length = fact.rank() == 1 && fact.shape.as_concrete().is_none();
    if is_index && is_any_length { Ok(()) } else { Err(Error::Input(format!("this one is {fact:?}"))) }
}

fn check_output(model: &TypedModel) -> Result<(), Error> {
    let [output] = model.output_outlets()? else {
        return Err(Error::Output(format!("there are {} outputs", model.outputs.len())));
    };
    let fact = model.outlet_fact(*output)?;
    let is_one = fact.shape.as_concrete().is_some_and(|shape| shape.iter().product::<usize>() == 1);
    let is_float = fact.datum_type == f32::datum_type();
    if is_one && is_float { Ok(()) } else { Err(Error::Output(format!("this one is {fact:?}"))) }
}

/// What goes into a last `Sigmoid` is log-odds, which says more about a message that is almost certain than a
/// probability in single precision does.
fn drop_last_sigmoid(graph: &mut Graph) {
    let last = &graph.nodes[graph.output];
    if let (Operator::Unary(Unary::Sigmoid), &[input]) = (&last.operator, &*last.inputs) {
        graph.output = input;
        graph.scale = Scale::LogOdds;
    }
}
