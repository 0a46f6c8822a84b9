//! Operators on numbers of one byte, as onnxruntime computes them: products with weights of bytes are exact, and what is
//! around them is computed in 32 bits.

use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{AttributeProto, NodeProto, TensorProto};

use crate::attributes::{Attributes as _, name_of};
use crate::error::Error;
use crate::integers::{PRODUCT, QUOTIENT, WEIGHTS, ZEROS};
use crate::nodes::{Making, small_integers};

/// What is in the place of one of these operators.
pub(crate) fn rewrite(node: &NodeProto, constants: &mut Vec<TensorProto>) -> Result<Vec<NodeProto>, Error> {
    let mut making = Making::of(node, constants);
    let input = |place: usize| node.input.get(place).map_or("", String::as_str);
    let value = match &*node.op_type {
        "DynamicQuantizeLinear" => {
            let made = dynamic(&mut making, input(0));
            for (value, name) in made.iter().zip(&node.output).filter(|(_, name)| !name.is_empty()) {
                making.call(value, name);
            }
            return Ok(making.nodes);
        }
        "QuantizeLinear" => {
            let range = Range::of(node, making.constants, input(2))?;
            let scale = of_axis(&mut making, node, input(1))?;
            let zero = zero(&mut making, node, input(2))?;
            quantised(&mut making, input(0), &scale, zero.as_deref(), range)
        }
        "DequantizeLinear" => {
            let scale = of_axis(&mut making, node, input(1))?;
            let mut value = making.cast(input(0), DataType::Float);
            if let Some(zero) = zero(&mut making, node, input(2))? {
                value = making.op("Sub", &[&value, &zero], &[]);
            }
            making.op("Mul", &[&value, &scale], &[])
        }
        "ConvInteger" => {
            let sums = convolution(&mut making, node, (input(0), input(2)), (input(1), input(3)))?;
            making.cast(&sums, DataType::Int32)
        }
        "QLinearConv" => {
            let range = Range::of(node, making.constants, input(7))?;
            let mut sums = convolution(&mut making, node, (input(0), input(2)), (input(3), input(5)))?;
            let rank =
                making.constants.iter().find(|constant| constant.name == input(3)).map_or(0, |found| found.dims.len());
            if !input(8).is_empty() {
                let bias = making.cast(input(8), DataType::Float);
                let bias = of_channels(&mut making, &bias, rank);
                sums = making.op("Add", &[&sums, &bias], &[]);
            }
            let scale = of_channels(&mut making, input(4), rank);
            let scale = making.op("Mul", &[&scale, input(1)], &[]);
            let scale = making.op(QUOTIENT, &[&scale, input(6)], &[]);
            let scaled = making.op("Mul", &[&sums, &scale], &[]);
            let zero = making.cast(input(7), DataType::Float);
            rounded(&mut making, &scaled, Some(&zero), range)
        }
        "MatMulInteger" => product(&mut making, node, (input(0), input(2)), (input(1), input(3)))?,
        _ => {
            let product = product(&mut making, node, (input(0), input(2)), (input(3), input(5)))?;
            let range = Range::of(node, making.constants, input(7))?;
            let product = making.cast(&product, DataType::Float);
            let scale = making.op("Mul", &[input(1), input(4)], &[]);
            let scale = making.op(QUOTIENT, &[&scale, input(6)], &[]);
            let scaled = making.op("Mul", &[&product, &scale], &[]);
            let zero = making.cast(input(7), DataType::Float);
            rounded(&mut making, &scaled, Some(&zero), range)
        }
    };
    making.call(&value, node.output.first().map_or("", String::as_str));
    Ok(making.nodes)
}

/// The numbers that a byte can be.
#[derive(Clone, Copy)]
struct Range(f32, f32);

impl Range {
    /// That of the type of a zero; without one, a byte has no sign.
    fn of(node: &NodeProto, constants: &[TensorProto], zero: &str) -> Result<Self, Error> {
        let constant = constants.iter().find(|constant| constant.name == zero);
        match constant.map(|constant| DataType::try_from(constant.data_type)) {
            None if zero.is_empty() => Ok(Self(0.0, 255.0)),
            Some(Ok(DataType::Uint8)) => Ok(Self(0.0, 255.0)),
            Some(Ok(DataType::Int8)) => Ok(Self(-128.0, 127.0)),
            _ => Err(refusal(node, "its zero point is not a constant of int8 or uint8: quantise to one of these")),
        }
    }
}

