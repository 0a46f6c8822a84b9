//! [`Tensor`]: numbers and their shape.

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// Numbers in row-major order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tensor {
    /// The length of each axis; none for a single number.
    pub shape: Vec<usize>,
    /// As many as the shape says.
    pub values: Values,
}

/// The numbers of a [`Tensor`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Values {
    /// 32-bit floating point.
    F32(#[serde(with = "little_endian")] Vec<f32>),
    /// Integers of any width, and booleans as 0 and 1.
    I64(#[serde(with = "little_endian")] Vec<i64>),
    /// Weights of one byte.
    I8(#[serde(with = "little_endian")] Vec<i8>),
    /// Weights of one byte without a sign.
    U8(#[serde(with = "little_endian")] Vec<u8>),
}

impl Values {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::F32(values) => values.len(),
            Self::I64(values) => values.len(),
            Self::I8(values) => values.len(),
            Self::U8(values) => values.len(),
        }
    }
}

/// Calls a generic function with the numbers of a tensor, and makes a tensor of what it returns.
macro_rules! each_type {
    ($values:expr, $slice:ident => $body:expr) => {
        match $values {
            $crate::tensor::Values::F32($slice) => $crate::tensor::Values::F32($body),
            $crate::tensor::Values::I64($slice) => $crate::tensor::Values::I64($body),
            $crate::tensor::Values::I8($slice) => $crate::tensor::Values::I8($body),
            $crate::tensor::Values::U8($slice) => $crate::tensor::Values::U8($body),
        }
    };
}
pub(crate) use each_type;

impl Tensor {
    /// A tensor of floats.
    pub fn floats(shape: &[usize], values: Vec<f32>) -> Self {
        Self { shape: shape.to_vec(), values: Values::F32(values) }
    }

    /// A tensor of integers.
    pub fn integers(shape: &[usize], values: Vec<i64>) -> Self {
        Self { shape: shape.to_vec(), values: Values::I64(values) }
    }

    /// How many numbers the shape says there are.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The numbers, if they are floats.
    ///
    /// # Errors
    /// [`Error::Type`], if they are not.
    pub fn as_floats(&self) -> Result<&[f32], Error> {
        match &self.values {
            Values::F32(values) => Ok(values),
            _ => Err(Error::Type { wanted: "floats" }),
        }
    }

    /// The numbers, if they are integers.
    ///
    /// # Errors
    /// [`Error::Type`], if they are not.
    pub fn as_integers(&self) -> Result<&[i64], Error> {
        match &self.values {
            Values::I64(values) => Ok(values),
            _ => Err(Error::Type { wanted: "integers" }),
        }
    }

    /// The same numbers in another shape, in which one length may be -1: what the others leave.
    ///
    /// # Errors
    /// [`Error::Shape`], if there are more or fewer numbers than the shape says.
    pub fn reshaped(&self, to: &[i64]) -> Result<Self, Error> {
        let known = to.iter().filter_map(|length| usize::try_from(*length).ok()).product();
        let left = self.len().checked_div(known).unwrap_or(0);
        let shape = to.iter().map(|length| usize::try_from(*length).unwrap_or(left)).collect();
        let reshaped = Self { shape, values: self.values.clone() };
        reshaped.check()?;
        Ok(reshaped)
    }

    /// Refuses a tensor that has more or fewer numbers than its shape says.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let count = self.shape.iter().try_fold(1_usize, |count, length| count.checked_mul(*length));
        if count == Some(self.values.len()) {
            Ok(())
        } else {
            Err(Error::Shape("there are more or fewer numbers than a shape says"))
        }
    }
}

/// Numbers as bytes: one block, which is read into memory of the right size at once.
mod little_endian {
    use serde::de::{Error, Visitor};
    use serde::{Deserializer, Serializer};
    use std::fmt;
    use std::marker::PhantomData;

    pub(super) trait Number: Copy {
        const BYTES: usize;
        fn write(self, to: &mut Vec<u8>);
        fn read(from: &[u8]) -> Self;
    }

    macro_rules! numbers {
        ($($number:ty),*) => {$(
            impl Number for $number {
                const BYTES: usize = size_of::<Self>();

                fn write(self, to: &mut Vec<u8>) {
                    to.extend_from_slice(&self.to_le_bytes());
                }

                fn read(from: &[u8]) -> Self {
                    Self::from_le_bytes(from.first_chunk().copied().unwrap_or_default())
                }
            }
        )*};
    }
    numbers!(f32, i64, i8, u8);

    pub(super) fn serialize<N: Number, S: Serializer>(numbers: &[N], serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::with_capacity(numbers.len() * N::BYTES);
        numbers.iter().for_each(|number| number.write(&mut bytes));
        serializer.serialize_bytes(&bytes)
    }

    pub(super) fn deserialize<'de, N: Number, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<N>, D::Error> {
        struct Bytes<N>(PhantomData<N>);

        impl<N: Number> Visitor<'_> for Bytes<N> {
            type Value = Vec<N>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("numbers as bytes")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<N>, E> {
                let numbers = bytes.chunks_exact(N::BYTES);
                if !numbers.remainder().is_empty() {
                    return Err(E::custom("a number that is cut"));
                }
                Ok(numbers.map(N::read).collect())
            }
        }

        deserializer.deserialize_bytes(Bytes(PhantomData))
    }
}
