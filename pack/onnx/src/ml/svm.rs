//! Support vector machines.

use switchback_onnx_graph::Operator;
use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::ops::binary::TypedBinOp;
use tract_onnx::tract_core::ops::einsum::EinSum;
use tract_onnx::tract_core::ops::logic::{self, Iff};
use tract_onnx::tract_core::ops::math;
use tract_onnx::tract_core::ops::nn::{Reduce, Reducer};
use tract_onnx::tract_hir::internal::*;

use super::{Lowered, Post, RowOp, row};
use crate::attributes::Attributes as _;
use crate::wires::Wires;

/// How near a row is to a support vector.
#[derive(Debug, Clone, Copy)]
enum Kernel {
    Poly { gamma: f32, coef0: f32, degree: f32 },
    Rbf { gamma: f32 },
    Sigmoid { gamma: f32, coef0: f32 },
}

/// The rows that another one is compared with.
#[derive(Debug, Clone)]
struct Vectors {
    kernel: Kernel,
    /// Row by row.
    numbers: Vec<f32>,
    count: usize,
}

/// A machine; without vectors it is a linear model.
#[derive(Debug, Clone)]
struct Machine {
    vectors: Option<Vectors>,
    /// For each score a row, of a number for each vector or, without vectors, for each number of what is scored.
    coefficients: Vec<f32>,
    /// One for each score.
    intercepts: Vec<f32>,
    answer: Answer,
}

/// What becomes of the scores.
#[derive(Debug, Clone)]
enum Answer {
    Scores(Post),
    /// Whether a row is one of those that were learned from: 1 or -1.
    OneClass,
    /// Of scores of pairs of classes, by a logistic function of each (Platt), the probabilities of so many classes.
    Probabilities {
        slopes: Vec<f32>,
        offsets: Vec<f32>,
        classes: usize,
        post: Post,
    },
}

/// The probabilities of a pair that there can be, as in onnxruntime.
const PROBABILITY_MIN: f32 = 1e-7;

pub(super) fn classifier(_: &ParsingContext<'_>, node: &NodeProto) -> Lowered {
    let classes = node.integers("classlabels_ints").len().max(node.texts("classlabels_strings").len());
    ensure!(classes >= 2, "it has {classes} classes");
    let (rho, coefficients) = (node.floats("rho"), node.floats("coefficients"));
    let sizes: Vec<usize> =
        node.integers("vectors_per_class").iter().map(|size| usize::try_from(*size)).collect::<Result<_, _>>()?;
    let count = sizes.iter().sum::<usize>();
    if count == 0 {
        let intercept = *rho.first().context("it has no rho")?;
        return machine(node, 0, coefficients.to_vec(), vec![intercept; classes], Answer::Scores(Post::of(node)?));
    }
    ensure!(sizes.len() == classes, "it has vectors of {} classes, and {classes} labels", sizes.len());
    ensure!(
        coefficients.len() == (classes - 1) * count,
        "its coefficients are not one for each vector and other class"
    );
    let (slopes, offsets, post) = (node.floats("prob_a"), node.floats("prob_b"), Post::of(node)?);
    let pairs = classes * (classes - 1) / 2;
    ensure!(rho.len() == pairs, "it has not one rho for each pair of classes");
    let answer = match (classes, post) {
        _ if !slopes.is_empty() => {
            ensure!(
                slopes.len() == pairs && offsets.len() == pairs,
                "it has not one of prob_a and prob_b for each pair of classes"
            );
            Answer::Probabilities { slopes: slopes.to_vec(), offsets: offsets.to_vec(), classes, post }
        }
        (2, Post::None) => Answer::Scores(Post::Opposite),
        (2, _) => bail!("it has one score for two classes, which is known without a post_transform alone"),
        (_, post) => Answer::Scores(post),
    };
    machine(node, count, of_pairs(&sizes, coefficients), rho.to_vec(), answer)
}

pub(super) fn regressor(_: &ParsingContext<'_>, node: &NodeProto) -> Lowered {
    let count = usize::try_from(node.integer("n_supports").unwrap_or(0))?;
    let intercept = *node.floats("rho").first().context("it has no rho")?;
    let answer =
        if node.integer("one_class").unwrap_or(0) != 0 { Answer::OneClass } else { Answer::Scores(Post::None) };
    machine(node, count, node.floats("coefficients").to_vec(), vec![intercept], answer)
}