/// Numbers, their scale and their zero: the largest and the smallest of them, and 0, are within the bytes.
fn dynamic(making: &mut Making<'_>, value: &str) -> [String; 3] {
    let (nothing, one, most) = (making.float(0.0), making.float(1.0), making.float(255.0));
    let largest = making.op("ReduceMax", &[value], &[("keepdims", 0)]);
    let largest = making.op("Max", &[&largest, &nothing], &[]);
    let smallest = making.op("ReduceMin", &[value], &[("keepdims", 0)]);
    let smallest = making.op("Min", &[&smallest, &nothing], &[]);
    let width = making.op("Sub", &[&largest, &smallest], &[]);
    let is_none = making.op("Equal", &[&width, &nothing], &[]);
    let scale = making.op(QUOTIENT, &[&width, &most], &[]);
    let scale = making.op("Where", &[&is_none, &one, &scale], &[]);
    let zero = making.op(QUOTIENT, &[&smallest, &scale], &[]);
    let zero = making.op("Neg", &[&zero], &[]);
    let zero = rounded_float(making, &zero, None, Range(0.0, 255.0));
    let bytes = quantised(making, value, &scale, Some(&zero), Range(0.0, 255.0));
    let zero = making.cast(&zero, DataType::Int32);
    [bytes, scale, zero]
}

fn quantised(making: &mut Making<'_>, value: &str, scale: &str, zero: Option<&str>, range: Range) -> String {
    let scaled = making.op(QUOTIENT, &[value, scale], &[]);
    rounded(making, &scaled, zero, range)
}

/// The nearest integers, of two the even one, and the zero, within the bytes.
fn rounded(making: &mut Making<'_>, value: &str, zero: Option<&str>, range: Range) -> String {
    let value = rounded_float(making, value, zero, range);
    making.cast(&value, DataType::Int32)
}

fn rounded_float(making: &mut Making<'_>, value: &str, zero: Option<&str>, Range(least, most): Range) -> String {
    let (least, most) = (making.float(least), making.float(most));
    let mut value = making.op("Round", &[value], &[]);
    if let Some(zero) = zero {
        value = making.op("Add", &[&value, zero], &[]);
    }
    let value = making.op("Max", &[&value, &least], &[]);
    making.op("Min", &[&value, &most], &[])
}

/// A zero as floats, in the shape of what it is the zero of.
fn zero(making: &mut Making<'_>, node: &NodeProto, name: &str) -> Result<Option<String>, Error> {
    if name.is_empty() {
        return Ok(None);
    }
    let zero = of_axis(making, node, name)?;
    Ok(Some(making.cast(&zero, DataType::Float)))
}

/// A scale or a zero: one number or, of constants, one for each place of an axis.
fn of_axis(making: &mut Making<'_>, node: &NodeProto, name: &str) -> Result<String, Error> {
    if node.integer("block_size").unwrap_or(0) != 0 {
        return Err(refusal(node, "it has a scale for each block, and one for all or for each channel is known"));
    }
    let dims =
        |name: &str| making.constants.iter().find(|constant| constant.name == name).map(|found| found.dims.clone());
    let Some(&[length]) = dims(name).as_deref() else { return Ok(name.to_owned()) };
    if length == 1 {
        let scalar = making.integers(&[]);
        return Ok(making.op("Reshape", &[name, &scalar], &[]));
    }
    let value = node.input.first().map_or("", String::as_str);
    let is_constant = node.op_type == "DequantizeLinear";
    let Some(rank) = dims(value).filter(|_| is_constant).map(|dims| dims.len()) else {
        return Err(refusal(
            node,
            "it has a scale for each channel of what is not constant: quantise activations per tensor",
        ));
    };
    let axis = node.integer("axis").unwrap_or(1);
    let axis = if axis < 0 { axis + rank as i64 } else { axis };
    let shape: Vec<i64> = (0..rank as i64).map(|place| if place == axis { length } else { 1 }).collect();
    let shape = making.integers(&shape);
    Ok(making.op("Reshape", &[name, &shape], &[]))
}

/// Numbers of the channels, or one for all, in the shape in which they go with a convolution's result.
fn of_channels(making: &mut Making<'_>, name: &str, rank: usize) -> String {
    let shape: Vec<i64> = (0..rank as i64).map(|axis| if axis == 1 { -1 } else { 1 }).collect();
    let shape = making.integers(&shape);
    making.op("Reshape", &[name, &shape], &[])
}

