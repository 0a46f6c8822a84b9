//! [`dump_features`]: what the `onnx` model is trained on.

use std::io::Write;

use anyhow::{Context, Result, bail};
use switchback_onnx_graph::{Field, Form, Given, Kind, Source};
use switchback_plugin_onnx::given;

use crate::corpora::Label;
use crate::example::Example;
use crate::split::Split;

/// What the file starts with; the digits are the format's version.
const MAGIC: &[u8; 8] = b"SBFEAT01";

/// The bits of a feature that choose a row of the `onnx` model's embedding.
const BITS: u32 = 15;
/// The rows: one for every value of these bits, and row 0, which every message has.
const ROWS: u32 = (1 << BITS) + 1;
/// The most rows of one message.
const ROWS_MAX: usize = 2048;

/// Writes labels, splits and the `onnx` model's indices, for a program in another language.
///
/// Little endian, without padding: the magic `SBFEAT01`, the number of rows of the embedding (`u32`), the
/// number of messages (`u32`), then for each message its label (`u8`: 0 ham, 1 spam), its split (`u8`: 0 train,
/// 1 validation, 2 test), two zero bytes, the number of indices (`u32`) and the indices (`u32` each).
///
/// # Errors
/// If `to` cannot be written.
pub fn dump_features(examples: &[Example], mut to: impl Write) -> Result<()> {
    let fields = vec![Field::Subject, Field::Sender, Field::Links, Field::Body];
    let source = Source::Features { kinds: vec![Kind::Words], fields, bits: BITS, form: Form::Rows { max: ROWS_MAX } };
    to.write_all(MAGIC)?;
    to.write_all(&ROWS.to_le_bytes())?;
    to.write_all(&u32::try_from(examples.len())?.to_le_bytes())?;
    for example in examples {
        let Given::Numbers(rows) = given(&source, &example.message)? else { bail!("rows are numbers") };
        let indices = rows.as_integers()?;
        to.write_all(&[u8::from(example.label == Label::Spam), split_number(example.place.split), 0, 0])?;
        to.write_all(&u32::try_from(indices.len())?.to_le_bytes())?;
        for index in indices {
            to.write_all(&u32::try_from(*index)?.to_le_bytes())?;
        }
    }
    to.flush().context("write the features")
}

fn split_number(split: Split) -> u8 {
    match split {
        Split::Train => 0,
        Split::Validation => 1,
        Split::Test => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::split::Place;
    use switchback_guest::Message;

    #[test]
    fn the_layout_is_as_documented() {
        let place = Place { split: Split::Test, first_half: true, fold: 0 };
        let message = Message::builder().subject("word").build();
        let mut file = Vec::new();
        dump_features(&[Example { message, label: Label::Spam, place }], &mut file).unwrap();
        assert_eq!(&file[..8], MAGIC);
        let number = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
        assert_eq!([number(8), number(12)], [ROWS, 1]);
        assert_eq!(file[16..20], [1, 2, 0, 0]);
        // The bias and the word.
        assert_eq!([number(20), number(24)], [2, 0]);
        assert_eq!(file.len(), 24 + 2 * 4);
    }
}
