//! Makes the graph smaller without changing what it computes.

use switchback_onnx_graph::{Activation, Binary, Graph, Operator, Reducer, Type, Values};

/// Puts one operator in the place of several where there is one, and leaves out what is not needed.
pub(crate) fn fused(graph: Graph) -> Graph {
    without_dead_nodes(layers(embedding_bags(graph)))
}

/// Replaces `Gather` of the rows of a matrix and `ReduceSum` over them by an embedding bag, wherever nothing
/// else uses the rows. If the matrix is of bytes, a `Cast` of the rows to `f32` is in between.
fn embedding_bags(mut graph: Graph) -> Graph {
    for index in 0..graph.nodes.len() {
        if let Some(inputs) = bag_inputs(&graph, index) {
            graph.nodes[index].operator = Operator::EmbeddingBag;
            graph.nodes[index].inputs = inputs;
        }
    }
    graph
}

/// What the embedding bag at this place would take, if one could be there: the matrix and the indices.
fn bag_inputs(graph: &Graph, index: usize) -> Option<Vec<usize>> {
    let sum = &graph.nodes[index];
    let over_rows = Operator::Reduce { reducer: Reducer::Sum, axes: vec![0] };
    let &[summed] = &*sum.inputs else { return None };
    let (rows, kind) = match (&graph.nodes[summed].operator, &*graph.nodes[summed].inputs) {
        (Operator::Cast(Type::F32), &[rows]) => (rows, Table::Bytes),
        _ => (summed, Table::Floats),
    };
    let gather = &graph.nodes[rows];
    let &[table, indices] = &*gather.inputs else { return None };
    let is_bag = sum.operator == over_rows
        && gather.operator == Operator::Gather { axis: 0 }
        && is_matrix(&graph.nodes[table].operator, kind)
        && is_vector(graph, indices)
        && users(graph, rows) == 1
        && users(graph, summed) == 1;
    is_bag.then(|| vec![table, indices])
}

/// Makes the bias that is added to a layer's product, and the `Relu` after it, part of the layer.
fn layers(mut graph: Graph) -> Graph {
    for index in 0..graph.nodes.len() {
        if let Some((layer, bias)) = layer_and_constant(&graph, index, Binary::Add)
            && let Operator::Dense { shape, activation: Activation::None } = graph.nodes[layer].operator.clone()
            && graph.nodes[layer].inputs.len() == 2
            && matches!(&graph.nodes[bias].operator, Operator::Constant(tensor) if tensor.shape == shape)
        {
            let mut inputs = graph.nodes[layer].inputs.clone();
            inputs.push(bias);
            graph.nodes[index].operator = Operator::Dense { shape, activation: Activation::None };
            graph.nodes[index].inputs = inputs;
        } else if let Some((layer, zero)) = layer_and_constant(&graph, index, Binary::Max)
            && let Operator::Dense { shape, activation: Activation::None } = graph.nodes[layer].operator.clone()
            && constant(&graph, zero) == Some(&[0.0])
        {
            graph.nodes[index].inputs = graph.nodes[layer].inputs.clone();
            graph.nodes[index].operator = Operator::Dense { shape, activation: Activation::Relu };
        }
    }
    graph
}

/// If this node applies an operation to a layer that nothing else uses, and to a constant: their places.
fn layer_and_constant(graph: &Graph, index: usize, operation: Binary) -> Option<(usize, usize)> {
    let node = &graph.nodes[index];
    let &[first, second] = &*node.inputs else { return None };
    if node.operator != Operator::Binary(operation) {
        return None;
    }
    let (layer, other) = if constant(graph, second).is_some() { (first, second) } else { (second, first) };
    let is_layer = matches!(graph.nodes[layer].operator, Operator::Dense { .. });
    (is_layer && constant(graph, other).is_some() && users(graph, layer) == 1).then_some((layer, other))
}

/// The values of a constant.
fn constant(graph: &Graph, index: usize) -> Option<&[f32]> {
    let Operator::Constant(tensor) = &graph.nodes[index].operator else { return None };
    tensor.as_floats().ok()
}

/// What a table is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Table {
    Floats,
    Bytes,
}

fn is_matrix(operator: &Operator, table: Table) -> bool {
    let Operator::Constant(tensor) = operator else { return false };
    let is_of_type = match tensor.values {
        Values::F32(_) => table == Table::Floats,
        Values::I8(_) => table == Table::Bytes,
        Values::I64(_) | Values::U8(_) => false,
    };
    is_of_type && tensor.shape.len() == 2
}

/// Whether a node is the graph's input or a conversion of it.
fn is_vector(graph: &Graph, index: usize) -> bool {
    match &graph.nodes[index].operator {
        Operator::Input(_) => true,
        Operator::Cast(_) => graph.nodes[index].inputs.iter().all(|&input| is_vector(graph, input)),
        _ => false,
    }
}

fn users(graph: &Graph, index: usize) -> usize {
    let in_nodes = graph.nodes.iter().flat_map(|node| &node.inputs).filter(|&&input| input == index).count();
    in_nodes + graph.outputs.iter().filter(|output| **output == index).count()
}

/// Removes what the answers do not need, except for inputs.
fn without_dead_nodes(graph: Graph) -> Graph {
    let mut is_needed: Vec<bool> = graph.nodes.iter().map(|node| matches!(node.operator, Operator::Input(_))).collect();
    graph.outputs.iter().for_each(|output| is_needed[*output] = true);
    for index in (0..graph.nodes.len()).rev() {
        if is_needed[index] {
            graph.nodes[index].inputs.iter().for_each(|&input| is_needed[input] = true);
        }
    }
    let mut places = Vec::with_capacity(graph.nodes.len());
    let mut nodes = Vec::new();
    for (mut node, is_needed) in graph.nodes.into_iter().zip(is_needed) {
        places.push(nodes.len());
        if is_needed {
            node.inputs.iter_mut().for_each(|input| *input = places[*input]);
            nodes.push(node);
        }
    }
    Graph { nodes, outputs: graph.outputs.iter().map(|output| places[*output]).collect() }
}
