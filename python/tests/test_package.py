"""The package is typed, documented, and one wheel for every version of Python."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest

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
    programs = [*(PYTHON / "examples").glob("*.py"), *(PYTHON / "benches").glob("*.py")]
    run(sys.executable, "-m", "mypy", "--strict", package, *sorted(programs))


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


@pytest.fixture
def wheel() -> Path:
    folder = os.environ.get("SWITCHBACK_WHEELS")
    if folder is None:
        pytest.skip("SKIPPED: `cargo xtask wheel` builds a wheel for this test, which takes minutes")
    (wheel,) = Path(folder).glob("*.whl")
    return wheel


def test_the_wheel_has_the_package_its_types_its_licences_and_nothing_else(wheel: Path) -> None:
    name, version, *tags = wheel.stem.split("-")
    assert (name, version, tags) == ("switchback", switchback.__version__, ["cp311", "abi3", f"linux_{os.uname().machine}"])
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
    package = {f"switchback/{file.name}" for file in (PYTHON / "switchback").iterdir() if file.is_file()}
    assert {"switchback/_switchback.pyi", "switchback/py.typed"} <= package <= names
    info = f"switchback-{version}.dist-info/"
    assert {f"{info}licenses/LICENSE-APACHE", f"{info}licenses/LICENSE-MIT"} <= names
    others = {name for name in names - package if not name.startswith(info)}
    assert others == {"switchback/_switchback.abi3.so"}


def test_the_wheel_scores_where_nothing_else_is_installed(
    wheel: Path, releases: Path, mail: list[bytes], tmp_path: Path
) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv/bin/python"
    run(python, "-m", "pip", "--disable-pip-version-check", "install", "--no-index", wheel)
    (block, *_) = re.findall(r"```python\n(.*?)```", (PYTHON / "README.md").read_text(), re.DOTALL)
    (tmp_path / "message").write_bytes(mail[0])
    block = block.replace("/var/cache/my-filter", str(tmp_path)).replace("linear-", f"{releases}/linear-")
    said = run(python, "-I", "-c", f"raw = open('message', 'rb').read()\n{block}", folder=tmp_path)
    assert said.rstrip().endswith("linear@1.0.0")
