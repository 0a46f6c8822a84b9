//! `LSTM`, `GRU` and `RNN` as loops: what of a step does not depend on the step before is computed for all steps at once. (tract's
//! own know neither `reverse`, nor other activations, nor texts that end before the last step.)

mod cell;

use tract_onnx::model::{Onnx, ParsingContext, optional_inputs, optional_outputs};
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::ops::binary::TypedBinOp;
use tract_onnx::tract_core::ops::einsum::EinSum;
use tract_onnx::tract_core::ops::scan::{InputMapping, OutputMapping, Scan, ScanInfo};
use tract_onnx::tract_core::ops::{array, cast, logic, math};
use tract_onnx::tract_hir::internal::*;

use crate::attributes::Attributes as _;
use crate::wires::Wires;
use cell::{Activation, Cell, State, Weights};

/// Teaches tract these operators.
pub(crate) fn register(onnx: &mut Onnx) {
    let register = &mut onnx.op_register;
    register.insert("LSTM", |_: &ParsingContext<'_>, node: &NodeProto| Recurrent::of(node, Cell::Lstm));
    register.insert("RNN", |_: &ParsingContext<'_>, node: &NodeProto| Recurrent::of(node, Cell::Rnn));
    register.insert("GRU", |_: &ParsingContext<'_>, node: &NodeProto| {
        let resets_product = node.integer("linear_before_reset").unwrap_or(0) != 0;
        Recurrent::of(node, Cell::Gru { resets_product })
    });
}

/// One of the operators, with the places of what may be left out.
#[derive(Debug, Clone)]
struct Recurrent {
    cell: Cell,
    ways: Vec<Way>,
    /// Whether messages are the first axis, and not steps.
    is_batch_first: bool,
    bias: Option<usize>,
    lengths: Option<usize>,
    /// The states before the first step.
    first: [Option<usize>; 2],
    outputs: Vec<Wanted>,
}

/// One pass over the steps.
#[derive(Debug, Clone)]
struct Way {
    /// 1, or -1 from the last step to the first.
    step: isize,
    activations: Vec<Activation>,
}

/// An output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// What each step has made.
    Steps,
    /// A state after the last step.
    Last(State),
}

