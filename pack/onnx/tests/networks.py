"""Networks with weights that nobody trained: a transformer like BERT, convolutions over words, and both in bytes."""

import json
import os

import numpy as np
import onnx
import tokenizers
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from cases import FACTS, TEXTS, X, random, session, write

LENGTH = 24
PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "!", "?", ",", ".", "free", "money", "now", "meeting", "the", "##s", "##ing", "提", "и"]
PIECES = (PIECES + [c for c in "abcdefghijklmnopqrstuvwxyz"] + ["##" + c for c in "abcdefghijklmnopqrstuvwxyz"])[:60]
GIVEN = TEXTS + ["", "e\u0301 É\u200b\x00x 提提 ﬁ", "free" * 60, "now! " * 40, "don't (stop) $5 ³ —", "\u3000free\xa0money"]
LOGITS = '[onnx.output]\nis = "logits"\n'


class Network:
    """A graph in the making."""

    def __init__(self):
        self.nodes, self.weights = [], []

    def constant(self, name, values, kind=np.float32):
        self.weights.append(numpy_helper.from_array(np.array(values, kind), name))
        return name

    def weight(self, name, *shape, low=-0.4, high=0.4):
        return self.constant(name, random.uniform(low, high, shape))

    def integers(self, name, *values):
        return self.constant(name, values, np.int64)

    def node(self, operator, inputs, output, **attributes):
        outputs = output if isinstance(output, list) else [output]
        self.nodes.append(helper.make_node(operator, inputs, outputs, **attributes))
        return output

    def linear(self, value, name, rows, columns):
        product = self.node("MatMul", [value, self.weight(name + ".w", rows, columns)], name + ".product")
        return self.node("Add", [product, self.weight(name + ".b", columns)], name)

    def model(self, inputs, output, width, opset=17):
        """The file: inputs by their names, each with its type and shape, and an output of so many numbers."""
        values = [helper.make_tensor_value_info(name, kind, shape) for name, (kind, shape) in inputs.items()]
        answer = helper.make_tensor_value_info(output, TensorProto.FLOAT, [None, width])
        graph = helper.make_graph(self.nodes, "g", values, [answer], self.weights)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def transformer(words, width, heads, layers):
    """An encoder like BERT's."""
    net = Network()

    def normal(value, name):
        weights = net.weight(name + ".w", width, low=0.5, high=1.5)
        return net.node("LayerNormalization", [value, weights, net.weight(name + ".b", width)], name, axis=-1)

    def split(value, name, order):
        parts = net.node("Reshape", [value, net.integers(name + ".shape", 0, -1, heads, width // heads)], name + ".parts")
        return net.node("Transpose", [parts], name, perm=order)

    embedded = net.node("Gather", [net.weight("words", words, width), "input_ids"], "words.rows")
    typed = net.node("Gather", [net.weight("types", 2, width), "token_type_ids"], "types.rows")
    shape = net.node("Shape", ["input_ids"], "shape")
    count = net.node("Gather", [shape, net.integers("one", 1)], "count")
    places = net.node("Slice", [net.weight("places", 512, width), net.integers("zero", 0), count, "zero"], "places.rows")
    value = normal(net.node("Add", [net.node("Add", [embedded, typed], "e1"), places], "e2"), "e3")
    mask = net.node("Cast", ["attention_mask"], "mask.f", to=TensorProto.FLOAT)
    mask = net.node("Unsqueeze", [mask, net.integers("axes", 1, 2)], "mask.4")
    for name, number in (("1f", 1.0), ("far", -10000.0), ("root", (width // heads) ** 0.5), ("half", 0.5), ("root2", 2.0**0.5)):
        net.constant(name, number)
    mask = net.node("Mul", [net.node("Sub", ["1f", mask], "mask.not"), "far"], "mask")
    for layer in range(layers):
        of = lambda name: f"{layer}.{name}"
        query, key, content = (net.linear(value, of(name), width, width) for name in ("q", "k", "v"))
        query, content = split(query, of("q.h"), [0, 2, 1, 3]), split(content, of("v.h"), [0, 2, 1, 3])
        scores = net.node("MatMul", [query, split(key, of("k.h"), [0, 2, 3, 1])], of("qk"))
        scores = net.node("Add", [net.node("Div", [scores, "root"], of("scores")), mask], of("masked"))
        attention = net.node("Softmax", [scores], of("attention"), axis=-1)
        mixed = net.node("MatMul", [attention, content], of("mixed.h"))
        mixed = net.node("Transpose", [mixed], of("mixed.t"), perm=[0, 2, 1, 3])
        mixed = net.node("Reshape", [mixed, net.integers(of("mixed.shape"), 0, 0, width)], of("mixed"))
        value = normal(net.node("Add", [net.linear(mixed, of("o"), width, width), value], of("r1")), of("n1"))
        hidden = net.linear(value, of("h"), width, 2 * width)
        erf = net.node("Erf", [net.node("Div", [hidden, "root2"], of("g1"))], of("g2"))
        erf = net.node("Add", [erf, "1f"], of("g3"))
        hidden = net.node("Mul", [net.node("Mul", [hidden, erf], of("g4")), "half"], of("gelu"))
        value = normal(net.node("Add", [net.linear(hidden, of("y"), 2 * width, width), value], of("r2")), of("n2"))
    net.constant("first", 0, np.int64)
    first = net.node("Gather", [value, "first"], "cls", axis=1)
    net.linear(net.node("Tanh", [net.linear(first, "pool", width, width)], "pooled"), "logits", width, 2)
    ids = (TensorProto.INT64, ["batch", "sequence"])
    return net.model({name: ids for name in ("input_ids", "attention_mask", "token_type_ids")}, "logits", 2)


def word_piece(folder):
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordPiece({p: i for i, p in enumerate(PIECES)}, unk_token="[UNK]"))
    tokenizer.normalizer = tokenizers.normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing("[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    tokenizer.enable_truncation(LENGTH)
    tokenizer.save(os.path.join(folder, "tokenizer.json"))
    return tokenizer


def of_texts(folder, name, model, tokenizer, bindings=LOGITS, tolerance=1e-5):
    """What onnxruntime answers for texts, of two logits."""
    run = session(model)
    names = [value.name for value in run.get_inputs()]
    expected = []
    for text in GIVEN:
        tokens = tokenizer.encode(text)
        feed = {"input_ids": tokens.ids, "attention_mask": tokens.attention_mask, "token_type_ids": tokens.type_ids}
        logits = run.run(None, {name: np.array([feed[name]], np.int64) for name in names})[0][0]
        powers = np.exp(logits - logits.max())
        expected.append([float(power) for power in powers / powers.sum()])
    with open(os.path.join(folder, name + ".onnx"), "wb") as file:
        file.write(model.SerializeToString())
    with open(os.path.join(folder, name + ".json"), "w") as file:
        rows = [{"input_ids": text} for text in GIVEN]
        json.dump({"bindings": bindings, "rows": rows, "expected": expected, "tolerance": tolerance}, file)


def transformers(folder):
    tokenizer = word_piece(folder)
    model = transformer(len(PIECES), 16, 2, 1)
    # Without filling: the mask has to make up for it.
    of_texts(folder, "transformer", model, tokenizer)
    # With it: scales of bytes are those of all numbers, what a text is filled up with included.
    tokenizer.enable_padding(length=LENGTH)
    for name, kind, is_per_channel in (("int8", QuantType.QInt8, False), ("channels", QuantType.QInt8, True), ("uint8", QuantType.QUInt8, False)):
        of_texts(folder, f"transformer-{name}", in_bytes(folder, model, kind, is_per_channel), tokenizer)


def in_bytes(folder, model, kind, is_per_channel, operators=None):
    """A model with weights of bytes, of these operators or of all that can have them. Not all bits of those with a sign are used: older processors' sums overflow."""
    path, made = os.path.join(folder, "float.tmp"), os.path.join(folder, "bytes.tmp")
    onnx.save(model, path)
    quantize_dynamic(path, made, per_channel=is_per_channel, weight_type=kind, reduce_range=kind == QuantType.QInt8, op_types_to_quantize=operators)
    model = onnx.load(made)
    os.remove(path)
    os.remove(made)
    return model


def convolutions(folder):
    """Convolutions over words, as PyTorch and Keras write them."""
    tokenizer = word_piece(folder)
    tokenizer.enable_padding(length=LENGTH)

    def embedded(net, width=8):
        rows = net.node("Gather", [net.weight("words", len(PIECES), width), "input_ids"], "rows")
        return net.node("Transpose", [rows], "channels", perm=[0, 2, 1])

    def finished(name, net, value, width):
        net.linear(value, "logits", width, 2)
        ids = {"input_ids": (TensorProto.INT64, [None, LENGTH])}
        of_texts(folder, f"convolution-{name}", net.model(ids, "logits", 2), tokenizer)

    net = Network()
    value, pooled = embedded(net), []
    for size in (2, 3, 5):
        inputs = [value, net.weight(f"k{size}", 6, 8, size), net.weight(f"b{size}", 6)]
        seen = net.node("Relu", [net.node("Conv", inputs, f"c{size}", kernel_shape=[size])], f"r{size}")
        largest = net.node("MaxPool", [seen], f"m{size}", kernel_shape=[LENGTH - size + 1])
        pooled.append(net.node("Flatten", [largest], f"f{size}"))
    finished("words", net, net.node("Concat", pooled, "all", axis=1), 18)

    net = Network()
    inputs = [embedded(net), net.weight("k", 8, 8, 3)]
    seen = net.node("Relu", [net.node("Conv", inputs, "c", auto_pad="SAME_UPPER", kernel_shape=[3])], "r")
    half = net.node("MaxPool", [seen], "h", kernel_shape=[2], strides=[2])
    wide = net.node("Conv", [half, net.weight("k2", 4, 8, 3), net.weight("b2", 4)], "w", dilations=[2], pads=[2, 2], kernel_shape=[3])
    mean = net.node("AveragePool", [wide], "a", kernel_shape=[3], strides=[2], pads=[1, 1])
    whole = net.node("AveragePool", [mean], "t", kernel_shape=[2], strides=[2], pads=[1, 1], count_include_pad=1)
    finished("deep", net, net.node("Flatten", [whole], "flat"), 4 * 4)

    net = Network()
    each = net.node("Conv", [embedded(net), net.weight("k", 16, 1, 3), net.weight("b", 16)], "each", group=8, strides=[2], kernel_shape=[3])
    point = net.node("Conv", [each, net.weight("k1", 4, 16, 1), net.weight("b1", 4)], "point", kernel_shape=[1])
    step = net.node("Conv", [point, net.weight("k3", 4, 2, 1)], "step", group=2, strides=[3], kernel_shape=[1])
    finished("separable", net, net.node("Flatten", [net.node("GlobalAveragePool", [step], "g")], "flat"), 4)

    net = Network()
    picture = net.node("Unsqueeze", [embedded(net), net.integers("axis", 1)], "picture")
    around = net.node("Pad", [picture, net.integers("pads", 0, 0, 1, 2, 0, 0, 1, 0), net.constant("zero", 0.0)], "around")
    plane = net.node("Conv", [around, net.weight("k", 3, 1, 3, 4), net.weight("b", 3)], "plane", strides=[2, 1], kernel_shape=[3, 4])
    pooled = net.node("MaxPool", [plane], "pool", kernel_shape=[2, 3], strides=[1, 2], pads=[1, 0, 0, 1])
    finished("plane", net, net.node("Flatten", [pooled], "flat"), 3 * 4 * 11)


def bytes_of(folder):
    """Operators on bytes: each sum, below a thousand, is one of the answers."""
    columns = 5
    bindings = f'[onnx.output]\nis = "probabilities"\nclasses = {json.dumps(["spam"] * columns)}\n'
    given = [{"X": row} for row in X[:40]] + [{"X": np.zeros(FACTS, np.float32)}, {"X": np.full(FACTS, -3.5, np.float32)}]

    def finished(name, net, sums):
        sums = net.node("Abs", [sums], "amount")
        rest = net.node("Mod", [sums, net.constant("thousand", 1000, np.int32)], "rest")
        parts = net.node("Cast", [rest], "parts", to=TensorProto.FLOAT)
        net.node("Div", [parts, net.constant("1000f", 1000.0)], "prob")
        model = net.model({"X": (TensorProto.FLOAT, [None, FACTS])}, "prob", columns, opset=19)
        write(folder, f"bytes-{name}", model, given, bindings=bindings)

    for kind, low, high in ((np.int8, -64, 64), (np.uint8, 0, 255)):
        for zeros in ("none", "one", "each"):
            net = Network()
            made = net.node("DynamicQuantizeLinear", ["X"], ["bytes", "scale", "zero"])
            inputs = [made[0], net.constant("w", random.randint(low, high, (FACTS, columns)), kind), made[2]]
            if zeros != "none":
                shape = [columns] if zeros == "each" else []
                inputs.append(net.constant("z", random.randint(low, high, shape), kind))
            finished(f"{np.dtype(kind)}-{zeros}", net, net.node("MatMulInteger", inputs, "sums"))
    net = Network()
    made = net.node("QuantizeLinear", ["X", net.constant("s", 0.0123)], "bytes")
    inputs = [made, net.constant("w", random.randint(-64, 64, (FACTS, columns)), np.int8)]
    finished("without-zeros", net, net.node("MatMulInteger", inputs, "sums"))
    for kind, zero in ((np.int8, -3), (np.uint8, 117)):
        net = Network()
        scale, point = net.constant("s", 0.0123), net.constant("p", zero, kind)
        made = net.node("QuantizeLinear", ["X", scale, point], "bytes")
        weights = net.constant("w", random.randint(-60, 60, (FACTS, columns)), np.int8)
        inputs = [made, scale, point, weights, net.constant("ws", random.uniform(0.01, 0.03, columns)), net.constant("wz", [0] * columns, np.int8)]
        quantised = net.node("QLinearMatMul", inputs + [net.constant("ys", 0.04), net.constant("yz", zero, kind)], "product")
        finished(f"linear-{np.dtype(kind)}", net, net.node("Cast", [quantised], "sums", to=TensorProto.INT32))

        net = Network()
        back = net.node("DequantizeLinear", [net.node("QuantizeLinear", ["X", net.constant("s", 0.0123), net.constant("p", zero, kind)], "bytes"), "s", "p"], "back")
        table = net.constant("w", random.randint(-60, 60, (FACTS, columns)), np.int8)
        weights = net.node("DequantizeLinear", [table, net.constant("ws", random.uniform(0.01, 0.03, columns)), net.constant("wz", [0] * columns, np.int8)], "weights", axis=1)
        net.node("Softmax", [net.node("MatMul", [back, weights], "product")], "prob", axis=1)
        model = net.model({"X": (TensorProto.FLOAT, [None, FACTS])}, "prob", columns, opset=19)
        write(folder, f"bytes-around-{np.dtype(kind)}", model, given, bindings=bindings)


def convolutions_of_bytes(folder):
    """A convolution over words as `quantize_dynamic` leaves it, and operators on bytes alone, each result of which is an answer."""
    tokenizer = word_piece(folder)
    tokenizer.enable_padding(length=LENGTH)
    net = Network()
    rows = net.node("Gather", [net.weight("words", len(PIECES), 8), "input_ids"], "rows")
    channels = net.node("Transpose", [rows], "channels", perm=[0, 2, 1])
    seen = net.node("Conv", [channels, net.weight("k", 6, 8, 3), net.weight("b", 6)], "c", pads=[1, 1], kernel_shape=[3])
    largest = net.node("ReduceMax", [net.node("Relu", [seen], "r")], "m", axes=[2], keepdims=0)
    net.linear(largest, "logits", 6, 2)
    model = net.model({"input_ids": (TensorProto.INT64, [None, LENGTH])}, "logits", 2)
    for name, kind in (("int8", QuantType.QInt8), ("uint8", QuantType.QUInt8)):
        made = in_bytes(folder, model, kind, False, ["Conv", "MatMul"])
        assert any(node.op_type == "ConvInteger" for node in made.graph.node)
        of_texts(folder, f"convolution-{name}", made, tokenizer)

    channels, places = 3, 5
    bindings = f'[onnx.output]\nis = "probabilities"\nclasses = {json.dumps(["spam"] * channels * places)}\n'
    given = [{"X": row} for row in X[:40]] + [{"X": np.zeros(FACTS, np.float32)}]

    def finished(name, net, sums):
        sums = net.node("Cast", [net.node("Abs", [net.node("Cast", [sums], "wide", to=TensorProto.INT32)], "amount")], "sums.f", to=TensorProto.FLOAT)
        sums = net.node("Reshape", [sums, net.integers("flat", 1, -1)], "flat.sums")
        net.node("Div", [sums, net.constant("many", 1e6)], "prob")
        model = net.model({"X": (TensorProto.FLOAT, [None, FACTS])}, "prob", channels * places, opset=19)
        write(folder, f"bytes-{name}", model, given, bindings=bindings, tolerance=1e-7)

    window = {"kernel_shape": [3], "strides": [2], "dilations": [2], "pads": [0, 1]}
    for zero in (None, 3):
        net = Network()
        made = net.node("DynamicQuantizeLinear", ["X"], ["bytes", "scale", "zero"])
        rows = net.node("Reshape", [made[0], net.integers("rows", 1, 4, -1)], "rows.b")
        weights = net.constant("w", random.randint(-128, 128, (channels, 2, 3)), np.int8)
        rows = net.node("Slice", [rows, net.integers("from", 0), net.integers("to", 2), net.integers("axes", 1)], "two")
        rows = net.node("Concat", [rows, rows], "eight", axis=2)
        rows = net.node("Slice", [rows, "from", net.integers("end", 13), net.integers("last", 2)], "thirteen")
        inputs = [rows, weights, made[2]] + ([] if zero is None else [net.constant("wz", zero, np.int8)])
        finished(f"conv-{zero}", net, net.node("ConvInteger", inputs, "sums", **window))
    for kind, zero in ((np.int8, -3), (np.uint8, 117)):
        net = Network()
        scale, point = net.constant("s", 0.0123), net.constant("p", zero, kind)
        made = net.node("QuantizeLinear", ["X", scale, point], "bytes")
        rows = net.node("Reshape", [made, net.integers("rows", 1, 2, -1)], "two")
        rows = net.node("Slice", [rows, net.integers("from", 0), net.integers("end", 13), net.integers("last", 2)], "thirteen")
        weights = [net.constant("w", random.randint(-60, 60, (channels, 2, 3)), np.int8)]
        weights += [net.constant("ws", random.uniform(0.01, 0.03, channels)), net.constant("wz", [0] * channels, np.int8)]
        biased = [net.constant("ys", 0.02), net.constant("yz", zero, kind), net.constant("bias", [100, -3000, 7], np.int32)]
        finished(f"conv-linear-{np.dtype(kind)}", net, net.node("QLinearConv", [rows, scale, point] + weights + biased, "sums", **window))


def sums(folder):
    """Sums of all that is before, as RoBERTa numbers the places of its words."""
    tokenizer = word_piece(folder)
    tokenizer.enable_padding(length=LENGTH)
    net = Network()
    net.constant("pad", 0, np.int64)
    is_word = net.node("Cast", [net.node("Not", [net.node("Equal", ["input_ids", "pad"], "is.pad")], "is.word")], "word", to=TensorProto.INT32)
    place = net.node("CumSum", [is_word, net.constant("axis", 1, np.int32)], "so.far")
    place = net.node("Cast", [net.node("Mul", [place, is_word], "place")], "place.64", to=TensorProto.INT64)
    behind = net.node("CumSum", [net.node("Cast", [is_word], "word.f", to=TensorProto.FLOAT), "axis"], "behind", exclusive=1, reverse=1)
    rows = net.node("Gather", [net.weight("places", LENGTH + 2, 4), place], "rows")
    scaled = net.node("Mul", [rows, net.node("Unsqueeze", [behind, net.integers("last", 2)], "behind.3")], "scaled")
    mean = net.node("ReduceMean", [scaled], "mean", axes=[1], keepdims=0)
    net.linear(mean, "logits", 4, 2)
    of_texts(folder, "sums", net.model({"input_ids": (TensorProto.INT64, [None, LENGTH])}, "logits", 2), tokenizer)


def write_all(folder):
    for part in (transformers, convolutions, bytes_of, convolutions_of_bytes, sums):
        part(folder)
