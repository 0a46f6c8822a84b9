//! What is done in one step, as ONNX defines it.

use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::ops::einsum::EinSum;
use tract_onnx::tract_core::ops::math;
use tract_onnx::tract_hir::internal::*;

use crate::attributes::Attributes as _;
use crate::wires::Wires;

/// A kind of cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cell {
    Lstm,
    Gru {
        /// Whether the reset gate is applied to the product with the weights, as PyTorch and Keras do, and not to what is multiplied.
        resets_product: bool,
    },
    Rnn,
}

/// What a step hands on to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Hidden,
    Memory,
}

/// A function at the end of a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Activation {
    Sigmoid,
    Tanh,
    Relu,
    /// `0.2 x + 0.5`, within 0 and 1.
    HardSigmoid,
}

/// The weights of the state, and what is added.
#[derive(Debug)]
pub(super) struct Weights {
    recurrent: Tensor,
    /// What is added to the products with the input, for all gates.
    pub(super) before: Vec<f32>,
    /// What is added to the product with the state that a reset gate is applied to.
    within: Vec<f32>,
}

impl Weights {
    pub(super) fn of(cell: Cell, recurrent: Tensor, bias: Option<Tensor>) -> TractResult<Self> {
        let &[rows, hidden] = recurrent.shape() else { bail!("its weights have not three axes") };
        ensure!(rows == cell.gates() * hidden, "its weights are not those of {} gates", cell.gates());
        let bias = match bias {
            Some(bias) => bias.cast_to::<f32>()?.try_as_plain_ram()?.as_slice::<f32>()?.to_vec(),
            None => vec![0.0; 2 * rows],
        };
        ensure!(bias.len() == 2 * rows, "it has not two biases for each row of its weights");
        let (of_input, of_state) = bias.split_at(rows);
        let kept = if cell == (Cell::Gru { resets_product: true }) { 2 * hidden } else { rows };
        let added = of_state[..kept].iter().copied().chain(std::iter::repeat(0.0));
        let before = of_input.iter().zip(added).map(|(input, state)| input + state).collect();
        Ok(Self { recurrent, before, within: of_state[kept..].to_vec() })
    }
}