/// The coefficients of each pair of classes, one for each vector: of vectors of another class, 0. In the file, a class's vectors
/// have one for each other class.
fn of_pairs(sizes: &[usize], coefficients: &[f32]) -> Vec<f32> {
    let class_of: Vec<usize> =
        sizes.iter().enumerate().flat_map(|(class, size)| std::iter::repeat_n(class, *size)).collect();
    let count = class_of.len();
    let pairs = (0..sizes.len()).flat_map(|first| (first + 1..sizes.len()).map(move |second| (first, second)));
    let of_pair = |(first, second): (usize, usize)| {
        class_of.iter().enumerate().map(move |(vector, class)| match *class {
            class if class == first => coefficients[(second - 1) * count + vector],
            class if class == second => coefficients[first * count + vector],
            _ => 0.0,
        })
    };
    pairs.flat_map(of_pair).collect()
}

/// The coefficients of the numbers of a row, in the place of those of vectors that it would be multiplied by.
fn of_numbers(vectors: &[f32], count: usize, coefficients: &[f32]) -> Vec<f32> {
    let width = vectors.len() / count;
    let of_score = |coefficients: &[f32]| {
        let mut sums = vec![0.0_f64; width];
        for (vector, coefficient) in vectors.chunks_exact(width.max(1)).zip(coefficients) {
            sums.iter_mut().zip(vector).for_each(|(sum, number)| *sum += f64::from(*coefficient) * f64::from(*number));
        }
        sums.into_iter().map(|sum| sum as f32).collect::<Vec<_>>()
    };
    coefficients.chunks_exact(count).flat_map(of_score).collect()
}

fn machine(node: &NodeProto, count: usize, coefficients: Vec<f32>, intercepts: Vec<f32>, answer: Answer) -> Lowered {
    let &[gamma, coef0, degree] = match node.floats("kernel_params") {
        [] => &[0.0, 0.0, 0.0],
        parameters => parameters.first_chunk::<3>().context("its kernel_params are not gamma, coef0 and degree")?,
    };
    let kernel = match &*node.text("kernel_type") {
        "" | "LINEAR" => None,
        "POLY" => Some(Kernel::Poly { gamma, coef0, degree }),
        "RBF" => Some(Kernel::Rbf { gamma }),
        "SIGMOID" => Some(Kernel::Sigmoid { gamma, coef0 }),
        other => bail!("its kernel_type is {other}, and LINEAR, POLY, RBF and SIGMOID are known"),
    };
    if count == 0 {
        let is_whole = !coefficients.is_empty() && coefficients.len().is_multiple_of(intercepts.len());
        ensure!(is_whole, "its coefficients are no rows of one length");
        return row(Machine { vectors: None, coefficients, intercepts, answer });
    }
    let numbers = node.floats("support_vectors").to_vec();
    ensure!(
        !numbers.is_empty() && numbers.len().is_multiple_of(count),
        "its support_vectors are no rows of one length"
    );
    ensure!(coefficients.len() == count * intercepts.len(), "its coefficients are not one for each score and vector");
    row(match kernel {
        Some(kernel) => Machine { vectors: Some(Vectors { kernel, numbers, count }), coefficients, intercepts, answer },
        None => Machine { vectors: None, coefficients: of_numbers(&numbers, count, &coefficients), intercepts, answer },
    })
}

impl RowOp for Machine {
    const NAME: &'static str = "SVM";

    fn width(&self) -> Option<usize> {
        Some(match &self.answer {
            Answer::Scores(post) => post.width(self.intercepts.len()),
            Answer::OneClass => 1,
            Answer::Probabilities { classes, .. } => *classes,
        })
    }

