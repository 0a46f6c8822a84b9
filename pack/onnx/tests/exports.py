"""Exports models of scikit-learn, LightGBM and XGBoost to ONNX, and writes what onnxruntime answers.

exports.py FOLDER writes for each model NAME.onnx and NAME.json:

    {"bindings": the table [onnx] as TOML,
     "rows": [{input: [number or null for NaN, ..] or "text", ..}, ..],
     "refused": what the author is told instead, of a file that cannot be a model,
     "expected": [[number or null, ..], ..]} what onnxruntime answers for each row; null for what is not finite

exports.py FOLDER NAME ROWS prints what onnxruntime answers for such rows in a file.

Fails if an export does not agree with its library, where the library's numbers are exact.
"""

import json
import os
import sys
import warnings

import numpy as np
import onnx
import onnxruntime
import pandas
import tokenizers
from onnx import TensorProto, helper
from onnxmltools import convert_lightgbm, convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType as BoosterInput
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType

import lightgbm
import xgboost
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import ExtraTreesClassifier, GradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.naive_bayes import BernoulliNB, MultinomialNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Binarizer, MaxAbsScaler, MinMaxScaler, Normalizer, StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

warnings.filterwarnings("ignore")
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


def rows_of(model):
    """Rows that reach every threshold of the model's trees, one step beside it, what is missing and nothing at all."""
    rows = [X[i].copy() for i in range(40)] + [np.zeros(FACTS, np.float32), np.ones(FACTS, np.float32)]
    for feature in range(FACTS):
        rows.append(X[feature].copy())
        rows[-1][feature] = np.nan
    for node in model.graph.node:
        values = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        pairs = list(zip(values.get("nodes_featureids", []), values.get("nodes_values", []), values.get("nodes_modes", [])))
        branches = [(f, np.float32(v)) for f, v, mode in pairs if mode != b"LEAF"]
        for index, (feature, value) in enumerate(branches[:150]):
            for near in (value, np.nextafter(value, np.float32(-np.inf)), np.nextafter(value, np.float32(np.inf))):
                rows.append(X[index % len(X)].copy())
                rows[-1][feature] = near
    return rows


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


def write(folder, name, model, given, output=None, bindings="", library=None):
    output = output or next(o.name for o in model.graph.output if "prob" in o.name)
    expected = answers(model, output, given)
    if library is not None:
        worst = np.max(np.abs(np.array(expected)[: len(library)] - library))
        assert worst < 1e-5, f"{name}: the export differs from its library by {worst}"
    with open(os.path.join(folder, name + ".onnx"), "wb") as file:
        file.write(model.SerializeToString())
    clean = lambda value: value if isinstance(value, str) else [None if np.isnan(x) else float(x) for x in value]
    rows = [{key: clean(value) for key, value in row.items()} for row in given]
    with open(os.path.join(folder, name + ".json"), "w") as file:
        finite = [[number if np.isfinite(number) else None for number in answer] for answer in expected]
        json.dump({"bindings": bindings, "rows": rows, "expected": finite}, file)


def of_rows(folder, name, model, fitted, exact=True, **more):
    given = [{model.graph.input[0].name: row} for row in rows_of(model)]
    library = fitted.predict_proba(X[:40]) if exact and hasattr(fitted, "predict_proba") else None
    write(folder, name, model, given, library=library, **more)


def scikit_learn(folder):
    two = {
        "logistic-regression": make_pipeline(StandardScaler(), LogisticRegression()),
        "decision-tree": DecisionTreeClassifier(max_depth=5),
        "random-forest": RandomForestClassifier(20, max_depth=6, random_state=1),
        "extra-trees": ExtraTreesClassifier(10, max_depth=6, random_state=1),
        "gradient-boosting": GradientBoostingClassifier(n_estimators=20, random_state=1),
        "perceptron": MLPClassifier((16, 8), random_state=1),
        "calibrated": CalibratedClassifierCV(LinearSVC()),
        "multinomial-bayes": MultinomialNB(),
        "bernoulli-bayes": BernoulliNB(),
        "sgd": SGDClassifier(loss="log_loss", random_state=1),
        "scaled": make_pipeline(SimpleImputer(), Normalizer("l2"), MinMaxScaler(), LogisticRegression()),
        "scaled-otherwise": make_pipeline(Normalizer("l1"), MaxAbsScaler(), LogisticRegression()),
        "binarized": make_pipeline(SimpleImputer(), Normalizer("max"), Binarizer(threshold=0.3), LogisticRegression()),
    }
    for name, model in two.items():
        model.fit(X, TWO)
        exported = to_onnx(model, X[:1])
        of_rows(folder, name, exported, model)
    three = {
        "logistic-regression-3": LogisticRegression(),
        "random-forest-3": RandomForestClassifier(10, max_depth=6, random_state=1),
        "gradient-boosting-3": GradientBoostingClassifier(n_estimators=5, random_state=1),
        "perceptron-3": MLPClassifier((16,), activation="tanh", random_state=1),
    }
    for name, model in three.items():
        model.fit(X, THREE)
        of_rows(folder, name, to_onnx(model, X[:1]), model, bindings=CLASSES)
    for opset in (9, 11, 12, 13, 15, 17, 18, 19, 21, 22):
        for name in ("perceptron", "multinomial-bayes"):
            model = two[name]
            exported = to_onnx(model, X[:1], target_opset={"": opset, "ai.onnx.ml": 1})
            of_rows(folder, f"{name}-opset-{opset}", exported, model)


