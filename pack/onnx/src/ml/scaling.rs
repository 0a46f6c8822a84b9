//! Operators that change the numbers of a row.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::ops::binary::TypedBinOp;
use tract_onnx::tract_core::ops::logic::{self, Iff};
use tract_onnx::tract_core::ops::nn::{Reduce, Reducer};
use tract_onnx::tract_core::ops::{cast, math};
use tract_onnx::tract_hir::internal::*;

use super::{Lowered, RowOp, row};
use crate::attributes::Attributes as _;
use crate::wires::Wires;

/// `(x - offset) * scale`, with one of each for all numbers or for each.
#[derive(Debug, Clone)]
struct Scaler {
    offset: Vec<f32>,
    scale: Vec<f32>,
}

pub(super) fn scaler(_: &ParsingContext<'_>, node: &NodeProto) -> Lowered {
    let or = |numbers: &[f32], otherwise: f32| if numbers.is_empty() { vec![otherwise] } else { numbers.to_vec() };
    row(Scaler { offset: or(node.floats("offset"), 0.0), scale: or(node.floats("scale"), 1.0) })
}

impl RowOp for Scaler {
    const NAME: &'static str = "Scaler";

    fn width(&self) -> Option<usize> {
        None
    }

    fn wire(&self, wires: &mut Wires<'_>, row: OutletId) -> TractResult<OutletId> {
        let (offset, scale) = (wires.row(&self.offset)?, wires.row(&self.scale)?);
        let moved = wires.op(math::sub(), &[row, offset])?;
        wires.op(math::mul(), &[moved, scale])
    }
}

/// A row divided by its length, in one of three ways of measuring it. A row of zeros stays one.
#[derive(Debug, Clone, Copy)]
enum Normalizer {
    Max,
    L1,
    L2,
}

pub(super) fn normalizer(_: &ParsingContext<'_>, node: &NodeProto) -> Lowered {
    row(match &*node.text("norm") {
        "" | "MAX" => Normalizer::Max,
        "L1" => Normalizer::L1,
        "L2" => Normalizer::L2,
        other => bail!("its norm is {other}, and MAX, L1 and L2 are known"),
    })
}

impl RowOp for Normalizer {
    const NAME: &'static str = "Normalizer";

    fn width(&self) -> Option<usize> {
        None
    }

    fn wire(&self, wires: &mut Wires<'_>, row: OutletId) -> TractResult<OutletId> {
        let over_row = |reducer| Reduce { axes: tvec!(1), reducer };
        let norm = match self {
            // Of the numbers themselves, not of their amounts: so onnxruntime has it.
            Self::Max => wires.op(over_row(Reducer::Max), &[row])?,
            Self::L1 => {
                let amounts = wires.op(math::abs(), &[row])?;
                wires.op(over_row(Reducer::Sum), &[amounts])?
            }
            Self::L2 => {
                let squares = wires.op(math::mul(), &[row, row])?;
                let sum = wires.op(over_row(Reducer::Sum), &[squares])?;
                wires.op(math::sqrt(), &[sum])?
            }
        };
        let (zero, one) = (wires.row(&[0.0])?, wires.row(&[1.0])?);
        let is_zero = wires.op(TypedBinOp(logic::comp_eq(), None), &[norm, zero])?;
        let divisor = wires.op(Iff, &[is_zero, one, norm])?;
        wires.op(math::div(), &[row, divisor])
    }
}

/// Other numbers in the place of one that stands for what is missing.
#[derive(Debug, Clone)]
struct Imputer {
    /// One for all numbers of a row, or one for each.
    imputed: Vec<f32>,
    missing: f32,
}

pub(super) fn imputer(_: &ParsingContext<'_>, node: &NodeProto) -> Lowered {
    let imputed = node.floats("imputed_value_floats").to_vec();
    ensure!(!imputed.is_empty(), "it imputes integers, and floats are known");
    row(Imputer { imputed, missing: node.float("replaced_value_float").unwrap_or(0.0) })
}

impl RowOp for Imputer {
    const NAME: &'static str = "Imputer";

    fn width(&self) -> Option<usize> {
        None
    }

    fn wire(&self, wires: &mut Wires<'_>, row: OutletId) -> TractResult<OutletId> {
        let imputed = wires.row(&self.imputed)?;
        let is_missing = if self.missing.is_nan() {
            wires.op(math::is_nan(), &[row])?
        } else {
            let missing = wires.row(&[self.missing])?;
            wires.op(TypedBinOp(logic::comp_eq(), None), &[row, missing])?
        };
        wires.op(Iff, &[is_missing, imputed, row])
    }
}

/// 1 where a number is above a threshold, else 0.
#[derive(Debug, Clone)]
struct Binarizer(f32);

pub(super) fn binarizer(_: &ParsingContext<'_>, node: &NodeProto) -> Lowered {
    row(Binarizer(node.float("threshold").unwrap_or(0.0)))
}

impl RowOp for Binarizer {
    const NAME: &'static str = "Binarizer";

    fn width(&self) -> Option<usize> {
        None
    }

    fn wire(&self, wires: &mut Wires<'_>, row: OutletId) -> TractResult<OutletId> {
        let threshold = wires.row(&[self.0])?;
        let is_above = wires.op(TypedBinOp(logic::comp_gt(), None), &[row, threshold])?;
        wires.op(cast::cast(f32::datum_type()), &[is_above])
    }
}
