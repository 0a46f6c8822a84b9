//! Encoders of categories: a number becomes another one, or as many as there are categories.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{NodeProto, TensorProto};
use tract_onnx::tract_core::ops::logic::Iff;
use tract_onnx::tract_core::ops::nn::{Reduce, Reducer};
use tract_onnx::tract_core::ops::{cast, math};
use tract_onnx::tract_hir::internal::*;

use super::Lowered;
use crate::attributes::Attributes as _;
use crate::wires::Wires;

/// What a `LabelEncoder` looks for, or what it answers.
#[derive(Debug, Clone)]
pub(crate) enum Labels {
    Integers(Vec<i64>),
    Floats(Vec<f32>),
    Texts(Vec<String>),
}

impl Labels {
    /// The `keys` or `values` of a node, in the ways in which versions of the operator have them.
    pub(crate) fn of(node: &NodeProto, side: &str) -> TractResult<Self> {
        let list = |kind: &str| format!("{side}_{kind}");
        if let Some(tensor) = node.find(&list("tensor")).and_then(|found| found.t.as_ref()) {
            return Self::of_tensor(tensor);
        }
        let (integers, floats) = (node.integers(&list("int64s")), node.floats(&list("floats")));
        let texts = node.texts(&list("strings"));
        Ok(match (integers, floats, &*texts) {
            ([_, ..], _, _) => Self::Integers(integers.to_vec()),
            (_, [_, ..], _) => Self::Floats(floats.to_vec()),
            (_, _, [_, ..]) => Self::Texts(texts),
            // The first version numbers strings by their places.
            _ => match (side, node.texts("classes_strings")) {
                ("keys", classes) if !classes.is_empty() => Self::Texts(classes),
                (_, classes) if !classes.is_empty() => Self::Integers((0..classes.len() as i64).collect()),
                _ => bail!("it has no {side}"),
            },
        })
    }

    fn of_tensor(tensor: &TensorProto) -> TractResult<Self> {
        let raw = &tensor.raw_data;
        Ok(match DataType::try_from(tensor.data_type) {
            Ok(DataType::Int64) if raw.is_empty() => Self::Integers(tensor.int64_data.clone()),
            Ok(DataType::Int64) => Self::Integers(raw.as_chunks().0.iter().map(|b| i64::from_le_bytes(*b)).collect()),
            Ok(DataType::Float) if raw.is_empty() => Self::Floats(tensor.float_data.clone()),
            Ok(DataType::Float) => Self::Floats(raw.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect()),
            Ok(DataType::String) => {
                Self::Texts(tensor.string_data.iter().map(|text| String::from_utf8_lossy(text).into_owned()).collect())
            }
            _ => bail!("its labels are neither int64, float nor strings"),
        })
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Integers(labels) => labels.len(),
            Self::Floats(labels) => labels.len(),
            Self::Texts(labels) => labels.len(),
        }
    }

    /// What a node answers for what is none of its keys, of the type of these.
    pub(crate) fn default(&self, node: &NodeProto) -> TractResult<Self> {
        if let Some(tensor) = node.find("default_tensor").and_then(|found| found.t.as_ref()) {
            return Self::of_tensor(tensor);
        }
        Ok(match self {
            Self::Integers(_) => Self::Integers(vec![node.integer("default_int64").unwrap_or(-1)]),
            Self::Floats(_) => Self::Floats(vec![node.float("default_float").unwrap_or(-0.0)]),
            Self::Texts(_) => Self::Texts(vec![node.text("default_string")]),
        })
    }

    /// Of numbers, a tensor of these axes before one of theirs.
    fn tensor(&self, rank: usize) -> TractResult<Tensor> {
        let numbers = match self {
            Self::Integers(labels) => tensor1(labels),
            Self::Floats(labels) => tensor1(labels),
            Self::Texts(_) => bail!("it answers strings; a class is answered by its probability"),
        };
        let shape = [&*vec![1; rank], &[numbers.len()]].concat();
        numbers.into_shape(&shape)
    }
}

/// A number in the place of another one.
#[derive(Debug, Clone)]
struct LabelEncoder {
    keys: Labels,
    values: Labels,
    default: Labels,
    /// The value of what is no number, if that is a key.
    of_nan: Option<Labels>,
}

