//! The operators of a graph as tract's.

use std::str::FromStr;

use tract_core::internal::{AxesMapping, AxisOp, Datum, DatumType, TypedOp};
use tract_core::ops;

use super::bag::EmbeddingBag;
use super::dense::Dense;
use crate::error::Error;
use crate::graph::{Binary, Operator, Reducer, Type, Unary};

/// tract's form of an operator that has inputs.
pub(super) fn typed_op(operator: &Operator) -> Result<Box<dyn TypedOp>, Error> {
    Ok(match operator {
        Operator::Gather { axis } => Box::new(ops::array::Gather::new(*axis)),
        Operator::EmbeddingBag => Box::new(EmbeddingBag),
        Operator::Dense { shape, activation } => {
            Box::new(Dense { shape: shape.iter().copied().collect(), activation: *activation })
        }
        Operator::Reduce { reducer, axes } => {
            Box::new(ops::nn::Reduce::new(axes.iter().copied().collect(), reduction(*reducer)))
        }
        Operator::EinSum { axes } => {
            Box::new(ops::einsum::EinSum::new(AxesMapping::from_str(axes)?, f32::datum_type()))
        }
        Operator::Binary(binary) => Box::new(arithmetic(*binary)),
        Operator::Unary(unary) => Box::new(function(*unary)),
        Operator::Softmax { axes } => {
            let axes = axes.iter().copied().collect();
            Box::new(ops::nn::Softmax { axes, ..Default::default() })
        }
        Operator::Slice { axis, start, end } => Box::new(ops::array::Slice::new(*axis, *start, *end)),
        Operator::AddAxis(axis) => Box::new(AxisOp::Add(*axis)),
        Operator::RemoveAxis(axis) => Box::new(AxisOp::Rm(*axis)),
        Operator::MoveAxis { from, to } => Box::new(AxisOp::Move(*from, *to)),
        Operator::Cast(to) => Box::new(ops::cast::cast(datum_type(*to))),
        Operator::Indices | Operator::Constant(_) => {
            return Err(Error::Format("the input or a constant has inputs".into()));
        }
    })
}

fn datum_type(kind: Type) -> DatumType {
    match kind {
        Type::F32 => DatumType::F32,
        Type::I64 => DatumType::I64,
        Type::I8 => DatumType::I8,
    }
}

fn reduction(reducer: Reducer) -> ops::nn::Reducer {
    match reducer {
        Reducer::Sum => ops::nn::Reducer::Sum,
        Reducer::Max => ops::nn::Reducer::Max,
        Reducer::Min => ops::nn::Reducer::Min,
        Reducer::Prod => ops::nn::Reducer::Prod,
    }
}

fn arithmetic(binary: Binary) -> ops::binary::TypedBinOp {
    match binary {
        Binary::Add => ops::math::add(),
        Binary::Sub => ops::math::sub(),
        Binary::Mul => ops::math::mul(),
        Binary::Div => ops::math::div(),
        Binary::Max => ops::math::max(),
        Binary::Min => ops::math::min(),
    }
}

fn function(unary: Unary) -> ops::element_wise::ElementWiseOp {
    match unary {
        Unary::Sigmoid => ops::nn::sigmoid(),
        Unary::Tanh => ops::math::tanh(),
        Unary::Exp => ops::math::exp(),
        Unary::Ln => ops::math::ln(),
        Unary::Sqrt => ops::math::sqrt(),
        Unary::Neg => ops::math::neg(),
        Unary::Abs => ops::math::abs(),
        Unary::Square => ops::math::square(),
        Unary::Recip => ops::math::recip(),
        Unary::Erf => ops::math::erf(),
        Unary::Rsqrt => ops::math::rsqrt(),
    }
}
