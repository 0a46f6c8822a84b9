"""The examples do what they say, against real clients."""

from __future__ import annotations

import json
import os
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


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore::RuntimeWarning")
def test_the_notebook_runs_and_draws(releases: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MAIL", os.environ.get("SWITCHBACK_NOTEBOOK_MAIL", str(ROOT / "cli/mailgen/messages")))
    monkeypatch.setenv("BEFORE", str(releases / "linear-1.1.0.wasm"))
    monkeypatch.setenv("AFTER", str(releases / "linear-2.0.0.wasm"))
    notebook = nbformat.read(EXAMPLES / "promote.ipynb", as_version=4)
    assert all(not cell.get("outputs") for cell in notebook.cells), "it is kept without what it once showed"
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert sum("image/png" in output.get("data", {}) for output in shown) == 2
    assert any("<iframe srcdoc=" in output.get("data", {}).get("text/html", "") for output in shown)
    if keep := os.environ.get("SWITCHBACK_NOTEBOOK_OUT"):
        nbformat.write(notebook, keep)
