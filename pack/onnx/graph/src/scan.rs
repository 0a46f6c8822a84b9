//! [`Scan`]: a graph that is run for each step along an axis, and hands values on to the next step.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::network::Network;
use crate::operators::layout::{concat, slice};
use crate::tensor::Tensor;

/// A graph that is run for each step along an axis of some inputs: what ONNX calls `Scan`, and `LSTM`, `GRU` and `RNN` are made of.
///
/// There are as many steps as the axes are long that are taken step by step, which is at least one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scan {
    /// Which of a model's bodies is run in a step.
    pub body: usize,
    /// What becomes of each input of the operator, which is an input of the body in every step.
    pub inputs: Vec<ScanInput>,
    /// The outputs of the body that are states of the next step, in the order of these.
    pub carried: Vec<usize>,
    /// The operator's values.
    pub outputs: Vec<ScanOutput>,
}

/// What an input is in a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScanInput {
    /// The same in each.
    Whole,
    /// In the first step as it is given, then what the step before has made of it.
    State,
    /// The part of it that the step is about, of length 1.
    Step(Along),
}

/// What becomes of an output of the body, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScanOutput {
    /// Its value in the last step.
    Last(usize),
    /// Its values in all steps, behind each other.
    All(usize, Along),
}

/// The axis of a tensor that steps go along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Along {
    /// Its number.
    pub axis: usize,
    /// Where the first step is.
    pub from: End,
}

/// An end of an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// Place 0.
    First,
    /// The last place.
    Last,
}

impl Along {
    /// The part of a tensor that one of so many steps is about.
    fn part(self, tensor: &Tensor, step: usize, steps: usize) -> Result<Tensor, Error> {
        let place = match self.from {
            End::First => step,
            End::Last => steps - 1 - step,
        };
        slice(tensor, self.axis, place, place + 1)
    }
}

impl Scan {
    /// The number of steps.
    fn steps(&self, inputs: &[&Tensor]) -> Result<usize, Error> {
        let mut lengths = self.inputs.iter().zip(inputs).filter_map(|(taken, input)| match taken {
            ScanInput::Step(along) => Some(input.shape.get(along.axis).copied().unwrap_or(0)),
            ScanInput::Whole | ScanInput::State => None,
        });
        let steps = lengths.next().filter(|steps| *steps > 0).ok_or(Error::Shape("a loop has no steps"))?;
        if lengths.all(|length| length == steps) {
            Ok(steps)
        } else {
            Err(Error::Shape("the inputs of a loop have more or fewer steps than each other"))
        }
    }

    /// Runs the body in each step. Returns the operator's values.
    pub(crate) fn run(&self, inputs: &[&Tensor], bodies: &[Network]) -> Result<Vec<Tensor>, Error> {
        let (body, before) =
            bodies.get(..=self.body).and_then(<[_]>::split_last).ok_or(Error::Shape("a loop has no body"))?;
        let is_state = |place: &usize| self.inputs[*place] == ScanInput::State;
        let states: Vec<usize> = (0..self.inputs.len()).filter(is_state).collect();
        if self.inputs.len() != inputs.len() || states.len() != self.carried.len() {
            return Err(Error::Shape("a loop has more or fewer inputs or states than it takes"));
        }
        let steps = self.steps(inputs)?;
        let mut all = vec![Vec::with_capacity(steps); self.outputs.len()];
        let mut made: Vec<Tensor> = Vec::new();
        for step in 0..steps {
            let parts = self.inputs.iter().zip(inputs).map(|(taken, input)| match taken {
                ScanInput::Step(along) => along.part(input, step, steps).map(Some),
                ScanInput::Whole | ScanInput::State => Ok(None),
            });
            let parts = parts.collect::<Result<Vec<_>, _>>()?;
            let mut taken: Vec<&Tensor> =
                parts.iter().zip(inputs).map(|(part, whole)| part.as_ref().unwrap_or(whole)).collect();
            if step > 0 {
                for (place, output) in states.iter().zip(&self.carried) {
                    taken[*place] = made.get(*output).ok_or(NO_OUTPUT)?;
                }
            }
            made = body.run(&taken, before)?;
            for (values, output) in all.iter_mut().zip(&self.outputs) {
                match output {
                    ScanOutput::All(output, _) => values.push(made.get(*output).ok_or(NO_OUTPUT)?.clone()),
                    ScanOutput::Last(_) => {}
                }
            }
        }
        let value = |(output, mut values): (&ScanOutput, Vec<Tensor>)| match output {
            ScanOutput::Last(output) => made.get(*output).cloned().ok_or(NO_OUTPUT),
            ScanOutput::All(_, along) => {
                if along.from == End::Last {
                    values.reverse();
                }
                concat(&values.iter().collect::<Vec<_>>(), along.axis)
            }
        };
        self.outputs.iter().zip(all).map(value).collect()
    }
}