def portable(model):
    """A locale that every machine has: what a letter's other case is depends on none that scripts of Europe have."""
    for node in model.graph.node:
        if node.op_type == "StringNormalizer":
            kept = [a for a in node.attribute if a.name != "locale"]
            del node.attribute[:]
            node.attribute.extend(kept + [helper.make_attribute("locale", "C.UTF-8")])
    return model


def texts(folder):
    words = {
        "tfidf": TfidfVectorizer(),
        "tfidf-pairs": TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, stop_words=["the", "a"]),
        "tfidf-cased": TfidfVectorizer(lowercase=False, norm="l1"),
        "tfidf-characters": TfidfVectorizer(analyzer="char", ngram_range=(2, 3)),
        "counts": CountVectorizer(token_pattern=r"[a-z]+", binary=True),
    }
    more = ["", "nothing of this is known", "now " * 500]
    for name, vectorizer in words.items():
        model = make_pipeline(vectorizer, LogisticRegression(C=10)).fit(TEXTS, SPAM)
        exported = portable(to_onnx(model, initial_types=[("text", StringTensorType([None, 1]))]))
        write(folder, name, exported, [{"text": text} for text in TEXTS + more])
    columns = pandas.DataFrame({"subject": TEXTS, "body": TEXTS[::-1], "size": [float(len(t)) for t in TEXTS]})
    made = ColumnTransformer(
        [("s", TfidfVectorizer(), "subject"), ("b", TfidfVectorizer(), "body"), ("n", StandardScaler(), ["size"])]
    )
    model = make_pipeline(made, LogisticRegression(C=10)).fit(columns, SPAM)
    inputs = [(name, StringTensorType([None, 1])) for name in ("subject", "body")] + [("size", FloatTensorType([None, 1]))]
    exported = portable(to_onnx(model, initial_types=inputs))
    given = [{"subject": s, "body": b, "size": [z]} for s, b, z in columns.itertuples(index=False)]
    write(folder, "columns", exported, given)


def grams(folder):
    """Every mode of TfIdfVectorizer, with skips."""
    pool = ["a", "b", "c", "a", "b", "b", "c", "a", "c"]
    for mode in ("TF", "IDF", "TFIDF"):
        for skip in (0, 2):
            counted = helper.make_node(
                "TfIdfVectorizer", ["words"], ["counts"], mode=mode, min_gram_length=1, max_gram_length=2, max_skip_count=skip,
                ngram_counts=[0, 3], ngram_indexes=[2, 0, 1, 3, 4, 5], pool_strings=pool, weights=[0.5, 2.0, 3.0, 4.0, 0.25, 8.0],
            )
            split = helper.make_node(
                "Tokenizer", ["text"], ["words"], domain="com.microsoft", mark=0, pad_value="#", mincharnum=1, separators=[" ", ","]
            )
            weights = helper.make_tensor("w", TensorProto.FLOAT, [6, 1], [0.1, -0.2, 0.3, -0.05, 0.07, 0.01])
            nodes = [split, counted, helper.make_node("MatMul", ["counts", "w"], ["sum"]), helper.make_node("Sigmoid", ["sum"], ["prob"])]
            graph = helper.make_graph(
                nodes, "g", [helper.make_tensor_value_info("text", TensorProto.STRING, [None])],
                [helper.make_tensor_value_info("prob", TensorProto.FLOAT, [None, 1])], [weights],
            )
            model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15), helper.make_opsetid("com.microsoft", 1)], ir_version=8)
            given = [{"text": text} for text in ("a", "a b", "a,b c a b,b", "c c c", "x a x b", "b a x c")]
            write(folder, f"grams-{mode.lower()}-{skip}", model, given)


