//! Products of integers with weights of bytes, and quotients that are exact, as operators of tract's.

use switchback_onnx_graph::IntegerMatrix;
use tract_onnx::model::{Onnx, ParsingContext};
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_hir::internal::*;

use crate::attributes::Attributes as _;

/// The operator's name, which no file has.
pub(crate) const PRODUCT: &str = "switchback.IntegerProduct";
/// Its attribute with the weights.
pub(crate) const WEIGHTS: &str = "weights";
/// Its attribute with the zero of each column.
pub(crate) const ZEROS: &str = "zeros";

/// The name of the operator that divides by one number. tract multiplies by the inverse, which rounds otherwise.
pub(crate) const QUOTIENT: &str = "switchback.Quotient";

/// Teaches tract these operators.
pub(crate) fn register(onnx: &mut Onnx) {
    onnx.op_register.insert(PRODUCT, integers);
    onnx.op_register.insert(QUOTIENT, |_: &ParsingContext<'_>, _: &NodeProto| Ok((expand(QuotientOp), vec![])));
}

fn integers(_: &ParsingContext<'_>, node: &NodeProto) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
    let weights = node.find(WEIGHTS).and_then(|weights| weights.t.as_ref()).context("it has no weights")?;
    let weights: Vec<i8> = weights.raw_data.iter().map(|byte| *byte as i8).collect();
    let zeros = node.integers(ZEROS).iter().map(|zero| i32::try_from(*zero)).collect::<Result<_, _>>()?;
    Ok((expand(IntegersOp(Arc::new(IntegerMatrix::new(&weights, zeros)))), vec![]))
}

/// Weights that the last axis of a tensor is multiplied by. Two are equal if they are one.
#[derive(Debug, Clone)]
pub(crate) struct IntegersOp(pub(crate) Arc<IntegerMatrix>);

impl PartialEq for IntegersOp {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for IntegersOp {}

impl Expansion for IntegersOp {
    fn name(&self) -> StaticName {
        "Integers".into()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        s: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        check_input_arity(inputs, 1)?;
        check_output_arity(outputs, 1)?;
        s.equals(&outputs[0].datum_type, i32::datum_type())?;
        s.equals(&outputs[0].rank, &inputs[0].rank)?;
        s.given(&inputs[0].rank, move |s, rank| {
            let last = usize::try_from(rank)?.checked_sub(1).context("there is no axis to multiply")?;
            (0..last).try_for_each(|axis| s.equals(&outputs[0].shape[axis], &inputs[0].shape[axis]))?;
            s.equals(&inputs[0].shape[last], self.0.rows().to_dim())?;
            s.equals(&outputs[0].shape[last], self.0.columns().to_dim())
        })
    }

    fn wire(&self, prefix: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        model.wire_node(prefix, self.clone(), inputs)
    }
}

impl Op for IntegersOp {
    fn name(&self) -> StaticName {
        "Integers".into()
    }

    op_as_typed_op!();
}

impl EvalOp for IntegersOp {
    op_out_of_plan!();

    fn eval(&self, _context: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let rows = inputs[0].cast_to::<i64>()?;
        let products = self.0.products(rows.try_as_plain_ram()?.as_slice()?)?;
        let mut shape = inputs[0].shape().to_vec();
        shape.pop();
        shape.push(self.0.columns());
        Ok(tvec!(tensor1(&products).cast_to::<i32>()?.into_owned().into_shape(&shape)?.into_tvalue()))
    }
}

impl TypedOp for IntegersOp {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        let mut shape = inputs[0].shape.to_tvec();
        ensure!(shape.pop() == Some(self.0.rows().to_dim()), "there are more or fewer numbers than rows of weights");
        shape.push(self.0.columns().to_dim());
        Ok(tvec!(i32::fact(shape)))
    }

    as_op!();
}

/// A tensor divided by one number, which is rounded once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QuotientOp;

impl Expansion for QuotientOp {
    fn name(&self) -> StaticName {
        "Quotient".into()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        s: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        check_input_arity(inputs, 2)?;
        check_output_arity(outputs, 1)?;
        s.equals(&outputs[0].datum_type, f32::datum_type())?;
        s.equals(&outputs[0].shape, &inputs[0].shape)
    }

    fn wire(&self, prefix: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        let rank = model.outlet_fact(inputs[0])?.rank();
        let mut divisor = inputs[1];
        for axis in model.outlet_fact(divisor)?.rank()..rank {
            divisor = model.wire_node(format!("{prefix}.{axis}"), AxisOp::Add(0), &[divisor])?[0];
        }
        model.wire_node(prefix, Self, &[inputs[0], divisor])
    }
}

impl Op for QuotientOp {
    fn name(&self) -> StaticName {
        "Quotient".into()
    }

    op_as_typed_op!();
}

impl EvalOp for QuotientOp {
    op_out_of_plan!();

    fn eval(&self, _context: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let divisor =
            inputs[1].try_as_plain_ram()?.as_slice::<f32>()?.first().copied().context("there is no divisor")?;
        let numbers = inputs[0].try_as_plain_ram()?.as_slice::<f32>()?.iter().map(|number| number / divisor);
        Ok(tvec!(tensor1(&numbers.collect::<Vec<_>>()).into_shape(inputs[0].shape())?.into_tvalue()))
    }
}

impl TypedOp for QuotientOp {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        let is_one = inputs[1].shape.volume().is_one();
        ensure!(is_one && inputs[0].rank() == inputs[1].rank(), "a quotient is by one number");
        Ok(tvec!(f32::fact(inputs[0].shape.clone())))
    }

    as_op!();
}
