"""Trains the example model `onnx` and writes it as an ONNX file.

    python train.py FEATURES [--model ../model.onnx] [--manifest ../switchback.toml]

FEATURES is what `switchback-train features --out FEATURES` wrote. See README.md.
"""

import argparse
import re
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import scipy.sparse as sp
from onnx import TensorProto, helper, numpy_helper

HERE = Path(__file__).parent
SEED = 20250611
WIDTH = 16  # columns of the embedding
SCALE = 1 / 32  # of the sums, so that those of a long message are of the size that the layers like
HIDDEN = 32
EPOCHS = 12
BATCH = 64
RATE = 2e-3
WEIGHT_DECAY = 0.02  # of the embedding, per step, in units of RATE
DROPOUT = 0.5  # of the features of a training message
LABEL_SMOOTHING = 0.02
AVERAGED = 0.01  # of the weights after each step goes into what is kept: their moving average
TRAIN, VALIDATION, TEST = 0, 1, 2


@dataclass
class Messages:
    """Which features each message has (messages x rows of the embedding), and which are unwanted."""

    features: sp.csr_matrix
    unwanted: np.ndarray
    split: np.ndarray

    def part(self, split):
        chosen = np.flatnonzero(self.split == split)
        return self.features[chosen], self.unwanted[chosen]


def read(path):
    data = Path(path).read_bytes()
    if data[:8] != b"SBFEAT01":
        raise SystemExit(f"{path}: not a feature file of this version")
    rows, count = struct.unpack_from("<II", data, 8)
    labels, splits, indices, ends, at = [], [], [], [0], 16
    for _ in range(count):
        label, split, _, length = struct.unpack_from("<BBHI", data, at)
        indices.append(np.frombuffer(data, "<u4", length, at + 8))
        labels.append(label)
        splits.append(split)
        ends.append(ends[-1] + length)
        at += 8 + 4 * length
    columns = np.concatenate(indices).astype(np.int32)
    ones = np.ones(len(columns), np.float32)
    features = sp.csr_matrix((ones, columns, ends), shape=(count, rows))
    return Messages(features, np.array(labels, np.float32), np.array(splits))


def initial(rows, rng):
    table = rng.normal(0, 0.1, (rows, WIDTH))
    first = rng.normal(0, np.sqrt(2 / WIDTH), (WIDTH, HIDDEN))
    second = rng.normal(0, np.sqrt(2 / HIDDEN), (HIDDEN, 1))
    weights = [table, first, np.zeros(HIDDEN), second, np.zeros(1)]
    return [w.astype(np.float32) for w in weights]


def forward(weights, features):
    table, first, first_bias, second, second_bias = weights
    bag = (features @ table) * np.float32(SCALE)
    hidden = np.maximum(bag @ first + first_bias, 0)
    return (hidden @ second + second_bias)[:, 0], bag, hidden


def sigmoid(x):
    return 1 / (1 + np.exp(-np.clip(x, -60, 60)))


def loss(weights, features, unwanted):
    logit = forward(weights, features)[0]
    return float(np.mean(np.logaddexp(0, logit) - unwanted * logit))


def gradients(weights, features, unwanted):
    _, first, _, second, _ = weights
    logit, bag, hidden = forward(weights, features)
    target = unwanted * (1 - 2 * LABEL_SMOOTHING) + LABEL_SMOOTHING
    d_logit = ((sigmoid(logit) - target) / len(target))[:, None].astype(np.float32)
    d_hidden = d_logit @ second.T * (hidden > 0)
    d_table = features.T @ (d_hidden @ first.T * np.float32(SCALE))
    return [d_table, bag.T @ d_hidden, d_hidden.sum(0), hidden.T @ d_logit, d_logit.sum(0)]


def without_some(features, rng):
    """Drops features at random, but never row 0, which every message has."""
    kept = features.copy()
    kept.data *= (rng.random(len(kept.data)) >= DROPOUT) | (kept.indices == 0)
    return kept


class Adam:
    """Kingma and Ba 2015, with decoupled weight decay of the embedding (Loshchilov and Hutter 2019)."""

    def __init__(self, weights):
        self.weights, self.step = weights, 0
        self.means = [np.zeros_like(w) for w in weights]
        self.squares = [np.zeros_like(w) for w in weights]

    def update(self, slopes):
        self.step += 1
        for w, g, m, v in zip(self.weights, slopes, self.means, self.squares):
            m += 0.1 * (g - m)
            v += 0.001 * (g * g - v)
            w -= RATE * (m / (1 - 0.9**self.step)) / (np.sqrt(v / (1 - 0.999**self.step)) + 1e-8)
        self.weights[0] *= 1 - RATE * WEIGHT_DECAY


