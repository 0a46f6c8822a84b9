//! Bytes to graph.

use std::sync::Arc;

use tract_core::internal::{IntoArcTensor, Tensor};

use super::writer::{MAGIC, VERSION};
use super::{Activation, Binary, Graph, Node, Operator, Reducer, Scale, Type, Unary};
use crate::error::Error;

/// The most axes of a tensor, and inputs of an operator: far above what a classifier has, and low enough
/// that a damaged file is refused before it makes the reader allocate.
const AXES_MAX: usize = 8;
/// The most elements of one constant: 64 MiB of `f32`, 16 MiB of `i8`.
const ELEMENTS_MAX: usize = 16 << 20;

impl Graph {
    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// [`Error::Format`] for anything else: another version, a truncated or damaged file.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader { bytes };
        if reader.take(MAGIC.len())? != MAGIC {
            return Err(format_error("it does not begin as a graph does"));
        }
        let version = reader.number()?;
        if version != VERSION as usize {
            return Err(Error::Format(format!("version {version}, not {VERSION}")));
        }
        let scale = match reader.byte()? {
            0 => Scale::LogOdds,
            1 => Scale::Probability,
            _ => return Err(format_error("an unknown scale")),
        };
        let output = reader.number()?;
        let count = reader.number()?;
        let nodes = (0..count).map(|index| reader.node(index)).collect::<Result<Vec<_>, _>>()?;
        if output >= nodes.len() {
            return Err(format_error("the output is not one of its nodes"));
        }
        if !reader.bytes.is_empty() {
            return Err(format_error("something follows its last node"));
        }
        Ok(Self { nodes, output, scale })
    }
}

fn format_error(what: &str) -> Error {
    Error::Format(what.into())
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) = self.bytes.split_at_checked(count).ok_or_else(|| format_error("it ends too early"))?;
        self.bytes = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        self.take(N)?.first_chunk().copied().ok_or_else(|| format_error("it ends too early"))
    }

    fn byte(&mut self) -> Result<u8, Error> {
        self.array().map(|[byte]| byte)
    }

    fn number(&mut self) -> Result<usize, Error> {
        self.array().map(|bytes| u32::from_le_bytes(bytes) as usize)
    }

    fn numbers(&mut self) -> Result<Vec<usize>, Error> {
        let count = self.number()?;
        if count > AXES_MAX {
            return Err(Error::Format(format!("{count} axes or inputs, more than {AXES_MAX}")));
        }
        (0..count).map(|_| self.number()).collect()
    }

    /// One of a numbered enum's variants.
    fn one_of<T: Copy>(&mut self, all: &[T], what: &str) -> Result<T, Error> {
        let number = self.byte()?;
        all.get(usize::from(number)).copied().ok_or_else(|| Error::Format(format!("unknown {what} {number}")))
    }

    fn node(&mut self, index: usize) -> Result<Node, Error> {
        let operator = self.operator()?;
        let inputs = self.numbers()?;
        if inputs.iter().any(|&input| input >= index) {
            return Err(Error::Format(format!("node {index} takes the value of a later node")));
        }
        Ok(Node { operator, inputs })
    }

    fn operator(&mut self) -> Result<Operator, Error> {
        Ok(match self.byte()? {
            0 => Operator::Indices,
            1 => Operator::Constant(self.tensor()?),
            2 => Operator::Gather { axis: self.number()? },
            3 => Operator::EmbeddingBag,
            4 => Operator::Reduce { reducer: self.one_of(Reducer::ALL, "reduction")?, axes: self.numbers()? },
            5 => Operator::EinSum { axes: self.einsum()? },
            6 => Operator::Binary(self.one_of(Binary::ALL, "binary operation")?),
            7 => Operator::Unary(self.one_of(Unary::ALL, "function")?),
            8 => Operator::Softmax { axes: self.numbers()? },
            9 => Operator::AddAxis(self.number()?),
            10 => Operator::RemoveAxis(self.number()?),
            11 => Operator::MoveAxis { from: self.number()?, to: self.number()? },
            12 => Operator::Cast(self.one_of(&[Type::F32, Type::I64], "type")?),
            13 => Operator::Slice { axis: self.number()?, start: self.number()?, end: self.number()? },
            14 => Operator::Dense { activation: self.one_of(Activation::ALL, "activation")?, shape: self.numbers()? },
            other => return Err(Error::Format(format!("unknown operator {other}"))),
        })
    }

    fn einsum(&mut self) -> Result<String, Error> {
        let length = self.number()?;
        let axes = self.take(length)?.to_vec();
        // tract panics over a notation that it cannot parse.
        if !axes.iter().all(|byte| byte.is_ascii_alphabetic() || b",->".contains(byte)) {
            return Err(format_error("an EinSum whose axes are not letters"));
        }
        String::from_utf8(axes).map_err(|_| format_error("an EinSum whose axes are not letters"))
    }

    /// Reads weights straight into their tensor: a second copy of them would stay in the guest's memory,
    /// and therefore in the release.
    fn tensor(&mut self) -> Result<Arc<Tensor>, Error> {
        let kind = self.one_of(&[Type::F32, Type::I64, Type::I8], "type")?;
        let shape = self.numbers()?;
        let count = shape.iter().try_fold(1_usize, |count, &length| count.checked_mul(length));
        let count =
            count.filter(|&count| count <= ELEMENTS_MAX).ok_or_else(|| format_error("a constant is too large"))?;
        let mut tensor;
        match kind {
            Type::F32 => {
                let (values, _) = self.take(count * 4)?.as_chunks();
                tensor = Tensor::zero::<f32>(&shape)?;
                let mut plain = tensor.try_as_plain_ram_mut()?;
                for (to, from) in plain.as_slice_mut::<f32>()?.iter_mut().zip(values) {
                    *to = f32::from_le_bytes(*from);
                }
            }
            Type::I64 => {
                let (values, _) = self.take(count * 8)?.as_chunks();
                tensor = Tensor::zero::<i64>(&shape)?;
                let mut plain = tensor.try_as_plain_ram_mut()?;
                for (to, from) in plain.as_slice_mut::<i64>()?.iter_mut().zip(values) {
                    *to = i64::from_le_bytes(*from);
                }
            }
            Type::I8 => {
                let values = self.take(count)?;
                tensor = Tensor::zero::<i8>(&shape)?;
                let mut plain = tensor.try_as_plain_ram_mut()?;
                for (to, from) in plain.as_slice_mut::<i8>()?.iter_mut().zip(values) {
                    *to = from.cast_signed();
                }
            }
        }
        Ok(tensor.into_arc_tensor())
    }
}
