"""Pipelines of scikit-learn as people write them: what of them packs, and what their author is told of the others."""

import numpy as np
import pandas
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.ensemble import AdaBoostClassifier, BaggingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.feature_selection import SelectKBest
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import CategoricalNB, ComplementNB, GaussianNB, MultinomialNB
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import KBinsDiscretizer, OneHotEncoder, OrdinalEncoder, PolynomialFeatures, PowerTransformer
from sklearn.preprocessing import QuantileTransformer, RobustScaler, StandardScaler, TargetEncoder
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from cases import SPAM, TEXTS, TWO, X, portable, refuse, write

KINDS = np.floor(X * 4).astype(np.float32)
TREE = DecisionTreeClassifier(max_depth=4, random_state=1)
FOREST = RandomForestClassifier(5, max_depth=4, random_state=1)
ORDINAL = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
LINE = LogisticRegression

OF_NUMBERS = {
    "gaussian-bayes": GaussianNB(),
    "complement-bayes": ComplementNB(),
    "calibrated-forest": CalibratedClassifierCV(FOREST),
    "calibrated-isotonic": CalibratedClassifierCV(LINE(), method="isotonic"),
    "calibrated-bayes": CalibratedClassifierCV(MultinomialNB()),
    "voting": VotingClassifier([("a", LINE()), ("b", FOREST), ("c", GaussianNB())], voting="soft", flatten_transform=False),
    "stacking": StackingClassifier([("a", LINE()), ("b", TREE)]),
    "stacking-more": StackingClassifier([("a", LINE()), ("b", TREE)], passthrough=True),
    "adaboost": AdaBoostClassifier(n_estimators=5, random_state=1),
    "bagging": BaggingClassifier(LINE(), n_estimators=3, random_state=1),
    "components": make_pipeline(StandardScaler(), PCA(5), LINE()),
    "best": make_pipeline(SelectKBest(k=5), LINE()),
    "robust": make_pipeline(RobustScaler(), LINE()),
    "products": make_pipeline(SelectKBest(k=4), PolynomialFeatures(2), LINE()),
    "powers": make_pipeline(PowerTransformer(), LINE()),
    "bins": make_pipeline(KBinsDiscretizer(4, encode="onehot-dense"), LINE()),
    "huber": SGDClassifier(loss="modified_huber", random_state=1),
    "discriminant": LinearDiscriminantAnalysis(),
    "discriminant-quadratic": QuadraticDiscriminantAnalysis(reg_param=0.1),
    "one-against-rest": OneVsRestClassifier(LINE()),
    "union": make_pipeline(make_union(StandardScaler(), PCA(3)), LINE()),
}
OF_KINDS = {
    "kinds-flags": make_pipeline(OneHotEncoder(handle_unknown="ignore"), LINE()),
    "kinds-but-first": make_pipeline(OneHotEncoder(drop="first"), LINE()),
    "kinds-numbers": make_pipeline(ORDINAL, TREE),
    "kinds-target": make_pipeline(TargetEncoder(random_state=1), LINE()),
    "kinds-some": make_pipeline(
        ColumnTransformer(
            [("n", StandardScaler(), slice(0, 8)), ("c", OneHotEncoder(handle_unknown="ignore"), slice(8, 12))], remainder="passthrough"
        ),
        LINE(),
    ),
}
OF_TEXTS = {
    "text-bayes": make_pipeline(TfidfVectorizer(), MultinomialNB()),
    "text-components": make_pipeline(TfidfVectorizer(), TruncatedSVD(3, random_state=1), LINE()),
    "text-margin": make_pipeline(TfidfVectorizer(), CalibratedClassifierCV(LinearSVC(), cv=2)),
    "text-counts": make_pipeline(CountVectorizer(), TfidfTransformer(), LINE()),
    "text-best": make_pipeline(TfidfVectorizer(), SelectKBest(k=4), LINE()),
    "text-forest": make_pipeline(TfidfVectorizer(), FOREST),
    "text-union": make_pipeline(make_union(TfidfVectorizer(), CountVectorizer(analyzer="char", ngram_range=(2, 2))), LINE()),
}
SENDERS = ["a.example", "b.example", "a.example", "é.example", "c.example", "b.example"] * 2
COLUMNS = pandas.DataFrame({"subject": TEXTS, "sender": SENDERS, "size": [float(len(text)) for text in TEXTS]})


def of_columns(encoder, model):
    columns = [("s", TfidfVectorizer(), "subject"), ("f", encoder, ["sender"]), ("n", StandardScaler(), ["size"])]
    return make_pipeline(ColumnTransformer(columns), model)


OF_COLUMNS = {
    "columns-flags": of_columns(OneHotEncoder(handle_unknown="ignore"), LINE()),
    "columns-numbers": of_columns(ORDINAL, TREE),
    "columns-target": of_columns(TargetEncoder(random_state=1, cv=2), LINE()),
}
# What skl2onnx itself exports otherwise than its library computes it: between two steps of an isotonic calibration it takes the
# nearer one instead of a mean, and of two classes of a discriminant analysis it takes the softmax of both scores.
OTHERWISE = ("calibrated-isotonic", "discriminant")
REFUSED = {
    "refused-process": (GaussianProcessClassifier(optimizer=None), "Solve (com.microsoft 1) in"),
    "refused-margin": (LinearSVC(), "train the classifier in a CalibratedClassifierCV"),
    "refused-distance": (SGDClassifier(random_state=1), "train the classifier in a CalibratedClassifierCV"),
}


def write_all(folder):
    for models, rows in ((OF_NUMBERS, X), (OF_KINDS, KINDS)):
        for name, model in models.items():
            model.fit(rows, TWO)
            odd = [] if name == "kinds-but-first" else [np.full_like(rows[0], 9)]
            given = [{"X": row} for row in [*rows[:40], *odd, np.zeros_like(rows[0])]]
            library = None if name in OTHERWISE else model.predict_proba(rows[:40])
            write(folder, name, to_onnx(model, rows[:1]), given, library=library, near=1e-4)
    whole = KINDS.astype(np.int64)
    model = CategoricalNB().fit(whole, TWO)
    facts = '[onnx.inputs.X]\nfacts = "all"\n'
    write(folder, "kinds-bayes", to_onnx(model, whole[:1]), [{"X": row.astype(np.float32)} for row in whole[:40]], bindings=facts)
    for name, model in OF_TEXTS.items():
        exported = portable(to_onnx(model.fit(TEXTS, SPAM), initial_types=[("text", StringTensorType([None, 1]))]))
        write(folder, name, exported, [{"text": text} for text in TEXTS + ["", "nothing of this is known"]])
    texts = [(name, StringTensorType([None, 1])) for name in ("subject", "sender")]
    for name, model in OF_COLUMNS.items():
        exported = portable(to_onnx(model.fit(COLUMNS, SPAM), initial_types=texts + [("size", FloatTensorType([None, 1]))]))
        rows = list(COLUMNS.itertuples(index=False)) + [("free money", "unknown.example", 3.0), ("", "", 0.0)]
        write(folder, name, exported, [{"subject": s, "sender": f, "size": [z]} for s, f, z in rows])
    for name, (model, why) in REFUSED.items():
        refuse(folder, name, to_onnx(model.fit(X, TWO), X[:1]), why)