impl Recurrent {
    fn of(node: &NodeProto, cell: Cell) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
        ensure!(node.find("clip").is_none(), "it clips its sums (`clip`), which is not known here");
        ensure!(
            node.integer("input_forget").unwrap_or(0) == 0,
            "its gates are coupled (`input_forget`), which is not known here"
        );
        let steps: &[isize] = match &*node.text("direction") {
            "" | "forward" => &[1],
            "reverse" => &[-1],
            "bidirectional" => &[1, -1],
            other => bail!("its direction is {other}, and forward, reverse and bidirectional are known"),
        };
        let activations = cell.activations(node, steps.len())?;
        let ways = steps.iter().zip(activations).map(|(step, activations)| Way { step: *step, activations }).collect();
        let mut inputs = optional_inputs(node).skip(3);
        let [bias, lengths, hidden, memory, peepholes] = std::array::from_fn(|_| inputs.next().flatten());
        ensure!(peepholes.is_none(), "its gates look at the cell (peepholes), which is not known here");
        let all = [Wanted::Steps, Wanted::Last(State::Hidden), Wanted::Last(State::Memory)];
        let outputs =
            all.into_iter().zip(optional_outputs(node)).filter_map(|(wanted, place)| place.map(|_| wanted)).collect();
        let is_batch_first = node.integer("layout").unwrap_or(0) != 0;
        let recurrent = Self { cell, ways, is_batch_first, bias, lengths, first: [hidden, memory], outputs };
        Ok((expand(recurrent), vec![]))
    }

    /// A tensor of constants of one pass.
    fn weights(wires: &Wires<'_>, outlet: OutletId, way: usize) -> TractResult<Tensor> {
        let weights = wires.model.outlet_fact(outlet)?.konst.clone().context("its weights are no constants")?;
        let shape = weights.shape()[1..].to_vec();
        weights.slice(0, way, way + 1)?.into_shape(&shape)
    }

    /// Adds one pass over the steps. Returns its outputs, with an axis of length 1 for the passes.
    fn pass(
        &self,
        wires: &mut Wires<'_>,
        steps: OutletId,
        inputs: &[OutletId],
        way: usize,
    ) -> TractResult<TVec<OutletId>> {
        let (input, recurrent) = (Self::weights(wires, inputs[1], way)?, Self::weights(wires, inputs[2], way)?);
        let hidden = recurrent.shape()[1];
        let bias = self.bias.map(|bias| Self::weights(wires, inputs[bias], way)).transpose()?;
        let weights = Weights::of(self.cell, recurrent, bias)?;
        let shape = wires.model.outlet_fact(steps)?.shape.to_tvec();
        let batch = shape[1].to_usize().context("it has no fixed number of messages")?;
        let scanned = |step| InputMapping::Scan(ScanInfo { axis: 0, chunk: step });
        let step = self.ways[way].step;

        let input = wires.constant(input)?;
        let before = wires.op(EinSum::new("tbi,gi->tbg".parse()?, f32::datum_type()), &[steps, input])?;
        let row = wires.constant(tensor1(&weights.before).into_shape(&[1, 1, weights.before.len()])?)?;
        let mut given = vec![(wires.op(math::add(), &[before, row])?, scanned(step))];
        let states = self.cell.states();
        for (state, first) in states.iter().zip(self.first) {
            let value = match first {
                Some(first) => {
                    let axis = usize::from(self.is_batch_first);
                    let of_way = wires.op(array::Slice::new(axis, way, way + 1), &[inputs[first]])?;
                    wires.op(AxisOp::Rm(axis), &[of_way])?
                }
                None => wires.constant(Tensor::zero::<f32>(&[batch, hidden])?)?,
            };
            ensure!(*state != State::Memory || self.cell == Cell::Lstm, "it has no cell that could begin");
            given.push((value, InputMapping::State));
        }
        if let Some(lengths) = self.lengths_of(wires, inputs, &shape[0])? {
            let count =
                shape[0].to_usize().context("texts that end before the last step need a fixed number of steps")?;
            let numbers: Vec<i64> = (0..count as i64).collect();
            given.push((lengths, InputMapping::Full));
            given.push((wires.constant(tensor1(&numbers).into_shape(&[count, 1, 1])?)?, scanned(step)));
        }
        let scan = self.body(wires, &given, &weights, way)?;
        let outer: Vec<OutletId> = given.iter().map(|(outlet, _)| *outlet).collect();
        let made = wires.all(scan, &outer)?;
        let axis = |wanted: &Wanted| usize::from(*wanted == Wanted::Steps);
        made.iter().zip(&self.outputs).map(|(made, wanted)| wires.op(AxisOp::Add(axis(wanted)), &[*made])).collect()
    }

    /// How many steps each text has, if not all have all.
    fn lengths_of(&self, wires: &mut Wires<'_>, inputs: &[OutletId], steps: &TDim) -> TractResult<Option<OutletId>> {
        let Some(lengths) = self.lengths else { return Ok(None) };
        let known = wires.model.outlet_fact(inputs[lengths])?.konst.clone();
        if let (Some(known), Ok(steps)) = (known, steps.to_i64())
            && known.cast_to::<i64>()?.try_as_plain_ram()?.as_slice::<i64>()?.iter().all(|length| *length == steps)
        {
            return Ok(None);
        }
        let lengths = wires.op(cast::cast(i64::datum_type()), &[inputs[lengths]])?;
        wires.op(AxisOp::Add(1), &[lengths]).map(Some)
    }

    /// The loop: what is done in a step of one pass.
    fn body(
        &self,
        wires: &Wires<'_>,
        given: &[(OutletId, InputMapping)],
        weights: &Weights,
        way: usize,
    ) -> TractResult<Scan> {
        let mut body = TypedModel { symbols: wires.model.symbols.clone(), ..TypedModel::default() };
        let mut sources = Vec::new();
        for (place, (outlet, mapping)) in given.iter().enumerate() {
            let fact = wires.model.outlet_fact(*outlet)?.without_value();
            let mut shape = fact.shape.to_tvec();
            if matches!(mapping, InputMapping::Scan(_)) {
                shape[0] = 1.to_dim();
            }
            sources.push(body.add_source(format!("given.{place}"), fact.datum_type.fact(shape))?);
        }
        let count = self.cell.states().len();
        let (before, states, lengths) = (sources[0], &sources[1..=count], &sources[count + 1..]);
        let mut inner = Wires::new("step", &mut body);
        let before = inner.op(AxisOp::Rm(0), &[before])?;
        let mut made = self.cell.wire(&mut inner, before, states, weights, &self.ways[way].activations)?;
        let mut of_step = made[0];
        if let &[lengths, number] = lengths {
            let number = inner.op(AxisOp::Rm(0), &[number])?;
            let is_within = inner.op(TypedBinOp(logic::comp_lt(), None), &[number, lengths])?;
            let nothing = inner.row(&[0.0])?;
            of_step = inner.op(logic::Iff, &[is_within, of_step, nothing])?;
            for (made, before) in made.iter_mut().zip(states) {
                *made = inner.op(logic::Iff, &[is_within, *made, *before])?;
            }
        }
        let place = |wanted: Wanted| self.outputs.iter().position(|output| *output == wanted);
        let state = |state: &State| OutputMapping {
            state: true,
            last_value_slot: place(Wanted::Last(*state)),
            ..OutputMapping::default()
        };
        let mut outputs: Vec<_> = self.cell.states().iter().map(state).collect();
        if let Some(slot) = place(Wanted::Steps) {
            made.push(inner.op(AxisOp::Add(0), &[of_step])?);
            let scan = Some((slot, ScanInfo { axis: 0, chunk: self.ways[way].step }));
            outputs.push(OutputMapping { scan, ..OutputMapping::default() });
        }
        body.select_output_outlets(&made)?;
        Scan::new(body, given.iter().map(|(_, mapping)| mapping.clone()).collect(), outputs, 0)
    }
}