def boosters(folder):
    given = BoosterInput([None, FACTS])
    missing = X.copy()
    missing[::7, 1] = np.nan
    for name, labels, bindings in (("", TWO, ""), ("-3", THREE, CLASSES)):
        model = lightgbm.LGBMClassifier(n_estimators=15, num_leaves=15, verbose=-1).fit(missing, labels)
        exported = convert_lightgbm(model, initial_types=[("X", given)], target_opset=15)
        of_rows(folder, "lightgbm" + name, exported, model, bindings=bindings)
        settings = {} if name else {"base_score": 0.3}
        model = xgboost.XGBClassifier(n_estimators=15, max_depth=4, **settings).fit(missing, labels)
        exported = convert_xgboost(model, initial_types=[("X", given)], target_opset=15)
        of_rows(folder, "xgboost" + name, exported, model, bindings=bindings)
    model = xgboost.XGBClassifier(n_estimators=40, max_depth=3, early_stopping_rounds=2, learning_rate=0.8)
    model.fit(X[:200], TWO[:200], eval_set=[(X[200:], TWO[200:])], verbose=False)
    assert model.best_iteration < 30, "the training was to stop early"
    exported = convert_xgboost(model, initial_types=[("X", given)], target_opset=15)
    of_rows(folder, "xgboost-stopped", exported, model, exact=False)


def tree(mode, missing, operator="TreeEnsembleRegressor", ids=(0,), count=1, **more):
    """Two trees of one branch each."""
    kind = "class" if operator.endswith("Classifier") else "target"
    weights = [0.125, 0.25, 0.375, 0.0625, 0.3, 0.2, 0.1, 0.05]
    lists = [(t, n, i) for t in (0, 1) for n in (1, 2) for i in ids]
    attributes = {
        "nodes_treeids": [0, 0, 0, 1, 1, 1],
        "nodes_nodeids": [0, 1, 2] * 2,
        "nodes_featureids": [0, 0, 0, 1, 0, 0],
        "nodes_modes": [mode, "LEAF", "LEAF"] * 2,
        "nodes_values": [0.1, 0, 0, 0.7, 0, 0],
        "nodes_truenodeids": [1, 0, 0] * 2,
        "nodes_falsenodeids": [2, 0, 0] * 2,
        "nodes_missing_value_tracks_true": [missing, 0, 0] * 2,
        f"{kind}_treeids": [t for t, _, _ in lists],
        f"{kind}_nodeids": [n for _, n, _ in lists],
        f"{kind}_ids": [i for _, _, i in lists],
        f"{kind}_weights": weights[: len(lists)],
        **more,
    }
    if kind == "class":
        attributes["classlabels_int64s"] = list(range(count))
    else:
        attributes["n_targets"] = count
    outputs = ["label", "prob"] if kind == "class" else ["prob"]
    node = helper.make_node(operator, ["X"], outputs, domain="ai.onnx.ml", **attributes)
    graph = helper.make_graph(
        [node], "g", [helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, FACTS])],
        [helper.make_tensor_value_info("prob", TensorProto.FLOAT, [None, None])],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15), helper.make_opsetid("ai.onnx.ml", 1)], ir_version=8)


def trees(folder):
    given = lambda model: [{"X": row} for row in rows_of(model)]
    probabilities = '[onnx.output]\nis = "probabilities"\n'
    for mode in ("LEQ", "LT", "GTE", "GT", "EQ", "NEQ"):
        for missing in (0, 1):
            model = tree("BRANCH_" + mode, missing)
            write(folder, f"tree-{mode.lower()}-{missing}", model, given(model), bindings=probabilities)
    for aggregate in ("SUM", "AVERAGE", "MIN", "MAX"):
        model = tree("BRANCH_LEQ", 0, aggregate_function=aggregate, base_values=[0.05])
        write(folder, f"tree-{aggregate.lower()}", model, given(model), bindings=probabilities)
    for name, ids, base in (("one", (0,), []), ("one-base", (0,), [0.25]), ("both", (0, 1), []), ("second", (1,), [])):
        for post in ("NONE", "LOGISTIC", "SOFTMAX"):
            more = {"base_values": base} if base else {}
            model = tree("BRANCH_LEQ", 0, "TreeEnsembleClassifier", ids, 2, post_transform=post, **more)
            write(folder, f"tree-{name}-{post.lower()}", model, given(model), output="prob", bindings=probabilities)


