//! Operators that compute each element by itself.

use crate::error::Error;
use crate::graph::{Binary, Function, Type, Unary};
use crate::tensor::{Tensor, Values};
use crate::walk::{broadcast_strides, walk};

/// The shape of the result of an operation on two or three tensors.
fn common_shape(tensors: &[&Tensor]) -> Result<Vec<usize>, Error> {
    let Some((first, others)) = tensors.split_first() else { return Ok(Vec::new()) };
    let mut shape = first.shape.clone();
    for tensor in others {
        let fits = |(common, length): (&usize, &usize)| common == length || *common == 1 || *length == 1;
        if shape.len() != tensor.shape.len() || !shape.iter().zip(&tensor.shape).all(fits) {
            return Err(Error::Shape("the shapes of two tensors do not go together"));
        }
        for (common, length) in shape.iter_mut().zip(&tensor.shape) {
            // Not the larger one: nothing and one make nothing.
            *common = if *common == 1 { *length } else { *common };
        }
    }
    Ok(shape)
}

pub(super) fn binary(operation: Binary, a: &Tensor, b: &Tensor) -> Result<Tensor, Error> {
    let shape = common_shape(&[a, b])?;
    let values = match (&a.values, &b.values) {
        (Values::F32(x), Values::F32(y)) => {
            let pairs = Pairs { a: (a, x), b: (b, y), shape: &shape };
            match float_operation(operation) {
                FloatOperation::Number(operation) => Values::F32(pairs.map(operation)),
                FloatOperation::Truth(holds) => Values::I64(pairs.map(|x, y| i64::from(holds(x, y)))),
                FloatOperation::None => return Err(Error::Type { wanted: "integers" }),
            }
        }
        (Values::I64(x), Values::I64(y)) => {
            let pairs = Pairs { a: (a, x), b: (b, y), shape: &shape };
            Values::I64(pairs.map(integer_operation(operation)))
        }
        _ => return Err(Error::Type { wanted: "two tensors of floats, or two of integers" }),
    };
    Ok(Tensor { shape, values })
}

/// Two tensors of one type.
struct Pairs<'a, T> {
    a: (&'a Tensor, &'a [T]),
    b: (&'a Tensor, &'a [T]),
    shape: &'a [usize],
}

impl<T: Copy> Pairs<'_, T> {
    fn map<R>(&self, operation: impl Fn(T, T) -> R) -> Vec<R> {
        let ((a, x), (b, y)) = (self.a, self.b);
        if a.shape == b.shape {
            return x.iter().zip(y).map(|(x, y)| operation(*x, *y)).collect();
        }
        let mut result = Vec::with_capacity(self.shape.iter().product());
        let strides = [&*broadcast_strides(&a.shape), &*broadcast_strides(&b.shape)];
        walk(self.shape, strides, |[at, other]| result.push(operation(x[at], y[other])));
        result
    }
}

/// What an operation makes of two floats.
enum FloatOperation {
    Number(fn(f32, f32) -> f32),
    Truth(fn(f32, f32) -> bool),
    None,
}

fn float_operation(operation: Binary) -> FloatOperation {
    use FloatOperation::{Number, Truth};
    match operation {
        Binary::Add => Number(|x, y| x + y),
        Binary::Sub => Number(|x, y| x - y),
        Binary::Mul => Number(|x, y| x * y),
        Binary::Div => Number(|x, y| x / y),
        Binary::Rem => Number(|x, y| x % y),
        Binary::Pow => Number(libm::powf),
        // NaN stays NaN, as in NumPy.
        Binary::Max => Number(|x, y| if x > y || x.is_nan() { x } else { y }),
        Binary::Min => Number(|x, y| if x < y || x.is_nan() { x } else { y }),
        Binary::Equal => Truth(|x, y| x == y),
        Binary::NotEqual => Truth(|x, y| x != y),
        Binary::Less => Truth(|x, y| x < y),
        Binary::LessEqual => Truth(|x, y| x <= y),
        Binary::Greater => Truth(|x, y| x > y),
        Binary::GreaterEqual => Truth(|x, y| x >= y),
        Binary::And | Binary::Or | Binary::Xor => FloatOperation::None,
    }
}

fn integer_operation(operation: Binary) -> fn(i64, i64) -> i64 {
    match operation {
        Binary::Add => i64::wrapping_add,
        Binary::Sub => i64::wrapping_sub,
        Binary::Mul => i64::wrapping_mul,
        Binary::Div => |x, y| x.checked_div(y).unwrap_or(0),
        Binary::Rem => |x, y| x.checked_rem(y).unwrap_or(0),
        Binary::Pow => |x, y| u32::try_from(y).map_or(0, |y| x.wrapping_pow(y)),
        Binary::Max => i64::max,
        Binary::Min => i64::min,
        Binary::And => |x, y| i64::from(x != 0 && y != 0),
        Binary::Or => |x, y| i64::from(x != 0 || y != 0),
        Binary::Xor => |x, y| i64::from((x != 0) != (y != 0)),
        Binary::Equal => |x, y| i64::from(x == y),
        Binary::NotEqual => |x, y| i64::from(x != y),
        Binary::Less => |x, y| i64::from(x < y),
        Binary::LessEqual => |x, y| i64::from(x <= y),
        Binary::Greater => |x, y| i64::from(x > y),
        Binary::GreaterEqual => |x, y| i64::from(x >= y),
    }
}

