//! Ends a model whose stack has run out, before it writes where something else lies.
//!
//! A compiled model keeps what has no place in WebAssembly's own locals, such as arrays, on a stack in its memory. The
//! linker puts that stack first, below all data, and a global has its end. Nobody looks at it: a frame that is too large
//! makes the address negative, and then the model writes behind its memory, which ends in a trap that says nothing of a
//! stack, or, when an index makes the sum wrap around, over the frames of its own callers, which ends in a wrong score.
//!
//! Here every place that moves the stack's end down looks first whether it stays above [`GUARD_BYTES`]. If not, a function is
//! called that calls itself for ever, so that the engine's stack runs out, too: every engine then says that a stack ran out, by
//! the kind of trap that there is for that.

mod outline;

use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{BlockType, CodeSection, Function, FunctionSection, Instruction, Module, TypeSection};
use wasmparser::{CodeSectionReader, FunctionBody, FunctionSectionReader, Parser, TypeSectionReader};

pub(crate) use self::outline::Outline;
use crate::error::PackError;

/// What stays free at the lower end of the stack, in bytes. A function that calls no other may use 128 bytes below the
/// end without moving it.
const GUARD_BYTES: i32 = 1024;

/// A module with a guarded stack.
#[derive(Debug)]
pub(crate) struct Guarded {
    pub(crate) module: Vec<u8>,
    /// How much of its memory is stack, from the start of it on; 0 if it is not known to be.
    pub(crate) stack_bytes: usize,
}

/// The module with a look at the stack wherever its end is moved down; one whose stack does not lie first in its memory as it
/// is.
pub(crate) fn guarded(module: &[u8]) -> Result<Guarded, PackError> {
    rewritten(module).map_err(|error| PackError::NotAModule { why: format!("cannot guard its stack: {error}") })
}

fn rewritten(module: &[u8]) -> Result<Guarded, Error> {
    let outline = Outline::read(module)?;
    let Some(stack_bytes) = outline.stack_bytes() else {
        return Ok(Guarded { module: module.to_vec(), stack_bytes: 0 });
    };
    let mut guard = Guard { outline: &outline, bodies: 0 };
    let mut guarded = Module::new();
    guard.parse_core_module(&mut guarded, Parser::new(0), module)?;
    Ok(Guarded { module: guarded.finish(), stack_bytes })
}

/// A module while it is rewritten. One type, one function and, where it is needed, a local are added at the end of what
/// there is, so nothing gets another number.
struct Guard<'o> {
    outline: &'o Outline,
    /// Functions read so far.
    bodies: usize,
}

impl Reencode for Guard<'_> {
    type Error = std::convert::Infallible;

    fn parse_type_section(&mut self, types: &mut TypeSection, section: TypeSectionReader<'_>) -> Result<(), Error> {
        utils::parse_type_section(self, types, section)?;
        types.ty().function([], []);
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_function_section(self, functions, section)?;
        functions.function(self.outline.params.len() as u32);
        Ok(())
    }

    fn parse_code_section(&mut self, code: &mut CodeSection, section: CodeSectionReader<'_>) -> Result<(), Error> {
        utils::parse_code_section(self, code, section)?;
        let mut ran_out = Function::new([]);
        ran_out.instructions().call(self.outline.next_function()).unreachable().end();
        code.function(&ran_out);
        Ok(())
    }

    fn parse_function_body(&mut self, code: &mut CodeSection, body: FunctionBody<'_>) -> Result<(), Error> {
        let number = self.bodies;
        self.bodies += 1;
        let outline = self.outline;
        let ran_out = outline.next_function();
        let guarded = outline.with_looks(self, (number, &body), |function, local| {
            function
                .instruction(&Instruction::LocalTee(local))
                .instruction(&Instruction::I32Const(GUARD_BYTES))
                .instruction(&Instruction::I32LtS)
                .instruction(&Instruction::If(BlockType::Empty))
                .instruction(&Instruction::Call(ran_out))
                .instruction(&Instruction::Unreachable)
                .instruction(&Instruction::End)
                .instruction(&Instruction::LocalGet(local));
        });
        match guarded? {
            Some(function) => code.function(&function),
            None => code.raw(body.as_bytes()),
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests;
