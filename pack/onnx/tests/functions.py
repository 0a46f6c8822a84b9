"""Operators one by one: what each makes of rows, which a softmax makes probabilities."""

import json

import numpy as np
from onnx import TensorProto, helper

from cases import FACTS, X, random, write
from networks import Network

ROWS = [{"X": row} for row in [*X[:30], np.zeros(FACTS, np.float32), np.full(FACTS, -2.5, np.float32), np.linspace(-4, 4, FACTS).astype(np.float32)]]
SHAPE = (1, 4, 8)
WEIGHTS = random.uniform(-1, 1, SHAPE[-1])
PLACES = random.randint(-8, 8, (1, 3, 5))
WHOLE = np.array([[0, 1, -1], [0, -4, 3]])
FUNCTIONS = {
    "mish": ("Mish", [], {}),
    "shrink": ("Shrink", [], {"lambd": 0.3, "bias": 0.1}),
    "hardmax": ("Hardmax", [], {"axis": 2}),
    "eye": ("EyeLike", [], {"k": 1}),
    "gather-elements": ("GatherElements", [PLACES], {"axis": 2}),
    "gather-elements-1": ("GatherElements", [PLACES % 4], {"axis": 1}),
    "gather-parts": ("GatherND", [WHOLE], {}),
    "gather-rows": ("GatherND", [WHOLE[:, :2]], {}),
    "bias-gelu": ("com.microsoft.BiasGelu", [WEIGHTS], {}),
    "fast-gelu": ("com.microsoft.FastGelu", [WEIGHTS], {}),
    "fast-gelu-alone": ("com.microsoft.FastGelu", [], {}),
    "quick-gelu": ("com.microsoft.QuickGelu", [], {"alpha": 1.5}),
    "skip-normal": ("com.microsoft.SkipLayerNormalization", [random.uniform(-1, 1, SHAPE), WEIGHTS, WEIGHTS[::-1], WEIGHTS / 2], {}),
}


def constants(net, values):
    kind = lambda value: np.int64 if np.issubdtype(np.array(value).dtype, np.integer) else np.float32
    return [net.constant(f"more.{place}", value, kind(value)) for place, value in enumerate(values)]


def finished(folder, name, net, value, width):
    flat = net.node("Reshape", [value, net.integers("flat.shape", 1, -1)], "flat")
    net.node("Softmax", [net.node("Cast", [flat], "floats", to=TensorProto.FLOAT)], "prob", axis=1)
    bindings = f'[onnx.output]\nis = "probabilities"\nclasses = {json.dumps(["spam"] * width)}\n'
    model = net.model({"X": (TensorProto.FLOAT, [None, FACTS])}, "prob", width, opset=18)
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    write(folder, f"function-{name}", model, ROWS, bindings=bindings)


def write_all(folder):
    for name, (operator, more, attributes) in FUNCTIONS.items():
        net = Network()
        value = net.node("Reshape", ["X", net.integers("shape", *((4, 8) if name == "eye" else SHAPE))], "value")
        domain, _, operator = operator.rpartition(".")
        made = net.node(operator, [value, *constants(net, more)], "made", domain=domain, **attributes)
        if name == "eye":
            made = net.node("Mul", [made, value], "kept")
        width = PLACES.size if "elements" in name else {"gather-parts": 2, "gather-rows": 16}.get(name, FACTS)
        finished(folder, name, net, made, width)
    for axis, largest in ((2, 1), (1, 0), (-1, 1)):
        net = Network()
        value = net.node("Reshape", ["X", net.integers("shape", *SHAPE)], "value")
        made = net.node("TopK", [value, net.integers("k", 3)], ["top", "places"], axis=axis, largest=largest)
        places = net.node("Cast", [made[1]], "places.f", to=TensorProto.FLOAT)
        finished(folder, f"top-{axis}-{largest}", net, net.node("Add", [made[0], places], "sum"), 24 if axis == 1 else 12)
    for axis, kind in ((-1, np.float32), (0, np.float32), (1, np.int64)):
        net = Network()
        value = net.node("Reshape", ["X", net.integers("shape", *SHAPE)], "value")
        whole = net.node("Cast", [net.node("Mul", [value, net.constant("two", 2.0)], "twice")], "whole", to=TensorProto.INT64)
        made = net.node("OneHot", [whole, net.integers("depth", 3), net.constant("ends", [2, 7], kind)], "marked", axis=axis)
        finished(folder, f"one-hot-{axis}", net, made, 3 * FACTS)
