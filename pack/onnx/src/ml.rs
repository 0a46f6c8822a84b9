//! The operators of classical machine learning, which tract lacks or computes otherwise than onnxruntime: what they mean in
//! tract's terms, and trees as an operator of their own.

mod encoders;
mod linear;
mod scaling;
mod svm;
mod trees;

use tract_onnx::model::Onnx;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::ops::{cast, math, nn};
use tract_onnx::tract_hir::internal::*;

pub(crate) use encoders::Labels;
pub(crate) use svm::MachineOp;
pub(crate) use trees::TreesOp;

use crate::wires::Wires;

/// Those of the domain `ai.onnx.ml` that are known here; each takes one tensor and, once what nobody needs is gone, makes one.
pub(crate) const OPERATORS: [&str; 12] = [
    "Binarizer",
    "Imputer",
    "LabelEncoder",
    "LinearClassifier",
    "LinearRegressor",
    "Normalizer",
    "OneHotEncoder",
    "SVMClassifier",
    "SVMRegressor",
    "Scaler",
    "TreeEnsembleClassifier",
    "TreeEnsembleRegressor",
];

/// Those that answer a label and scores; only the scores are known here.
pub(crate) const CLASSIFIERS: [&str; 3] = ["LinearClassifier", "SVMClassifier", "TreeEnsembleClassifier"];

/// Teaches tract these operators.
pub(crate) fn register(onnx: &mut Onnx) {
    let register = &mut onnx.op_register;
    register.insert("Binarizer", scaling::binarizer);
    register.insert("Imputer", scaling::imputer);
    register.insert("LabelEncoder", encoders::label_encoder);
    register.insert("LinearClassifier", linear::classifier);
    register.insert("LinearRegressor", linear::regressor);
    register.insert("Normalizer", scaling::normalizer);
    register.insert("OneHotEncoder", encoders::one_hot_encoder);
    register.insert("SVMClassifier", svm::classifier);
    register.insert("SVMRegressor", svm::regressor);
    register.insert("Scaler", scaling::scaler);
    register.insert("TreeEnsembleClassifier", trees::classifier);
    register.insert("TreeEnsembleRegressor", trees::regressor);
}

/// An operator in tract's terms.
type Lowered = TractResult<(Box<dyn InferenceOp>, Vec<String>)>;

/// What an operator computes of a row of floats.
trait RowOp: std::fmt::Debug + Clone + Send + Sync + 'static {
    /// The operator's name.
    const NAME: &'static str;

    /// How many numbers it makes of a row; `None`: as many as there are.
    fn width(&self) -> Option<usize>;

    /// Adds what it is in tract's terms.
    fn wire(&self, wires: &mut Wires<'_>, row: OutletId) -> TractResult<OutletId>;
}

/// A [`RowOp`] as tract takes it.
#[derive(Debug, Clone)]
struct Row<O>(O);

fn row<O: RowOp>(operator: O) -> Lowered {
    Ok((expand(Row(operator)), vec![]))
}

impl<O: RowOp> Expansion for Row<O> {
    fn name(&self) -> StaticName {
        O::NAME.into()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        s: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        check_input_arity(inputs, 1)?;
        check_output_arity(outputs, 1)?;
        s.equals(&outputs[0].datum_type, f32::datum_type())?;
        s.equals(&inputs[0].rank, 2)?;
        s.equals(&outputs[0].rank, 2)?;
        s.equals(&outputs[0].shape[0], &inputs[0].shape[0])?;
        match self.0.width() {
            Some(width) => s.equals(&outputs[0].shape[1], width.to_dim()),
            None => s.equals(&outputs[0].shape[1], &inputs[0].shape[1]),
        }
    }

    fn wire(&self, prefix: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        let mut wires = Wires::new(prefix, model);
        let row = wires.op(cast::cast(f32::datum_type()), &[inputs[0]])?;
        Ok(tvec!(self.0.wire(&mut wires, row)?))
    }
}

/// What becomes of raw scores, as onnxruntime does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Post {
    /// Nothing.
    None,
    /// The logistic function of each.
    Logistic,
    /// Softmax.
    Softmax,
    /// Of one score: what is left of 1, and the score.
    Complement,
    /// Of one score: its opposite, and the score.
    Opposite,
    /// Of one score: the logistic function of its opposite, and of the score.
    LogisticPair,
}

impl Post {
    /// What a node's `post_transform` says of scores that are as many as there are classes.
    fn of(node: &NodeProto) -> TractResult<Self> {
        use crate::attributes::Attributes as _;
        match &*node.text("post_transform") {
            "" | "NONE" => Ok(Self::None),
            "LOGISTIC" => Ok(Self::Logistic),
            "SOFTMAX" => Ok(Self::Softmax),
            other => bail!("its post_transform is {other}, and NONE, LOGISTIC and SOFTMAX are known"),
        }
    }

    /// How many numbers it makes of so many.
    fn width(self, scores: usize) -> usize {
        match self {
            Self::Complement | Self::Opposite | Self::LogisticPair => 2 * scores,
            Self::None | Self::Logistic | Self::Softmax => scores,
        }
    }

    fn wire(self, wires: &mut Wires<'_>, scores: OutletId) -> TractResult<OutletId> {
        match self {
            Self::None => Ok(scores),
            Self::Logistic => wires.sigmoid(scores),
            Self::Softmax => wires.op(nn::Softmax { axes: tvec!(1), ..Default::default() }, &[scores]),
            Self::Complement => {
                let rest = wires.one_minus(scores)?;
                wires.beside(rest, scores)
            }
            Self::Opposite => {
                let opposite = wires.op(math::neg(), &[scores])?;
                wires.beside(opposite, scores)
            }
            Self::LogisticPair => {
                let pair = Self::Opposite.wire(wires, scores)?;
                wires.sigmoid(pair)
            }
        }
    }
}
