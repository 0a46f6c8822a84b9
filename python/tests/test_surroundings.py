"""What is around a Python program that uses switchback: its flags, its signals, its threads, its file names, its end.

Each test names what went wrong for users of comparable packages.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import in_a_fork

import switchback
from switchback import Corpus, Runtime, features

#: Scores a message; `argv` has a release and a folder for compiled ones.
SCORE = """
import sys, switchback
runtime = switchback.Runtime(["inbound"], cache_dir=sys.argv[2], instances=16)
slot = runtime.slot("inbound")
slot.promote(runtime.load(sys.argv[1]))
def score(): return slot.score(b"Subject: hello\\n\\nhello").decided_by
"""


def run(program: str, *arguments: str | Path, flags: tuple[str, ...] = ()) -> str:
    command = [sys.executable, *flags, "-c", program, *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, (ran.returncode, ran.stderr)
    return ran.stdout + ran.stderr


def test_without_docstrings_and_assertions_all_is_there(releases: Path, cache: Path, kept: Path) -> None:
    # scott-griffiths/bitstring#321: packages that work with their docstrings cannot be imported with -OO.
    program = SCORE + "print(score(), switchback.train(sys.argv[3], sys.argv[4], name='acme').release)"
    said = run(
        program, releases / "linear-1.0.0.wasm", cache, kept / "ham", kept / "spam", flags=("-OO", "-W", "error")
    )
    assert said == "live acme@1.0.0\n"


def test_a_second_interpreter_of_a_process_scores_or_is_told_that_it_cannot() -> None:
    # pyca/cryptography#12080, ijl/orjson#434: a crash, or an error about something else. Newer versions of Python refuse.
    program = """
import switchback
try:
    import _xxsubinterpreters as interpreters
except ImportError:
    import _interpreters as interpreters
second = interpreters.create()
interpreters.run_string(second, '''
try:
    import switchback
    print(switchback.Runtime(["inbound"]).slot("inbound").score(b"Subject: hello").decided_by, flush=True)
except ImportError as refused:
    print(refused, flush=True)
''')
interpreters.destroy(second)
"""
    said = run(program)
    assert said == "unscanned\n" or "does not support loading in subinterpreters" in said


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_trap_is_an_error_beside_the_fault_handler(
    when: str, hostile: bytes, releases: Path, cache: Path, tmp_path: Path
) -> None:
    # bytecodealliance/wasmtime#1577: two handlers of one signal, of which one ends the process.
    tests = [{"name": "even", "message": b"Subject: self-test\n\n", "score": 0.5}]
    manifest = {"name": "hostile", "version": "1.0.0", "scale": "log-odds", "reads": ["subject"], "self_tests": tests}
    (tmp_path / "trap.wasm").write_bytes(switchback.pack_module(hostile, manifest, data=b"trap"))
    program = SCORE + """
import faulthandler, threading
trap = runtime.load(sys.argv[3])
if sys.argv[4] == "after": faulthandler.enable()
def ask():
    try: runtime.score_with(trap, b"Subject: hello\\n\\n")
    except switchback.errors.ScoreError as failed: print(failed.kind)
    print(score())
# One that has not looked at the handlers yet: that is trusted for a moment.
thread = threading.Thread(target=ask)
thread.start()
thread.join()
"""
    flags = ("-X", "faulthandler") if when == "before" else ()
    said = run(program, releases / "linear-1.0.0.wasm", cache, tmp_path / "trap.wasm", when, flags=flags).split()
    # Where the engine's handler was replaced nothing of a guest is run, which is an answer of the slot's policy.
    assert said == (["trap", "live"] if when == "before" else ["signals", "unscanned"])


def test_the_interpreter_ends_while_threads_score(releases: Path, cache: Path) -> None:
    # curioswitch/pyqwest#164, PyO3/pyo3#6084: a thread that comes back to an interpreter that ends takes the process down.
    program = SCORE + """
import threading
started = [threading.Event() for _ in range(8)]
def forever(event):
    while True:
        score()
        event.set()
for event in started:
    threading.Thread(target=forever, args=(event,), daemon=True).start()
for event in started:
    event.wait()
print("ended")
"""
    for _ in range(4):
        assert run(program, releases / "linear-1.0.0.wasm", cache) == "ended\n"


def test_runtimes_that_end_leave_nothing_behind(releases: Path, cache: Path) -> None:
    # extism/extism#890: memory that plugins took stays taken.
    program = """
import gc, os, sys, time, switchback
def used():
    gc.collect()
    # The last threads of a runtime end in their own time, if they do.
    for _ in range(1000):
        if len(os.listdir("/proc/self/task")) == 1: break
        time.sleep(0.01)
    with open("/proc/self/maps") as maps:
        return len(os.listdir("/proc/self/task")), len(os.listdir("/proc/self/fd")), sum(1 for _ in maps)
def once():
    runtime = switchback.Runtime(["inbound"], cache_dir=sys.argv[2], instances=16)
    slot = runtime.slot("inbound")
    slot.promote(runtime.load(sys.argv[1]))
    slot.score(b"Subject: hello\\n\\nhello")
for _ in range(4): once()
before = used()
for _ in range(20): once()
after = used()
print(before[:2] == after[:2], after[2] - before[2])
"""
    same, mappings = run(program, releases / "linear-1.0.0.wasm", cache).split()
    # The allocator has heaps of its own for threads: some, and not one for each runtime.
    assert (same, int(mappings) < 20) == ("True", True), mappings


def test_files_may_be_called_whatever_bytes_say(
    releases: Path, kept: Path, mail: list[bytes], tmp_path: Path
) -> None:
    # PyO3/pyo3#1379: names that are not UTF-8.
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    (folder / "mail").mkdir(parents=True)
    message, release = folder / "mail" / os.fsdecode(b"a\xff.eml"), folder / os.fsdecode(b"r\xff.wasm")
    message.write_bytes(mail[0])
    release.write_bytes((releases / "linear-1.0.0.wasm").read_bytes())
    for given in (folder / "mail", message, os.fspath(message)):
        ((name, found),) = Corpus(given)
        assert found.raw == mail[0] and name.endswith(".eml")
    control = switchback.Control(folder / "store", create=True)
    loaded, _ = control.load(release)
    with Runtime(["inbound"], store=folder / "store", journal=folder / "journal", cache_dir=folder / "cache") as runtime:
        control.promote("inbound", loaded, wait=60)
        assert runtime.slot("inbound").score(found).decided_by in ("live", "unscanned")
        runtime.flush()
    assert len(switchback.JournalReader(folder / "journal").records().to_pandas()) == 1
    out = folder / os.fsdecode(b"acme\xff.wasm")
    report = switchback.train(kept / "ham", kept / "spam", name="acme", out=out)
    assert report.path == out and switchback.Release(out).id == report.release.id  # type: ignore[union-attr]


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fork_works_on_many_messages_after_its_parent_did(kept: Path, mail: list[bytes]) -> None:
    # huggingface/tokenizers#187: threads of a pool that a fork does not have are waited for.
    expected = features(mail).facts.tolist()
    switchback.train(kept / "ham", kept / "spam", name="acme")

    def again() -> str:
        same = features(mail).facts.tolist() == expected
        return f"{same} {switchback.train(kept / 'ham', kept / 'spam', name='acme').release}"

    assert in_a_fork(again) == "True acme@1.0.0"
