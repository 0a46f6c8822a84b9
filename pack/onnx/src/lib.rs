//! Turns an ONNX file into a model that Switchback's prebuilt guest runs.
//!
//! tract reads the file and simplifies it; what remains are the operators of [`switchback_onnx_graph`], which the guest
//! computes. The operators of classical machine learning, which tract lacks or computes otherwise than onnxruntime, are
//! ours. So the code that understands all of ONNX is not in the guest, and no toolchain is needed to pack a model.
//!
//! ```no_run
//! use switchback_onnx::{Bindings, OnnxFile};
//!
//! let converted = OnnxFile::read("model.onnx")?.convert(&Bindings::default())?;
//! println!("it reads {:?}", converted.reads);
//! # Ok::<(), switchback_onnx::Error>(())
//! ```
//!
//! # Inputs
//! Each input of the file is bound to something of a message, by [`Bindings`]. Without a binding,
//!
//! * an input of strings is what its name says: `subject`, `body`, `sender` or `from`, `links` or `urls`, `attachments`; and
//!   `text`, `message`, `input` and `X` are subject and body;
//! * one of one number is the fact of its name, one of 32 floats all facts;
//! * `input_ids`, `attention_mask` and `token_type_ids` are what `tokenizer.json`, beside the file, makes of subject and body;
//! * one of 256, 512, 1,024 .. floats counts the words that the host hashes, by their top bits.
//!
//! Everything else has to be bound.
//!
//! # The output
//! is the one that has probabilities: for one class, the unwanted one; for two, wanted and unwanted; for more, by the names
//! of the classes. What cannot be told from the file has to be said.
//!
//! # What holds
//! * **Scores are onnxruntime's**, to 1e-5: the tests compare exports of scikit-learn, LightGBM and XGBoost.
//! * **What is not known is refused**, all of it at once, with what to do.
//! * **A model is whole in itself**: weights in other files are taken in, from beside the ONNX file and nowhere else.
#![forbid(unsafe_code)]

mod attributes;
mod binding;
mod convert;
mod dense;
mod error;
mod file;
mod fuse;
mod inputs;
mod integers;
mod limits;
mod ml;
mod nodes;
mod operators;
mod other;
mod output;
mod prune;
mod quantised;
mod recurrent;
mod rewrite;
mod scan;
mod text;
mod tokenizer;
mod tokens;
mod translate;
mod windows;
mod wires;

pub use binding::{All, Bindings, Facts, Form, Input, Meaning, Output};
pub use convert::{Converted, OnnxFile};
pub use error::Error;
pub use file::weights_beside;
pub use limits::{FILE_BYTES_MAX, OPSETS, ROWS_MAX, TEXT_BYTES_MAX, TREE_NODES_MAX};
pub use operators::Unsupported;
pub use switchback_onnx_graph::{Field, Kind, Text};