pub(super) fn label_encoder(_: &ParsingContext<'_>, node: &NodeProto) -> Lowered {
    let (keys, values) = (Labels::of(node, "keys")?, Labels::of(node, "values")?);
    let default = values.default(node)?;
    ensure!(keys.len() == values.len() && keys.len() > 0, "it has {} keys and {} values", keys.len(), values.len());
    ensure!(!matches!(keys, Labels::Texts(_)), "it takes texts, and its input is none of the model's");
    ensure!(!matches!(values, Labels::Texts(_)), "it answers strings; a class is answered by its probability");
    let nan = match &keys {
        Labels::Floats(keys) => keys.iter().position(|key| key.is_nan()),
        _ => None,
    };
    let of_nan = nan.map(|place| match &values {
        Labels::Floats(values) => Labels::Floats(vec![values[place]]),
        Labels::Integers(values) => Labels::Integers(vec![values[place]]),
        Labels::Texts(values) => Labels::Texts(vec![values[place].clone()]),
    });
    Ok((expand(LabelEncoder { keys, values, default, of_nan }), vec![]))
}

impl LabelEncoder {
    fn datum_type(of: &Labels) -> DatumType {
        if matches!(of, Labels::Floats(_)) { f32::datum_type() } else { i64::datum_type() }
    }
}

impl Expansion for LabelEncoder {
    fn name(&self) -> StaticName {
        "LabelEncoder".into()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        s: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        check_input_arity(inputs, 1)?;
        check_output_arity(outputs, 1)?;
        s.equals(&outputs[0].datum_type, Self::datum_type(&self.values))?;
        s.equals(&outputs[0].shape, &inputs[0].shape)
    }

    fn wire(&self, prefix: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        let mut wires = Wires::new(prefix, model);
        let rank = wires.model.outlet_fact(inputs[0])?.rank();
        let number = wires.op(cast::cast(Self::datum_type(&self.keys)), &[inputs[0]])?;
        let number = wires.op(AxisOp::Add(rank), &[number])?;
        let is_key = wires.equal(number, self.keys.tensor(rank)?)?;
        let values = wires.constant(self.values.tensor(rank)?)?;
        let nothing = wires.constant(Tensor::zero_dt(Self::datum_type(&self.values), &vec![1; rank + 1])?)?;
        // At most one of the keys is it.
        let value = wires.op(Iff, &[is_key, values, nothing])?;
        let value = wires.op(Reduce { axes: tvec!(rank), reducer: Reducer::Sum }, &[value])?;
        let is_known = wires.op(cast::cast(i64::datum_type()), &[is_key])?;
        let is_known = wires.op(Reduce { axes: tvec!(rank), reducer: Reducer::Max }, &[is_known])?;
        let is_known = wires.op(cast::cast(bool::datum_type()), &[is_known])?;
        let default = wires.constant(self.default.tensor(rank)?)?;
        let mut value = wires.op(Iff, &[is_known, value, default])?;
        if let Some(of_nan) = &self.of_nan {
            let of_nan = wires.constant(of_nan.tensor(rank)?)?;
            let is_nan = wires.op(math::is_nan(), &[number])?;
            value = wires.op(Iff, &[is_nan, of_nan, value])?;
        }
        Ok(tvec!(wires.op(AxisOp::Rm(rank), &[value])?))
    }
}

/// For each category, 1 where a number is it, else 0.
#[derive(Debug, Clone)]
struct OneHotEncoder {
    categories: Vec<i64>,
    /// Whether what is none of them is all zeros; else there is no answer.
    zeros: bool,
}

pub(super) fn one_hot_encoder(_: &ParsingContext<'_>, node: &NodeProto) -> Lowered {
    let categories = node.integers("cats_int64s").to_vec();
    ensure!(!categories.is_empty(), "its categories are texts, and its input is none of the model's");
    Ok((expand(OneHotEncoder { categories, zeros: node.integer("zeros").unwrap_or(1) != 0 }), vec![]))
}

impl Expansion for OneHotEncoder {
    fn name(&self) -> StaticName {
        "OneHotEncoder".into()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        s: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        check_input_arity(inputs, 1)?;
        check_output_arity(outputs, 1)?;
        s.equals(&outputs[0].datum_type, f32::datum_type())?;
        s.given(&inputs[0].shape, move |s, mut shape| {
            shape.push(self.categories.len().to_dim());
            s.equals(&outputs[0].shape, shape)
        })
    }

    fn wire(&self, prefix: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        let mut wires = Wires::new(prefix, model);
        let rank = wires.model.outlet_fact(inputs[0])?.rank();
        let number = wires.op(cast::cast(i64::datum_type()), &[inputs[0]])?;
        let number = wires.op(AxisOp::Add(rank), &[number])?;
        let is_it = wires.equal(number, Labels::Integers(self.categories.clone()).tensor(rank)?)?;
        let mut flags = wires.op(cast::cast(f32::datum_type()), &[is_it])?;
        if !self.zeros {
            // 0 by 0 is no number, and what is made of it no answer.
            let known = wires.op(Reduce { axes: tvec!(rank), reducer: Reducer::Max }, &[flags])?;
            flags = wires.op(math::div(), &[flags, known])?;
        }
        Ok(tvec!(flags))
    }
}
