//! Convolutions, pools and what else sees a part of a tensor at a time, in the guest's terms: a window that moves, and a
//! product or a reduction of what it sees.

use switchback_onnx_graph::{Binary, Node, Operator, Reducer, Tensor, Type, WindowAxis};
use tract_onnx::tract_core::internal::{DimLike as _, TDim, Tensor as TractTensor, ToDim as _, TypedModel, TypedNode};
use tract_onnx::tract_core::ops::Downsample;
use tract_onnx::tract_core::ops::array::{CumSum, OneHot, Pad, PadMode, Tile};
use tract_onnx::tract_core::ops::cnn::{Conv, KernelFormat, MaxPool, PoolSpec, SumPool};
use tract_onnx::tract_core::ops::nn::DataFormat;

use crate::translate::{constant, lengths};

/// The most numbers that are added up, and the most times that an axis is repeated.
const REPEATED_MAX: usize = 4096;

/// Adds what computes one of these operators from nodes that are there already. Returns the last, if it is one of these and
/// the lengths of the axes are known.
pub(crate) fn translate(
    nodes: &mut Vec<Node>,
    inputs: &[usize],
    model: &TypedModel,
    node: &TypedNode,
) -> Option<usize> {
    let mut seen = Seen { nodes, model, node, input: *inputs.first()? };
    if let Some(op) = node.op_as::<Conv>() {
        seen.convolution(op)
    } else if let Some(op) = node.op_as::<MaxPool>() {
        op.with_index_outputs.is_none().then(|| seen.pool(&op.pool_spec, Reducer::Max, f32::NEG_INFINITY))?
    } else if let Some(op) = node.op_as::<SumPool>() {
        let sum = seen.pool(&op.pool_spec, Reducer::Sum, 0.0)?;
        if op.normalize { seen.divided(sum, op) } else { Some(sum) }
    } else if let Some(op) = node.op_as::<Pad>() {
        seen.padded(op)
    } else if let Some(op) = node.op_as::<Downsample>() {
        seen.downsampled(op)
    } else if let Some(op) = node.op_as::<CumSum>() {
        seen.added_up(op)
    } else if let Some(op) = node.op_as::<OneHot>() {
        seen.marked(op)
    } else {
        seen.repeated(node.op_as::<Tile>()?)
    }
}

/// An operator on its way.
struct Seen<'a> {
    nodes: &'a mut Vec<Node>,
    model: &'a TypedModel,
    node: &'a TypedNode,
    input: usize,
}

