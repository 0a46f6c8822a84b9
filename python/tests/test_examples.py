"""The examples do what they say, against real clients, and README's lines run as they stand."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import smtplib
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
import pytest
from aiosmtpd.controller import Controller
from conftest import ROOT
from nbclient import NotebookClient

import switchback

EXAMPLES = Path(__file__).parents[1] / "examples"


@contextmanager
def running(example: str, *arguments: str | Path) -> Iterator[None]:
    """An example, from when it says that it is ready."""
    program = subprocess.Popen([sys.executable, EXAMPLES / example, *arguments], stdout=subprocess.PIPE, text=True)
    assert program.stdout
    try:
        assert "judging by linear@1.0.0" in program.stdout.readline()
        yield
    finally:
        program.terminate()
        program.wait(60)
        program.stdout.close()


class Next:
    """The mail server behind a filter."""

    def __init__(self) -> None:
        self.got: list[Any] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.got.append(envelope)
        return "250 OK"


@pytest.fixture
def behind() -> Iterator[tuple[Next, int]]:
    server = Next()
    controller = Controller(server, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield server, controller.port
    controller.stop()


def free_port() -> int:
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_the_smtp_filter_stamps_each_message_and_hands_it_on(
    releases: Path, cache: Path, slot: switchback.Slot, mail: list[bytes], behind: tuple[Next, int]
) -> None:
    server, port = behind
    listens = free_port()
    options = ["--release", releases / "linear-1.0.0.wasm", "--cache", cache]
    with running("smtp_filter.py", *options, "--listen", f"127.0.0.1:{listens}", "--next", f"127.0.0.1:{port}"):
        sent = [raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") for raw in mail[:8]]
        forged = b"x-switchback-ACTION: deliver\r\n and more\r\n" + sent[0]
        with smtplib.SMTP("127.0.0.1", listens) as client:
            for raw in [*sent, forged]:
                client.sendmail("a@x.example", ["b@home.example"], raw)
    assert len(server.got) == len(sent) + 1
    for raw, envelope in zip(sent, server.got, strict=False):
        message = switchback.Message(raw, mail_from="a@x.example", recipients=["b@home.example"], client_ip="127.0.0.1")
        stamp, _, rest = envelope.content.partition(b"\r\n")
        assert stamp == f"X-Switchback-Action: {slot.score(message).action}".encode()
        assert rest == raw
        assert (envelope.mail_from, envelope.rcpt_tos) == ("a@x.example", ["b@home.example"])
    assert server.got[-1].content.lower().count(b"x-switchback-action") == 1
    assert b"and more" not in server.got[-1].content


def test_the_smtp_filter_loses_no_message_where_the_next_server_is_away(
    releases: Path, cache: Path, mail: list[bytes]
) -> None:
    listens = free_port()
    options = ["--release", releases / "linear-1.0.0.wasm", "--cache", cache]
    with running("smtp_filter.py", *options, "--listen", f"127.0.0.1:{listens}", "--next", f"127.0.0.1:{free_port()}"):
        with smtplib.SMTP("127.0.0.1", listens) as client, pytest.raises(smtplib.SMTPDataError) as refused:
            client.sendmail("a@x.example", ["b@home.example"], mail[0])
    assert refused.value.smtp_code == 451


def test_the_http_scorer_answers_with_a_verdict(
    releases: Path, cache: Path, slot: switchback.Slot, mail: list[bytes]
) -> None:
    port = free_port()
    with running("http_scorer.py", "--release", releases / "linear-1.0.0.wasm", "--cache", cache, "--port", str(port)):
        for raw in mail:
            request = urllib.request.Request(f"http://127.0.0.1:{port}/score", data=raw)
            with urllib.request.urlopen(request, timeout=60) as response:
                verdict = switchback.Verdict.from_dict(json.load(response))
            assert (verdict.score, verdict.action) == (slot.score(raw).score, slot.score(raw).action)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/", data=b""), timeout=60)
        assert refused.value.code == 404
        refused.value.close()


def test_the_readme_runs_from_its_beginning_to_its_end(
    releases: Path, kept: Path, mail: list[bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    page = (EXAMPLES.parent / "README.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 3
    monkeypatch.chdir(tmp_path)
    for version in ("1.0.0", "2.0.0"):
        shutil.copy(releases / f"linear-{version}.wasm", tmp_path)
    shutil.copy(tmp_path / "linear-2.0.0.wasm", "phish-2.0.0.wasm")
    shutil.copytree(kept / "spam", "spam")
    with gzip.open("ham.mbox.gz", "wb") as mbox:
        for file in sorted((kept / "ham").iterdir()):
            lines = file.read_bytes().replace(b"\r\n", b"\n").replace(b"\nFrom ", b"\n>From ")
            mbox.write(b"From a@x.example Thu Jan  1 00:00:00 2026\n" + lines + b"\n")
    store, names = tmp_path / "lib/switchback", {"raw": mail[0], "labels": []}
    control = switchback.Control(store, create=True)
    filter = switchback.Runtime(["inbound"], store=store, journal=store / "journal")
    control.promote("inbound", control.load("linear-1.0.0.wasm")[0])
    for block in blocks:
        for folder in ("lib", "cache"):
            block = block.replace(f"/var/{folder}/my-filter", str(tmp_path / folder))
        exec(compile(block, "README.md", "exec"), names)
        filter.slot("inbound").score(mail[0])
        filter.flush()
    assert Path("acme-1.0.0.wasm").is_file()
    filter.shutdown()


def executed(notebook: str, folder: Path) -> list[Any]:
    """What a notebook shows when it is run; SWITCHBACK_NOTEBOOK_OUT is a folder to keep it in."""
    read = nbformat.read(EXAMPLES / notebook, as_version=4)
    assert all(not cell.get("outputs") for cell in read.cells), "it is kept without what it once showed"
    NotebookClient(read, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    if keep := os.environ.get("SWITCHBACK_NOTEBOOK_OUT"):
        nbformat.write(read, Path(keep, notebook))
    return [output.get("data", {}) for cell in read.cells for output in cell.get("outputs", [])]


# The kernel's own.
notebooks = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore::RuntimeWarning"
)


@notebooks
def test_the_notebook_of_a_comparison_runs_and_draws(
    releases: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MAIL", os.environ.get("SWITCHBACK_NOTEBOOK_MAIL", str(ROOT / "cli/mailgen/messages")))
    monkeypatch.setenv("BEFORE", str(releases / "linear-1.1.0.wasm"))
    monkeypatch.setenv("AFTER", str(releases / "linear-2.0.0.wasm"))
    shown = executed("promote.ipynb", tmp_path)
    assert sum("image/png" in data for data in shown) == 2
    assert any("<iframe srcdoc=" in data.get("text/html", "") for data in shown)


@notebooks
def test_the_notebook_from_mail_to_a_promoted_release_runs_and_draws(
    kept: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for label in ("ham", "spam"):
        monkeypatch.setenv(label.upper(), os.environ.get(f"SWITCHBACK_NOTEBOOK_{label.upper()}", str(kept / label)))
    shown = executed("train.ipynb", tmp_path)
    assert sum("image/png" in data for data in shown) == 2
    tables = [data["text/html"] for data in shown if "text/html" in data]
    assert any("<caption>Quality</caption>" in table for table in tables)
    assert any("<iframe srcdoc=" in table for table in tables)
    history = [data["text/plain"] for data in shown if "Promote" in data.get("text/plain", "").title()]
    assert any("it finds more" in text for text in history)
    assert "<th>1.1.0</th>" in tables[-1], "the journal has what the second release decided"
