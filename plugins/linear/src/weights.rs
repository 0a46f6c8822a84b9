//! [`Weights`]: the file that training writes and the initialiser reads.

use switchback_guest::Error;

/// Whose features the weights are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inputs {
    /// Words and pairs of words of what the model reads and hashes by itself ([`Extractor`](crate::Extractor)): `SBL2`.
    Text,
    /// Words that the host hashes, for all models alike (`message.features()`): `SBL3`.
    Words,
}

impl Inputs {
    /// What a file starts with. The digit is the format's version.
    const fn magic(self) -> &'static [u8; 4] {
        match self {
            Self::Text => b"SBL2",
            Self::Words => b"SBL3",
        }
    }

    fn of_magic(magic: &[u8]) -> Option<Self> {
        [Self::Text, Self::Words].into_iter().find(|inputs| inputs.magic() == magic)
    }
}

/// The bytes before the weights: magic, bits, bias, scale.
const HEADER_BYTES: usize = 4 + 4 + 8 + 8;

/// The fewest and the most bits of an index that a file may have: 256 bytes to 16 MiB of weights.
const BITS: std::ops::RangeInclusive<u32> = 8..=24;

/// A linear model's parameters.
///
/// Weights are bytes. After each message the sandbox looks through the model's memory for what was written, so a model
/// that is a quarter of the size is also sooner ready for the next message.
///
/// As a file, little endian: `SBL2` or `SBL3`, bits (`u32`), bias (`f64`), scale (`f64`), and 2<sup>bits</sup> weights (`i8`).
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    inputs: Inputs,
    bits: u32,
    bias: f64,
    scale: f64,
    values: Vec<i8>,
}

impl Weights {
    /// Parameters from their parts. The weights are rounded to 127 steps on either side of zero, and the largest is
    /// the last step; the scale becomes that of the steps.
    ///
    /// # Panics
    /// Unless the number of values is a power of two, and each is finite: rounding would hide one that is not.
    pub fn new(inputs: Inputs, bias: f64, scale: f64, values: &[f32]) -> Self {
        assert!(values.len().is_power_of_two(), "{} weights are not a power of two", values.len());
        assert!(values.iter().all(|value| value.is_finite()), "a weight is not a finite number");
        let largest = values.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
        let step = if largest > 0.0 { f64::from(largest) / f64::from(i8::MAX) } else { 1.0 };
        let rounded = values.iter().map(|value| (f64::from(*value) / step).round() as i8).collect();
        Self { inputs, bits: values.len().ilog2(), bias, scale: scale * step, values: rounded }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// What is wrong with it: another format, cut short, too long, or a number that is none.
    pub fn parse(data: &[u8]) -> Result<Self, Error> {
        let Some((header, body)) = data.split_first_chunk::<HEADER_BYTES>() else {
            return Err(format!("weights: {} bytes are too few for a header", data.len()).into());
        };
        let inputs = Inputs::of_magic(&header[..4])
            .ok_or("weights: the file starts neither with SBL2 nor with SBL3: it is not one, or of another version")?;
        let bits = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
        if !BITS.contains(&bits) {
            return Err(format!("weights: {bits} bits, not {} to {}", BITS.start(), BITS.end()).into());
        }
        let expected = 1_usize << bits;
        if body.len() != expected {
            return Err(format!("weights: {bits} bits need {expected} bytes of weights, not {}", body.len()).into());
        }
        let (bias, scale) = (float(header, 8), float(header, 16));
        if !(bias.is_finite() && scale.is_finite()) {
            return Err(Error::from("weights: the bias or the scale is not a finite number"));
        }
        Ok(Self { inputs, bits, bias, scale, values: body.iter().map(|byte| byte.cast_signed()).collect() })
    }

    /// The file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES + self.values.len());
        bytes.extend_from_slice(self.inputs.magic());
        bytes.extend_from_slice(&self.bits.to_le_bytes());
        bytes.extend_from_slice(&self.bias.to_le_bytes());
        bytes.extend_from_slice(&self.scale.to_le_bytes());
        bytes.extend(self.values.iter().map(|value| value.cast_unsigned()));
        bytes
    }

    /// Whose features they are of.
    pub fn inputs(&self) -> Inputs {
        self.inputs
    }

    /// How many bits an index has.
    pub fn bits(&self) -> u32 {
        self.bits
    }

