//! The model's module, which gets a global and two functions.

use std::convert::Infallible;

use switchback::runtime::Probe;
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, ExportKind, ExportSection, Function, FunctionSection, GlobalSection, GlobalType,
    Instruction, MemArg, TypeSection, ValType,
};
use wasmparser::{
    CodeSectionReader, ExportSectionReader, FunctionBody, FunctionSectionReader, GlobalSectionReader, TypeSectionReader,
};

use crate::stack::Outline;

/// Bytes of a page of the host's memory, as a power of two.
const PAGE_BITS: i32 = Probe::PAGE_BYTES.trailing_zeros() as i32;

/// An odd number with as many ones as zeros: multiplying by it makes of different words different hashes.
const FACTOR: i64 = 0x517c_c1b7_2722_0a95;

/// A module while it is rewritten. Everything is added at the end of what there is, so nothing gets another number.
pub(super) struct Probes<'o> {
    outline: &'o Outline,
    /// Functions read so far.
    bodies: usize,
}

impl<'o> Probes<'o> {
    pub(super) fn new(outline: &'o Outline) -> Self {
        Self { outline, bodies: 0 }
    }

    /// How low the end of the stack ever was: a global, or 0 where there is no stack.
    fn lowest_stack(&self) -> Function {
        let mut function = Function::new([]);
        match self.outline.stack_bytes() {
            Some(_) => function.instructions().global_get(self.outline.globals).end(),
            None => function.instructions().i32_const(0).end(),
        };
        function
    }
}

/// A hash of a page of the memory, by its number: words of eight bytes, each rotated in and multiplied.
fn page_hash() -> Function {
    let [page, at, end, hash] = [0, 1, 2, 3];
    let word = MemArg { offset: 0, align: 3, memory_index: 0 };
    let mut function = Function::new([(2, ValType::I32), (1, ValType::I64)]);
    let mut code = function.instructions();
    code.local_get(page).i32_const(PAGE_BITS).i32_shl().local_tee(at);
    code.i32_const(1 << PAGE_BITS).i32_add().local_set(end);
    code.loop_(BlockType::Empty);
    code.local_get(hash).i64_const(5).i64_rotl().local_get(at).i64_load(word).i64_xor();
    code.i64_const(FACTOR).i64_mul().local_set(hash);
    code.local_get(at).i32_const(8).i32_add().local_tee(at).local_get(end).i32_ne().br_if(0);
    code.end().local_get(hash).end();
    function
}

impl Reencode for Probes<'_> {
    type Error = Infallible;

    fn parse_type_section(&mut self, types: &mut TypeSection, section: TypeSectionReader<'_>) -> Result<(), Error> {
        utils::parse_type_section(self, types, section)?;
        types.ty().function([], [ValType::I32]);
        types.ty().function([ValType::I32], [ValType::I64]);
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_function_section(self, functions, section)?;
        let types = self.outline.params.len() as u32;
        functions.function(types).function(types + 1);
        Ok(())
    }

    fn parse_global_section(
        &mut self,
        globals: &mut GlobalSection,
        section: GlobalSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_global_section(self, globals, section)?;
        if let Some(stack) = self.outline.stack_bytes() {
            let ty = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
            globals.global(ty, &ConstExpr::i32_const(stack as i32));
        }
        Ok(())
    }

    fn parse_export_section(
        &mut self,
        exports: &mut ExportSection,
        section: ExportSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_export_section(self, exports, section)?;
        let first = self.outline.next_function();
        exports.export(Probe::STACK, ExportKind::Func, first).export(Probe::PAGE, ExportKind::Func, first + 1);
        Ok(())
    }

    fn parse_code_section(&mut self, code: &mut CodeSection, section: CodeSectionReader<'_>) -> Result<(), Error> {
        utils::parse_code_section(self, code, section)?;
        code.function(&self.lowest_stack()).function(&page_hash());
        Ok(())
    }

    fn parse_function_body(&mut self, code: &mut CodeSection, body: FunctionBody<'_>) -> Result<(), Error> {
        let number = self.bodies;
        self.bodies += 1;
        let outline = self.outline;
        let lowest = outline.globals;
        let noted = match outline.stack_bytes() {
            None => None,
            Some(_) => outline.with_looks(self, (number, &body), |function, local| {
                function
                    .instruction(&Instruction::LocalTee(local))
                    .instruction(&Instruction::GlobalGet(lowest))
                    .instruction(&Instruction::I32LtS)
                    .instruction(&Instruction::If(BlockType::Empty))
                    .instruction(&Instruction::LocalGet(local))
                    .instruction(&Instruction::GlobalSet(lowest))
                    .instruction(&Instruction::End)
                    .instruction(&Instruction::LocalGet(local));
            })?,
        };
        match noted {
            Some(function) => code.function(&function),
            None => code.raw(body.as_bytes()),
        };
        Ok(())
    }
}
