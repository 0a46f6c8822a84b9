"""Models of each kind, to measure what a message costs: `costs.py FOLDER` writes FOLDER/KIND/model.onnx, to be packed.

Their weights are of random rows and texts: what a model costs does not depend on what it says.
"""

import os
import sys

import numpy as np
import tokenizers
from onnx import TensorProto
from onnxruntime.quantization import QuantType
from skl2onnx import to_onnx
from skl2onnx.common.data_types import StringTensorType
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline

from cases import TWO, X, random
from networks import Network, in_bytes, transformer

WORDS, TEXT_LENGTH, VOCABULARY = 50_000, 128, 8_000
LETTERS = "etaoinshrdlucmfwypvbgkqjxz"


def words(count):
    """Words that look like words: the short ones first, of which mail has many."""
    made, length = [], 1
    while len(made) < count:
        made += sorted({"".join(random.choice(list(LETTERS[:16]), length)) for _ in range(min(count, 16**length))})
        length += 1
    return made[:count]


def save(folder, kind, model, table="", tokenizer=None):
    place = os.path.join(folder, kind)
    os.makedirs(place, exist_ok=True)
    with open(os.path.join(place, "model.onnx"), "wb") as file:
        file.write(model.SerializeToString())
    with open(os.path.join(place, "switchback.toml"), "w") as file:
        file.write(f'[release]\nname = "{kind}"\nversion = "1.0.0"\n\n[limits]\ndeadline_ms = 10000\n\n{table}')
    if tokenizer is not None:
        tokenizer.save(os.path.join(place, "tokenizer.json"))


def word_piece():
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"] + list(LETTERS) + ["##" + letter for letter in LETTERS]
    pieces += ["##" + piece for piece in words(VOCABULARY // 2)[30:]] + words(VOCABULARY)[30:]
    pieces = list(dict.fromkeys(pieces))[:VOCABULARY]
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordPiece({p: i for i, p in enumerate(pieces)}, unk_token="[UNK]"))
    tokenizer.normalizer = tokenizers.normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing("[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    tokenizer.enable_truncation(TEXT_LENGTH)
    return tokenizer


def convolution():
    net, width = Network(), 64
    rows = net.node("Gather", [net.weight("words", VOCABULARY, width), "input_ids"], "rows")
    channels, pooled = net.node("Transpose", [rows], "channels", perm=[0, 2, 1]), []
    for size in (3, 4, 5):
        inputs = [channels, net.weight(f"k{size}", width, width, size, low=-0.1, high=0.1), net.weight(f"b{size}", width)]
        seen = net.node("Relu", [net.node("Conv", inputs, f"c{size}", kernel_shape=[size])], f"r{size}")
        pooled.append(net.node("Flatten", [net.node("GlobalMaxPool", [seen], f"m{size}")], f"f{size}"))
    net.linear(net.node("Concat", pooled, "all", axis=1), "logits", 3 * width, 2)
    return net.model({"input_ids": (TensorProto.INT64, [None, TEXT_LENGTH])}, "logits", 2)


def lstm():
    net, width = Network(), 64
    rows = net.node("Gather", [net.weight("words", VOCABULARY, width), "input_ids"], "rows")
    steps = net.node("Transpose", [rows], "steps", perm=[1, 0, 2])
    weights = [net.weight(name, 1, *shape, low=-0.1, high=0.1) for name, shape in (("w", (4 * width, width)), ("r", (4 * width, width)), ("b", (8 * width,)))]
    last = net.node("LSTM", [steps, *weights], ["", "last"], hidden_size=width)[1]
    net.linear(net.node("Squeeze", [last, net.integers("axis", 0)], "state"), "logits", width, 2)
    return net.model({"input_ids": (TensorProto.INT64, [None, TEXT_LENGTH])}, "logits", 2)


def main(folder):
    os.makedirs(folder, exist_ok=True)
    for kind, model in {
        "logistic": LogisticRegression(),
        "forest": RandomForestClassifier(100, max_depth=10, random_state=1),
        "perceptron": MLPClassifier((64, 32), random_state=1),
    }.items():
        save(folder, kind, to_onnx(model.fit(X, TWO), X[:1]))
    vocabulary = words(WORDS)
    texts = [" ".join(random.choice(vocabulary, 200)) for _ in range(100)] + [" ".join(vocabulary)]
    model = make_pipeline(TfidfVectorizer(token_pattern=r"[a-zA-Z0-9_]+"), LogisticRegression())
    model.fit(texts, np.arange(len(texts)) % 2)
    save(folder, "tfidf", to_onnx(model, initial_types=[("text", StringTensorType([None, 1]))]))
    logits, tokenizer = '[onnx.output]\nis = "logits"\n', word_piece()
    save(folder, "convolution", convolution(), logits, tokenizer)
    save(folder, "lstm", lstm(), logits, tokenizer)
    network = transformer(VOCABULARY, 256, 4, 4)
    save(folder, "transformer", network, logits, tokenizer)
    save(folder, "transformer-int8", in_bytes(folder, network, QuantType.QInt8, True), logits, tokenizer)


if __name__ == "__main__":
    main(sys.argv[1])
