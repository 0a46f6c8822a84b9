//! Ensembles of decision trees, as `ai.onnx.ml` defines them and onnxruntime computes them.

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// An ensemble: each tree adds the weights of one of its leaves to the scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trees {
    /// The number of the first node of each tree.
    pub roots: Vec<u32>,
    /// The nodes. Those that a branch leads to come after it.
    pub nodes: Vec<TreeNode>,
    /// What the leaves add: each has some of these, next to each other.
    pub weights: Vec<Weight>,
    /// How many scores there are.
    pub targets: usize,
    /// How the weights of several trees become one score.
    pub aggregate: Aggregate,
    /// What is added to each score: one for each, or none.
    pub base: Vec<f32>,
}

/// One node of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum TreeNode {
    /// One of two ways, by one of the row's numbers.
    Branch {
        /// What has to hold of the number for the way `then`.
        mode: Mode,
        /// The place of the number in the row.
        feature: u32,
        /// What it is compared with. Both are 32 bits wide: what was trained on wider numbers branches as onnxruntime does.
        threshold: f32,
        /// Whether a number that is missing, NaN, goes the way `then`, whatever the comparison says.
        missing_goes_then: bool,
        /// The node to go on with where it holds.
        then: u32,
        /// The node to go on with where it does not.
        otherwise: u32,
    },
    /// The end of a way.
    Leaf {
        /// The first of its weights.
        first: u32,
        /// How many they are.
        count: u32,
    },
}

/// Comparisons, of a row's number with a threshold. NaN is unequal to everything, and nothing else holds of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each is the comparison of that name")]
pub enum Mode {
    LessOrEqual,
    Less,
    GreaterOrEqual,
    Greater,
    Equal,
    NotEqual,
}

/// What a leaf adds to one score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Weight {
    /// Which score.
    pub target: u32,
    /// What is added.
    pub value: f32,
}

/// How the weights of several trees become one score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Aggregate {
    /// Their sum.
    Sum,
    /// Their sum, divided by the number of trees.
    Average,
    /// The smallest.
    Min,
    /// The largest.
    Max,
}

impl Mode {
    fn holds(self, number: f32, threshold: f32) -> bool {
        match self {
            Self::LessOrEqual => number <= threshold,
            Self::Less => number < threshold,
            Self::GreaterOrEqual => number >= threshold,
            Self::Greater => number > threshold,
            Self::Equal => number == threshold,
            Self::NotEqual => number != threshold,
        }
    }
}

impl Trees {
    /// The scores of one row.
    ///
    /// # Errors
    /// If the row is shorter than a branch needs, or the ensemble is damaged.
    pub fn scores(&self, row: &[f32]) -> Result<Vec<f32>, Error> {
        let mut scores: Vec<Option<f32>> = vec![None; self.targets];
        for root in &self.roots {
            for weight in self.leaf(*root, row)? {
                let score = scores.get_mut(weight.target as usize).ok_or(DAMAGED)?;
                *score = Some(match (*score, self.aggregate) {
                    (None, _) => weight.value,
                    (Some(score), Aggregate::Sum | Aggregate::Average) => score + weight.value,
                    (Some(score), Aggregate::Min) => score.min(weight.value),
                    (Some(score), Aggregate::Max) => score.max(weight.value),
                });
            }
        }
        let trees = if self.aggregate == Aggregate::Average { self.roots.len() as f32 } else { 1.0 };
        let base = self.base.iter().chain(std::iter::repeat(&0.0));
        Ok(scores.into_iter().zip(base).map(|(score, base)| score.unwrap_or(0.0) / trees + base).collect())
    }