def train(messages):
    rng = np.random.default_rng(SEED)
    features, unwanted = messages.part(TRAIN)
    validation = messages.part(VALIDATION)
    weights = initial(features.shape[1], rng)
    average = [w.copy() for w in weights]
    adam, best, best_loss = Adam(weights), None, np.inf
    for epoch in range(EPOCHS):
        order = rng.permutation(features.shape[0])
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            adam.update(gradients(weights, without_some(features[batch], rng), unwanted[batch]))
            for mean, w in zip(average, weights):
                mean += np.float32(AVERAGED) * (w - mean)
        now = loss(average, *validation)
        print(f"epoch {epoch + 1:2}: validation loss {now:.4f}", flush=True)
        if now < best_loss:
            best, best_loss = [mean.copy() for mean in average], now
    return best


def rounded(weights):
    """The weights with an embedding of 127 steps on either side of zero, and the steps' size.

    The guest's memory is looked through after every message, and the embedding is most of it.
    """
    step = np.abs(weights[0]).max() / np.float32(127)
    return [np.round(weights[0] / step) * step, *weights[1:]], step


def area_under_curve(logit, unwanted):
    """The chance that an unwanted message scores above a wanted one (Mann-Whitney), ties counting half."""
    _, inverse, counts = np.unique(logit, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2
    positive = unwanted == 1
    n, m = positive.sum(), (~positive).sum()
    return float((ranks[inverse][positive].sum() - n * (n + 1) / 2) / (n * m))


def measure(weights, features, unwanted):
    logit = forward(weights, features)[0]
    said, is_unwanted = logit >= 0, unwanted == 1
    hits = int((said & is_unwanted).sum())
    return {
        "messages": len(unwanted),
        "unwanted": int(is_unwanted.sum()),
        "precision": hits / max(int(said.sum()), 1),
        "recall": hits / int(is_unwanted.sum()),
        "false_positive_rate": int((said & ~is_unwanted).sum()) / int((~is_unwanted).sum()),
        "auc": area_under_curve(logit, unwanted),
    }


def export(weights, step, path):
    table, first, first_bias, second, second_bias = weights
    values = {
        "embedding": np.round(table / step).astype(np.int8),
        "over_rows": np.array([0], np.int64),
        "first": first * np.float32(SCALE) * step,
        "first_bias": first_bias,
        "second": second,
        "second_bias": second_bias,
    }
    nodes = [
        helper.make_node("Gather", ["embedding", "indices"], ["steps"], axis=0),
        helper.make_node("Cast", ["steps"], ["rows"], to=TensorProto.FLOAT),
        helper.make_node("ReduceSum", ["rows", "over_rows"], ["bag"], keepdims=1),
        helper.make_node("Gemm", ["bag", "first", "first_bias"], ["before_relu"]),
        helper.make_node("Relu", ["before_relu"], ["hidden"]),
        helper.make_node("Gemm", ["hidden", "second", "second_bias"], ["log_odds"]),
        helper.make_node("Sigmoid", ["log_odds"], ["probability"]),
    ]
    graph = helper.make_graph(
        nodes,
        "switchback-onnx",
        [helper.make_tensor_value_info("indices", TensorProto.INT64, ["count_of_indices"])],
        [helper.make_tensor_value_info("probability", TensorProto.FLOAT, [1, 1])],
        [numpy_helper.from_array(value, name) for name, value in values.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def write_card(metrics, path):
    """Replaces the table of metrics in the release's manifest."""
    lines = "".join(f"{name} = {round(value, 4)}\n" for name, value in metrics.items())
    manifest = Path(path).read_text()
    changed, count = re.subn(r"(?m)^\[card\.metrics\]\n(?:\w+ = .*\n)*", f"[card.metrics]\n{lines}", manifest)
    if count != 1:
        raise SystemExit(f"{path}: there is no [card.metrics]")
    Path(path).write_text(changed)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("features", help="what `switchback-train features` wrote")
    arguments.add_argument("--model", default=HERE.parent / "model.onnx")
    arguments.add_argument("--manifest", default=HERE.parent / "switchback.toml")
    arguments = arguments.parse_args()

    messages = read(arguments.features)
    weights, step = rounded(train(messages))
    metrics = measure(weights, *messages.part(TEST))
    for name, value in metrics.items():
        print(f"{name}: {value:.4f}" if isinstance(value, float) else f"{name}: {value}")
    export(weights, step, arguments.model)
    write_card(metrics, arguments.manifest)


if __name__ == "__main__":
    main()
