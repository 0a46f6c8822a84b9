//! Values that are known before anything runs: of globals, and where data and elements go.
//!
//! A shared library's data lie where a global of another module says. In one module they lie at a number, so that a host maps
//! them instead of copying them for every message.

use wasm_encoder::ConstExpr;
use wasmparser::Operator;

/// A constant.
#[derive(Clone, Debug)]
pub(super) enum Constant {
    I32(i32),
    I64(i64),
    /// What nothing is computed with: floating point numbers, vectors, references.
    Other(ConstExpr),
}

impl From<Constant> for ConstExpr {
    fn from(constant: Constant) -> Self {
        match constant {
            Constant::I32(value) => Self::i32_const(value),
            Constant::I64(value) => Self::i64_const(value),
            Constant::Other(expression) => expression,
        }
    }
}

/// A stack machine for constant expressions (core specification, section 3.3.13, with the proposal of extended ones).
#[derive(Default)]
pub(super) struct Evaluation {
    stack: Vec<Constant>,
}

impl Evaluation {
    /// Carries out an instruction on whole numbers. False if it is another, or has nothing to work on.
    pub(super) fn run(&mut self, operator: &Operator<'_>) -> bool {
        let result = match operator {
            Operator::I32Const { value } => Some(Constant::I32(*value)),
            Operator::I64Const { value } => Some(Constant::I64(*value)),
            Operator::I32Add => self.of_i32(i32::wrapping_add),
            Operator::I32Sub => self.of_i32(i32::wrapping_sub),
            Operator::I32Mul => self.of_i32(i32::wrapping_mul),
            Operator::I64Add => self.of_i64(i64::wrapping_add),
            Operator::I64Sub => self.of_i64(i64::wrapping_sub),
            Operator::I64Mul => self.of_i64(i64::wrapping_mul),
            _ => None,
        };
        result.map(|constant| self.push(constant)).is_some()
    }

    pub(super) fn push(&mut self, constant: Constant) {
        self.stack.push(constant);
    }

    /// What is left in the end.
    pub(super) fn result(mut self) -> Option<Constant> {
        self.stack.pop().filter(|_| self.stack.is_empty())
    }

    fn of_i32(&mut self, combine: impl Fn(i32, i32) -> i32) -> Option<Constant> {
        match (self.stack.pop()?, self.stack.pop()?) {
            (Constant::I32(right), Constant::I32(left)) => Some(Constant::I32(combine(left, right))),
            _ => None,
        }
    }

    fn of_i64(&mut self, combine: impl Fn(i64, i64) -> i64) -> Option<Constant> {
        match (self.stack.pop()?, self.stack.pop()?) {
            (Constant::I64(right), Constant::I64(left)) => Some(Constant::I64(combine(left, right))),
            _ => None,
        }
    }
}