def transformer(folder):
    """A small encoder like BERT's, with weights that nobody trained: one layer, two heads."""
    width, heads, length, words = 16, 2, 24, 60
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "!", "?", ",", ".", "free", "money", "now", "meeting", "the", "##s", "##ing", "提", "и"]
    pieces += [c for c in "abcdefghijklmnopqrstuvwxyz"] + ["##" + c for c in "abcdefghijklmnopqrstuvwxyz"]
    pieces = pieces[:words]
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordPiece({p: i for i, p in enumerate(pieces)}, unk_token="[UNK]"))
    tokenizer.normalizer = tokenizers.normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing("[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    tokenizer.enable_truncation(length)
    tokenizer.save(os.path.join(folder, "tokenizer.json"))
    weights, nodes = [], []

    def weight(name, *shape, low=-0.4, high=0.4):
        weights.append(helper.make_tensor(name, TensorProto.FLOAT, shape, random.uniform(low, high, shape).ravel()))
        return name

    def integers(name, *values):
        weights.append(helper.make_tensor(name, TensorProto.INT64, [len(values)], values))
        return name

    def node(operator, inputs, output, **attributes):
        nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def linear(value, name, rows, columns):
        product = node("MatMul", [value, weight(name + ".w", rows, columns)], name + ".product")
        return node("Add", [product, weight(name + ".b", columns)], name)

    def normal(value, name):
        return node("LayerNormalization", [value, weight(name + ".w", width, low=0.5, high=1.5), weight(name + ".b", width)], name, axis=-1)

    def split(value, name, order):
        parts = node("Reshape", [value, integers(name + ".shape", 0, -1, heads, width // heads)], name + ".parts")
        return node("Transpose", [parts], name, perm=order)

    embedded = node("Gather", [weight("words", words, width), "input_ids"], "words.rows")
    typed = node("Gather", [weight("types", 2, width), "token_type_ids"], "types.rows")
    shape = node("Shape", ["input_ids"], "shape")
    count = node("Gather", [shape, integers("one", 1)], "count")
    places = node("Slice", [weight("places", 64, width), integers("zero", 0), count, "zero"], "places.rows")
    value = normal(node("Add", [node("Add", [embedded, typed], "e1"), places], "e2"), "e3")
    mask = node("Cast", ["attention_mask"], "mask.f", to=TensorProto.FLOAT)
    mask = node("Unsqueeze", [mask, integers("axes", 1, 2)], "mask.4")
    weights.append(helper.make_tensor("1f", TensorProto.FLOAT, [], [1.0]))
    weights.append(helper.make_tensor("far", TensorProto.FLOAT, [], [-10000.0]))
    weights.append(helper.make_tensor("root", TensorProto.FLOAT, [], [(width // heads) ** 0.5]))
    mask = node("Mul", [node("Sub", ["1f", mask], "mask.not"), "far"], "mask")
    query, key, content = (linear(value, name, width, width) for name in ("q", "k", "v"))
    query, content = split(query, "q.h", [0, 2, 1, 3]), split(content, "v.h", [0, 2, 1, 3])
    scores = node("Div", [node("MatMul", [query, split(key, "k.h", [0, 2, 3, 1])], "qk"), "root"], "scores")
    attention = node("Softmax", [node("Add", [scores, mask], "masked")], "attention", axis=-1)
    mixed = node("Transpose", [node("MatMul", [attention, content], "mixed.h")], "mixed.t", perm=[0, 2, 1, 3])
    mixed = node("Reshape", [mixed, integers("mixed.shape", 0, 0, width)], "mixed")
    value = normal(node("Add", [linear(mixed, "o", width, width), value], "r1"), "n1")
    weights.append(helper.make_tensor("half", TensorProto.FLOAT, [], [0.5]))
    weights.append(helper.make_tensor("root2", TensorProto.FLOAT, [], [2.0**0.5]))
    hidden = linear(value, "h", width, 2 * width)
    erf = node("Add", [node("Erf", [node("Div", [hidden, "root2"], "g1")], "g2"), "1f"], "g3")
    hidden = node("Mul", [node("Mul", [hidden, erf], "g4"), "half"], "gelu")
    value = normal(node("Add", [linear(hidden, "y", 2 * width, width), value], "r2"), "n2")
    weights.append(helper.make_tensor("first", TensorProto.INT64, [], [0]))
    pooled = node("Tanh", [linear(node("Gather", [value, "first"], "cls", axis=1), "pool", width, width)], "pooled")
    linear(pooled, "logits", width, 2)
    inputs = [helper.make_tensor_value_info(n, TensorProto.INT64, ["batch", "sequence"]) for n in ("input_ids", "attention_mask", "token_type_ids")]
    graph = helper.make_graph(nodes, "g", inputs, [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 2])], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    given = TEXTS + ["", "e\u0301 É\u200b\x00x 提提 ﬁ", "free" * 60, "now! " * 40, "don't (stop) $5 ³ —", "\u3000free\xa0money"]
    run = session(model)
    expected = []
    for text in given:
        # Without filling: the mask has to make up for it.
        tokens = tokenizer.encode(text)
        feed = {"input_ids": tokens.ids, "attention_mask": tokens.attention_mask, "token_type_ids": tokens.type_ids}
        logits = run.run(["logits"], {name: np.array([value], np.int64) for name, value in feed.items()})[0][0]
        powers = np.exp(logits - logits.max())
        expected.append([float(power) for power in powers / powers.sum()])
    with open(os.path.join(folder, "transformer.onnx"), "wb") as file:
        file.write(model.SerializeToString())
    with open(os.path.join(folder, "transformer.json"), "w") as file:
        rows = [{"input_ids": text} for text in given]
        json.dump({"bindings": '[onnx.output]\nis = "logits"\n', "rows": rows, "expected": expected}, file)


def refuse(folder, name, model, why, bindings=""):
    """A file that cannot be a model, and what its author is told."""
    with open(os.path.join(folder, name + ".onnx"), "wb") as file:
        file.write(model.SerializeToString())
    with open(os.path.join(folder, name + ".json"), "w") as file:
        json.dump({"bindings": bindings, "rows": [], "expected": [], "refused": why}, file)


def refusals(folder):
    probabilities = '[onnx.output]\nis = "probabilities"\n'
    refuse(folder, "refused-svc", to_onnx(SVC(probability=True).fit(X, TWO), X[:1]), "SVMClassifier (ai.onnx.ml 1) in")
    wide = to_onnx(RandomForestClassifier(3, random_state=1).fit(X, TWO), X[:1].astype(np.float64), target_opset={"": 15, "ai.onnx.ml": 3})
    refuse(folder, "refused-wide", wide, "double", probabilities)
    classes = lambda **more: tree("BRANCH_LEQ", 0, "TreeEnsembleClassifier", count=2, **more)
    both = classes(ids=(0, 1), base_values=[0.1, 0.2])
    refuse(folder, "refused-bases", both, "base values and weights for both of two classes", probabilities)
    refuse(folder, "refused-probit", classes(post_transform="PROBIT"), "its post_transform is PROBIT", probabilities)
    label = classes()
    label.graph.output.append(helper.make_tensor_value_info("label", TensorProto.INT64, [None]))
    refuse(folder, "refused-label", label, "only its scores are known", '[onnx.output]\nname = "label"\nis = "probabilities"\n')
    round_again = classes()
    for attribute in round_again.graph.node[0].attribute:
        if attribute.name == "nodes_modes":
            attribute.strings[1] = b"BRANCH_LEQ"
    refuse(folder, "refused-round", round_again, "below two others, or below itself", probabilities)


def counted(folder):
    """A model of hashed words: as many counts as a table of 2^10 rows has."""
    counts = random.poisson(0.05, (200, 1024)).astype(np.float32)
    model = LogisticRegression().fit(counts, (counts[:, :300].sum(axis=1) > counts[:, 300:600].sum(axis=1)).astype(int))
    exported = to_onnx(model, counts[:1])
    given = [{"X": row} for row in counts[:40]]
    write(folder, "hashed-counts", exported, given, library=model.predict_proba(counts[:40]))


def ask(folder, name, file):
    """Prints what onnxruntime answers for rows that somebody else made."""
    model = onnx.load(os.path.join(folder, name + ".onnx"))
    output = next(o.name for o in model.graph.output if "prob" in o.name)
    with open(file) as rows:
        print(json.dumps(answers(model, output, json.load(rows))))


def main(folder):
    os.makedirs(folder, exist_ok=True)
    for part in (trees, refusals, grams, texts, counted, transformer, boosters, scikit_learn):
        part(folder)


if __name__ == "__main__":
    main(sys.argv[1]) if len(sys.argv) == 2 else ask(*sys.argv[1:])
