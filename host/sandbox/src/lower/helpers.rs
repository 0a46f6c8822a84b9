//! The functions that are added to a module.

use std::collections::BTreeMap;

use wasm_encoder::{BlockType, Encode as _, Function, InstructionSink, TypeSection, ValType};
use wasmparser::Operator;

use crate::limits::BULK_BYTES_MAX;

/// What an added function does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Helper {
    /// Nothing: a function that begins looks at the clock.
    Look,
    /// What `memory.fill` does.
    Fill,
    /// What `memory.copy` does.
    Copy,
    /// What `memory.init` does, of this segment.
    Init(u32),
}

impl Helper {
    /// The function that does what an instruction does, if the instruction takes as long as its operand says.
    pub(super) fn of(instruction: &Operator<'_>) -> Option<Self> {
        match instruction {
            Operator::MemoryFill { .. } => Some(Self::Fill),
            Operator::MemoryCopy { .. } => Some(Self::Copy),
            Operator::MemoryInit { data_index, .. } => Some(Self::Init(*data_index)),
            _ => None,
        }
    }

    fn function(self) -> Function {
        let mut function = Function::new([]);
        let mut code = function.instructions();
        match self {
            Self::Look => {}
            Self::Fill | Self::Init(_) => forward(&mut code, self, TO),
            Self::Copy => copy(&mut code),
        }
        code.end();
        function
    }

    /// The instruction itself, for operands that are on the stack.
    fn instruction(self, code: &mut InstructionSink<'_>) {
        match self {
            Self::Look => {}
            Self::Fill => _ = code.memory_fill(0),
            Self::Copy => _ = code.memory_copy(0, 0),
            Self::Init(segment) => _ = code.memory_init(0, segment),
        }
    }

    /// Whether the second operand is a place that moves on with the first; that of `memory.fill` is a value.
    fn has_source(self) -> bool {
        !matches!(self, Self::Fill)
    }
}

/// The three operands of every such instruction, as parameters.
const TO: u32 = 0;
const FROM: u32 = 1;
const LENGTH: u32 = 2;

/// Piece after piece from the lowest on, and what is left as it is. `last` is the operand that reaches furthest. What
/// reaches beyond the segment of `memory.init` is left to the piece that does so: it traps as the whole would, and what
/// was written before is seen by nobody, because an instance that has trapped is gone.
fn forward(code: &mut InstructionSink<'_>, helper: Helper, last: u32) {
    code.block(BlockType::Empty);
    stop_if_outside(code, last);
    code.loop_(BlockType::Empty);
    code.local_get(LENGTH).i32_const(BULK_BYTES_MAX as i32).i32_le_u().br_if(1);
    code.local_get(TO).local_get(FROM).i32_const(BULK_BYTES_MAX as i32);
    helper.instruction(code);
    advance(code, TO);
    if helper.has_source() {
        advance(code, FROM);
    }
    code.local_get(LENGTH).i32_const(BULK_BYTES_MAX as i32).i32_sub().local_set(LENGTH);
    code.br(0).end().end();
    whole(code, helper);
}

/// As `memory.copy` does it: where source and target overlap, from the end that keeps the source until it is read.
fn copy(code: &mut InstructionSink<'_>) {
    code.local_get(TO).local_get(FROM).i32_le_u().if_(BlockType::Empty);
    forward(code, Helper::Copy, FROM);
    code.else_().block(BlockType::Empty);
    stop_if_outside(code, TO);
    code.loop_(BlockType::Empty);
    code.local_get(LENGTH).i32_const(BULK_BYTES_MAX as i32).i32_le_u().br_if(1);
    code.local_get(LENGTH).i32_const(BULK_BYTES_MAX as i32).i32_sub().local_set(LENGTH);
    for place in [TO, FROM] {
        code.local_get(place).local_get(LENGTH).i32_add();
    }
    code.i32_const(BULK_BYTES_MAX as i32);
    Helper::Copy.instruction(code);
    code.br(0).end().end();
    whole(code, Helper::Copy);
    code.end();
}

/// Leaves the block if the operands reach beyond the memory: then the instruction itself traps, at once. Otherwise no
/// sum of a place and a length below overflows.
fn stop_if_outside(code: &mut InstructionSink<'_>, place: u32) {
    code.local_get(place).i64_extend_i32_u().local_get(LENGTH).i64_extend_i32_u().i64_add();
    code.memory_size(0).i64_extend_i32_u().i64_const(16).i64_shl().i64_gt_u().br_if(0);
}

fn advance(code: &mut InstructionSink<'_>, place: u32) {
    code.local_get(place).i32_const(BULK_BYTES_MAX as i32).i32_add().local_set(place);
}

fn whole(code: &mut InstructionSink<'_>, helper: Helper) {
    code.local_get(TO).local_get(FROM).local_get(LENGTH);
    helper.instruction(code);
}

/// The functions that a module gets, in the order in which they are first needed.
pub(super) struct Helpers {
    /// Types and functions that the module has without them.
    types: u32,
    functions: u32,
    needed: Vec<Helper>,
    /// Where each is in `needed`.
    places: BTreeMap<Helper, u32>,
}

impl Helpers {
    pub(super) fn new(types: u32, functions: u32) -> Self {
        Self { types, functions, needed: Vec::new(), places: BTreeMap::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.needed.is_empty()
    }

    /// The number of a function, which is added if it is new.
    pub(super) fn index(&mut self, helper: Helper) -> u32 {
        let place = *self.places.entry(helper).or_insert_with(|| {
            self.needed.push(helper);
            self.needed.len() as u32 - 1
        });
        self.functions + place
    }

    /// Their types: that of looking, and that of all others.
    pub(super) fn types(&self) -> Vec<Vec<u8>> {
        [&[][..], &[ValType::I32; 3]]
            .map(|parameters| {
                let mut section = TypeSection::new();
                section.ty().function(parameters.iter().copied(), []);
                item_of(&section)
            })
            .to_vec()
    }

    /// The numbers of their types.
    pub(super) fn functions(&self) -> Vec<Vec<u8>> {
        let number = |helper: &Helper| encoded(self.types + u32::from(*helper != Helper::Look));
        self.needed.iter().map(number).collect()
    }

    /// Their bodies, each with its size before it.
    pub(super) fn bodies(&self) -> Vec<Vec<u8>> {
        let body = |helper: &Helper| {
            let mut bytes = Vec::new();
            helper.function().encode(&mut bytes);
            bytes
        };
        self.needed.iter().map(body).collect()
    }
}

/// The one item of a section, which is written as its size, the number of items and the item.
fn item_of(section: &TypeSection) -> Vec<u8> {
    let mut bytes = Vec::new();
    section.encode(&mut bytes);
    bytes.split_off(2)
}

fn encoded(number: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    number.encode(&mut bytes);
    bytes
}
