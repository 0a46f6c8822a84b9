//! [`Network`]: a graph at work.

use crate::error::Error;
use crate::graph::{Graph, Operator};
use crate::operators::einsum::put_in_order;
use crate::operators::{compute, top};
use crate::tensor::Tensor;

/// A graph that is run once for each message, or for each step of a loop.
#[derive(Debug)]
pub struct Network {
    graph: Graph,
    /// For each node, those whose values nobody needs any more once it is computed.
    done: Vec<Vec<usize>>,
}

/// What has become of a node.
enum Value {
    /// It is an input, a constant, or not needed any more.
    Elsewhere,
    One(Tensor),
    Several(Vec<Tensor>),
}

impl Network {
    /// Takes a graph.
    ///
    /// # Errors
    /// [`Error::Format`], if a node takes the value of a later one or a constant is damaged.
    pub fn new(mut graph: Graph) -> Result<Self, Error> {
        if graph.outputs.iter().any(|output| *output >= graph.nodes.len()) {
            return Err(Error::Format("an output is not one of the nodes".into()));
        }
        let mut last_uses: Vec<usize> = (0..graph.nodes.len()).collect();
        for (index, node) in graph.nodes.iter().enumerate() {
            let is_whole = match &node.operator {
                Operator::Constant(tensor) => tensor.check(),
                Operator::Integers(matrix) => matrix.check(),
                _ => Ok(()),
            };
            is_whole.map_err(|error| Error::Format(error.to_string()))?;
            for &input in &node.inputs {
                if input >= index {
                    return Err(Error::Format(format!("node {index} takes the value of a later node")));
                }
                last_uses[input] = index;
            }
        }
        put_weights_in_order(&mut graph);
        let mut done = vec![Vec::new(); graph.nodes.len()];
        for (index, last) in last_uses.iter().enumerate() {
            if !graph.outputs.contains(&index) {
                done[*last].push(index);
            }
        }
        Ok(Self { graph, done })
    }

    /// Computes the outputs from the inputs. `bodies` are those that its loops name, each of which names earlier ones.
    ///
    /// # Errors
    /// If an input is not there, or tensors do not fit together.
    pub fn run(&self, inputs: &[&Tensor], bodies: &[Self]) -> Result<Vec<Tensor>, Error> {
        let mut values: Vec<Value> = Vec::with_capacity(self.graph.nodes.len());
        for (node, done) in self.graph.nodes.iter().zip(&self.done) {
            let taken = node.inputs.iter().map(|&input| self.value(&values, inputs, input));
            let value = match &node.operator {
                Operator::Constant(_) | Operator::Input(_) => Value::Elsewhere,
                Operator::Part(number) => Value::One(part(&values, &node.inputs, *number)?),
                Operator::Scan(scan) => Value::Several(scan.run(&taken.collect::<Result<Vec<_>, _>>()?, bodies)?),
                Operator::TopK { axis, count, largest } => {
                    let tensors = taken.collect::<Result<Vec<_>, _>>()?;
                    let tensor = tensors.first().ok_or(Error::Shape("an operator has no input"))?;
                    Value::Several(top(tensor, *axis, *count, *largest)?)
                }
                operator => Value::One(compute(operator, &taken.collect::<Result<Vec<_>, _>>()?)?),
            };
            values.push(value);
            done.iter().for_each(|&done| values[done] = Value::Elsewhere);
        }
        self.graph.outputs.iter().map(|&output| self.value(&values, inputs, output).cloned()).collect()
    }

    fn value<'a>(&'a self, values: &'a [Value], inputs: &[&'a Tensor], index: usize) -> Result<&'a Tensor, Error> {
        match (&self.graph.nodes[index].operator, &values[index]) {
            (Operator::Constant(tensor), _) => Ok(tensor),
            (Operator::Input(number), _) => inputs.get(*number).copied().ok_or(Error::Shape("an input is not there")),
            (_, Value::One(tensor)) => Ok(tensor),
            (_, Value::Several(_)) => Err(Error::Shape("an operator with several values is taken for one")),
            (_, Value::Elsewhere) => Err(Error::Shape("a value is not there any more")),
        }
    }
}

