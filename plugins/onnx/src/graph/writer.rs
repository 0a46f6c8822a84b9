//! Graph to bytes.

use tract_core::internal::{DatumType, Tensor};

use super::{Graph, Node, Operator, Scale, Type};
use crate::error::Error;

/// What a graph begins with: a name and the version of what follows.
pub(super) const MAGIC: &[u8; 16] = b"switchback-graph";
/// The version that is written, and the only one that is read.
pub(super) const VERSION: u32 = 1;

impl Graph {
    /// The bytes of `graph.bin`. All numbers are little-endian.
    ///
    /// # Errors
    /// If a constant is neither `f32` nor `i64` nor `i8`.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let mut writer = Writer { bytes: MAGIC.to_vec() };
        writer.number(VERSION as usize);
        writer.byte(match self.scale {
            Scale::LogOdds => 0,
            Scale::Probability => 1,
        });
        writer.number(self.output);
        writer.number(self.nodes.len());
        for node in &self.nodes {
            writer.node(node)?;
        }
        Ok(writer.bytes)
    }
}

struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    /// A number below 2<sup>32</sup>: no graph that a guest can hold has a larger one.
    fn number(&mut self, number: usize) {
        self.bytes.extend((number as u32).to_le_bytes());
    }

    fn numbers(&mut self, numbers: &[usize]) {
        self.number(numbers.len());
        numbers.iter().for_each(|&number| self.number(number));
    }

    fn node(&mut self, node: &Node) -> Result<(), Error> {
        self.operator(&node.operator)?;
        self.numbers(&node.inputs);
        Ok(())
    }

    fn operator(&mut self, operator: &Operator) -> Result<(), Error> {
        match operator {
            Operator::Indices => self.byte(0),
            Operator::Constant(tensor) => {
                self.byte(1);
                self.tensor(tensor)?;
            }
            Operator::Gather { axis } => self.with_numbers(2, &[*axis]),
            Operator::EmbeddingBag => self.byte(3),
            Operator::Reduce { reducer, axes } => {
                self.byte(4);
                self.byte(*reducer as u8);
                self.numbers(axes);
            }
            Operator::EinSum { axes } => {
                self.byte(5);
                self.number(axes.len());
                self.bytes.extend(axes.as_bytes());
            }
            Operator::Binary(binary) => self.bytes.extend([6, *binary as u8]),
            Operator::Unary(unary) => self.bytes.extend([7, *unary as u8]),
            Operator::Softmax { axes } => {
                self.byte(8);
                self.numbers(axes);
            }
            Operator::AddAxis(axis) => self.with_numbers(9, &[*axis]),
            Operator::RemoveAxis(axis) => self.with_numbers(10, &[*axis]),
            Operator::MoveAxis { from, to } => self.with_numbers(11, &[*from, *to]),
            Operator::Slice { axis, start, end } => self.with_numbers(13, &[*axis, *start, *end]),
            Operator::Dense { shape, activation } => {
                self.bytes.extend([14, *activation as u8]);
                self.numbers(shape);
            }
            Operator::Cast(to) => self.bytes.extend([12, *to as u8]),
        }
        Ok(())
    }

    fn with_numbers(&mut self, tag: u8, numbers: &[usize]) {
        self.byte(tag);
        numbers.iter().for_each(|&number| self.number(number));
    }

    fn tensor(&mut self, tensor: &Tensor) -> Result<(), Error> {
        let kind = match tensor.datum_type() {
            DatumType::F32 => Type::F32,
            DatumType::I64 => Type::I64,
            DatumType::I8 => Type::I8,
            other => return Err(Error::Format(format!("a constant of type {other:?}, neither f32 nor i64 nor i8"))),
        };
        self.byte(kind as u8);
        self.numbers(tensor.shape());
        let plain = tensor.try_as_plain_ram()?;
        match kind {
            Type::F32 => self.bytes.extend(plain.as_slice::<f32>()?.iter().flat_map(|value| value.to_le_bytes())),
            Type::I64 => self.bytes.extend(plain.as_slice::<i64>()?.iter().flat_map(|value| value.to_le_bytes())),
            Type::I8 => self.bytes.extend(plain.as_slice::<i8>()?.iter().map(|value| value.cast_unsigned())),
        }
        Ok(())
    }
}
