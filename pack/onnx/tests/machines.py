"""Support vector machines and neighbours of scikit-learn, which compare a row with rows that they learned from."""

import numpy as np
from onnx import helper
from skl2onnx import to_onnx
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR, NuSVC, OneClassSVM

from cases import CLASSES, FACTS, THREE, TWO, X, write

ROWS = [{"X": row} for row in [*X[:40], np.zeros(FACTS, np.float32), np.full(FACTS, 3, np.float32)]]


def neighbours(**options):
    return KNeighborsClassifier(5, **options)


OF_TWO = {
    "svc-linear": SVC(kernel="linear", probability=True, random_state=1),
    "svc-rbf": make_pipeline(StandardScaler(), SVC(probability=True, random_state=1)),
    "svc-poly": SVC(kernel="poly", degree=3, coef0=0.5, probability=True, random_state=1),
    "svc-sigmoid": SVC(kernel="sigmoid", coef0=0.1, probability=True, random_state=1),
    "nu-svc": NuSVC(nu=0.3, probability=True, random_state=1),
    "neighbours": neighbours(),
    "neighbours-near": neighbours(weights="distance"),
    "neighbours-manhattan": neighbours(p=1),
}
OF_THREE = {
    "svc-3": SVC(probability=True, random_state=1),
    "svc-linear-3": SVC(kernel="linear", C=0.1, probability=True, random_state=1),
    "neighbours-3": neighbours(),
}


def squashed(model, operator):
    """A file whose scores are made probabilities."""
    scores = model.graph.output[-1].name
    made = helper.make_node(operator, [scores], ["prob"])
    model.graph.node.append(made)
    del model.graph.output[:]
    model.graph.output.append(helper.make_tensor_value_info("prob", 1, [None, None]))
    return model


def write_all(folder):
    for models, labels, bindings in ((OF_TWO, TWO, ""), (OF_THREE, THREE, CLASSES)):
        for name, model in models.items():
            write(folder, name, to_onnx(model.fit(X, labels), X[:1]), ROWS, bindings=bindings)
    # One operator that measures all distances, instead of a loop.
    for metric in ("euclidean", "sqeuclidean"):
        model = neighbours(weights="distance", metric=metric).fit(X, TWO)
        options = {KNeighborsClassifier: {"optim": "cdist"}}
        write(folder, f"neighbours-{metric}", to_onnx(model, X[:1], options=options), ROWS)
    for name, model in (("svr", SVR()), ("one-class", OneClassSVM(nu=0.3)), ("svc-scores", SVC())):
        options = {SVC: {"zipmap": False}} if name == "svc-scores" else None
        exported = to_onnx(model.fit(X, TWO), X[:1], options=options)
        if name == "one-class":
            scorer = next(node for node in exported.graph.node if node.op_type == "SVMRegressor")
            scorer.attribute.append(helper.make_attribute("one_class", 1))
        write(folder, name, squashed(exported, "Softmax" if name == "svc-scores" else "Sigmoid"), ROWS)
