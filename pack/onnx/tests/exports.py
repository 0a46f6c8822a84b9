"""Exports models of scikit-learn, LightGBM and XGBoost to ONNX, makes networks and tokenizers, and writes what onnxruntime answers.

exports.py FOLDER writes for each model NAME.onnx and NAME.json:

    {"bindings": the table [onnx] as TOML,
     "rows": [{input: [number or null for NaN, ..] or "text", ..}, ..],
     "refused": what the author is told instead, of a file that cannot be a model,
     "tolerance": how far a number may be from onnxruntime's, if not 0.00001,
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
import pandas
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
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

import functions
import loops
import machines
import networks
import pipelines
import tokens
from cases import CLASSES, FACTS, SPAM, TEXTS, THREE, TWO, X, answers, portable, random, refuse, write

warnings.filterwarnings("ignore")


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


def refusals(folder):
    probabilities = '[onnx.output]\nis = "probabilities"\n'
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
    for part in (trees, refusals, grams, texts, counted, boosters, scikit_learn):
        part(folder)
    for more in (tokens, networks, functions, loops, machines, pipelines):
        more.write_all(folder)


if __name__ == "__main__":
    main(sys.argv[1]) if len(sys.argv) == 2 else ask(*sys.argv[1:])
