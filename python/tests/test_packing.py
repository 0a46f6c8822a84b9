"""What Python packs is what the command packs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, TARGET

import switchback
from switchback import Release, Runtime, errors

#: What the inputs of the example's ONNX file are.
BINDINGS = '[release]\nname = "words"\nversion = "2.1.0"\n[onnx.inputs.indices]\nfeatures = ["words"]\nbits = 15\n'


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """An ONNX file with its manifest beside it."""
    shutil.copy(ROOT / "plugins/onnx/model.onnx", tmp_path)
    (tmp_path / "switchback.toml").write_text(BINDINGS)
    return tmp_path / "model.onnx"


def test_an_onnx_file_becomes_a_release(model: Path, runtime: Runtime, releases: Path, mail: list[bytes]) -> None:
    packed = switchback.pack_onnx(model, out=model.parent)
    assert (packed["id"]["name"], packed["id"]["version"]) == ("words", "2.1.0")
    path = Path(packed["path"])
    assert Release(path).id.digest == packed["id"]["digest"]
    named = switchback.pack_onnx(str(model), name="other", version="3.0.0", out=model.parent / "x.wasm")
    assert (named["id"]["name"], named["path"]) == ("other", str(model.parent / "x.wasm"))
    # The example has the same weights in a guest of its own.
    example, loaded = runtime.load(releases / "onnx-1.1.0.wasm"), runtime.load(path)
    for raw in mail:
        scores = [runtime.score_with(release, raw).score for release in (example, loaded)]
        assert scores[0] == pytest.approx(scores[1], abs=1e-5)


class Exported:
    """What an exporter returns."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw

    def SerializeToString(self) -> bytes:
        return self.raw


@pytest.mark.parametrize("kind", [bytes, memoryview, Exported])
def test_what_is_wrong_with_a_model_in_memory_is_told_apart(model: Path, kind: Any, tmp_path: Path) -> None:
    raw = model.read_bytes()
    with pytest.raises(errors.PackError, match="the input `indices`") as refused:
        switchback.pack_onnx(kind(raw), name="words", out=tmp_path / "out.wasm")
    assert (refused.value.kind, refused.value.onnx, refused.value.is_guest_fault) == ("onnx", "input", False)
    with pytest.raises(errors.PackError, match="not a whole ONNX file") as damaged:
        switchback.pack_onnx(kind(raw[:100]), name="words", out=tmp_path / "out.wasm")
    assert damaged.value.onnx == "not-onnx"
    with pytest.raises(errors.InvalidValue, match="needs a name"):
        switchback.pack_onnx(kind(raw))
    assert not (tmp_path / "out.wasm").exists()


def test_a_component_that_was_built_becomes_a_release(hostile: bytes, runtime: Runtime, tmp_path: Path) -> None:
    module = tmp_path / "model.wasm"
    module.write_bytes(hostile)
    (tmp_path / "trap").write_text("trap")
    (tmp_path / "a.eml").write_text("Subject: self-test\n\n")
    manifest = '[release]\nname = "hostile"\nversion = "1.0.0"\nscale = "log-odds"\nreads = ["subject", "raw"]\n'
    manifest += '[build]\ndata = "trap"\n[[self_test]]\nmessage = "a.eml"\n'
    (tmp_path / "switchback.toml").write_text(manifest)
    with pytest.raises(errors.PackError) as refused:
        switchback.pack(component=module)
    assert refused.value.kind == "no-expectation"
    with pytest.warns(RuntimeWarning, match="`features`"):
        packed = switchback.pack(component=module, bless=True)
    path = tmp_path / "releases/hostile-1.0.0.wasm"
    assert Path(packed["path"]).samefile(path)
    assert packed["self_tests"][0]["score"] == 0.5
    with pytest.raises(errors.ScoreError, match="it trapped"):
        runtime.score_with(runtime.load(path), b"Subject: hello\n\n")
    with pytest.warns(RuntimeWarning, match="`features`"):
        again = switchback.pack(tmp_path, component=module, out=tmp_path / "again.wasm")
    assert Path(again["path"]).read_bytes() == path.read_bytes()
    with pytest.raises(errors.InvalidValue, match="built already"):
        switchback.pack(component=module, profile="dev")
    with pytest.raises(errors.InvalidValue, match="a model's folder, or a component"):
        switchback.pack()


def test_a_cargo_package_becomes_the_release_that_the_command_packs(tmp_path: Path) -> None:
    program = TARGET / "release" / "switchback"
    if not program.is_file():
        pytest.skip(f"SKIPPED: there is no {program}; `cargo xtask test` builds it")
    model, out = ROOT / "plugins/linear/releases/1.0.0", tmp_path / "command.wasm"
    subprocess.run([program, "pack", model, "-o", out], check=True, capture_output=True)
    # The crate has releases that read features, too.
    with pytest.warns(RuntimeWarning, match="the model can ask for `features`"):
        packed = switchback.pack(model, out=tmp_path)
    assert (tmp_path / "linear-1.0.0.wasm").read_bytes() == out.read_bytes()
    assert packed["id"]["digest"] == Release(out).id.digest
    with pytest.raises(errors.PackError, match="has no switchback.toml") as absent:
        switchback.pack(tmp_path)
    assert absent.value.kind == "no-model"


#: What is fitted to the host's features answers in a release as it does in scikit-learn.
COMPARE = """
slot.promote(runtime.load(packed["path"]))
fitted = model.predict_proba(table.counts(bits=15))[:, 1]
for (name, message), score in zip(switchback.Corpus(sys.argv[1], sys.argv[2]), fitted, strict=True):
    assert abs(slot.score(message).score - score) < 1e-5, (name, score)
"""


def test_the_page_goes_from_a_fitted_pipeline_to_verdicts(mail: list[bytes], tmp_path: Path) -> None:
    python = TARGET / "tools/onnx/bin/python"
    if subprocess.run([python, "-c", "import skl2onnx"], capture_output=True).returncode:
        pytest.skip(f"SKIPPED: {python} has no skl2onnx; `cargo xtask test` installs it")
    page = (ROOT / "docs/scikit-learn.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (tmp_path / "train.py").write_text("\n".join([*blocks, COMPARE]))
    for label, subjects in [("ham", ["Minutes of Tuesday", "The patch"]), ("spam", ["Win money", "Cheap money now"])]:
        (tmp_path / label).mkdir()
        for number, subject in enumerate(subjects):
            text = f"From: a@x.example\r\nSubject: {subject}\r\n\r\n{subject}, as I said before.\r\n"
            (tmp_path / label / f"{number}.eml").write_text(text)
    environment = {**os.environ, "PYTHONPATH": str(Path(switchback.__file__).parents[1])}
    command = [python, "train.py", "ham", "spam"]
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    scores = {Path(line.split()[0]).name: float(line.split()[1]) for line in ran.stdout.splitlines()}
    assert set(scores) == {"0.eml", "1.eml"} and all(score > 0.5 for score in scores.values())
    assert Release(tmp_path / "words-1.1.0.wasm").id.version == "1.1.0"