impl Expansion for Recurrent {
    fn name(&self) -> StaticName {
        self.cell.name().into()
    }

    fn nboutputs(&self) -> TractResult<usize> {
        Ok(self.outputs.len())
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        s: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        check_output_arity(outputs, self.outputs.len())?;
        let (steps, batch) = if self.is_batch_first { (1, 0) } else { (0, 1) };
        for input in &inputs[..3] {
            s.equals(&input.datum_type, f32::datum_type())?;
            s.equals(&input.rank, 3)?;
        }
        for (output, wanted) in outputs.iter().zip(&self.outputs) {
            s.equals(&output.datum_type, f32::datum_type())?;
            let (rank, of_batch, of_ways) = match (wanted, self.is_batch_first) {
                (Wanted::Steps, false) => (4, 2, 1),
                (Wanted::Steps, true) => (4, 0, 2),
                (Wanted::Last(_), false) => (3, 1, 0),
                (Wanted::Last(_), true) => (3, 0, 1),
            };
            s.equals(&output.rank, rank)?;
            s.equals(&output.shape[of_batch], &inputs[0].shape[batch])?;
            s.equals(&output.shape[of_ways], self.ways.len().to_dim())?;
            s.equals(&output.shape[rank as usize - 1], &inputs[2].shape[2])?;
            if *wanted == Wanted::Steps {
                s.equals(&output.shape[steps], &inputs[0].shape[steps])?;
            }
        }
        Ok(())
    }

    fn wire(&self, prefix: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        let mut wires = Wires::new(prefix, model);
        let steps = if self.is_batch_first { wires.op(AxisOp::Move(1, 0), &[inputs[0]])? } else { inputs[0] };
        let passes = (0..self.ways.len()).map(|way| self.pass(&mut wires, steps, inputs, way));
        let passes = passes.collect::<TractResult<Vec<_>>>()?;
        let output = |(place, wanted): (usize, &Wanted)| {
            let (axis, batch) = if *wanted == Wanted::Steps { (1, 2) } else { (0, 1) };
            let parts: Vec<OutletId> = passes.iter().map(|pass| pass[place]).collect();
            let joined = wires.op(array::TypedConcat { axis }, &parts)?;
            if self.is_batch_first { wires.op(AxisOp::Move(batch, 0), &[joined]) } else { Ok(joined) }
        };
        self.outputs.iter().enumerate().map(output).collect()
    }
}
