//! One module's things get their new numbers.

use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{ConstExpr, Encode as _, GlobalSection};
use wasmparser::{ExternalKind, Operator};

use crate::prebuilt::constant::{Constant, Evaluation};

/// The kinds of things that modules import and export.
pub(super) const KINDS: [ExternalKind; 4] =
    [ExternalKind::Func, ExternalKind::Table, ExternalKind::Memory, ExternalKind::Global];
pub(super) const FUNCTIONS: usize = 0;
pub(super) const MEMORIES: usize = 2;

/// The new numbers of what one module knows.
#[derive(Default)]
pub(super) struct Numbers {
    /// Of functions, tables, memories and globals, imported ones first.
    pub(super) things: [Vec<u32>; KINDS.len()],
    /// How many of each come before the module's.
    pub(super) types: u32,
    pub(super) elements: u32,
    pub(super) data: u32,
}

impl Numbers {
    pub(super) fn of(&self, kind: ExternalKind, index: u32) -> u32 {
        let place = KINDS.iter().position(|known| *known == kind).unwrap_or_default();
        self.things[place][index as usize]
    }
}

/// A module while its things get their new numbers.
pub(super) struct Renumbered<'a> {
    pub(super) numbers: &'a Numbers,
    /// What the globals start with, by their new numbers.
    pub(super) globals: &'a mut Vec<Constant>,
}

/// An instruction that no constant is made of.
#[derive(Debug, thiserror::Error)]
#[error("a constant is computed by an instruction that is not known")]
pub(super) struct Unknown;

impl Reencode for Renumbered<'_> {
    type Error = Unknown;

    fn type_index(&mut self, ty: u32) -> Result<u32, Error<Unknown>> {
        Ok(self.numbers.types + ty)
    }

    fn function_index(&mut self, function: u32) -> Result<u32, Error<Unknown>> {
        Ok(self.numbers.of(ExternalKind::Func, function))
    }

    fn table_index(&mut self, table: u32) -> Result<u32, Error<Unknown>> {
        Ok(self.numbers.of(ExternalKind::Table, table))
    }

    fn memory_index(&mut self, memory: u32) -> Result<u32, Error<Unknown>> {
        Ok(self.numbers.of(ExternalKind::Memory, memory))
    }

    fn global_index(&mut self, global: u32) -> Result<u32, Error<Unknown>> {
        Ok(self.numbers.of(ExternalKind::Global, global))
    }

    fn element_index(&mut self, element: u32) -> Result<u32, Error<Unknown>> {
        Ok(self.numbers.elements + element)
    }

    fn data_index(&mut self, data: u32) -> Result<u32, Error<Unknown>> {
        Ok(self.numbers.data + data)
    }

    fn parse_global(
        &mut self,
        globals: &mut GlobalSection,
        global: wasmparser::Global<'_>,
    ) -> Result<(), Error<Unknown>> {
        let value = self.value(&global.init_expr)?;
        globals.global(self.global_type(global.ty)?, &value.clone().into());
        self.globals.push(value);
        Ok(())
    }

    fn const_expr(&mut self, expression: wasmparser::ConstExpr<'_>) -> Result<ConstExpr, Error<Unknown>> {
        Ok(self.value(&expression)?.into())
    }
}

impl Renumbered<'_> {
    fn value(&mut self, expression: &wasmparser::ConstExpr<'_>) -> Result<Constant, Error<Unknown>> {
        let mut evaluation = Evaluation::default();
        for operator in expression.get_operators_reader() {
            match operator? {
                Operator::End => {}
                Operator::GlobalGet { global_index } => {
                    let number = self.global_index(global_index)?;
                    let global = self.globals.get(number as usize).cloned();
                    evaluation.push(global.ok_or(Error::UserError(Unknown))?);
                }
                operator if evaluation.run(&operator) => {}
                operator => {
                    let mut other = Vec::new();
                    self.instruction(operator)?.encode(&mut other);
                    evaluation.push(Constant::Other(ConstExpr::raw(other)));
                }
            }
        }
        evaluation.result().ok_or(Error::UserError(Unknown))
    }
}
