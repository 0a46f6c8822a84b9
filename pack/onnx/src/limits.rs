//! Every limit of a conversion, with its reason.

use std::ops::RangeInclusive;

/// The most bytes of an ONNX file, and of a file with its weights: four times the memory that a host grants a release unless
/// it is told otherwise.
pub const FILE_BYTES_MAX: u64 = 256 << 20;

/// The most bytes of an ONNX file that is read to find the files with its weights, each time that somebody looks whether a model has
/// changed: more than a graph has without weights.
pub(crate) const GRAPH_BYTES_MAX: u64 = 16 << 20;

/// The versions of ONNX's operators whose exports are compared with onnxruntime's answers in the tests. Before 9, several
/// operators meant something else.
pub const OPSETS: RangeInclusive<i64> = 9..=22;

/// The most nodes of all trees of an ensemble: 5,000 trees of depth 9. Each takes 24 bytes of a guest's memory.
pub const TREE_NODES_MAX: usize = 5_000_000;

/// The most features of a message that become rows, unless a binding says otherwise: a bound on the time that a message takes.
pub const ROWS_MAX: usize = 2048;

/// The most bytes of each text, unless a binding says otherwise: as many as the host hashes.
pub const TEXT_BYTES_MAX: u32 = 32 << 10;

/// The most pieces of a tokenizer's vocabulary: four times those of the largest that is used.
pub(crate) const PIECES_MAX: usize = 1 << 20;
