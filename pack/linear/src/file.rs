//! The file: what training writes and a guest's `prepare` reads.
//!
//! Little endian: `SBK1`, the kinds (`u8`), the bits (`u8`), the number of known features of the structure (`u16`), bias and scale
//! (`f64`); of each known feature its number (`u32`, rising), its weight in steps (`f32`), the length of its name (`u8`) and the
//! name; the number of names of features of text (`u16`), and of each the feature (`u32`, rising), the length of the name (`u8`) and
//! the name; and 2<sup>bits</sup> weights (`i8`).

use crate::kinds::Kinds;
use crate::model::{BITS, Model};
use crate::names::Names;
use crate::structure::{Known, Structure};

/// What a file starts with. The digit is the format's version.
const MAGIC: &[u8; 4] = b"SBK1";

/// Why bytes are no model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidModel {
    /// It does not begin as one.
    #[error("the model does not start with SBK1: it is of another kind, or of another version")]
    Magic,
    /// It ends too early.
    #[error("the model is cut short")]
    Short,
    /// Something follows.
    #[error("the model has {0} bytes more than it says")]
    Long(usize),
    /// A value is out of its range.
    #[error("the model's {0} is out of its range")]
    Range(&'static str),
}

impl Model {
    /// The file.
    ///
    /// # Panics
    /// If more than 65,535 features of the structure are known, or have names.
    pub fn to_bytes(&self) -> Vec<u8> {
        let known = self.structure.known();
        assert!(known.len() <= usize::from(u16::MAX), "{} features of the structure are too many", known.len());
        let mut bytes = MAGIC.to_vec();
        bytes.extend([self.kinds.byte(), self.bits as u8]);
        bytes.extend((known.len() as u16).to_le_bytes());
        bytes.extend([self.bias, self.scale].map(f64::to_le_bytes).concat());
        for one in known {
            bytes.extend(one.feature.to_le_bytes());
            bytes.extend(one.weight.to_le_bytes());
            bytes.push(one.name.len() as u8);
            bytes.extend(one.name.as_bytes());
        }
        let names = self.names.named();
        assert!(names.len() <= usize::from(u16::MAX), "{} names are too many", names.len());
        bytes.extend((names.len() as u16).to_le_bytes());
        for (feature, name) in names {
            bytes.extend(feature.to_le_bytes());
            bytes.push(name.len() as u8);
            bytes.extend(name.as_bytes());
        }
        bytes.extend(self.values.iter().map(|value| value.cast_unsigned()));
        bytes
    }

    /// Reads a file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidModel> {
        let mut rest = Rest(bytes);
        if rest.take()? != *MAGIC {
            return Err(InvalidModel::Magic);
        }
        let [kinds, bits] = rest.take()?;
        let kinds = Kinds::of_byte(kinds).ok_or(InvalidModel::Range("set of kinds"))?;
        let bits =
            Some(u32::from(bits)).filter(|bits| BITS.contains(bits)).ok_or(InvalidModel::Range("number of bits"))?;
        let count = u16::from_le_bytes(rest.take()?);
        let (bias, scale) = (rest.float("bias")?, rest.float("scale")?);
        let mut known = Vec::new();
        for _ in 0..count {
            let feature = u32::from_le_bytes(rest.take()?);
            let weight = f32::from_le_bytes(rest.take()?);
            let name = rest.name()?;
            if !weight.is_finite() || known.last().is_some_and(|last: &Known| last.feature >= feature) {
                return Err(InvalidModel::Range("list of known features"));
            }
            known.push(Known { feature, weight, name });
        }
        let mut named = Vec::new();
        for _ in 0..u16::from_le_bytes(rest.take()?) {
            named.push((u32::from_le_bytes(rest.take()?), rest.name()?));
        }
        if named.windows(2).any(|pair| pair[0].0 >= pair[1].0) {
            return Err(InvalidModel::Range("list of names"));
        }
        let values = rest.slice(1 << bits)?.iter().map(|byte| byte.cast_signed()).collect();
        match rest.0.len() {
            0 => {
                let structure = Structure::new(known);
                let model =
                    Self { kinds, bits, bias, scale, values, structure, names: Names::default(), loud: u8::MAX };
                Ok(model.with_names(Names::new(named)))
            }
            more => Err(InvalidModel::Long(more)),
        }
    }
}

/// What is not read yet.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], InvalidModel> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(InvalidModel::Short)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn slice(&mut self, length: usize) -> Result<&'a [u8], InvalidModel> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(InvalidModel::Short)?;
        self.0 = rest;
        Ok(taken)
    }

    fn name(&mut self) -> Result<String, InvalidModel> {
        let [length] = self.take()?;
        let name = str::from_utf8(self.slice(length.into())?).map_err(|_| InvalidModel::Range("name of a feature"))?;
        Ok(name.to_owned())
    }

    fn float(&mut self, name: &'static str) -> Result<f64, InvalidModel> {
        Some(f64::from_le_bytes(self.take()?)).filter(|value| value.is_finite()).ok_or(InvalidModel::Range(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Model {
        let known = |feature, weight, name: &str| Known { feature, weight, name: name.to_owned() };
        let structure = Structure::new(vec![known(9, 2.0, "field:to"), known(4, -1.5, "")]);
        let model =
            Model::new(Kinds::ALL, -0.5, &(0..256).map(|i| i as f32 / 8.0 - 3.0).collect::<Vec<_>>(), structure);
        model.named(Names::new(vec![(7, "pills".to_owned()), (1 << 31, "now".to_owned())]))
    }

    #[test]
    fn what_is_written_is_read() {
        assert_eq!(Model::parse(&sample().to_bytes()), Ok(sample()));
    }

    #[test]
    fn every_defect_is_named() {
        let good = sample().to_bytes();
        for length in 0..good.len() {
            assert_eq!(Model::parse(&good[..length]), Err(InvalidModel::Short), "{length} bytes");
        }
        assert_eq!(Model::parse(&[&good[..], &[0, 0]].concat()), Err(InvalidModel::Long(2)));
        let changed = |at: usize, byte: u8| {
            let mut bytes = good.clone();
            bytes[at] = byte;
            Model::parse(&bytes).unwrap_err()
        };
        assert_eq!(changed(0, b'X'), InvalidModel::Magic);
        assert_eq!(changed(4, 2), InvalidModel::Range("set of kinds"));
        assert_eq!(changed(5, 77), InvalidModel::Range("number of bits"));
        for (at, name) in [(8, "bias"), (16, "scale")] {
            let mut bytes = good.clone();
            bytes[at..at + 8].fill(0xFF);
            assert_eq!(Model::parse(&bytes), Err(InvalidModel::Range(name)));
        }
        // The first known feature is 4; as 200 it would not be in order.
        assert_eq!(changed(24, 200), InvalidModel::Range("list of known features"));
    }
}
