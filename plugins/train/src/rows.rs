//! [`Rows`]: examples as sparse vectors.

use switchback_guest::Message;
use switchback_plugin_linear::{Extractor, Inputs, words};

use crate::corpora::Label;

/// One example: four fields whose features have the value 1 / sqrt(number of the field's features).
#[derive(Clone, Debug)]
pub struct Row {
    /// The features.
    pub features: Vec<(u32, f32)>,
    /// 1 for unwanted mail, 0 for wanted.
    pub target: f64,
    /// How much the example counts.
    pub weight: f64,
}

/// Turns messages into rows by the plugin's own code, or by the host's.
#[derive(Debug)]
pub struct Rows {
    inputs: Inputs,
    bits: u32,
    extractor: Extractor,
}

impl Rows {
    /// Rows of 2<sup>bits</sup> columns.
    pub fn new(inputs: Inputs, bits: u32) -> Self {
        Self { inputs, bits, extractor: Extractor::new(bits) }
    }

    /// The row of a message.
    pub fn row(&mut self, message: &Message, label: Label, weight: f64) -> Row {
        let fields = match self.inputs {
            Inputs::Text => self.extractor.extract(message).all().map(<[u32]>::to_vec),
            Inputs::Words => words(message).map(|mut field| {
                field.iter_mut().for_each(|feature| *feature >>= u32::BITS - self.bits);
                field
            }),
        };
        let features = fields.into_iter().flat_map(|indices| {
            let value = (1.0 / (indices.len() as f64).sqrt()) as f32;
            indices.into_iter().map(move |index| (index, value))
        });
        Row { features: features.collect(), target: f64::from(u8::from(label == Label::Spam)), weight }
    }
}
