//! [`Graph`]: operators and weights, in the order in which they are computed.

use serde::{Deserialize, Serialize};

use crate::integers::IntegerMatrix;
use crate::scan::Scan;
use crate::tensor::Tensor;
use crate::trees::Trees;

/// A graph with some inputs and outputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Graph {
    /// The nodes; each one's inputs come before it.
    pub nodes: Vec<Node>,
    /// The nodes whose values are the graph's answers. A model's has one.
    pub outputs: Vec<usize>,
}

/// One operator applied to the values of earlier nodes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// The operator.
    pub operator: Operator,
    /// The nodes whose values it takes, in order.
    pub inputs: Vec<usize>,
}

/// The operators. They are those that are left of ONNX's when the lengths of all axes but the first input's are known;
/// the shapes of what a binary operator takes have as many axes as each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Operator {
    /// An input of the graph, by its number.
    Input(usize),
    /// Weights.
    Constant(Tensor),
    /// Slices of the first input along an axis, in the order that the second input, integers of any shape, says. An index
    /// below zero counts from the end.
    Gather {
        /// The axis of the first input.
        axis: usize,
    },
    /// `Gather` of the rows of a matrix and the sum of them, in one pass. The matrix may be of bytes, of which the sum is
    /// `f32`. No index: zeros.
    EmbeddingBag,
    /// A vector times a matrix, plus a bias if there is a third input: a layer of a network, in one pass.
    Dense {
        /// The shape of the result: as many elements as the matrix has columns.
        shape: Vec<usize>,
        /// What is done with each element of the result.
        activation: Activation,
    },
    /// The product of two tensors in Einstein's notation: `mk,kn->mn`. No letter is in one of the three twice.
    Einsum {
        /// The letters of the first input's axes.
        left: Vec<char>,
        /// The letters of the second input's axes.
        right: Vec<char>,
        /// The letters of the result's axes.
        result: Vec<char>,
    },
    /// A reduction that keeps the reduced axes, with length 1.
    Reduce {
        /// What is computed.
        reducer: Reducer,
        /// Over which axes.
        axes: Vec<usize>,
    },
    /// The softmax function over some axes, or its logarithm.
    Softmax {
        /// Over which axes.
        axes: Vec<usize>,
        /// Whether the logarithm is taken.
        logarithm: bool,
    },
    /// An operation on each pair of elements of two tensors; axes of length 1 are repeated.
    Binary(Binary),
    /// A function of each element.
    Unary(Unary),
    /// The second input's element where the first input's is not 0, else the third input's.
    Select,
    /// A part of one axis.
    Slice {
        /// The axis.
        axis: usize,
        /// The first place.
        start: usize,
        /// The place after the last.
        end: usize,
    },
    /// What a window sees of some axes as it moves along them. Each axis gets the length of its number of places, and behind all
    /// axes comes one for each of these: what the window sees there. With a product this is a convolution, with a reduction
    /// a pool.
    Windows {
        /// The axes.
        axes: Vec<WindowAxis>,
        /// What it sees beyond a tensor's ends.
        beyond: f32,
    },
    /// Several tensors behind each other.
    Concat {
        /// The axis on which they follow each other.
        axis: usize,
    },
    /// The same numbers in another shape, in which one length may be -1: what the others leave.
    Reshape(Vec<i64>),
    /// The axes in another order: the result's axis `i` is the input's axis `[i]`.
    Transpose(Vec<usize>),
    /// The axes of length 1 repeated.
    Broadcast(Vec<usize>),
    /// Numbers of another type.
    Cast(Type),
    /// An ensemble of decision trees, of a row of floats.
    Trees(Trees),
    /// The last axis of a tensor of integers times a matrix of bytes, of which the sums are exact.
    Integers(IntegerMatrix),
    /// A graph that is run for each step along an axis. It has several values.
    Scan(Scan),
    /// The largest or smallest numbers along an axis, in order, and their places: two values. Of equal ones the first comes first.
    TopK {
        /// The axis.
        axis: usize,
        /// How many.
        count: usize,
        /// Whether they are the largest.
        largest: bool,
    },
    /// One of the values of an operator that has several, by its number.
    Part(usize),
    /// For each place of the second input, integers, the first input's element at that place whose number on an axis is the integer.
    GatherElements {
        /// The axis.
        axis: usize,
    },
    /// Parts of the first input: the last axis of the second, integers, is the place of each on the first axes.
    GatherParts,
    /// A row times rows of weights, with sums of 64 bits: a number for each.
    Scores,
    /// Of scores of each pair of classes, as probabilities that it is the first of both, the probability of each class.
    Coupling {
        /// How many classes there are.
        classes: usize,
    },
}

