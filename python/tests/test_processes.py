"""Other processes: forks say that they are, and pools score alike."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import in_a_fork

import switchback
from switchback import Message, Runtime, Slot, errors


# Newer versions of Python warn of forks of processes with threads: that is what this is about.
forks = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


@forks
def test_a_fork_raises_at_once_whatever_it_asks(runtime: Runtime, slot: Slot, mail: list[bytes]) -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(slot.score, mail * 4))
        release = runtime.releases[0]
        calls: list[Callable[[], object]] = [
            lambda: slot.score(mail[0]),
            lambda: runtime.score_with(release, mail[0]),
            lambda: runtime.load("x.wasm"),
            lambda: runtime.slot("inbound"),
            lambda: slot.revert(),
            lambda: runtime.flush(),
            lambda: runtime.shutdown(),
        ]

        def each() -> str:
            kinds = []
            for call in calls:
                try:
                    call()
                except errors.ForkedError as forked:
                    kinds.append((forked.kind, forked.made_in == os.getppid()))
            return repr(kinds)

        assert in_a_fork(each) == repr([("forked", True)] * len(calls))
    assert slot.score(mail[0]).decided_by == "live", "the parent goes on"


@forks
def test_a_fork_scores_with_a_runtime_of_its_own(
    slot: Slot, releases: Path, cache: Path, mail: list[bytes]
) -> None:
    message = Message(mail[0])

    def anew() -> str:
        with Runtime(["inbound"], cache_dir=cache) as runtime:
            slot = runtime.slot("inbound")
            slot.promote(runtime.load(releases / "linear-1.0.0.wasm"))
            return repr(slot.score(message).score)

    assert in_a_fork(anew) == repr(slot.score(message).score)


@forks
def test_the_handles_of_a_fork_end_without_harm(slot: Slot, mail: list[bytes]) -> None:
    def ends() -> str:
        import gc

        global inherited
        inherited = None
        gc.collect()
        return "ended"

    global inherited
    inherited = slot
    assert in_a_fork(ends) == "ended"
    assert slot.score(mail[0]).decided_by == "live"


inherited: Slot | None = None

#: The slot of a worker.
scorer: Slot


def start(release: str, cache: str) -> None:
    global scorer
    runtime = Runtime(["inbound"], cache_dir=cache)
    scorer = runtime.slot("inbound")
    scorer.promote(runtime.load(release))


def score(message: Message) -> switchback.Verdict:
    return scorer.score(message)


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_a_pool_of_processes_gives_equal_scores(
    method: str, slot: Slot, releases: Path, cache: Path, mail: list[bytes]
) -> None:
    messages = [Message(raw, mail_from="a@x.example", client_ip="192.0.2.1") for raw in mail]
    context = multiprocessing.get_context(method)
    with context.Pool(2, start, (str(releases / "linear-1.0.0.wasm"), str(cache))) as pool:
        verdicts = pool.map(score, messages)
        failure = pool.apply_async(score, (b"bytes are a message too",)).get()
    assert failure.decided_by == "live"
    assert [verdict.score for verdict in verdicts] == [slot.score(message).score for message in messages]
    assert {verdict.release for verdict in verdicts} == {slot.live}