    /// The log-odds of a message of which nothing is known.
    pub fn bias(&self) -> f64 {
        self.bias
    }

    /// What the sum of weights is multiplied by.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// The weight of every index.
    pub fn values(&self) -> &[i8] {
        &self.values
    }

    /// The index of a feature that the host hashed: its top bits.
    #[inline(always)]
    pub fn index(&self, feature: u32) -> usize {
        (feature >> (u32::BITS - self.bits)) as usize
    }

    /// The sum of the weights of features that the host hashed.
    ///
    /// Eight to a turn: in the sandbox each turn of a loop pays for the host's interruption check.
    pub fn sum(&self, features: &[u32]) -> f64 {
        let weight = |feature: u32| self.values.get(self.index(feature)).map_or(0, |weight| i64::from(*weight));
        let (eights, rest) = features.as_chunks::<8>();
        let mut sum = 0;
        for &[a, b, c, d, e, f, g, h] in eights {
            sum += weight(a) + weight(b) + weight(c) + weight(d) + weight(e) + weight(f) + weight(g) + weight(h);
        }
        for &feature in rest {
            sum += weight(feature);
        }
        sum as f64
    }
}

fn float(header: &[u8; HEADER_BYTES], at: usize) -> f64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&header[at..at + 8]);
    f64::from_le_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Weights {
        Weights::new(Inputs::Text, -0.5, 1.25, &(0..256).map(|i| i as f32 / 8.0 - 3.0).collect::<Vec<_>>())
    }

    fn error(data: &[u8]) -> String {
        Weights::parse(data).unwrap_err().to_string()
    }

    #[test]
    fn what_is_written_is_read() {
        for inputs in [Inputs::Text, Inputs::Words] {
            let weights = Weights { inputs, ..sample() };
            assert_eq!(Weights::parse(&weights.to_bytes()), Ok(weights));
        }
    }

    #[test]
    fn weights_are_rounded_to_steps_of_the_largest() {
        let weights = Weights::new(Inputs::Text, 0.0, 2.0, &[0.0, 12.7, -12.7, 0.04, -0.06, 6.36, 0.0, 0.0]);
        assert_eq!(weights.values(), [0, 127, -127, 0, -1, 64, 0, 0]);
        assert!((weights.scale() - 0.2).abs() < 1e-6, "{}", weights.scale());
        assert_eq!(Weights::new(Inputs::Text, 0.0, 2.0, &[0.0, 0.0]).values(), [0, 0]);
    }

    #[test]
    #[should_panic(expected = "not a finite number")]
    fn a_weight_that_is_no_number_is_not_rounded_away() {
        Weights::new(Inputs::Text, 0.0, 1.0, &[0.5, f32::NAN]);
    }

    #[test]
    fn the_top_bits_of_a_feature_say_which_weight_it_has() {
        let weights = Weights::new(Inputs::Words, 0.0, 1.0, &(0..256).map(|i| i as f32 - 128.0).collect::<Vec<_>>());
        for count in [0, 1, 7, 8, 9, 40] {
            let features: Vec<u32> = (0..count).map(|i: u32| (i * 37 % 256) << 24 | 0xAB_CDEF).collect();
            let expected: i32 =
                features.iter().map(|feature| i32::from(weights.values()[(feature >> 24) as usize])).sum();
            assert_eq!(weights.sum(&features), f64::from(expected), "{count} features");
        }
        assert_eq!(weights.sum(&[u32::MAX]), f64::from(weights.values()[255]));
    }

    #[test]
    fn every_defect_is_named() {
        let good = sample().to_bytes();
        assert_eq!(error(b""), "weights: 0 bytes are too few for a header");
        assert!(error(&[b"PK", &good[2..]].concat()).contains("starts neither with SBL2 nor"));
        assert!(error(&good[..good.len() - 1]).contains("need 256 bytes of weights, not 255"));
        assert!(error(&[&good[..], &[0]].concat()).contains("not 257"));
        let mut bits = good.clone();
        bits[4] = 77;
        assert_eq!(error(&bits), "weights: 77 bits, not 8 to 24");
        for at in [8, 16] {
            let mut bad = good.clone();
            bad[at..at + 8].fill(0xFF);
            assert!(error(&bad).contains("not a finite number"), "at {at}");
        }
    }
}
