//! [`Network`]: a graph at work.

use crate::error::Error;
use crate::graph::{Graph, Operator};
use crate::operators::compute;
use crate::tensor::Tensor;

/// A graph that is run once for each message.
#[derive(Debug)]
pub struct Network {
    graph: Graph,
    /// For each node, those whose values nobody needs any more once it is computed.
    done: Vec<Vec<usize>>,
}

impl Network {
    /// Takes a graph.
    ///
    /// # Errors
    /// [`Error::Format`], if a node takes the value of a later one or a constant is damaged.
    pub fn new(graph: Graph) -> Result<Self, Error> {
        if graph.output >= graph.nodes.len() {
            return Err(Error::Format("the output is not one of the nodes".into()));
        }
        let mut last_uses = vec![graph.output; graph.nodes.len()];
        for (index, node) in graph.nodes.iter().enumerate() {
            if let Operator::Constant(tensor) = &node.operator {
                tensor.check().map_err(|error| Error::Format(error.to_string()))?;
            }
            for &input in &node.inputs {
                if input >= index {
                    return Err(Error::Format(format!("node {index} takes the value of a later node")));
                }
                last_uses[input] = index;
            }
        }
        let mut done = vec![Vec::new(); graph.nodes.len()];
        for (index, last) in last_uses.iter().enumerate() {
            if index != graph.output {
                done[*last].push(index);
            }
        }
        Ok(Self { graph, done })
    }

    /// Computes the output from the inputs.
    ///
    /// # Errors
    /// If an input is not there, or tensors do not fit together.
    pub fn run(&self, mut inputs: Vec<Option<Tensor>>) -> Result<Tensor, Error> {
        let mut values: Vec<Option<Tensor>> = vec![None; self.graph.nodes.len()];
        for (index, node) in self.graph.nodes.iter().enumerate() {
            let value = match &node.operator {
                Operator::Constant(_) => None,
                Operator::Input(number) => {
                    Some(inputs.get_mut(*number).and_then(Option::take).ok_or(Error::Shape("an input is not there"))?)
                }
                operator => {
                    let taken = node.inputs.iter().map(|&input| self.value(&values, input));
                    Some(compute(operator, &taken.collect::<Result<Vec<_>, _>>()?)?)
                }
            };
            values[index] = value;
            if index == self.graph.output {
                break;
            }
            self.done[index].iter().for_each(|&done| values[done] = None);
        }
        self.value(&values, self.graph.output).cloned()
    }

    fn value<'a>(&'a self, values: &'a [Option<Tensor>], index: usize) -> Result<&'a Tensor, Error> {
        match &self.graph.nodes[index].operator {
            Operator::Constant(tensor) => Ok(tensor),
            _ => values[index].as_ref().ok_or(Error::Shape("a value is not there any more")),
        }
    }
}
