"""What the exports share: rows and texts, what onnxruntime answers, and how both are written."""

import json
import os

import numpy as np
import onnxruntime
from onnx import helper

onnxruntime.set_default_logger_severity(4)

FACTS = 32
CLASSES = '[onnx.output]\nclasses = ["ham", "spam", "phish"]\n'
random = np.random.RandomState(7)
X = random.rand(300, FACTS).astype(np.float32)
X[random.rand(*X.shape) < 0.3] = 0
TWO = (X[:, 0] + X[:, 1] * X[:, 2] + 0.1 * random.randn(300) > 0.6).astype(int)
THREE = np.digitize(X[:, 0] + X[:, 3], [0.5, 1.0])

TEXTS = [
    "win money now free click",
    "Meeting about the patch tomorrow",
    "FREE Viagra offer, click here: http://a.example/?x=1",
    "Please review the attached report",
    "Привет МИР, это письмо о деньгах",
    "Café naïve résumé 100% ÄÖÜ",
    "a b c I x",
    "İstanbul ISTANBUL ıstanbul",
    "cheap money offer now now now",
    "lunch at noon? the the a",
    "patch_the parser-test's report\nline two\tmore",
    "无料 お金 クリック",
]
SPAM = [1, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 1]


def session(model):
    return onnxruntime.InferenceSession(model.SerializeToString())


def answers(model, output, given):
    """What onnxruntime answers, row by row; of a map, the probabilities in the order of the labels."""
    run = session(model)
    numbers = []
    for row in given:
        feed = {name: shaped(run, name, value) for name, value in row.items()}
        answer = run.run([output], feed)[0]
        if isinstance(answer, list):
            answer = [answer[0][label] for label in sorted(answer[0])]
        numbers.append([float(number) for number in np.ravel(answer)])
    return numbers


def shaped(run, name, value):
    declared = next(i for i in run.get_inputs() if i.name == name)
    if isinstance(value, str):
        return np.array([value]).reshape([1] * len(declared.shape))
    kind = np.int64 if declared.type == "tensor(int64)" else np.float32
    return np.array(value, kind).reshape([1, -1])


def write(folder, name, model, given, output=None, bindings="", library=None, near=1e-5, tolerance=1e-5):
    output = output or next(o.name for o in model.graph.output if "prob" in o.name)
    expected = answers(model, output, given)
    if library is not None:
        worst = np.max(np.abs(np.array(expected)[: len(library)] - library))
        assert worst < near, f"{name}: the export differs from its library by {worst}"
    with open(os.path.join(folder, name + ".onnx"), "wb") as file:
        file.write(model.SerializeToString())
    clean = lambda value: value if isinstance(value, str) else [None if np.isnan(x) else float(x) for x in value]
    rows = [{key: clean(value) for key, value in row.items()} for row in given]
    with open(os.path.join(folder, name + ".json"), "w") as file:
        finite = [[number if np.isfinite(number) else None for number in answer] for answer in expected]
        json.dump({"bindings": bindings, "rows": rows, "expected": finite, "tolerance": tolerance}, file)


def refuse(folder, name, model, why, bindings=""):
    """A file that cannot be a model, and what its author is told."""
    with open(os.path.join(folder, name + ".onnx"), "wb") as file:
        file.write(model.SerializeToString())
    with open(os.path.join(folder, name + ".json"), "w") as file:
        json.dump({"bindings": bindings, "rows": [], "expected": [], "refused": why}, file)


def portable(model):
    """A locale that every machine has: what a letter's other case is depends on none that scripts of Europe have."""
    for node in model.graph.node:
        if node.op_type == "StringNormalizer":
            kept = [a for a in node.attribute if a.name != "locale"]
            del node.attribute[:]
            node.attribute.extend(kept + [helper.make_attribute("locale", "C.UTF-8")])
    return model
