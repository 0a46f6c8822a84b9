"""Comparing releases in Python is what the command does."""

from __future__ import annotations

import json
import pickle
import subprocess
from pathlib import Path

import pytest
from conftest import TARGET

import switchback
from switchback import Report, Runtime, compare, errors


@pytest.fixture
def report(releases: Path, mail: list[bytes], runtime: Runtime) -> Report:
    return compare(releases / "linear-1.0.0.wasm", releases / "linear-2.0.0.wasm", mail * 20, runtime=runtime)


def test_a_report_counts_what_two_releases_say(report: Report, mail: list[bytes]) -> None:
    assert report.flips["messages"] == len(mail) * 20
    assert report.data["unpaired"] == 0
    assert report.data["after"]["release"]["version"] == "2.0.0"
    assert repr(report).startswith("<Report linear@1.0.0 -> linear@2.0.0: +")
    assert str(report).startswith("A linear@1.0.0   B linear@2.0.0")


def test_threads_change_nothing(report: Report, releases: Path, mail: list[bytes], runtime: Runtime) -> None:
    again = compare("linear@1.0.0", "linear@2.0.0", mail * 20, runtime=runtime, threads=1)
    for part in ("flips", "actions", "distribution", "domains", "drift", "worst"):
        assert again.data[part] == report.data[part]


def test_the_command_says_the_same(report: Report, releases: Path, mail: list[bytes], tmp_path: Path) -> None:
    program = TARGET / "release" / "switchback"
    if not program.is_file():
        pytest.skip(f"SKIPPED: there is no {program}; `cargo xtask test` builds it")
    for number, raw in enumerate(mail * 20):
        (tmp_path / f"{number:04}.eml").write_bytes(raw)
    files = [releases / "linear-1.0.0.wasm", releases / "linear-2.0.0.wasm"]
    command = [program, "compare", "--json", "--format", "message", *files, *sorted(tmp_path.glob("*.eml"))]
    said = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    for part in ("flips", "actions", "distribution", "domains", "providers", "drift"):
        assert said[part] == report.data[part], part


def test_every_table_becomes_one_of_pandas(report: Report) -> None:
    tables = {name: report.to_pandas(name) for name in report.tables}
    assert tables["actions"].to_numpy().sum() == report.flips["messages"]
    assert tables["releases"].loc["after", "release.version"] == "2.0.0"
    assert tables["distribution"]["before"].sum() == report.data["before"]["scores"]["count"]
    assert {"domain", "newly_flagged"} <= set(tables["domains"].columns)
    with pytest.raises(ValueError, match="there are actions, distribution"):
        report.to_pandas("weather")


def test_a_notebook_shows_the_page_in_a_frame_of_its_own(report: Report, tmp_path: Path) -> None:
    assert "Content-Security-Policy" in report.page
    shown = report._repr_html_()
    assert shown.startswith("<iframe srcdoc=") and " sandbox " in shown
    assert "<script" not in shown and report.page not in shown, "the page is escaped"
    report.save(tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == report.page


def test_a_pickled_report_is_equal(report: Report) -> None:
    assert pickle.loads(pickle.dumps(report)) == report


def test_a_slot_compares_what_it_judged(runtime: Runtime, releases: Path, mail: list[bytes]) -> None:
    slot = runtime.slot("inbound")
    old, new = (runtime.load(releases / f"linear-{version}.wasm") for version in ("1.0.0", "2.0.0"))
    slot.promote(old)
    assert slot.comparison(old, new) is None
    slot.shadow(new)
    for raw in mail:
        slot.score(raw)
    runtime.flush()
    found = slot.comparison(old, new)
    assert found is not None
    assert found.flips["messages"] + found.data["unpaired"] == len(mail)


def test_what_a_release_does_not_answer_is_warned_of(
    runtime: Runtime, releases: Path, hostile: bytes, mail: list[bytes]
) -> None:
    tests = [{"name": "even", "message": b"Subject: self-test\n\n", "score": 0.5}]
    manifest = {"name": "hostile", "version": "1.0.0", "scale": "log-odds", "reads": ["subject"], "self_tests": tests}
    traps = switchback.Release(switchback.pack_module(hostile, manifest, data=b"trap"))
    with pytest.warns(RuntimeWarning, match="a/b: score hostile@1.0.0: it trapped"):
        report = compare(releases / "linear-1.0.0.wasm", traps, [("a/b", mail[0])], runtime=runtime)
    assert (report.flips["messages"], report.data["newly_failed"]) == (0, 1)


def test_what_makes_no_sense_is_refused(runtime: Runtime, releases: Path) -> None:
    both = (releases / "linear-1.0.0.wasm", releases / "linear-2.0.0.wasm")
    with pytest.raises(errors.InvalidValue, match="there are anyone, authenticated"):
        compare(*both, [], runtime=runtime, senders="nobody")
    with pytest.raises(errors.InvalidValue, match="junk from 0.5"):
        compare(*both, [], runtime=runtime, thresholds={"tag": 0.8, "junk": 0.5})
    assert "No message was answered" in compare(*both, [], runtime=runtime).text
