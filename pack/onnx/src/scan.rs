//! Loops: kept as they are while tract simplifies what is around them, and in the guest's terms.

use switchback_onnx_graph::{Along, End, Scan, ScanInput, ScanOutput};
use tract_onnx::tract_core::ops::konst::Const;
use tract_onnx::tract_core::ops::scan::{InputMapping, Scan as TractScan, ScanInfo};
use tract_onnx::tract_hir::internal::*;

/// A loop that tract does not look into: its own rules move axes of length 1 in and out of a body without an end.
#[derive(Debug, Clone)]
pub(crate) struct LoopOp(pub(crate) Box<TractScan>);

/// Puts loops of this kind in the place of tract's, with what is constant for them within their bodies, and simplifies the bodies.
pub(crate) fn keep(mut model: TypedModel) -> TractResult<TypedModel> {
    for id in 0..model.nodes.len() {
        let Some(scan) = model.nodes[id].op_as::<TractScan>() else { continue };
        let mut scan = scan.clone();
        let mut inputs = Vec::new();
        for (slot, (outlet, mapping)) in model.nodes[id].inputs.iter().zip(&scan.input_mapping).enumerate() {
            let known = model.outlet_fact(*outlet)?.konst.clone().filter(|_| *mapping == InputMapping::Full);
            let source = scan.body.inputs[slot];
            match known {
                Some(known) => {
                    scan.body.set_outlet_fact(source, TypedFact::try_from(known.clone())?)?;
                    scan.body.nodes[source.node].op = Box::new(Const::new(known)?);
                }
                None => inputs.push((*outlet, source, mapping.clone())),
            }
        }
        scan.body.inputs = inputs.iter().map(|(_, source, _)| *source).collect();
        scan.input_mapping = inputs.iter().map(|(_, _, mapping)| mapping.clone()).collect();
        scan.body = keep(scan.body)?.into_decluttered()?;
        let kept: Vec<OutletId> = inputs.into_iter().map(|(outlet, _, _)| outlet).collect();
        for (slot, outlet) in model.nodes[id].inputs.clone().into_iter().enumerate() {
            model.nodes[outlet.node].outputs[outlet.slot]
                .successors
                .retain(|successor| *successor != InletId::new(id, slot));
        }
        model.nodes[id].inputs.clear();
        model.nodes[id].op = Box::new(LoopOp(Box::new(scan)));
        for (slot, outlet) in kept.into_iter().enumerate() {
            model.add_edge(outlet, InletId::new(id, slot))?;
        }
    }
    Ok(model)
}

impl PartialEq for LoopOp {
    fn eq(&self, _: &Self) -> bool {
        false
    }
}

impl Eq for LoopOp {}

impl Op for LoopOp {
    fn name(&self) -> StaticName {
        "Loop".into()
    }

    op_as_typed_op!();
}

impl EvalOp for LoopOp {
    not_out_of_plan!();
}

impl TypedOp for LoopOp {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        self.0.output_facts(inputs)
    }

    as_op!();
}

/// A loop whose body is yet to be translated. None, if a step takes more than one place of an axis.
pub(crate) fn scan(op: &TractScan) -> Option<Scan> {
    let is_plain = op.skip == 0 && op.output_mapping.iter().all(|mapping| mapping.full_dim_hint.is_none());
    let input = |mapping: &InputMapping| match mapping {
        InputMapping::Full => Some(ScanInput::Whole),
        InputMapping::State => Some(ScanInput::State),
        InputMapping::Scan(info) => along(info).map(ScanInput::Step),
    };
    let inputs = is_plain.then(|| op.input_mapping.iter().map(input).collect::<Option<Vec<_>>>())??;
    let mut outputs = Vec::new();
    for (place, mapping) in op.output_mapping.iter().enumerate() {
        if let Some((slot, info)) = &mapping.scan {
            outputs.push((*slot, ScanOutput::All(place, along(info)?)));
        }
        outputs.extend(mapping.last_value_slot.map(|slot| (slot, ScanOutput::Last(place))));
    }
    outputs.sort_by_key(|(slot, _)| *slot);
    let is_carried = |place: &usize| op.output_mapping[*place].state;
    Some(Scan {
        body: 0,
        inputs,
        carried: (0..op.output_mapping.len()).filter(is_carried).collect(),
        outputs: outputs.into_iter().map(|(_, output)| output).collect(),
    })
}

fn along(info: &ScanInfo) -> Option<Along> {
    let from = match info.chunk {
        1 => End::First,
        -1 => End::Last,
        _ => return None,
    };
    Some(Along { axis: info.axis, from })
}
