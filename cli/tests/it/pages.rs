//! What documents tell people to type is typed, in the order in which they tell it.

mod first_model;
mod onnx;
pub(crate) mod page;
mod place;
mod postfix;
mod readme;
mod scaffold;
mod serve;
mod server;
mod training;
