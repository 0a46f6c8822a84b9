//! Where a module has its stack, and which places move the end of it.

use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{Function, ValType as Encoded};
use wasmparser::{
    CompositeInnerType, DataKind, FunctionBody, Operator, Parser, Payload, TypeRef, TypeSectionReader, ValType,
};

/// What has to be known of a module.
#[derive(Default)]
pub(crate) struct Outline {
    /// The number of parameters of each type.
    pub(crate) params: Vec<u32>,
    imported_functions: u32,
    /// The type of each function that is not imported.
    functions: Vec<u32>,
    imported_globals: u32,
    pub(crate) globals: u32,
    /// The value that the first global starts with which is not imported, if it is a number of 32 bits that changes.
    first_global: Option<i32>,
    /// Where the lowest data lie.
    lowest_data: Option<i32>,
}

impl Outline {
    pub(crate) fn read<E>(module: &[u8]) -> Result<Self, Error<E>> {
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
                    outline.globals = outline.imported_globals + section.count();
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
    pub(crate) fn stack_bytes(&self) -> Option<usize> {
        let start = self.first_global.filter(|start| *start > super::GUARD_BYTES && start % 16 == 0)?;
        usize::try_from(start).ok().filter(|_| self.lowest_data.is_some_and(|data| start <= data))
    }

    /// The number of the first function that is added.
    pub(crate) fn next_function(&self) -> u32 {
        self.imported_functions + self.functions.len() as u32
    }

    /// A function with what `look` adds before each place that moves the stack's end down; none if there is no such place.
    /// `look` finds the new end on WebAssembly's stack, leaves it there, and may use the local that it is given.
    pub(crate) fn with_looks<R: Reencode>(
        &self,
        reencoder: &mut R,
        (number, body): (usize, &FunctionBody<'_>),
        look: impl Fn(&mut Function, u32),
    ) -> Result<Option<Function>, Error<R::Error>> {
        if !self.moves_stack(body)? {
            return Ok(None);
        }
        let mut local = self.params[self.functions[number] as usize];
        let mut locals = Vec::new();
        for declared in body.get_locals_reader()? {
            let (count, ty) = declared?;
            local += count;
            locals.push((count, reencoder.val_type(ty)?));
        }
        locals.push((1, Encoded::I32));
        let mut function = Function::new(locals);
        let mut before = [Operator::Nop, Operator::Nop];
        for operator in body.get_operators_reader()? {
            let operator = operator?;
            if self.is_move(&operator) && !goes_up(&before) {
                look(&mut function, local);
            }
            function.instruction(&reencoder.instruction(operator.clone())?);
            before = [before[1].clone(), operator];
        }
        Ok(Some(function))
    }

    fn moves_stack<E>(&self, body: &FunctionBody<'_>) -> Result<bool, Error<E>> {
        for operator in body.get_operators_reader()? {
            if self.is_move(&operator?) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether this sets the stack's end, which is the first global that is not imported.
    fn is_move(&self, operator: &Operator<'_>) -> bool {
        matches!(operator, Operator::GlobalSet { global_index } if *global_index == self.imported_globals)
    }
}

fn params<E>(types: TypeSectionReader<'_>) -> Result<Vec<u32>, Error<E>> {
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

/// Whether these two compute an end that is higher than one that was looked at: a function gives back what it took.
fn goes_up(before: &[Operator<'_>; 2]) -> bool {
    matches!(before, [Operator::I32Const { value }, Operator::I32Add] if *value >= 0)
}
