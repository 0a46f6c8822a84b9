"""Networks with loops over the words of a text: LSTM, GRU and RNN as PyTorch and Keras write them, and Scan."""

import numpy as np
from onnx import TensorProto, helper

from cases import random
from networks import LENGTH, PIECES, Network, of_texts, word_piece

HIDDEN, WIDTH = 6, 5
GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
IDS = {"input_ids": (TensorProto.INT64, [None, LENGTH])}


def embedded(net, order=(1, 0, 2)):
    """Rows of an embedding, with the axes in this order: steps first unless said otherwise."""
    rows = net.node("Gather", [net.weight("words", len(PIECES), WIDTH), "input_ids"], "rows")
    return net.node("Transpose", [rows], "steps", perm=list(order))


def cell(net, operator, value, outputs, ways=1, width=WIDTH, name="cell", bias=True, more=(), **attributes):
    """A recurrent operator with its weights."""
    gates = GATES[operator]
    inputs = [value, net.weight(name + ".w", ways, gates * HIDDEN, width), net.weight(name + ".r", ways, gates * HIDDEN, HIDDEN)]
    inputs.append(net.weight(name + ".b", ways, 2 * gates * HIDDEN) if bias else "")
    return net.node(operator, inputs + list(more), outputs, hidden_size=HIDDEN, **attributes)


def finished(folder, tokenizer, name, net, value, width, inputs=IDS, opset=17):
    """A layer behind all numbers of a value."""
    flat = net.node("Reshape", [value, net.integers("flat.shape", 1, -1)], "flat")
    net.linear(flat, "logits", width, 2)
    of_texts(folder, f"loop-{name}", net.model(inputs, "logits", 2, opset), tokenizer)


def cells(folder, tokenizer):
    for operator in GATES:
        for direction, ways in (("forward", 1), ("reverse", 1), ("bidirectional", 2)):
            net = Network()
            made = cell(net, operator, embedded(net), ["all", "last"], ways, direction=direction)
            largest = net.node("ReduceMax", [made[0]], "largest", axes=[0], keepdims=0)
            both = net.node("Concat", [largest, made[1]], "both", axis=0)
            finished(folder, tokenizer, f"{operator.lower()}-{direction}", net, both, 2 * ways * HIDDEN)
    for name, operator, attributes in (
        ("gru-keras", "GRU", {"linear_before_reset": 1}),
        ("lstm-hard", "LSTM", {"activations": ["HardSigmoid", "Relu", "Tanh"], "activation_alpha": [0.2], "activation_beta": [0.5]}),
        ("rnn-relu", "RNN", {"activations": ["Relu"]}),
        ("gru-opset-9", "GRU", {}),
        ("lstm-opset-22", "LSTM", {}),
    ):
        net = Network()
        made = cell(net, operator, embedded(net), ["", "last"], **attributes)
        finished(folder, tokenizer, name, net, made[1], HIDDEN, opset=int(name[-2:].strip("-")) if "opset" in name else 17)
    net = Network()
    made = cell(net, "LSTM", embedded(net), ["", "", "memory"], bias=False)
    finished(folder, tokenizer, "lstm-memory", net, made[2], HIDDEN)


