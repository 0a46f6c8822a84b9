//! Errors of packing and training.

use serde_json::json;
use switchback_pack::PackError;
use switchback_train::TrainError;

use super::{Described, Exception};

impl Exception for PackError {
    fn described(&self) -> Described {
        let described = Described::new("PackError", self).with("is_guest_fault", self.is_guest_fault());
        match self {
            // What is wrong with an ONNX file is told apart.
            Self::Onnx { source, .. } => described.with("onnx", Described::new("", source).kind),
            _ => described,
        }
    }
}

impl Exception for TrainError {
    fn described(&self) -> Described {
        let described = Described::new("TrainError", self);
        match self {
            Self::Empty(label) | Self::NothingHeldOut(label) => described.with("label", json!(label)),
            Self::TooFew { label, campaigns, read } => {
                described.with("label", json!(label)).with("campaigns", *campaigns).with("read", *read)
            }
            Self::SameMail { both, read } => described.with("both", *both).with("read", *read),
            Self::Pack(error) => error.described(),
            Self::Setting(_) => Described::new("InvalidValue", self),
            _ => described,
        }
    }
}
