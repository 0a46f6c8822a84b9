//! [`Weights`]: the file that training writes and the initialiser reads.

use switchback_guest::Error;

/// What a file starts with. The digit is the format's version.
const MAGIC: [u8; 4] = *b"SBL2";

/// The bytes before the weights: magic, bits, bias, scale.
const HEADER_BYTES: usize = 4 + 4 + 8 + 8;

/// The fewest and the most bits of an index that a file may have: 256 bytes to 16 MiB of weights.
const BITS: std::ops::RangeInclusive<u32> = 8..=24;

/// A linear model's parameters.
///
/// Weights are bytes. After each message the sandbox looks through the model's memory for what was written, so a model
/// that is a quarter of the size is also sooner ready for the next message.
///
/// As a file, little endian: `SBL2`, bits (`u32`), bias (`f64`), scale (`f64`), and 2<sup>bits</sup> weights (`i8`).
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
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
    pub fn new(bias: f64, scale: f64, values: &[f32]) -> Self {
        assert!(values.len().is_power_of_two(), "{} weights are not a power of two", values.len());
        assert!(values.iter().all(|value| value.is_finite()), "a weight is not a finite number");
        let largest = values.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
        let step = if largest > 0.0 { f64::from(largest) / f64::from(i8::MAX) } else { 1.0 };
        let rounded = values.iter().map(|value| (f64::from(*value) / step).round() as i8).collect();
        Self { bits: values.len().ilog2(), bias, scale: scale * step, values: rounded }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// What is wrong with it: another format, cut short, too long, or a number that is none.
    pub fn parse(data: &[u8]) -> Result<Self, Error> {
        let Some((header, body)) = data.split_first_chunk::<HEADER_BYTES>() else {
            return Err(format!("weights: {} bytes are too few for a header", data.len()).into());
        };
        if header[..4] != MAGIC {
            return Err(Error::from(
                "weights: the file does not start with SBL2: it is not one, or of another version",
            ));
        }
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
        Ok(Self { bits, bias, scale, values: body.iter().map(|byte| byte.cast_signed()).collect() })
    }

    /// The file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES + self.values.len());
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&self.bits.to_le_bytes());
        bytes.extend_from_slice(&self.bias.to_le_bytes());
        bytes.extend_from_slice(&self.scale.to_le_bytes());
        bytes.extend(self.values.iter().map(|value| value.cast_unsigned()));
        bytes
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
        Weights::new(-0.5, 1.25, &(0..256).map(|i| i as f32 / 8.0 - 3.0).collect::<Vec<_>>())
    }

    fn error(data: &[u8]) -> String {
        Weights::parse(data).unwrap_err().to_string()
    }

    #[test]
    fn what_is_written_is_read() {
        assert_eq!(Weights::parse(&sample().to_bytes()), Ok(sample()));
    }

    #[test]
    fn weights_are_rounded_to_steps_of_the_largest() {
        let weights = Weights::new(0.0, 2.0, &[0.0, 12.7, -12.7, 0.04, -0.06, 6.36, 0.0, 0.0]);
        assert_eq!(weights.values(), [0, 127, -127, 0, -1, 64, 0, 0]);
        assert!((weights.scale() - 0.2).abs() < 1e-6, "{}", weights.scale());
        assert_eq!(Weights::new(0.0, 2.0, &[0.0, 0.0]).values(), [0, 0]);
    }

    #[test]
    #[should_panic(expected = "not a finite number")]
    fn a_weight_that_is_no_number_is_not_rounded_away() {
        Weights::new(0.0, 1.0, &[0.5, f32::NAN]);
    }

    #[test]
    fn every_defect_is_named() {
        let good = sample().to_bytes();
        assert_eq!(error(b""), "weights: 0 bytes are too few for a header");
        assert!(error(&[b"PK", &good[2..]].concat()).contains("does not start with SBL2"));
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