def stacked(folder, tokenizer):
    """Two layers over both directions, as PyTorch writes them, and one that begins with what is not zeros."""
    net = Network()
    made = cell(net, "LSTM", embedded(net), ["y1"], 2, direction="bidirectional")
    joined = net.node("Transpose", [made[0]], "j", perm=[0, 2, 1, 3])
    joined = net.node("Reshape", [joined, net.integers("j.shape", 0, 0, -1)], "joined")
    made = cell(net, "LSTM", joined, ["", "h2", "c2"], 2, width=2 * HIDDEN, name="second", direction="bidirectional")
    finished(folder, tokenizer, "stacked", net, net.node("Concat", [made[1], made[2]], "both", axis=0), 4 * HIDDEN)

    # States of zeros whose shape follows from the input's, and the last step of each direction.
    net = Network()
    count = net.node("Gather", [net.node("Shape", ["input_ids"], "shape"), net.integers("first", 0)], "count", axis=0)
    shape = net.node("Concat", [net.integers("ways", 2), count, net.integers("width", HIDDEN)], "state.shape", axis=0)
    zeros = net.node("Expand", [net.constant("zero", 0.0), shape], "zeros")
    made = cell(net, "LSTM", embedded(net), ["y"], 2, more=["", zeros, zeros], direction="bidirectional")
    joined = net.node("Transpose", [made[0]], "j", perm=[0, 2, 1, 3])
    joined = net.node("Reshape", [joined, net.integers("j.shape", 0, 0, -1)], "joined")
    turned = net.node("Transpose", [joined], "turned", perm=[1, 0, 2])
    finished(folder, tokenizer, "torch", net, net.node("Gather", [turned, net.constant("end", -1, np.int64)], "end.of", axis=1), 2 * HIDDEN)

    net = Network()
    steps = embedded(net)
    mean = net.node("ReduceMean", [steps], "mean", axes=[0], keepdims=1)
    first = net.node("MatMul", [mean, net.weight("to.first", WIDTH, HIDDEN)], "first")
    made = cell(net, "GRU", steps, ["y"], more=["", first])
    finished(folder, tokenizer, "begun", net, made[0], LENGTH * HIDDEN)


def masked(folder):
    """Texts of different lengths, which a mask tells: what is behind the end of one does not count."""
    inputs = {"input_ids": (TensorProto.INT64, [None, LENGTH]), "attention_mask": (TensorProto.INT64, [None, LENGTH])}
    tokenizer = word_piece(folder)
    tokenizer.enable_padding(length=LENGTH)
    for operator in GATES:
        net = Network()
        length = net.node("ReduceSum", ["attention_mask", net.integers("axis", 1)], "length", keepdims=0)
        length = net.node("Cast", [length], "length.32", to=TensorProto.INT32)
        made = cell(net, operator, embedded(net), ["all", "last"], 2, more=[length], direction="bidirectional")
        both = net.node("Concat", [net.node("Reshape", [made[0], net.integers("s", -1)], "a"), net.node("Reshape", [made[1], "s"], "b")], "both", axis=0)
        finished(folder, tokenizer, f"masked-{operator.lower()}", net, both, (LENGTH + 1) * 2 * HIDDEN, inputs)


def scan(folder, tokenizer):
    """A loop that is written out: a state that fades, its largest values, and the steps from the end."""
    net = Network()
    net.weight("fade", WIDTH, low=0.4, high=0.9)
    value = lambda name, shape, kind=TensorProto.FLOAT: helper.make_tensor_value_info(name, kind, shape)
    body = helper.make_graph(
        [
            helper.make_node("Mul", ["state", "fade"], ["faded"]),
            helper.make_node("Add", ["faded", "step"], ["sum"]),
            helper.make_node("Tanh", ["sum"], ["next"]),
            helper.make_node("ReduceLogSumExp", ["sum"], ["one"], axes=[0], keepdims=1),
            helper.make_node("Identity", ["back"], ["same"]),
        ],
        "body",
        [value("state", [WIDTH]), value("step", [WIDTH]), value("back", [WIDTH])],
        [value("next", [WIDTH]), value("one", [1]), value("same", [WIDTH])],
    )
    rows = net.node("Squeeze", [embedded(net), net.integers("axis", 1)], "matrix")
    outputs = ["last", "ones", "turned"]
    zeros = net.constant("zeros", np.zeros(WIDTH))
    made = net.node("Scan", [zeros, rows, rows], outputs, body=body, num_scan_inputs=2, scan_input_directions=[0, 1], scan_output_directions=[1, 0])
    flat = [net.node("Reshape", [part, net.integers(part + ".s", -1)], part + ".flat") for part in made]
    finished(folder, tokenizer, "scan", net, net.node("Concat", flat, "all", axis=0), WIDTH + LENGTH + LENGTH * WIDTH)


def write_all(folder):
    tokenizer = word_piece(folder)
    tokenizer.enable_padding(length=LENGTH)
    for part in (cells, stacked, scan):
        part(folder, tokenizer)
    masked(folder)