impl Cell {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Lstm => "LSTM",
            Self::Gru { .. } => "GRU",
            Self::Rnn => "RNN",
        }
    }

    /// The sums that a step computes for each number of its state.
    fn gates(self) -> usize {
        match self {
            Self::Lstm => 4,
            Self::Gru { .. } => 3,
            Self::Rnn => 1,
        }
    }

    pub(super) fn states(self) -> &'static [State] {
        if self == Self::Lstm { &[State::Hidden, State::Memory] } else { &[State::Hidden] }
    }

    /// The activations of each of so many passes.
    pub(super) fn activations(self, node: &NodeProto, passes: usize) -> TractResult<Vec<Vec<Activation>>> {
        let usual: &[&str] = match self {
            Self::Lstm => &["Sigmoid", "Tanh", "Tanh"],
            Self::Gru { .. } => &["Sigmoid", "Tanh"],
            Self::Rnn => &["Tanh"],
        };
        let mut named = node.texts("activations");
        if named.is_empty() {
            named = usual.repeat(passes).into_iter().map(str::to_owned).collect();
        }
        ensure!(
            named.len() == passes * usual.len(),
            "it has {} activations, and takes {}",
            named.len(),
            passes * usual.len()
        );
        let is_usual =
            |name: &str, usual: f32| node.floats(name).iter().all(|number| (number - usual).abs() < f32::EPSILON);
        let all = named.iter().map(|name| match &*name.to_lowercase() {
            "sigmoid" => Ok(Activation::Sigmoid),
            "tanh" => Ok(Activation::Tanh),
            "relu" => Ok(Activation::Relu),
            "hardsigmoid" if is_usual("activation_alpha", 0.2) && is_usual("activation_beta", 0.5) => {
                Ok(Activation::HardSigmoid)
            }
            _ => {
                bail!("its activation {name} is not known here; Sigmoid, Tanh, Relu and HardSigmoid (0.2 and 0.5) are")
            }
        });
        Ok(all.collect::<TractResult<Vec<_>>>()?.chunks(usual.len()).map(<[_]>::to_vec).collect())
    }

    /// Adds a step. `before` has a column for each sum. Returns the states after it.
    pub(super) fn wire(
        self,
        wires: &mut Wires<'_>,
        before: OutletId,
        states: &[OutletId],
        weights: &Weights,
        activations: &[Activation],
    ) -> TractResult<Vec<OutletId>> {
        let hidden = weights.recurrent.shape()[1];
        let gate = |place: usize| place * hidden..(place + 1) * hidden;
        match (self, states, activations) {
            (Self::Lstm, &[state, memory], &[gates, candidate, output]) => {
                let product = product(wires, state, weights.recurrent.clone())?;
                let sums = wires.op(math::add(), &[before, product])?;
                let opened = wires.columns(sums, 0..3 * hidden)?;
                let opened = gates.wire(wires, opened)?;
                let new = wires.columns(sums, gate(3))?;
                let new = candidate.wire(wires, new)?;
                let [input, shown, kept] = [gate(0), gate(1), gate(2)].map(|gate| wires.columns(opened, gate));
                let kept = wires.op(math::mul(), &[kept?, memory])?;
                let new = wires.op(math::mul(), &[input?, new])?;
                let memory = wires.op(math::add(), &[kept, new])?;
                let seen = output.wire(wires, memory)?;
                Ok(vec![wires.op(math::mul(), &[shown?, seen])?, memory])
            }
            (Self::Gru { resets_product }, &[state], &[gates, candidate]) => {
                let gate_rows = if resets_product { 3 * hidden } else { 2 * hidden };
                let products = product(wires, state, weights.recurrent.slice(0, 0, gate_rows)?)?;
                let (sums, more) = (wires.columns(before, 0..2 * hidden)?, wires.columns(products, 0..2 * hidden)?);
                let opened = wires.op(math::add(), &[sums, more])?;
                let opened = gates.wire(wires, opened)?;
                let (kept, reset) = (wires.columns(opened, gate(0))?, wires.columns(opened, gate(1))?);
                let past = if resets_product {
                    let (past, within) = (wires.columns(products, gate(2))?, wires.row(&weights.within)?);
                    let past = wires.op(math::add(), &[past, within])?;
                    wires.op(math::mul(), &[reset, past])?
                } else {
                    let past = wires.op(math::mul(), &[reset, state])?;
                    product(wires, past, weights.recurrent.slice(0, gate_rows, 3 * hidden)?)?
                };
                let new = wires.columns(before, gate(2))?;
                let new = wires.op(math::add(), &[new, past])?;
                let new = candidate.wire(wires, new)?;
                let change = wires.op(math::sub(), &[state, new])?;
                let change = wires.op(math::mul(), &[kept, change])?;
                Ok(vec![wires.op(math::add(), &[new, change])?])
            }
            (Self::Rnn, &[state], &[activation]) => {
                let product = product(wires, state, weights.recurrent.clone())?;
                let sums = wires.op(math::add(), &[before, product])?;
                Ok(vec![activation.wire(wires, sums)?])
            }
            _ => bail!("it has more or fewer states or activations than it takes"),
        }
    }
}

/// Rows times weights, of which each result has a row.
fn product(wires: &mut Wires<'_>, rows: OutletId, weights: Tensor) -> TractResult<OutletId> {
    let weights = wires.constant(weights)?;
    wires.op(EinSum::new("bi,gi->bg".parse()?, f32::datum_type()), &[rows, weights])
}

impl Activation {
    fn wire(self, wires: &mut Wires<'_>, sums: OutletId) -> TractResult<OutletId> {
        match self {
            Self::Sigmoid => wires.sigmoid(sums),
            Self::Tanh => wires.op(math::tanh(), &[sums]),
            Self::Relu => {
                let zero = wires.row(&[0.0])?;
                wires.op(math::max(), &[sums, zero])
            }
            Self::HardSigmoid => {
                let [slope, middle, zero, one] = [0.2, 0.5, 0.0, 1.0].map(|number| wires.row(&[number]));
                let line = wires.op(math::mul(), &[sums, slope?])?;
                let line = wires.op(math::add(), &[line, middle?])?;
                let line = wires.op(math::max(), &[line, zero?])?;
                wires.op(math::min(), &[line, one?])
            }
        }
    }
}