const NO_OUTPUT: Error = Error::Shape("the body of a loop has fewer outputs than the loop names");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Binary, Graph, Node, Operator};

    /// A body that adds what a step is about to its state, which is both of its outputs.
    fn sums() -> Network {
        let node = |operator, inputs: &[usize]| Node { operator, inputs: inputs.to_vec() };
        let add = Operator::Binary(Binary::Add);
        let nodes = vec![node(Operator::Input(0), &[]), node(Operator::Input(1), &[]), node(add, &[0, 1])];
        Network::new(Graph { nodes, outputs: vec![2, 2] }).unwrap()
    }

    fn scan(from: End) -> Scan {
        let along = Along { axis: 1, from };
        Scan {
            body: 0,
            inputs: vec![ScanInput::State, ScanInput::Step(along)],
            carried: vec![0],
            outputs: vec![ScanOutput::Last(0), ScanOutput::All(1, along)],
        }
    }

    fn run(scan: &Scan, shape: &[usize]) -> Result<Vec<Tensor>, Error> {
        let numbers = Tensor::floats(shape, (0..shape.iter().product::<usize>()).map(|number| number as f32).collect());
        scan.run(&[&Tensor::floats(&[2, 1], vec![10.0, 20.0]), &numbers], &[sums()])
    }

    #[test]
    fn states_are_handed_on_and_values_are_put_where_their_steps_are() {
        let made = run(&scan(End::First), &[2, 3]).unwrap();
        assert_eq!(made[0], Tensor::floats(&[2, 1], vec![13.0, 32.0]));
        assert_eq!(made[1], Tensor::floats(&[2, 3], vec![10.0, 11.0, 13.0, 23.0, 27.0, 32.0]));
        let made = run(&scan(End::Last), &[2, 3]).unwrap();
        assert_eq!(made[0], Tensor::floats(&[2, 1], vec![13.0, 32.0]));
        assert_eq!(made[1], Tensor::floats(&[2, 3], vec![13.0, 13.0, 12.0, 32.0, 29.0, 25.0]));
    }

    #[test]
    fn what_is_no_loop_is_an_error() {
        let good = scan(End::First);
        assert!(run(&good, &[2, 0]).is_err());
        let along = Along { axis: 7, from: End::First };
        let inputs = vec![ScanInput::State, ScanInput::Step(along)];
        for bad in [
            Scan { body: 1, ..good.clone() },
            Scan { carried: vec![], ..good.clone() },
            Scan { carried: vec![2], ..good.clone() },
            Scan { inputs: vec![ScanInput::State], ..good.clone() },
            Scan { inputs, ..good.clone() },
            Scan { inputs: vec![ScanInput::State, ScanInput::Whole], ..good.clone() },
            Scan { outputs: vec![ScanOutput::Last(2)], ..good.clone() },
            Scan { outputs: vec![ScanOutput::All(2, along)], ..good.clone() },
            Scan { outputs: vec![ScanOutput::All(0, along)], ..good.clone() },
        ] {
            assert!(run(&bad, &[2, 3]).is_err(), "{bad:?}");
        }
        let more = Tensor::floats(&[2, 4], vec![0.0; 8]);
        let both = Scan { inputs: vec![good.inputs[1]; 2], carried: vec![], ..good };
        assert!(both.run(&[&Tensor::floats(&[2, 3], vec![0.0; 6]), &more], &[sums()]).is_err());
    }
}
