//! A graph as a compact list of operators and weights: what `graph.bin` holds.
//!
//! An ONNX file is read natively, when the model is prepared, because the code that understands all of
//! ONNX is most of tract's size. What is left here are the operators that remain of a classifier after
//! tract has simplified it, by tract's own definitions of them.

mod reader;
mod writer;

use std::fmt;
use std::sync::Arc;

use tract_core::internal::Tensor;

/// A graph with one input, the indices, and one output.
#[derive(Debug, Clone, PartialEq)]
pub struct Graph {
    /// The nodes; each one's inputs come before it.
    pub nodes: Vec<Node>,
    /// The node whose value is the graph's answer.
    pub output: usize,
    /// What the answer means.
    pub scale: Scale,
}

/// What the number that a graph answers means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// The log-odds that a message is unwanted.
    LogOdds,
    /// The probability of it.
    Probability,
}

/// One operator applied to the values of earlier nodes.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The operator.
    pub operator: Operator,
    /// The nodes whose values it takes, in order.
    pub inputs: Vec<usize>,
}

/// The operators that the guest has.
#[derive(Debug, Clone, PartialEq)]
pub enum Operator {
    /// The graph's input: a vector of indices, of any length.
    Indices,
    /// Weights.
    Constant(Arc<Tensor>),
    /// `Gather` along an axis.
    Gather {
        /// The axis of the data that the indices select from.
        axis: usize,
    },
    /// `Gather` of the rows of a matrix and `ReduceSum` over them, in one pass. The matrix may be of bytes, of which
    /// the sum is `f32`.
    EmbeddingBag,
    /// A vector times a matrix, plus a bias if there is a third input: a layer of a network, in one pass.
    Dense {
        /// The shape of the result: as many elements as the matrix has columns.
        shape: Vec<usize>,
        /// What is done with each element of the result.
        activation: Activation,
    },
    /// A reduction that keeps the reduced axes, with length 1.
    Reduce {
        /// What is computed.
        reducer: Reducer,
        /// Over which axes.
        axes: Vec<usize>,
    },
    /// A product of tensors in Einstein's notation: `mk,kn->mn`.
    EinSum {
        /// The notation.
        axes: String,
    },
    /// An arithmetic operation on two tensors of the same rank.
    Binary(Binary),
    /// A function of each element.
    Unary(Unary),
    /// The softmax function over some axes.
    Softmax {
        /// Over which axes.
        axes: Vec<usize>,
    },
    /// A range of one axis.
    Slice {
        /// The axis.
        axis: usize,
        /// The first place.
        start: usize,
        /// The place after the last.
        end: usize,
    },
    /// Inserts an axis of length 1.
    AddAxis(usize),
    /// Removes an axis of length 1.
    RemoveAxis(usize),
    /// Moves an axis to another place.
    MoveAxis {
        /// Where it is.
        from: usize,
        /// Where it goes.
        to: usize,
    },
    /// Converts indices, integers or bytes to `f32`, or `i32` indices to `i64`.
    Cast(Type),
}

/// The element types that a graph knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// 32-bit floating point.
    F32,
    /// 64-bit signed integers.
    I64,
    /// 8-bit signed integers: only of constants.
    I8,
}

/// Declares an enum whose variants have a number in `graph.bin` and a name, and are counted.
macro_rules! numbered {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $number:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[expect(missing_docs, reason = "each is the ONNX operator of that name")]
        #[repr(u8)]
        pub enum $name { $($variant = $number),* }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(self, f)
            }
        }
    };
}

numbered! {
    /// What a layer ends with.
    Activation { None = 0, Relu = 1 }
}

numbered! {
    /// Reductions.
    Reducer { Sum = 0, Max = 1, Min = 2, Prod = 3 }
}

numbered! {
    /// Operations on two tensors.
    Binary { Add = 0, Sub = 1, Mul = 2, Div = 3, Max = 4, Min = 5 }
}

numbered! {
    /// Functions of one element.
    Unary { Sigmoid = 0, Tanh = 1, Exp = 2, Ln = 3, Sqrt = 4, Neg = 5, Abs = 6, Square = 7, Recip = 8, Erf = 9, Rsqrt = 10 }
}

/// The names of all operators that a graph may have, as `switchback-onnx-prepare` lists them.
pub fn operator_names() -> Vec<String> {
    let mut names: Vec<String> = ["Gather", "EinSum", "Softmax", "Slice", "AddAxis", "RemoveAxis", "MoveAxis", "Cast"]
        .map(String::from)
        .to_vec();
    names.extend(Reducer::ALL.iter().map(|reducer| format!("Reduce<{reducer}>")));
    names.extend(Binary::ALL.iter().map(Binary::to_string));
    names.extend(Unary::ALL.iter().map(Unary::to_string));
    names.sort();
    names
}
