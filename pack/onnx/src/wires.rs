//! Operators in tract's terms, added one after the other.

use tract_onnx::tract_core::ops::binary::TypedBinOp;
use tract_onnx::tract_core::ops::{array, logic, math, nn};
use tract_onnx::tract_hir::internal::*;

/// Adds operators to tract's model.
pub(crate) struct Wires<'a> {
    prefix: &'a str,
    pub(crate) model: &'a mut TypedModel,
    count: usize,
}

impl<'a> Wires<'a> {
    /// Operators whose names begin with this.
    pub(crate) fn new(prefix: &'a str, model: &'a mut TypedModel) -> Self {
        Self { prefix, model, count: 0 }
    }
}

impl Wires<'_> {
    pub(crate) fn name(&mut self) -> String {
        self.count += 1;
        format!("{}.{}", self.prefix, self.count)
    }

    /// The values of an operator.
    pub(crate) fn all(&mut self, op: impl Into<Box<dyn TypedOp>>, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        let name = self.name();
        self.model.wire_node(name, op, inputs)
    }

    /// The first of them.
    pub(crate) fn op(&mut self, op: impl Into<Box<dyn TypedOp>>, inputs: &[OutletId]) -> TractResult<OutletId> {
        self.all(op, inputs)?.first().copied().context("an operator without an output")
    }

    pub(crate) fn constant(&mut self, tensor: Tensor) -> TractResult<OutletId> {
        let name = self.name();
        self.model.add_const(name, tensor)
    }

    /// A row of constants.
    pub(crate) fn row(&mut self, numbers: &[f32]) -> TractResult<OutletId> {
        self.matrix(1, numbers)
    }

    pub(crate) fn matrix(&mut self, rows: usize, numbers: &[f32]) -> TractResult<OutletId> {
        self.constant(tensor1(numbers).into_shape(&[rows, numbers.len() / rows.max(1)])?)
    }

    pub(crate) fn sigmoid(&mut self, input: OutletId) -> TractResult<OutletId> {
        self.op(nn::sigmoid(), &[input])
    }

    /// Two columns: what `first` makes of a column, and the column.
    pub(crate) fn beside(&mut self, first: OutletId, second: OutletId) -> TractResult<OutletId> {
        self.op(array::TypedConcat { axis: 1 }, &[first, second])
    }

    pub(crate) fn one_minus(&mut self, input: OutletId) -> TractResult<OutletId> {
        let one = self.row(&[1.0])?;
        self.op(math::sub(), &[one, input])
    }

    pub(crate) fn equal(&mut self, value: OutletId, to: Tensor) -> TractResult<OutletId> {
        let to = self.constant(to)?;
        self.op(TypedBinOp(logic::comp_eq(), None), &[value, to])
    }

    /// Some columns of a matrix.
    pub(crate) fn columns(&mut self, matrix: OutletId, columns: std::ops::Range<usize>) -> TractResult<OutletId> {
        self.op(array::Slice::new(1, columns.start, columns.end), &[matrix])
    }
}