pub(super) fn select(condition: &Tensor, then: &Tensor, otherwise: &Tensor) -> Result<Tensor, Error> {
    let shape = common_shape(&[condition, then, otherwise])?;
    let strides = [condition, then, otherwise].map(|tensor| broadcast_strides(&tensor.shape));
    let conditions = condition.as_integers()?;
    let pick = |visit: &mut dyn FnMut(Result<usize, usize>)| {
        walk(&shape, [&strides[0], &strides[1], &strides[2]], |[condition, then, otherwise]| {
            visit(if conditions[condition] == 0 { Err(otherwise) } else { Ok(then) });
        });
    };
    let values = match (&then.values, &otherwise.values) {
        (Values::F32(x), Values::F32(y)) => {
            let mut values = Vec::new();
            pick(&mut |which| values.push(which.map_or_else(|at| y[at], |at| x[at])));
            Values::F32(values)
        }
        (Values::I64(x), Values::I64(y)) => {
            let mut values = Vec::new();
            pick(&mut |which| values.push(which.map_or_else(|at| y[at], |at| x[at])));
            Values::I64(values)
        }
        _ => return Err(Error::Type { wanted: "two tensors of floats, or two of integers" }),
    };
    Ok(Tensor { shape, values })
}

pub(super) fn unary(unary: Unary, tensor: &Tensor) -> Result<Tensor, Error> {
    let values = match (unary, &tensor.values) {
        (Unary::Plain(Function::Not), Values::I64(values)) => {
            Values::I64(values.iter().map(|value| i64::from(*value == 0)).collect())
        }
        (Unary::Plain(Function::Neg), Values::I64(values)) => {
            Values::I64(values.iter().map(|value| value.wrapping_neg()).collect())
        }
        (Unary::Plain(Function::Abs), Values::I64(values)) => {
            Values::I64(values.iter().map(|value| value.wrapping_abs()).collect())
        }
        (Unary::Plain(Function::Sign), Values::I64(values)) => {
            Values::I64(values.iter().map(|value| value.signum()).collect())
        }
        (Unary::Plain(Function::IsNan), Values::F32(values)) => {
            Values::I64(values.iter().map(|value| i64::from(value.is_nan())).collect())
        }
        (unary, Values::F32(values)) => Values::F32(match unary {
            Unary::LeakyRelu { alpha } => values.iter().map(|&x| if x < 0.0 { alpha * x } else { x }).collect(),
            Unary::Power { exponent } => values.iter().map(|&x| libm::powf(x, exponent)).collect(),
            Unary::Plain(function) => {
                let function = float_function(function).ok_or(Error::Type { wanted: "integers" })?;
                values.iter().map(|x| function(*x)).collect()
            }
        }),
        _ => return Err(Error::Type { wanted: "floats" }),
    };
    Ok(Tensor { shape: tensor.shape.clone(), values })
}

/// Exponentials and the like are computed in software: the platform's own differ between platforms in the last bit.
fn float_function(function: Function) -> Option<fn(f32) -> f32> {
    Some(match function {
        Function::Abs => f32::abs,
        Function::Exp => libm::expf,
        Function::Ln => libm::logf,
        Function::Square => |x| x * x,
        Function::Sqrt => f32::sqrt,
        Function::Recip => |x| 1.0 / x,
        Function::Rsqrt => |x| 1.0 / x.sqrt(),
        Function::Ceil => f32::ceil,
        Function::Floor => f32::floor,
        Function::Round => f32::round,
        Function::RoundHalfToEven => f32::round_ties_even,
        Function::Cos => libm::cosf,
        Function::Sin => libm::sinf,
        Function::Tanh => libm::tanhf,
        Function::Erf => libm::erff,
        Function::Neg => |x| -x,
        // Of nothing and of what is no number itself: `signum` is 1 for 0.
        Function::Sign => |x| if x == 0.0 || x.is_nan() { x } else { x.signum() },
        Function::Sigmoid => sigmoid,
        Function::HardSwish => |x| x * ((x + 3.0).clamp(0.0, 6.0) / 6.0),
        Function::Silu => |x| x * sigmoid(x),
        Function::Gelu => |x| 0.5 * x * (1.0 + libm::erff(x * std::f32::consts::FRAC_1_SQRT_2)),
        Function::Not | Function::IsNan => return None,
    })
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + libm::expf(-x))
}

pub(super) fn cast(tensor: &Tensor, to: Type) -> Tensor {
    let values = match (&tensor.values, to) {
        (Values::F32(_), Type::F32) | (Values::I64(_), Type::I64) => tensor.values.clone(),
        (Values::I64(values), Type::F32) => Values::F32(values.iter().map(|&value| value as f32).collect()),
        (Values::I8(values), Type::F32) => Values::F32(values.iter().map(|&value| value.into()).collect()),
        (Values::U8(values), Type::F32) => Values::F32(values.iter().map(|&value| value.into()).collect()),
        (Values::F32(values), Type::I64) => Values::I64(values.iter().map(|&value| value as i64).collect()),
        (Values::I8(values), Type::I64) => Values::I64(values.iter().map(|&value| value.into()).collect()),
        (Values::U8(values), Type::I64) => Values::I64(values.iter().map(|&value| value.into()).collect()),
        (values, Type::Bool) => Values::I64(truths(values)),
    };
    Tensor { shape: tensor.shape.clone(), values }
}

fn truths(values: &Values) -> Vec<i64> {
    match values {
        Values::F32(values) => values.iter().map(|value| i64::from(*value != 0.0)).collect(),
        Values::I64(values) => values.iter().map(|value| i64::from(*value != 0)).collect(),
        Values::I8(values) => values.iter().map(|value| i64::from(*value != 0)).collect(),
        Values::U8(values) => values.iter().map(|value| i64::from(*value != 0)).collect(),
    }
}
