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

use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    BlockType, CodeSection, Function, FunctionSection, Instruction, Module, TypeSection, ValType as Encoded,
};
use wasmparser::{
    CodeSectionReader, CompositeInnerType, DataKind, FunctionBody, FunctionSectionReader, Operator, Parser, Payload,
    TypeRef, TypeSectionReader, ValType,
};

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
    let mut guard = Guard { stack_end: outline.imported_globals, outline, bodies: 0 };
    let mut guarded = Module::new();
    guard.parse_core_module(&mut guarded, Parser::new(0), module)?;
    Ok(Guarded { module: guarded.finish(), stack_bytes })
}

/// What has to be known of a module.
#[derive(Default)]
struct Outline {
    /// The number of parameters of each type.
    params: Vec<u32>,
    imported_functions: u32,
    /// The type of each function that is not imported.
    functions: Vec<u32>,
    imported_globals: u32,
    /// The value that the first global starts with which is not imported, if it is a number of 32 bits that changes.
    first_global: Option<i32>,
    /// Where the lowest data lie.
    lowest_data: Option<i32>,
}

impl Outline {
    fn read(module: &[u8]) -> Result<Self, Error> {
        let mut outline = Self::default();
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::TypeSection(section) => outline.params = params(section)?,
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        match import?.ty {
                            TypeRef::Func(_) => outline.imported_functions += 1,
                            TypeRef::Global(_) => outline.imported_globals += 1,
                            _ => {}
                        }
                    }
                }
                Payload::FunctionSection(section) => {
                    outline.functions = section.into_iter().collect::<Result<_, _>>()?;
                }
                Payload::GlobalSection(section) => {
                    if let Some(first) = section.into_iter().next().transpose()? {
                        let changes = first.ty.mutable && first.ty.content_type == ValType::I32;
                        outline.first_global =
                            number(first.init_expr.get_operators_reader().read()?).filter(|_| changes);
                    }
                }
                Payload::DataSection(section) => {
                    for data in section {
                        if let DataKind::Active { offset_expr, .. } = data?.kind {
                            let at = number(offset_expr.get_operators_reader().read()?);
                            outline.lowest_data = outline.lowest_data.into_iter().chain(at).min();
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(outline)
    }

    /// How large the stack is. LLVM's linker writes the global first that has its end, which starts at or below the data.
    fn stack_bytes(&self) -> Option<usize> {
        let start = self.first_global.filter(|start| *start > GUARD_BYTES && start % 16 == 0)?;
        usize::try_from(start).ok().filter(|_| self.lowest_data.is_some_and(|data| start <= data))
    }

    /// The number of the function that is added.
    fn ran_out(&self) -> u32 {
        self.imported_functions + self.functions.len() as u32
    }
}

fn params(types: TypeSectionReader<'_>) -> Result<Vec<u32>, Error> {
    let mut params = Vec::new();
    for group in types {
        params.extend(group?.into_types().map(|one| match one.composite_type.inner {
            CompositeInnerType::Func(func) => func.params().len() as u32,
            _ => 0,
        }));
    }
    Ok(params)
}

fn number(operator: Operator<'_>) -> Option<i32> {
    if let Operator::I32Const { value } = operator { Some(value) } else { None }
}

/// A module while it is rewritten. One type, one function and, where it is needed, a local are added at the end of what
/// there is, so nothing gets another number.
struct Guard {
    stack_end: u32,
    outline: Outline,
    /// Functions read so far.
    bodies: usize,
}

impl Guard {
    fn moves_stack(&self, body: &FunctionBody<'_>) -> Result<bool, Error> {
        for operator in body.get_operators_reader()? {
            if self.is_move(&operator?) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn is_move(&self, operator: &Operator<'_>) -> bool {
        matches!(operator, Operator::GlobalSet { global_index } if *global_index == self.stack_end)
    }

    /// Looks at the new end, which is on WebAssembly's stack, and leaves it there.
    fn look(&self, function: &mut Function, local: u32) {
        function
            .instruction(&Instruction::LocalTee(local))
            .instruction(&Instruction::I32Const(GUARD_BYTES))
            .instruction(&Instruction::I32LtS)
            .instruction(&Instruction::If(BlockType::Empty))
            .instruction(&Instruction::Call(self.outline.ran_out()))
            .instruction(&Instruction::Unreachable)
            .instruction(&Instruction::End)
            .instruction(&Instruction::LocalGet(local));
    }
}

/// Whether these two compute an end that is higher than one that was looked at: a function gives back what it took.
fn goes_up(before: &[Operator<'_>; 2]) -> bool {
    matches!(before, [Operator::I32Const { value }, Operator::I32Add] if *value >= 0)
}

impl Reencode for Guard {
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
        ran_out.instructions().call(self.outline.ran_out()).unreachable().end();
        code.function(&ran_out);
        Ok(())
    }

    fn parse_function_body(&mut self, code: &mut CodeSection, body: FunctionBody<'_>) -> Result<(), Error> {
        let ty = self.outline.functions[self.bodies];
        self.bodies += 1;
        if !self.moves_stack(&body)? {
            code.raw(body.as_bytes());
            return Ok(());
        }
        let mut local = self.outline.params[ty as usize];
        let mut locals = Vec::new();
        for declared in body.get_locals_reader()? {
            let (count, ty) = declared?;
            local += count;
            locals.push((count, self.val_type(ty)?));
        }
        locals.push((1, Encoded::I32));
        let mut function = Function::new(locals);
        let mut before = [Operator::Nop, Operator::Nop];
        for operator in body.get_operators_reader()? {
            let operator = operator?;
            if self.is_move(&operator) && !goes_up(&before) {
                self.look(&mut function, local);
            }
            function.instruction(&self.instruction(operator.clone())?);
            before = [before[1].clone(), operator];
        }
        code.function(&function);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
