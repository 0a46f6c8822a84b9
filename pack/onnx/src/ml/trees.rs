//! Ensembles of trees: the lists of an ONNX file, put in order and checked.

use std::collections::HashMap;

use switchback_onnx_graph::{Aggregate, Mode, TreeNode, Trees, Weight};
use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_hir::internal::*;

use super::{Lowered, Post, RowOp, row};
use crate::attributes::Attributes as _;
use crate::limits::TREE_NODES_MAX;
use crate::wires::Wires;

/// An ensemble with what becomes of its scores.
#[derive(Debug, Clone)]
struct Ensemble {
    trees: Arc<Trees>,
    post: Post,
}

impl RowOp for Ensemble {
    const NAME: &'static str = "TreeEnsemble";

    fn width(&self) -> Option<usize> {
        Some(self.post.width(self.trees.targets))
    }

    fn wire(&self, wires: &mut Wires<'_>, row: OutletId) -> TractResult<OutletId> {
        let scores = wires.op(TreesOp(self.trees.clone()), &[row])?;
        self.post.wire(wires, scores)
    }
}

pub(super) fn classifier(_: &ParsingContext<'_>, node: &NodeProto) -> Lowered {
    let classes = node.integers("classlabels_int64s").len().max(node.texts("classlabels_strings").len());
    ensure!(classes >= 2, "it has {classes} classes");
    let lists = Lists::of(node, "class")?;
    let base = node.floats("base_values");
    let post = Post::of(node)?;
    let is_one_score = classes == 2 && lists.targets.iter().all(|id| *id == 0);
    if is_one_score {
        // Two classes of which only the first is ever added to: what is added up is the score of the second.
        ensure!(
            base.len() < 2,
            "it has two base values for two classes and weights for one, which onnxruntime itself mixes up"
        );
        let post = match post {
            Post::Logistic => Post::LogisticPair,
            _ if lists.weights.iter().all(|weight| *weight >= 0.0) => Post::Complement,
            _ => Post::Opposite,
        };
        return ensemble(lists.trees(1, Aggregate::Sum, base)?, post);
    }
    if classes == 2 && !base.is_empty() {
        bail!("it has base values and weights for both of two classes, which onnxruntime does not add up as ONNX says");
    }
    ensemble(lists.trees(classes, Aggregate::Sum, base)?, post)
}

pub(super) fn regressor(_: &ParsingContext<'_>, node: &NodeProto) -> Lowered {
    let aggregate = match &*node.text("aggregate_function") {
        "" | "SUM" => Aggregate::Sum,
        "AVERAGE" => Aggregate::Average,
        "MIN" => Aggregate::Min,
        "MAX" => Aggregate::Max,
        other => bail!("its aggregate_function is {other}, and SUM, AVERAGE, MIN and MAX are known"),
    };
    let targets = usize::try_from(node.integer("n_targets").unwrap_or(1))?;
    let lists = Lists::of(node, "target")?;
    ensemble(lists.trees(targets, aggregate, node.floats("base_values"))?, Post::of(node)?)
}

fn ensemble(trees: Trees, post: Post) -> Lowered {
    row(Ensemble { trees: Arc::new(trees), post })
}

/// The lists that a node has for each node of its trees, and for each weight of their leaves.
struct Lists<'a> {
    tree_ids: &'a [i64],
    node_ids: &'a [i64],
    features: &'a [i64],
    modes: Vec<String>,
    values: &'a [f32],
    then: &'a [i64],
    otherwise: &'a [i64],
    missing_goes_then: &'a [i64],
    weight_tree_ids: &'a [i64],
    weight_node_ids: &'a [i64],
    targets: &'a [i64],
    weights: &'a [f32],
}

impl<'a> Lists<'a> {
    fn of(node: &'a NodeProto, weights: &str) -> TractResult<Self> {
        let of_weights = |list: &str| node.integers(&format!("{weights}_{list}"));
        let lists = Self {
            tree_ids: node.integers("nodes_treeids"),
            node_ids: node.integers("nodes_nodeids"),
            features: node.integers("nodes_featureids"),
            modes: node.texts("nodes_modes"),
            values: node.floats("nodes_values"),
            then: node.integers("nodes_truenodeids"),
            otherwise: node.integers("nodes_falsenodeids"),
            missing_goes_then: node.integers("nodes_missing_value_tracks_true"),
            weight_tree_ids: of_weights("treeids"),
            weight_node_ids: of_weights("nodeids"),
            targets: of_weights("ids"),
            weights: node.floats(&format!("{weights}_weights")),
        };
        let is_wide = node.attribute.iter().any(|attribute| attribute.name.ends_with("_as_tensor"));
        ensure!(!is_wide, "its thresholds have 64 bits; export the model with inputs of 32 bits (FloatTensorType)");
        let count = lists.tree_ids.len();
        ensure!(
            count <= TREE_NODES_MAX,
            "its trees have {count} nodes, and {TREE_NODES_MAX} are the most: train fewer or smaller ones"
        );
        let lengths = [
            lists.node_ids.len(),
            lists.features.len(),
            lists.modes.len(),
            lists.values.len(),
            lists.then.len(),
            lists.otherwise.len(),
        ];
        ensure!(count > 0 && lengths.iter().all(|length| *length == count), "its lists of nodes differ in length");
        ensure!(
            matches!(lists.missing_goes_then.len(), 0) || lists.missing_goes_then.len() == count,
            "its lists of nodes differ in length"
        );
        let lengths = [lists.weight_node_ids.len(), lists.targets.len(), lists.weights.len()];
        ensure!(
            lengths.iter().all(|length| *length == lists.weight_tree_ids.len()),
            "its lists of weights differ in length"
        );
        Ok(lists)
    }

