"""Ctrl-C ends what waits or takes long, and nothing is written then.

PyO3's own answer to pola-rs/polars#2687, Eventual-Inc/Daft#755 and many others: a signal is seen only by who asks for it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from switchback import Control

#: A filter that follows a store, until it is killed.
FILTER = """
import sys, switchback
with switchback.Runtime(["inbound"], store=sys.argv[1], name="filter", instances=4):
    print("follows", flush=True)
    sys.stdin.read()
"""

#: What would wait for ten minutes is interrupted, whenever the signal comes.
WAITS = """
import signal, sys, switchback

def interrupt(*_):
    raise KeyboardInterrupt

signal.signal(signal.SIGALRM, interrupt)
control = switchback.Control(sys.argv[1], author="ada")
event = control.history()[-1]
waits = {
    "promote": lambda: control.promote("inbound", "linear@2.0.0", wait=600),
    "ready": lambda: control.wait_until_ready("linear@2.0.0", 600),
    "acknowledgements": lambda: control.acknowledgements(event, 600),
}
for name, wait in waits.items():
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    try:
        wait()
        print(name, "was not interrupted")
    except KeyboardInterrupt:
        print(name)
"""


@pytest.fixture
def silent(tmp_path: Path, releases: Path) -> Iterator[Path]:
    """A store that a process follows which stands still."""
    store = tmp_path / "store"
    store.mkdir(mode=0o700)
    control = Control(store, create=True, author="ada")
    control.load(releases / "linear-1.0.0.wasm")
    follows = subprocess.Popen(
        [sys.executable, "-c", FILTER, store], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert follows.stdout is not None and follows.stdout.readline() == "follows\n"
        os.kill(follows.pid, signal.SIGSTOP)
        control.load(releases / "linear-2.0.0.wasm")
        yield store
    finally:
        follows.kill()
        follows.communicate()


def test_who_waits_for_processes_is_interrupted_and_has_changed_nothing(silent: Path) -> None:
    before = Control(silent).history()
    ran = subprocess.run([sys.executable, "-c", WAITS, silent], capture_output=True, text=True, timeout=120)
    assert ran.stdout.split() == ["promote", "ready", "acknowledgements"], ran.stderr
    assert Control(silent).history() == before


def test_packing_is_interrupted_and_writes_nothing(tmp_path: Path) -> None:
    # The file is a pipe: who has opened it is in the midst of packing, for as long as nobody writes to it.
    model = tmp_path / "model.onnx"
    os.mkfifo(model)
    program = "import sys, switchback; switchback.pack_onnx(sys.argv[1], name='words', out=sys.argv[2])"
    packing = subprocess.Popen(
        [sys.executable, "-c", program, model, tmp_path / "words.wasm"], stderr=subprocess.PIPE, text=True
    )
    try:
        with open(model, "wb"):
            packing.send_signal(signal.SIGINT)
            _, said = packing.communicate(timeout=120)
    finally:
        packing.kill()
    assert packing.returncode == -signal.SIGINT, said
    assert said.rstrip().endswith("KeyboardInterrupt")
    assert list(tmp_path.iterdir()) == [model]
