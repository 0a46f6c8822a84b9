//! A graph, ready to run.

mod bag;
mod dense;
mod operator;

use tract_core::internal::*;

use crate::Error;
use crate::graph::{Graph, Node, Operator, Scale};

/// Probabilities closer to 0 or 1 than this are taken for this far away when they are turned into
/// log-odds: a model that answers a probability in `f32` cannot say more.
const PROBABILITY_MIN: f64 = 1e-7;

/// A graph that tract has optimised and planned, and the state of running it.
///
/// Making one takes milliseconds and happens when a release is packed; running it plans nothing.
#[derive(Debug)]
pub struct Network {
    state: TypedSimpleState,
    scale: Scale,
}

impl Network {
    /// Builds tract's model of a graph, optimises and plans it.
    ///
    /// # Errors
    /// If the graph has no indices or tract refuses it: an operator does not fit its inputs, say.
    pub fn new(graph: &Graph) -> Result<Self, Error> {
        let mut model = TypedModel::default();
        let mut outlets: Vec<OutletId> = Vec::with_capacity(graph.nodes.len());
        for (index, node) in graph.nodes.iter().enumerate() {
            let outlet = wire(&mut model, &format!("node-{index}"), node, &outlets)?;
            outlets.push(outlet);
        }
        let output = outlets.get(graph.output).copied();
        let output = output.ok_or_else(|| Error::Format("the output is not one of its nodes".into()))?;
        model.select_output_outlets(&[output])?;
        let plan = TypedSimplePlan::new(model.into_optimized()?)?;
        Ok(Self { state: plan.spawn()?, scale: graph.scale })
    }

    #[doc(hidden)]
    pub fn dump(&self) { println!("{}", self.state.model()); }
    /// Runs the graph on a list of indices and returns its answer in log-odds.
    ///
    /// # Errors
    /// If an index is beyond the embedding, or the answer is not one finite number.
    pub fn log_odds(&mut self, indices: &[i64]) -> Result<f64, Error> {
        let outputs = self.state.run(tvec!(tensor1(indices).into_tvalue()));
        // A run that failed has left its values and the length of its input behind.
        self.state.reset_turn()?;
        let outputs = outputs?;
        let [output] = &*outputs else { return Err(Error::Answer(format!("{} tensors", outputs.len()))) };
        let plain = output.try_as_plain_ram()?;
        let &[answer] = plain.as_slice::<f32>()? else {
            return Err(Error::Answer(format!("{} numbers", output.len())));
        };
        if !answer.is_finite() {
            return Err(Error::Answer(answer.to_string()));
        }
        Ok(match self.scale {
            Scale::LogOdds => f64::from(answer),
            Scale::Probability => {
                let probability = f64::from(answer).clamp(PROBABILITY_MIN, 1.0 - PROBABILITY_MIN);
                (probability / (1.0 - probability)).ln()
            }
        })
    }
}

/// Adds one node to tract's model.
fn wire(model: &mut TypedModel, name: &str, node: &Node, outlets: &[OutletId]) -> Result<OutletId, Error> {
    let inputs: TVec<OutletId> = node.inputs.iter().filter_map(|&input| outlets.get(input).copied()).collect();
    match &node.operator {
        Operator::Indices => {
            let count = model.symbols.sym("count").to_dim();
            Ok(model.add_source(name, i64::fact([count]))?)
        }
        Operator::Constant(tensor) => Ok(model.add_const(name, tensor.clone())?),
        other => {
            let wired = model.wire_node(name, operator::typed_op(other)?, &inputs)?;
            wired.first().copied().ok_or_else(|| Error::Tract(format!("{name} has no output")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(operator: Operator, inputs: &[usize]) -> Node {
        Node { operator, inputs: inputs.to_vec() }
    }

    /// Sums rows of a table of one column.
    fn sum_of(table: &[f32]) -> Graph {
        let table = Tensor::from_shape(&[table.len(), 1], table).unwrap().into_arc_tensor();
        let nodes = vec![
            node(Operator::Indices, &[]),
            node(Operator::Constant(table), &[]),
            node(Operator::EmbeddingBag, &[1, 0]),
        ];
        Graph { nodes, output: 2, scale: Scale::LogOdds }
    }

    #[test]
    fn a_graph_runs_again_and_again_with_lists_of_any_length() {
        let mut network = Network::new(&sum_of(&[1.0, 10.0, 100.0])).unwrap();
        assert_eq!(network.log_odds(&[0, 1, 1]).unwrap(), 21.0);
        assert_eq!(network.log_odds(&[2]).unwrap(), 100.0);
        assert_eq!(network.log_odds(&[]).unwrap(), 0.0);
        assert_eq!(network.log_odds(&vec![0; 5000]).unwrap(), 5000.0);
    }

    #[test]
    fn a_probability_becomes_log_odds_and_certainty_stays_finite() {
        let mut graph = sum_of(&[0.5, 1.0]);
        graph.scale = Scale::Probability;
        let mut network = Network::new(&graph).unwrap();
        assert_eq!(network.log_odds(&[0]).unwrap(), 0.0);
        let certain = network.log_odds(&[1]).unwrap();
        assert!((certain - (1e7_f64 - 1.0).ln()).abs() < 1e-6, "{certain}");
    }

    #[test]
    fn an_index_beyond_the_table_is_an_error_and_the_next_run_works() {
        let mut network = Network::new(&sum_of(&[1.0, 10.0])).unwrap();
        let error = network.log_odds(&[2]).unwrap_err();
        assert!(error.to_string().contains("index 2 is beyond the 2 rows"), "{error}");
        assert_eq!(network.log_odds(&[1]).unwrap(), 10.0);
    }

    #[test]
    fn an_answer_that_is_not_finite_is_an_error() {
        let mut network = Network::new(&sum_of(&[f32::INFINITY])).unwrap();
        assert!(matches!(network.log_odds(&[0]), Err(Error::Answer(_))));
    }

    #[test]
    fn a_graph_whose_operators_do_not_fit_is_refused() {
        let mut graph = sum_of(&[1.0]);
        graph.nodes[2].inputs = vec![0, 1];
        assert!(matches!(Network::new(&graph), Err(Error::Tract(_))));
    }
}