/// An axis that a window moves along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowAxis {
    /// Its number.
    pub axis: usize,
    /// How many elements the window sees.
    pub size: usize,
    /// The distance between two of them.
    pub dilation: usize,
    /// The distance between two places of the window.
    pub stride: usize,
    /// How far before the tensor's beginning its first place is.
    pub before: usize,
    /// How many places there are.
    pub places: usize,
}

/// The types that a [`Operator::Cast`] converts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Type {
    /// 32-bit floating point.
    F32,
    /// Integers: what is behind the point is cut off.
    I64,
    /// 0 or 1: whether a number is not 0.
    Bool,
}

/// What a layer ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Activation {
    /// Nothing.
    None,
    /// What is below 0 becomes 0.
    Relu,
}

/// Reductions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reducer {
    /// The sum.
    Sum,
    /// The product.
    Prod,
    /// The largest.
    Max,
    /// The smallest.
    Min,
    /// The sum of the squares, divided by how many there are.
    MeanOfSquares,
    /// The place of the largest: the first or, if so said, the last of equal ones. Over one axis.
    ArgMax {
        /// Whether the last of equal ones counts.
        last: bool,
    },
    /// The place of the smallest.
    ArgMin {
        /// Whether the last of equal ones counts.
        last: bool,
    },
}

/// Declares an enum whose variants have the names of tract's operators.
macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $tract:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[expect(missing_docs, reason = "each is the operator of that name")]
        pub enum $name { $($variant),* }

        impl $name {
            /// The one that tract, which simplifies ONNX files, calls by this name.
            pub fn from_tract_name(name: &str) -> Option<Self> {
                match name {
                    $($tract => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

named! {
    /// Operations on two numbers. A comparison is 1 where it holds, else 0.
    Binary {
        Add = "Add", Sub = "Sub", Mul = "Mul", Div = "Div", Rem = "Rem", Pow = "Pow", Max = "Max", Min = "Min",
        And = "And", Or = "Or", Xor = "Xor",
        Equal = "Eq", NotEqual = "NE", Less = "LT", LessEqual = "LTE", Greater = "GT", GreaterEqual = "GTE",
    }
}

/// Functions of one number.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Unary {
    /// A function without parameters.
    Plain(Function),
    /// `x` where it is not below 0, else `alpha * x`.
    LeakyRelu {
        /// The factor.
        alpha: f32,
    },
    /// `x` to a power.
    Power {
        /// The exponent.
        exponent: f32,
    },
}

named! {
    /// Functions of one number without parameters.
    Function {
        Abs = "Abs", Exp = "Exp", Ln = "Ln", Square = "Square", Sqrt = "Sqrt", Recip = "Recip", Rsqrt = "Rsqrt",
        Ceil = "Ceil", Floor = "Floor", Round = "Round", RoundHalfToEven = "RoundHalfToEven",
        Cos = "Cos", Sin = "Sin", Tanh = "Tanh", Erf = "Erf", Neg = "Neg", Sign = "Sign", Not = "Not", IsNan = "IsNan",
        Sigmoid = "Sigmoid", HardSwish = "HardSwish", Silu = "Silu", Gelu = "GeluExact",
    }
}
