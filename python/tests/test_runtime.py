"""Runtimes and slots score as the host does, from any number of threads."""

from __future__ import annotations

import base64
import copy
import pickle
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import switchback
from switchback import Message, Release, Runtime, Slot, errors

from conftest import self_tests


def test_a_release_gives_its_self_tests_the_scores_that_it_promises(runtime: Runtime, releases: Path) -> None:
    for name in ("linear-1.0.0", "linear-2.0.0", "rules-1.0.0"):
        release = runtime.load(releases / f"{name}.wasm")
        assert str(release) == name.replace("-", "@")
        tests = self_tests(releases / f"{name}.wasm")
        assert tests
        for raw, score in tests:
            scored = runtime.score_with(release, raw)
            assert scored.score == score, "bit for bit"
            assert (scored.abstained, scored.timing.total > 0) == (None, True)


def test_a_promotion_and_a_revert_take_effect_between_two_messages(
    runtime: Runtime, slot: Slot, releases: Path, mail: list[bytes]
) -> None:
    old = slot.live
    new = runtime.load(releases / "linear-2.0.0.wasm")
    assert slot.generation == 1
    before = slot.score(Message(mail[0]))
    assert (before.release, before.generation, before.decided_by) == (old, 1, "live")
    assert slot.promote(new) == 2
    assert slot.standbys == [old]
    assert (slot.role(new), slot.role("linear@1.0.0")) == ("live", "standby")
    assert slot.score(Message(mail[0])).release == new
    assert slot.revert() == 3
    after = slot.score(Message(mail[0]))
    assert (after.release, after.score, after.action) == (old, before.score, before.action)
    assert slot.canary(new, share=0.5) == 4
    assert slot.shadow(new) == 5
    assert slot.withdraw(new) == 6
    runtime.unload(new)
    assert runtime.releases == [old]


def test_a_verdict_says_what_the_host_says(slot: Slot, mail: list[bytes]) -> None:
    for raw in mail:
        verdict = slot.score(raw)
        said = verdict.to_dict()
        assert said["action"] == verdict.action
        assert said["score"] == verdict.score
        assert [reason.weight for reason in verdict.reasons] == [reason["weight"] for reason in said["reasons"]]
        assert (verdict.fault, verdict.cause, verdict.rule, verdict.id) == (None, None, None, None)
        assert verdict.is_flagged == (verdict.action in ("junk", "quarantine", "reject"))
        again = pickle.loads(pickle.dumps(verdict))
        assert again == verdict and again.to_dict() == said


def test_a_slot_is_configured_by_what_differs(cache: Path, releases: Path, mail: list[bytes]) -> None:
    slots = {"strict": {"thresholds": {"tag": 0.0}, "message_bytes_max": 100, "failure": {"too_big": {"act": "reject"}}}}
    with Runtime(slots, cache_dir=cache) as runtime:
        slot = runtime.slot("strict")
        slot.promote(runtime.load(releases / "linear-1.0.0.wasm"))
        assert slot.score(b"Subject: short\n\n").action == "tag"
        refused = slot.score(b"Subject: long\n\n" + b"x" * 100)
        assert (refused.action, refused.decided_by, refused.cause) == ("reject", "unscanned", "too-big")
        assert "100" in (refused.fault or "")


def test_a_slot_keeps_its_runtime(cache: Path, releases: Path, mail: list[bytes]) -> None:
    def of_a_runtime_that_nobody_holds() -> Slot:
        runtime = Runtime("inbound", cache_dir=cache)
        slot = runtime.slot("inbound")
        slot.promote(runtime.load(releases / "linear-1.0.0.wasm"))
        return slot

    assert of_a_runtime_that_nobody_holds().score(mail[0]).decided_by == "live"


def test_other_threads_go_on_while_a_message_is_scored(slot: Slot, mail: list[bytes]) -> None:
    order = []

    def score() -> None:
        for _ in range(2_000):
            slot.score(mail[0])
        order.append("scored")

    # The interpreter takes its lock from nobody, so whoever holds it while it scores holds it to the end.
    interval = sys.getswitchinterval()
    sys.setswitchinterval(3600)
    try:
        thread = threading.Thread(target=score)
        thread.start()
        order.append("went on")
        thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert order == ["went on", "scored"]


def test_every_thread_gets_the_same_scores(slot: Slot, mail: list[bytes]) -> None:
    alone = [slot.score(raw).score for raw in mail]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda raw: slot.score(raw).score, mail * 8)) == alone * 8
        message = Message(mail[0])
        assert set(threads.map(lambda _: slot.score(message).score, range(64))) == {alone[0]}


def test_after_its_end_a_runtime_says_so(cache: Path, releases: Path, mail: list[bytes]) -> None:
    runtime = Runtime(["inbound"], cache_dir=cache)
    slot = runtime.slot("inbound")
    release = runtime.load(releases / "linear-1.0.0.wasm")
    slot.promote(release)
    runtime.shutdown()
    verdict = slot.score(mail[0])
    assert (verdict.decided_by, verdict.cause) == ("unscanned", "no-release")
    with pytest.raises(errors.GoneError, match="was shut down") as raised:
        runtime.score_with(release, mail[0])
    assert raised.value.kind == "shut-down"


def test_a_release_says_what_it_is(releases: Path) -> None:
    path = releases / "linear-1.0.0.wasm"
    release = Release(path)
    assert (release.id.name, release.id.version, str(release)) == ("linear", "1.0.0", "linear@1.0.0")
    assert Release(release.raw).id == release.id == copy.deepcopy(release.id)
    assert release.manifest["scale"] == "log-odds"
    found = switchback.inspect(path)
    assert (found["digest"], found["problems"], found["checksum"]) == (release.id.digest, [], "matches")
    again = pickle.loads(pickle.dumps(release))
    assert (again.id, hash(again.id)) == (release.id, hash(release.id))
    assert release.id != Release(releases / "linear-2.0.0.wasm").id


def test_a_module_is_packed_with_the_scores_that_it_gives(runtime: Runtime, releases: Path, hostile: bytes) -> None:
    manifest = {
        "name": "hostile",
        "version": "1.0.0",
        "scale": "log-odds",
        "reads": ["subject"],
        "self_tests": [{"name": "even", "message": b"Subject: self-test\n\n", "score": 0.0}],
    }
    packed = Release(switchback.pack_module(hostile, manifest, data=b"trap"))
    assert base64.b64decode(packed.manifest["self_tests"][0]["message"]) == b"Subject: self-test\n\n"
    (answer,) = runtime.self_test(packed)
    assert isinstance(answer, switchback.Scored)
    assert answer.score == 0.5
    with pytest.raises(errors.LoadError) as raised:
        runtime.load(packed)
    assert raised.value.kind == "self-test"
    manifest["self_tests"][0]["score"] = answer.score  # type: ignore[index]
    loaded = runtime.load(Release(switchback.pack_module(hostile, manifest, data=b"trap")))
    with pytest.raises(errors.ScoreError, match="it trapped") as fault:
        runtime.score_with(loaded, b"Subject: hello\n\n")
    assert (fault.value.kind, fault.value.cause, fault.value.is_guest_fault) == ("trap", "trap", True)
    assert fault.value.release == loaded