    /// The weights of the leaf that a row comes to.
    fn leaf(&self, root: u32, row: &[f32]) -> Result<&[Weight], Error> {
        let mut at = root;
        loop {
            match *self.nodes.get(at as usize).ok_or(DAMAGED)? {
                TreeNode::Branch { mode, feature, threshold, missing_goes_then, then, otherwise } => {
                    let missing = Error::Shape("a tree asks for a number that its row does not have");
                    let number = *row.get(feature as usize).ok_or(missing)?;
                    let goes_then = mode.holds(number, threshold) || (missing_goes_then && number.is_nan());
                    let next = if goes_then { then } else { otherwise };
                    if next <= at {
                        return Err(DAMAGED);
                    }
                    at = next;
                }
                TreeNode::Leaf { first, count } => {
                    let first = first as usize;
                    return self.weights.get(first..first + count as usize).ok_or(DAMAGED);
                }
            }
        }
    }
}

const DAMAGED: Error = Error::Shape("a tree leads to a node, a weight or a score that is not there");

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(first: u32) -> TreeNode {
        TreeNode::Leaf { first, count: 1 }
    }

    /// One branch: 1 where it holds, else 0.
    fn branch(mode: Mode, threshold: f32, missing_goes_then: bool) -> Trees {
        let branch = TreeNode::Branch { mode, feature: 0, threshold, missing_goes_then, then: 1, otherwise: 2 };
        Trees {
            roots: vec![0],
            nodes: vec![branch, leaf(0), leaf(1)],
            weights: vec![Weight { target: 0, value: 1.0 }, Weight { target: 0, value: 0.0 }],
            targets: 1,
            aggregate: Aggregate::Sum,
            base: Vec::new(),
        }
    }

    #[test]
    fn each_mode_tells_a_threshold_from_its_neighbours() {
        let below = 0.1_f32.next_down();
        let above = 0.1_f32.next_up();
        for (mode, expected) in [
            (Mode::LessOrEqual, [1.0, 1.0, 0.0]),
            (Mode::Less, [1.0, 0.0, 0.0]),
            (Mode::GreaterOrEqual, [0.0, 1.0, 1.0]),
            (Mode::Greater, [0.0, 0.0, 1.0]),
            (Mode::Equal, [0.0, 1.0, 0.0]),
            (Mode::NotEqual, [1.0, 0.0, 1.0]),
        ] {
            let trees = branch(mode, 0.1, false);
            let scores = [below, 0.1, above].map(|number| trees.scores(&[number]).unwrap()[0]);
            assert_eq!(scores, expected, "{mode:?}");
        }
    }

    #[test]
    fn what_is_missing_goes_where_it_is_told_to() {
        for (mode, untold) in
            [(Mode::LessOrEqual, 0.0), (Mode::Greater, 0.0), (Mode::Equal, 0.0), (Mode::NotEqual, 1.0)]
        {
            assert_eq!(branch(mode, 0.1, false).scores(&[f32::NAN]).unwrap(), [untold], "{mode:?}");
            assert_eq!(branch(mode, 0.1, true).scores(&[f32::NAN]).unwrap(), [1.0], "{mode:?}");
        }
    }

    #[test]
    fn weights_are_put_together_as_the_ensemble_says() {
        let weight = |value| Weight { target: 1, value };
        let trees = |aggregate| Trees {
            roots: vec![0, 1],
            nodes: vec![leaf(0), leaf(1)],
            weights: vec![weight(1.0), weight(3.0)],
            targets: 2,
            aggregate,
            base: vec![10.0, 20.0],
        };
        for (aggregate, expected) in
            [(Aggregate::Sum, 24.0), (Aggregate::Average, 22.0), (Aggregate::Min, 21.0), (Aggregate::Max, 23.0)]
        {
            assert_eq!(trees(aggregate).scores(&[]).unwrap(), [10.0, expected], "{aggregate:?}");
        }
    }

    #[test]
    fn a_damaged_ensemble_is_an_error_and_no_endless_way() {
        let mut trees = branch(Mode::Less, 1.0, false);
        assert!(trees.scores(&[]).is_err(), "a row that is too short");
        trees.weights.clear();
        assert!(trees.scores(&[0.0]).is_err(), "a weight that is not there");
        trees.nodes[1] = trees.nodes[0];
        assert!(trees.scores(&[0.0]).is_err(), "a way back");
    }
}