    fn wire(&self, wires: &mut Wires<'_>, row: OutletId) -> TractResult<OutletId> {
        let near = match &self.vectors {
            Some(vectors) => vectors.wire(wires, row)?,
            None => row,
        };
        let coefficients = wires.matrix(self.intercepts.len(), &self.coefficients)?;
        let scores = wires.op(MachineOp::Scores(self.intercepts.len()), &[near, coefficients])?;
        let intercepts = wires.row(&self.intercepts)?;
        let scores = wires.op(math::add(), &[scores, intercepts])?;
        match &self.answer {
            Answer::Scores(post) => post.wire(wires, scores),
            Answer::OneClass => {
                let [zero, one, other] = [0.0, 1.0, -1.0].map(|number| wires.row(&[number]));
                let is_one = wires.op(TypedBinOp(logic::comp_gt(), None), &[scores, zero?])?;
                wires.op(Iff, &[is_one, one?, other?])
            }
            Answer::Probabilities { slopes, offsets, classes, post } => {
                let (slopes, offsets) = (wires.row(slopes)?, wires.row(offsets)?);
                let line = wires.op(math::mul(), &[scores, slopes])?;
                let line = wires.op(math::add(), &[line, offsets])?;
                let line = wires.op(math::neg(), &[line])?;
                let pairs = wires.sigmoid(line)?;
                let [least, most] = [PROBABILITY_MIN, 1.0 - PROBABILITY_MIN].map(|number| wires.row(&[number]));
                let pairs = wires.op(math::max(), &[pairs, least?])?;
                let pairs = wires.op(math::min(), &[pairs, most?])?;
                let probabilities = wires.op(MachineOp::Coupling(*classes), &[pairs])?;
                post.wire(wires, probabilities)
            }
        }
    }
}

impl Vectors {
    /// Adds what the kernel makes of a row and each vector.
    fn wire(&self, wires: &mut Wires<'_>, row: OutletId) -> TractResult<OutletId> {
        let vectors = wires.matrix(self.count, &self.numbers)?;
        let line = |wires: &mut Wires<'_>, gamma: f32, coef0: f32| {
            let product = wires.op(EinSum::new("mk,nk->mn".parse()?, f32::datum_type()), &[row, vectors])?;
            let (gamma, coef0) = (wires.row(&[gamma])?, wires.row(&[coef0])?);
            let scaled = wires.op(math::mul(), &[product, gamma])?;
            wires.op(math::add(), &[scaled, coef0])
        };
        match self.kernel {
            Kernel::Poly { gamma, coef0, degree } => {
                let (line, degree) = (line(wires, gamma, coef0)?, wires.row(&[degree])?);
                wires.op(math::pow(), &[line, degree])
            }
            Kernel::Sigmoid { gamma, coef0 } => {
                let line = line(wires, gamma, coef0)?;
                wires.op(math::tanh(), &[line])
            }
            Kernel::Rbf { gamma } => {
                let apart = wires.op(math::sub(), &[row, vectors])?;
                let squares = wires.op(math::mul(), &[apart, apart])?;
                let distances = wires.op(Reduce { axes: tvec!(1), reducer: Reducer::Sum }, &[squares])?;
                let distances = wires.op(AxisOp::Move(0, 1), &[distances])?;
                let gamma = wires.row(&[-gamma])?;
                let scaled = wires.op(math::mul(), &[distances, gamma])?;
                wires.op(math::exp(), &[scaled])
            }
        }
    }
}

/// What a machine needs that tract has not; each makes a row of so many numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MachineOp {
    /// A row times so many rows of weights, with sums of 64 bits: there may be thousands of vectors, whose parts nearly cancel.
    Scores(usize),
    /// The probabilities of so many classes, of those of pairs of them.
    Coupling(usize),
}

impl MachineOp {
    /// The guest's operator.
    pub(crate) fn operator(&self) -> Operator {
        match self {
            Self::Scores(_) => Operator::Scores,
            Self::Coupling(classes) => Operator::Coupling { classes: *classes },
        }
    }
}

impl Op for MachineOp {
    fn name(&self) -> StaticName {
        "Machine".into()
    }

    op_as_typed_op!();
}

impl EvalOp for MachineOp {
    not_out_of_plan!();
}

impl TypedOp for MachineOp {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        let (Self::Scores(width) | Self::Coupling(width)) = self;
        let [row, weights @ ..] = inputs else { bail!("a machine takes a row") };
        let fits = weights.iter().all(|weights| weights.rank() == 2 && weights.shape[1] == row.shape[1]);
        ensure!(row.rank() == 2 && fits, "its rows are of another length than its vectors");
        Ok(tvec!(f32::fact([1.to_dim(), width.to_dim()])))
    }

    as_op!();
}
