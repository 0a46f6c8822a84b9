"""What tests share: packed releases, mail, and stores."""

from __future__ import annotations

import base64
import os
import select
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import switchback

ROOT = Path(__file__).parents[2]
TARGET = ROOT / os.environ.get("CARGO_TARGET_DIR", "target")


@pytest.fixture(scope="session")
def releases() -> Path:
    """The folder of the example models, packed: ``cargo xtask models`` makes it."""
    folder = TARGET / "releases"
    if not (folder / "linear-1.0.0.wasm").is_file():
        pytest.exit(f"there are no releases in {folder}: run `cargo xtask models`", returncode=1)
    return folder


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for compiled releases, so that each is compiled once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def runtime(cache: Path) -> Iterator[switchback.Runtime]:
    with switchback.Runtime(["inbound"], cache_dir=cache, instances=16) as runtime:
        yield runtime


@pytest.fixture
def slot(runtime: switchback.Runtime, releases: Path) -> switchback.Slot:
    """A slot in which linear 1.0.0 is live."""
    slot = runtime.slot("inbound")
    slot.promote(runtime.load(releases / "linear-1.0.0.wasm"))
    return slot


@pytest.fixture(scope="session")
def mail() -> list[bytes]:
    """Mail of several kinds, well-formed and broken."""
    folders = ["cli/mailgen/messages", "plugins/linear/self-test", "plugins/onnx/self-test"]
    messages = [path.read_bytes() for folder in folders for path in sorted((ROOT / folder).glob("*.eml"))]
    assert len(messages) > 10
    return [*messages, b"", b"\0", bytes(range(256)) * 10]


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the folders ``ham`` and ``spam``, of generated mail to learn from."""
    program = TARGET / "release/examples/mailgen"
    if not program.is_file():
        pytest.exit(f"there is no {program}: run `cargo xtask python`", returncode=1)
    folder = tmp_path_factory.mktemp("kept")
    subprocess.run([program, "700", "12", folder], check=True)
    for label in ("ham", "spam"):
        (folder / label).mkdir()
    for file in sorted(folder.glob("*.eml")):
        label = "spam" if file.name.split("-")[1] in ("spam", "phish") else "ham"
        file.rename(folder / label / file.name)
    return folder


def in_a_fork(work: Callable[[], str]) -> str:
    """What a fork of this process says; it is killed if it says nothing for a minute."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, work().encode())
        finally:
            os._exit(0)
    os.close(writing)
    said = b""
    try:
        while select.select([reading], [], [], 60)[0] and (more := os.read(reading, 4096)):
            said += more
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reading)
    return said.decode() or "nothing"


def self_tests(release: Path) -> list[tuple[bytes, float]]:
    """The messages of a release's self-tests, with the scores that it must give them."""
    tests = switchback.Release(release).manifest["self_tests"]
    return [(base64.b64decode(test["message"]), test["score"]) for test in tests if "envelope" not in test]


@pytest.fixture(scope="session")
def hostile() -> bytes:
    """The module of a model that misbehaves in whatever way its data names."""
    command = ["cargo", "build", "--locked", "--package", "switchback-plugin-hostile", "--profile", "guest"]
    subprocess.run([*command, "--target", "wasm32-unknown-unknown"], cwd=ROOT, check=True)
    return (TARGET / "wasm32-unknown-unknown/guest/switchback_plugin_hostile.wasm").read_bytes()