/// One of the values of an operator that has several.
fn part(values: &[Value], inputs: &[usize], number: usize) -> Result<Tensor, Error> {
    let of = inputs.first().and_then(|input| values.get(*input));
    match of {
        Some(Value::Several(all)) => all.get(number).cloned(),
        _ => None,
    }
    .ok_or(Error::Shape("an operator has fewer values than are taken of it"))
}

/// Makes weights that are multiplied the second of the two, with their axes in order, if they are used once.
fn put_weights_in_order(graph: &mut Graph) {
    let mut uses = vec![0; graph.nodes.len()];
    graph.nodes.iter().flat_map(|node| &node.inputs).for_each(|input| uses[*input] += 1);
    for index in 0..graph.nodes.len() {
        let (before, node) = graph.nodes.split_at_mut(index);
        let Some(node) = node.first_mut() else { continue };
        let Operator::Einsum { left, right, result } = &mut node.operator else { continue };
        let is_weights = |place: usize| matches!(before[place].operator, Operator::Constant(_)) && uses[place] == 1;
        if let &[first, second] = &*node.inputs
            && is_weights(first)
            && !is_weights(second)
        {
            std::mem::swap(left, right);
            node.inputs.reverse();
        }
        if let Some(&second) = node.inputs.get(1)
            && is_weights(second)
            && let Operator::Constant(weights) = &mut before[second].operator
            && let Ok((ordered, letters)) = put_in_order(weights, left, right, result)
        {
            (*weights, *right) = (ordered, letters);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Node;

    fn product(letters: [&str; 3], is_weights_first: bool) -> Graph {
        let weights = Tensor::floats(&[2, 3], (0..6).map(|number| number as f32).collect());
        let [left, right, result] = letters.map(|letters| letters.chars().collect());
        let inputs = if is_weights_first { vec![1, 0] } else { vec![0, 1] };
        let nodes = vec![
            Node { operator: Operator::Input(0), inputs: vec![] },
            Node { operator: Operator::Constant(weights), inputs: vec![] },
            Node { operator: Operator::Einsum { left, right, result }, inputs },
        ];
        Graph { nodes, outputs: vec![2] }
    }

    #[test]
    fn a_node_takes_the_values_of_earlier_ones_alone() {
        let taking = |input: usize| {
            let mut graph = product(["mk", "kn", "mn"], false);
            graph.nodes[2].inputs[0] = input;
            Network::new(graph).map(drop)
        };
        assert!(taking(0).is_ok());
        assert!([2, 3].iter().all(|later| matches!(taking(*later), Err(Error::Format(_)))));
        let graph = product(["mk", "kn", "mn"], false);
        assert!(Network::new(Graph { outputs: vec![3], ..graph }).is_err(), "the output is none of the nodes");
    }

    #[test]
    fn weights_are_put_in_order_once_and_multiply_to_the_same() {
        let expected = Tensor::floats(&[1, 2], vec![5.0, 14.0]);
        for (letters, is_weights_first, order) in [
            (["mk", "nk", "mn"], false, [3, 2]),
            (["nk", "mk", "mn"], true, [3, 2]),
            (["mk", "kn", "mn"], false, [2, 3]),
        ] {
            let network = Network::new(product(letters, is_weights_first)).unwrap();
            let Operator::Constant(weights) = &network.graph.nodes[1].operator else {
                unreachable!("it was one before")
            };
            assert_eq!(weights.shape, order, "{letters:?}");
            let row = Tensor::floats(&[1, order[0]], (0..order[0]).map(|number| number as f32).collect());
            let answer = network.run(&[&row], &[]).unwrap().remove(0);
            if order == [3, 2] {
                assert_eq!(answer, expected, "{letters:?}");
            }
        }
    }
}
