//! A graph, ready to run.

mod bag;
mod dense;
mod operator;

use tract_core::internal::*;
use tract_core::ops::konst::Const;

use crate::error::Error;
use crate::graph::{Graph, Node, Operator, Scale};

/// Probabilities closer to 0 or 1 than this are taken for this far away when they are turned into
/// log-odds: a model that answers a probability in `f32` cannot say more.
const PROBABILITY_MIN: f64 = 1e-7;

/// A graph that tract has optimised, and the order in which to run it.
///
/// Making one takes milliseconds and happens when a release is packed. Running it only calls one operator
/// after the other. tract's own plan also finds out at every run which symbol has which value and checks
/// every shape against it, which in a sandbox takes longer than the operators of a small network do.
#[derive(Debug)]
pub struct Network {
    model: TypedModel,
    /// What is computed, in order: all nodes but the input and the constants.
    order: Vec<usize>,
    /// The value of each node, if it is known: always for constants.
    values: Vec<Option<TValue>>,
    input: usize,
    output: usize,
    /// The number of indices, as shapes name it.
    count: Symbol,
    scale: Scale,
}

impl Network {
    /// Builds tract's model of a graph and optimises it.
    ///
    /// # Errors
    /// If the graph has no indices or tract refuses it: an operator does not fit its inputs, say.
    pub fn new(graph: &Graph) -> Result<Self, Error> {
        let mut model = TypedModel::default();
        let count = model.symbols.sym("count");
        let mut outlets: Vec<OutletId> = Vec::with_capacity(graph.nodes.len());
        for (index, node) in graph.nodes.iter().enumerate() {
            let outlet = wire(&mut model, &format!("node-{index}"), node, &outlets, &count)?;
            outlets.push(outlet);
        }
        let output = outlets.get(graph.output).copied();
        let output = output.ok_or_else(|| Error::Format("the output is not one of its nodes".into()))?;
        model.select_output_outlets(&[output])?;
        Self::of_model(model.into_optimized()?, count, graph.scale)
    }

    fn of_model(model: TypedModel, count: Symbol, scale: Scale) -> Result<Self, Error> {
        let (&[input], &[output]) = (model.input_outlets()?, model.output_outlets()?) else {
            return Err(Error::Format("a graph has one input and one output".into()));
        };
        let mut values = vec![None; model.nodes.len()];
        let mut order = Vec::new();
        for id in model.eval_order()? {
            let node = model.node(id);
            if let Some(constant) = node.op_as::<Const>() {
                values[id] = Some(constant.val().clone().into_tvalue());
            } else if node.op.state(&EvalContext::out_of_plan())?.is_some() || node.outputs.len() != 1 {
                return Err(Error::Tract(format!("{} keeps a state or has several outputs", node.op.name())));
            } else if id != input.node {
                order.push(id);
            }
        }
        Ok(Self { model, order, values, input: input.node, output: output.node, count, scale })
    }

    /// Runs the graph on a list of indices and returns its answer in log-odds.
    ///
    /// # Errors
    /// If an index is beyond the embedding, or the answer is not one finite number.
    pub fn log_odds(&mut self, indices: &[i64]) -> Result<f64, Error> {
        let output = self.run(indices)?;
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

    /// Computes every node in order and returns the value of the last.
    fn run(&mut self, indices: &[i64]) -> Result<TValue, Error> {
        let symbols = SymbolValues::default().with(&self.count, indices.len() as i64);
        let seating = Seating::single();
        self.values[self.input] = Some(tensor1(indices).into_tvalue());
        for &node_id in &self.order {
            let node = self.model.node(node_id);
            let inputs: Option<TVec<TValue>> =
                node.inputs.iter().map(|input| self.values[input.node].clone()).collect();
            let inputs = inputs.ok_or_else(|| Error::Tract(format!("{} comes before its inputs", node.name)))?;
            let context = EvalContext {
                session: SessionId::NONE,
                node_id,
                symbols: &symbols,
                scenario: None,
                shared: None,
                seating: &seating,
            };
            self.values[node_id] = node.op.eval(&context, inputs)?.pop();
        }
        self.values[self.output].clone().ok_or_else(|| Error::Answer("nothing".into()))
    }
}

/// Adds one node to tract's model.
fn wire(
    model: &mut TypedModel,
    name: &str,
    node: &Node,
    outlets: &[OutletId],
    count: &Symbol,
) -> Result<OutletId, Error> {
    let inputs: TVec<OutletId> = node.inputs.iter().filter_map(|&input| outlets.get(input).copied()).collect();
    match &node.operator {
        Operator::Indices => Ok(model.add_source(name, i64::fact([count.to_dim()]))?),
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
