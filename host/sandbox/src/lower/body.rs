//! A function's body with bounded instructions.

use wasm_encoder::{Encode as _, Instruction};
use wasmparser::{BinaryReaderError, FunctionBody, Operator};

use super::helpers::{Helper, Helpers};
use crate::limits::{BULK_BYTES_MAX, STRAIGHT_CODE_BYTES_MAX};

/// A length up to which a constant one stays where it is: the compiler knows what to do with small ones.
const SMALL_BYTES: u32 = 4 << 10;

/// What a call costs that may be one of the host, in bytes of code: eight of them in a row are as long as code may be.
const CALL_COST_BYTES: usize = STRAIGHT_CODE_BYTES_MAX / 8;

const _: () = assert!(SMALL_BYTES <= BULK_BYTES_MAX);

/// The body, with its size before it as the code section has it, and with calls of `helpers` where it needs them. What
/// is not replaced is copied byte for byte.
pub(super) fn bounded(
    module: &[u8],
    body: &FunctionBody<'_>,
    imported: u32,
    helpers: &mut Helpers,
) -> Result<Vec<u8>, BinaryReaderError> {
    let mut output = Output { module, bytes: Vec::with_capacity(body.range().len()), copied: body.range().start };
    let mut instructions = body.get_operators_reader()?;
    // What ran since the clock was last looked at, as bytes of code.
    let mut cost = 0;
    let mut top = None;
    while !instructions.eof() {
        let start = instructions.original_position();
        let instruction = instructions.read()?;
        let end = instructions.original_position();
        if cost > STRAIGHT_CODE_BYTES_MAX {
            output.call(start..start, helpers.index(Helper::Look));
            cost = 0;
        }
        cost += end - start;
        match (&instruction, Helper::of(&instruction)) {
            (_, Some(bulk)) => match top {
                Some(small) if small <= SMALL_BYTES => cost += small as usize,
                _ => {
                    output.call(start..end, helpers.index(bulk));
                    cost = 0;
                }
            },
            (Operator::Loop { .. }, _) => cost = 0,
            (Operator::Call { function_index }, _) if *function_index >= imported => cost = 0,
            (Operator::Call { .. } | Operator::CallIndirect { .. }, _) => cost += CALL_COST_BYTES,
            _ => {}
        }
        top = match instruction {
            Operator::I32Const { value } => Some(value.cast_unsigned()),
            _ => None,
        };
    }
    Ok(output.finish(body.range().end))
}

/// A body while it is written.
struct Output<'a> {
    module: &'a [u8],
    bytes: Vec<u8>,
    /// Up to where the module's bytes are in the output.
    copied: usize,
}

impl Output<'_> {
    /// Calls a function instead of what lies in `place`.
    fn call(&mut self, place: std::ops::Range<usize>, function: u32) {
        self.bytes.extend_from_slice(&self.module[self.copied..place.start]);
        Instruction::Call(function).encode(&mut self.bytes);
        self.copied = place.end;
    }

    fn finish(mut self, end: usize) -> Vec<u8> {
        self.bytes.extend_from_slice(&self.module[self.copied..end]);
        let mut sized = Vec::with_capacity(self.bytes.len() + 5);
        self.bytes.encode(&mut sized);
        sized
    }
}
