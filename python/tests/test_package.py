"""The package is typed, documented, and one wheel for every version of Python."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import switchback
from switchback import _switchback

PYTHON = Path(__file__).parents[1]


def run(*command: str | Path, folder: Path = PYTHON) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_stubs_say_what_the_module_has() -> None:
    # It looks for both in the working folder.
    run(sys.executable, "-m", "mypy.stubtest", "switchback", folder=Path(switchback.__file__).parents[1])


def test_package_and_examples_are_typed() -> None:
    package = Path(switchback.__file__).parent
    run(sys.executable, "-m", "mypy", "--strict", package, *sorted((PYTHON / "examples").glob("*.py")))


def test_the_wheel_is_for_every_python_from_the_oldest_on(tmp_path: Path) -> None:
    folder = run(Path(sys.executable).parent / "maturin", "pep517", "write-dist-info", "--metadata-directory", tmp_path)
    wheel = (tmp_path / folder.strip().splitlines()[-1] / "WHEEL").read_text()
    (tag,) = (line for line in wheel.splitlines() if line.startswith("Tag: "))
    assert tag.startswith("Tag: cp311-abi3-"), "the stable interface, so that one wheel does for all"
    assert tag.endswith(f"_{os.uname().machine}")


def test_the_library_uses_no_more_than_the_stable_interface() -> None:
    library = _switchback.__file__
    assert library.endswith(".abi3.so")
    # It says what it finds with its exit code.
    run(sys.executable, "-m", "abi3audit", "--assume-minimum-abi3", "3.11", library)


def test_every_name_has_its_documentation() -> None:
    for name in switchback.__all__:
        value = getattr(switchback, name)
        if callable(value) or name == "errors":
            assert value.__doc__, name
    for kind in (switchback.Message, switchback.Runtime, switchback.Slot, switchback.Control, switchback.Verdict):
        undocumented = [name for name in vars(kind) if not name.startswith("_") and not vars(kind)[name].__doc__]
        assert undocumented == []


def test_the_version_is_that_of_the_crate() -> None:
    manifest = (PYTHON.parent / "Cargo.toml").read_text()
    assert f'version = "{switchback.__version__}"' in manifest
