//! Linear models.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::ops::einsum::EinSum;
use tract_onnx::tract_core::ops::math;
use tract_onnx::tract_hir::internal::*;

use super::{Lowered, Post, RowOp, row};
use crate::attributes::Attributes as _;
use crate::wires::Wires;

#[derive(Debug, Clone)]
struct Linear {
    /// A row for each score.
    coefficients: Vec<f32>,
    /// One for each score, or none.
    intercepts: Vec<f32>,
    scores: usize,
    post: Post,
}

pub(super) fn classifier(_: &ParsingContext<'_>, node: &NodeProto) -> Lowered {
    let intercepts = node.floats("intercepts");
    let classes = node.integers("classlabels_ints").len().max(node.texts("classlabels_strings").len());
    let scores = if intercepts.is_empty() { classes } else { intercepts.len() };
    let post = match (scores, classes, Post::of(node)?) {
        (1, 2, Post::Logistic) => Post::LogisticPair,
        (1, 2, _) => bail!("it has one score for two classes, which is known with the post_transform LOGISTIC alone"),
        (_, _, post) => post,
    };
    linear(node, scores, post)
}

pub(super) fn regressor(_: &ParsingContext<'_>, node: &NodeProto) -> Lowered {
    let targets = usize::try_from(node.integer("targets").unwrap_or(1))?;
    linear(node, targets, Post::of(node)?)
}

fn linear(node: &NodeProto, scores: usize, post: Post) -> Lowered {
    let (coefficients, intercepts) = (node.floats("coefficients").to_vec(), node.floats("intercepts").to_vec());
    ensure!(
        scores > 0 && !coefficients.is_empty() && coefficients.len() % scores == 0,
        "its coefficients are no rows of one length"
    );
    ensure!(intercepts.is_empty() || intercepts.len() == scores, "it has not one intercept for each score");
    row(Linear { coefficients, intercepts, scores, post })
}

impl RowOp for Linear {
    const NAME: &'static str = "Linear";

    fn width(&self) -> Option<usize> {
        Some(self.post.width(self.scores))
    }

    fn wire(&self, wires: &mut Wires<'_>, row: OutletId) -> TractResult<OutletId> {
        let coefficients = wires.matrix(self.scores, &self.coefficients)?;
        let product = EinSum::new("mk,nk->mn".parse()?, f32::datum_type());
        let mut scores = wires.op(product, &[row, coefficients])?;
        if !self.intercepts.is_empty() {
            let intercepts = wires.row(&self.intercepts)?;
            scores = wires.op(math::add(), &[scores, intercepts])?;
        }
        self.post.wire(wires, scores)
    }
}
