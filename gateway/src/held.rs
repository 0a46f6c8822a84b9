//! Mail that is held here.

use switchback::Verdict;
use thiserror::Error;

use crate::config::HeldConfig;
use crate::mail::{Direction, Transaction};

/// Why a message cannot be held.
#[derive(Debug, Error)]
#[error("mail cannot be held yet")]
#[non_exhaustive]
pub struct HoldError {}

#[derive(Debug)]
pub struct Spool;

impl Spool {
    pub fn open(_: &HeldConfig) -> Result<Self, HoldError> {
        Ok(Self)
    }

    pub fn hold(&self, _: &Transaction, _: &[u8], _: &str, _: Direction, _: &Verdict) -> Result<(), HoldError> {
        Err(HoldError {})
    }
}