impl Seen<'_> {
    fn add(&mut self, operator: Operator, inputs: &[usize]) -> usize {
        self.nodes.push(Node { operator, inputs: inputs.to_vec() });
        self.nodes.len() - 1
    }

    /// The lengths of an input's axes, which have to be known.
    fn shape(&self) -> Option<Vec<usize>> {
        Some(self.model.outlet_fact(*self.node.inputs.first()?).ok()?.shape.as_concrete()?.to_vec())
    }

    /// The shape of the result.
    fn result(&self) -> Option<Vec<i64>> {
        lengths(&self.node.outputs.first()?.fact)
    }

    /// The axes along which a convolution or pool moves.
    fn axes(&self, of: &PoolSpec) -> Option<Vec<WindowAxis>> {
        let shape = self.shape()?;
        let first = of.data_format.h_axis();
        let lengths: Vec<TDim> = shape.get(first..first + of.rank())?.iter().map(|length| length.to_dim()).collect();
        let ends = of.computed_padding(&lengths);
        let axes = ends.iter().enumerate().map(|(place, end)| {
            Some(WindowAxis {
                axis: first + place,
                size: of.kernel_shape[place],
                dilation: of.dilation(place),
                stride: of.stride(place),
                before: end.pad_before.to_usize().ok()?,
                places: end.convoluted.to_usize().ok()?,
            })
        });
        axes.collect()
    }

    /// A window's product with weights.
    fn convolution(&mut self, op: &Conv) -> Option<usize> {
        let (axes, shape, result) = (self.axes(&op.pool_spec)?, self.shape()?, self.result()?);
        if op.q_params.is_some() {
            return None;
        }
        let weights =
            |place: usize| constant(self.model.outlet_fact(*self.node.inputs.get(place)?).ok()?.konst.as_ref()?);
        let (kernel, bias) = (weights(1)?, weights(2)?);
        let rank = axes.len();
        let channels = op.pool_spec.data_format.shape(&shape).ok()?.c_axis();
        let (places, elements): (Vec<char>, Vec<char>) = (('A'..).take(rank).collect(), ('a'..).take(rank).collect());
        let layout = |channel: &[char]| -> Vec<char> {
            match op.pool_spec.data_format {
                DataFormat::NCHW => [&['N'], channel, &*places].concat(),
                DataFormat::NHWC => [&['N'], &*places, channel].concat(),
                DataFormat::CHW => [channel, &*places].concat(),
                DataFormat::HWC => [&*places, channel].concat(),
            }
        };
        let mut seen = self.add(Operator::Windows { axes, beyond: 0.0 }, &[self.input]);
        let (kernel, left, right, made) = if op.group == 1 {
            let right = match op.kernel_fmt {
                KernelFormat::OIHW => [&['Y', 'X'], &*elements].concat(),
                KernelFormat::HWIO => [&*elements, &['X', 'Y']].concat(),
                KernelFormat::OHWI => [&['Y'], &*elements, &['X']].concat(),
            };
            (kernel, layout(&['X']), right, layout(&['Y']))
        } else {
            // Each group of channels has weights of its own.
            let (group, in_group) = (op.group, shape[channels] / op.group);
            let mut parted = result.clone();
            parted.splice(channels..=channels, [group as i64, in_group as i64]);
            parted.extend(op.pool_spec.kernel_shape.iter().map(|size| *size as i64));
            seen = self.add(Operator::Reshape(parted), &[seen]);
            let per_group = [&[group, op.output_channels() / group, in_group], &*op.pool_spec.kernel_shape].concat();
            let is_usual = op.kernel_fmt == KernelFormat::OIHW;
            let kernel = is_usual.then_some(Tensor { shape: per_group, values: kernel.values })?;
            (kernel, layout(&['G', 'X']), [&['G', 'Y', 'X'], &*elements].concat(), layout(&['G', 'Y']))
        };
        let kernel = self.add(Operator::Constant(kernel), &[]);
        let left = [left, elements].concat();
        let mut product = self.add(Operator::Einsum { left, right, result: made }, &[seen, kernel]);
        if op.group > 1 {
            product = self.add(Operator::Reshape(result.clone()), &[product]);
        }
        let mut of_channels = vec![1; result.len()];
        of_channels[channels] = bias.len();
        let bias = self.add(Operator::Constant(Tensor { shape: of_channels, values: bias.values }), &[]);
        Some(self.add(Operator::Binary(Binary::Add), &[product, bias]))
    }

    /// A window's largest number, or the sum of its numbers.
    fn pool(&mut self, of: &PoolSpec, reducer: Reducer, beyond: f32) -> Option<usize> {
        let (axes, result) = (self.axes(of)?, self.result()?);
        let behind = (result.len()..result.len() + axes.len()).collect();
        let seen = self.add(Operator::Windows { axes, beyond }, &[self.input]);
        let reduced = self.add(Operator::Reduce { reducer, axes: behind }, &[seen]);
        Some(self.add(Operator::Reshape(result), &[reduced]))
    }

    /// A sum divided by how many numbers the window sees.
    fn divided(&mut self, sum: usize, op: &SumPool) -> Option<usize> {
        let (axes, shape) = (self.axes(&op.pool_spec)?, self.shape()?);
        let count = |along: &WindowAxis, place: usize| -> usize {
            let is_within = |element: &usize| {
                let at = (place * along.stride + element * along.dilation).checked_sub(along.before);
                op.count_include_pad || at.is_some_and(|at| at < shape[along.axis])
            };
            (0..along.size).filter(is_within).count()
        };
        let mut of_places = vec![1; shape.len()];
        let mut counts = vec![1.0];
        for along in &axes {
            of_places[along.axis] = along.places;
            let each =
                |so_far: &f32| (0..along.places).map(|place| so_far * count(along, place) as f32).collect::<Vec<_>>();
            counts = counts.iter().flat_map(each).collect();
        }
        let counts = self.add(Operator::Constant(Tensor::floats(&of_places, counts)), &[]);
        Some(self.add(Operator::Binary(Binary::Div), &[sum, counts]))
    }

    /// A tensor with something around it: what windows of one element see.
    fn padded(&mut self, op: &Pad) -> Option<usize> {
        let (shape, result) = (self.shape()?, self.result()?);
        let PadMode::Constant(beyond) = &op.mode else { return None };
        let beyond = beyond.cast_to_scalar::<f32>().ok()?;
        let axis = |(axis, (before, after)): (usize, &(usize, usize))| WindowAxis {
            axis,
            size: 1,
            dilation: 1,
            stride: 1,
            before: *before,
            places: before + shape[axis] + after,
        };
        let axes = op.pads.iter().enumerate().map(axis).collect();
        let is_float = self.model.outlet_fact(*self.node.inputs.first()?).ok()?.datum_type.is_float();
        let seen = is_float.then(|| self.add(Operator::Windows { axes, beyond }, &[self.input]))?;
        Some(self.add(Operator::Reshape(result), &[seen]))
    }

    /// Every second, third .. of an axis.
    fn downsampled(&mut self, op: &Downsample) -> Option<usize> {
        let length = *self.shape()?.get(op.axis)?;
        let step = usize::try_from(op.stride).ok()?;
        let places: Vec<i64> = (op.modulo..length).step_by(step.max(1)).map(|place| place as i64).collect();
        let places = self.add(Operator::Constant(Tensor::integers(&[places.len()], places)), &[]);
        Some(self.add(Operator::Gather { axis: op.axis }, &[self.input, places]))
    }

    /// Sums of all that is before an element: a product with ones on one side of the diagonal.
    fn added_up(&mut self, op: &CumSum) -> Option<usize> {
        let shape = self.shape()?;
        let length = *shape.get(op.axis).filter(|length| **length <= REPEATED_MAX)?;
        let is_added = |element: usize, sum: usize| match (op.exclusive, op.reverse) {
            (false, false) => element <= sum,
            (true, false) => element < sum,
            (false, true) => element >= sum,
            (true, true) => element > sum,
        };
        let places = (0..length).flat_map(|element| (0..length).map(move |sum| (element, sum)));
        let ones = places.map(|(element, sum)| f32::from(u8::from(is_added(element, sum)))).collect();
        let left: Vec<char> = ('a'..).take(shape.len()).collect();
        let mut result = left.clone();
        result[op.axis] = 'Z';
        let right = vec![left[op.axis], 'Z'];
        let is_float = self.model.outlet_fact(*self.node.inputs.first()?).ok()?.datum_type.is_float();
        let floats = if is_float { self.input } else { self.add(Operator::Cast(Type::F32), &[self.input]) };
        let ones = self.add(Operator::Constant(Tensor::floats(&[length, length], ones)), &[]);
        let sums = self.add(Operator::Einsum { left, right, result }, &[floats, ones]);
        Some(if is_float { sums } else { self.add(Operator::Cast(Type::I64), &[sums]) })
    }

    /// One number where an index is the place on a new axis, from its beginning or its end, and another elsewhere.
    fn marked(&mut self, op: &OneHot) -> Option<usize> {
        let mut shape = lengths(self.model.outlet_fact(*self.node.inputs.first()?).ok()?)?;
        shape.insert(op.axis, 1);
        let mut along = vec![1; shape.len()];
        along[op.axis] = op.dim;
        let index = self.add(Operator::Cast(Type::I64), &[self.input]);
        let index = self.add(Operator::Reshape(shape), &[index]);
        let mut is_it = |first: i64| {
            let places = (first..first + op.dim as i64).collect();
            let places = self.add(Operator::Constant(Tensor::integers(&along, places)), &[]);
            self.add(Operator::Binary(Binary::Equal), &[index, places])
        };
        let (from_start, from_end) = (is_it(0), is_it(-(op.dim as i64)));
        let is_it = self.add(Operator::Binary(Binary::Or), &[from_start, from_end]);
        let mut number = |of: &TractTensor| {
            let values = constant(of)?.values;
            Some(self.add(Operator::Constant(Tensor { shape: vec![1; along.len()], values }), &[]))
        };
        let (on, off) = (number(&op.on)?, number(&op.off)?);
        Some(self.add(Operator::Select, &[is_it, on, off]))
    }

    /// Axes, each as often as is said.
    fn repeated(&mut self, op: &Tile) -> Option<usize> {
        let counts: Vec<usize> = op.multipliers.iter().map(|count| count.to_usize().ok()).collect::<Option<_>>()?;
        if counts.iter().any(|count| *count > REPEATED_MAX) {
            return None;
        }
        let mut value = self.input;
        for (axis, count) in counts.into_iter().enumerate().filter(|(_, count)| *count != 1) {
            value = self.add(Operator::Concat { axis }, &vec![value; count]);
        }
        Some(value)
    }
}