/// The convolution of bytes without their zero and weights without theirs, as floats: exact as long as a window sees no more than
/// 517 of them, whose sum is below 2<sup>24</sup>.
fn convolution(
    making: &mut Making<'_>,
    node: &NodeProto,
    (bytes, zero): (&str, &str),
    (weights, zeros): (&str, &str),
) -> Result<String, Error> {
    let find = |name: &str| making.constants.iter().find(|constant| constant.name == name);
    let kernel = find(weights).and_then(|weights| Some((weights.dims.clone(), small_integers(weights)?)));
    let zeros = if zeros.is_empty() { Some(vec![0]) } else { find(zeros).and_then(small_integers) };
    let (Some((dims, numbers)), Some(zeros)) = (kernel, zeros) else {
        return Err(refusal(node, "its weights or their zero points are no constants of int8 or uint8"));
    };
    let channels = dims.first().and_then(|channels| usize::try_from(*channels).ok()).unwrap_or(0);
    if channels == 0 || !(zeros.len() == 1 || zeros.len() == channels) {
        return Err(refusal(node, "it has not one zero point for each channel of its weights"));
    }
    let of_channel = numbers.chunks((numbers.len() / channels).max(1)).zip(zeros.iter().cycle());
    let kernel =
        of_channel.flat_map(|(numbers, zero)| numbers.iter().map(move |number| (number - zero) as f32)).collect();
    let kernel = making.floats(&dims, kernel);
    let mut value = making.cast(bytes, DataType::Float);
    if !zero.is_empty() {
        let zero = making.cast(zero, DataType::Float);
        value = making.op("Sub", &[&value, &zero], &[]);
    }
    let sums = making.op("Conv", &[&value, &kernel], &[]);
    if let Some(made) = making.nodes.last_mut() {
        made.attribute.clone_from(&node.attribute);
    }
    Ok(sums)
}

/// The product of bytes without their zero and weights without theirs.
fn product(
    making: &mut Making<'_>,
    node: &NodeProto,
    (bytes, zero): (&str, &str),
    (weights, zeros): (&str, &str),
) -> Result<String, Error> {
    let find = |name: &str| making.constants.iter().find(|constant| constant.name == name);
    let matrix = find(weights).filter(|constant| constant.dims.len() == 2).ok_or_else(|| {
        refusal(node, "what it multiplies by are no weights of two axes: quantise products with weights alone (`MatMulConstBOnly`)")
    })?;
    // Bytes without a sign become such with one, and so do their zeros.
    let shift = if matrix.data_type == DataType::Uint8 as i32 { 128 } else { 0 };
    let signed = |numbers: Vec<i32>| numbers.into_iter().map(|number| number - shift).collect::<Vec<_>>();
    let numbers = small_integers(matrix).map(signed);
    let zeros = if zeros.is_empty() { Some(vec![-shift]) } else { find(zeros).and_then(small_integers).map(signed) };
    let (Some(numbers), Some(mut zeros)) = (numbers, zeros) else {
        return Err(refusal(node, "its weights or their zero points are no constants of int8 or uint8"));
    };
    let columns = usize::try_from(matrix.dims[1]).ok().filter(|columns| *columns <= numbers.len());
    if let ([zero], Some(columns)) = (&*zeros, columns) {
        zeros = vec![*zero; columns];
    }
    if Some(zeros.len()) != columns {
        return Err(refusal(node, "it has not one zero point for each column of its weights"));
    }
    if find(zero).is_some_and(|zero| zero.dims.iter().product::<i64>() != 1) {
        return Err(refusal(node, "it has a zero point for each row, and one for all is known"));
    }
    let dims = matrix.dims.clone();
    let mut value = making.cast(bytes, DataType::Int32);
    if !zero.is_empty() {
        let zero = making.cast(zero, DataType::Int32);
        value = making.op("Sub", &[&value, &zero], &[]);
    }
    let product = making.op(PRODUCT, &[&value], &[]);
    if let Some(made) = making.nodes.last_mut() {
        let raw_data = numbers.iter().map(|number| *number as u8).collect();
        let tensor = TensorProto { data_type: DataType::Int8 as i32, dims, raw_data, ..Default::default() };
        let ints = zeros.into_iter().map(i64::from).collect();
        let r#type = AttributeType::Tensor as i32;
        made.attribute.push(AttributeProto { name: WEIGHTS.into(), t: Some(tensor), r#type, ..Default::default() });
        let r#type = AttributeType::Ints as i32;
        made.attribute.push(AttributeProto { name: ZEROS.into(), ints, r#type, ..Default::default() });
    }
    Ok(product)
}

fn refusal(node: &NodeProto, why: &str) -> Error {
    Error::Node { node: name_of(node).to_owned(), operator: node.op_type.clone(), why: why.to_owned() }
}