    /// The trees, each from its root on, what a branch leads to behind it.
    fn trees(&self, targets: usize, aggregate: Aggregate, base: &[f32]) -> TractResult<Trees> {
        ensure!(base.is_empty() || base.len() == targets, "it has {} base values for {targets} scores", base.len());
        ensure!(
            base.iter().chain(self.weights).all(|number| number.is_finite()),
            "a weight or base value is not finite"
        );
        let mut weights_of: HashMap<(i64, i64), Vec<Weight>> = HashMap::new();
        for (index, (tree, node)) in self.weight_tree_ids.iter().zip(self.weight_node_ids).enumerate() {
            let target = u32::try_from(self.targets[index])?;
            ensure!((target as usize) < targets, "a weight is for score {target}, and there are {targets}");
            weights_of.entry((*tree, *node)).or_default().push(Weight { target, value: self.weights[index] });
        }
        let places: HashMap<(i64, i64), usize> =
            self.tree_ids.iter().copied().zip(self.node_ids.iter().copied()).zip(0..).collect();
        ensure!(places.len() == self.tree_ids.len(), "two of its nodes have the same number");
        let mut trees = Trees {
            roots: Vec::new(),
            nodes: Vec::new(),
            weights: Vec::new(),
            targets,
            aggregate,
            base: base.to_vec(),
        };
        let mut last = None;
        for (index, tree) in self.tree_ids.iter().enumerate() {
            // The first node of a tree is its root.
            if last.replace(tree) != Some(tree) {
                trees.roots.push(u32::try_from(trees.nodes.len())?);
                self.add(index, &places, &mut weights_of, &mut trees)?;
            }
        }
        ensure!(trees.nodes.len() == self.tree_ids.len(), "some of its nodes are in no tree");
        Ok(trees)
    }

    /// Adds a node and all that is below it.
    fn add(
        &self,
        root: usize,
        places: &HashMap<(i64, i64), usize>,
        weights_of: &mut HashMap<(i64, i64), Vec<Weight>>,
        trees: &mut Trees,
    ) -> TractResult<()> {
        // What is yet to be added, and the branch that leads to it by `then` or not.
        let mut open = vec![(root, None)];
        while let Some((index, from)) = open.pop() {
            // A way back would go round for ever.
            ensure!(trees.nodes.len() < self.tree_ids.len(), "a node of a tree is below two others, or below itself");
            let place = u32::try_from(trees.nodes.len())?;
            if let Some((branch, is_then)) = from
                && let Some(TreeNode::Branch { then, otherwise, .. }) = trees.nodes.get_mut(branch as usize)
            {
                *(if is_then { then } else { otherwise }) = place;
            }
            let tree = self.tree_ids[index];
            let Some(mode) = mode(&self.modes[index])? else {
                let weights = weights_of.remove(&(tree, self.node_ids[index])).unwrap_or_default();
                trees.nodes.push(TreeNode::Leaf {
                    first: u32::try_from(trees.weights.len())?,
                    count: u32::try_from(weights.len())?,
                });
                trees.weights.extend(weights);
                continue;
            };
            trees.nodes.push(TreeNode::Branch {
                mode,
                feature: u32::try_from(self.features[index])?,
                threshold: self.values[index],
                missing_goes_then: self.missing_goes_then.get(index).is_some_and(|goes| *goes != 0),
                then: 0,
                otherwise: 0,
            });
            for (next, is_then) in [(self.otherwise[index], false), (self.then[index], true)] {
                let next = *places.get(&(tree, next)).context("a branch leads to a node that is not there")?;
                open.push((next, Some((place, is_then))));
            }
        }
        Ok(())
    }
}

/// What a branch compares; `None` of a leaf.
fn mode(name: &str) -> TractResult<Option<Mode>> {
    Ok(Some(match name {
        "LEAF" => return Ok(None),
        "BRANCH_LEQ" => Mode::LessOrEqual,
        "BRANCH_LT" => Mode::Less,
        "BRANCH_GTE" => Mode::GreaterOrEqual,
        "BRANCH_GT" => Mode::Greater,
        "BRANCH_EQ" => Mode::Equal,
        "BRANCH_NEQ" => Mode::NotEqual,
        other => bail!("a node's mode is {other}"),
    }))
}

/// An ensemble as an operator of tract's. Two are equal if they are one.
#[derive(Debug, Clone)]
pub(crate) struct TreesOp(pub(crate) Arc<Trees>);

impl PartialEq for TreesOp {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for TreesOp {}

impl Op for TreesOp {
    fn name(&self) -> StaticName {
        "Trees".into()
    }

    op_as_typed_op!();
}

impl EvalOp for TreesOp {
    op_out_of_plan!();

    fn eval(&self, _context: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let scores = self.0.scores(inputs[0].try_as_plain_ram()?.as_slice()?)?;
        let width = scores.len();
        Ok(tvec!(tensor1(&scores).into_shape(&[1, width])?.into_tvalue()))
    }
}

impl TypedOp for TreesOp {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        ensure!(inputs.len() == 1 && inputs[0].rank() == 2, "trees take one row");
        let longest = self.0.nodes.iter().map(|node| match node {
            TreeNode::Branch { feature, .. } => *feature as usize + 1,
            TreeNode::Leaf { .. } => 0,
        });
        let needed = longest.max().unwrap_or(0).to_dim();
        let width = &inputs[0].shape[1];
        ensure!(
            !(width.clone() - needed.clone()).prove_strict_negative(),
            "the trees take rows of {needed} numbers, not of {width}"
        );
        Ok(tvec!(f32::fact([1.to_dim(), self.0.targets.to_dim()])))
    }

    as_op!();
}
