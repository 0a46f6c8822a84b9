"""An operator changes a store, and every runtime that follows it obeys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import switchback
from switchback import Control, Message, Runtime, Slot, errors


@pytest.fixture
def store(tmp_path: Path) -> Path:
    folder = tmp_path / "store"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def control(store: Path, releases: Path) -> Control:
    """A store in which linear 1.0.0 and 2.0.0 are loaded."""
    control = Control(store, create=True, author="ada")
    for version in ("1.0.0", "2.0.0"):
        control.load(releases / f"linear-{version}.wasm", reason="trained in May")
    return control


@pytest.fixture
def mail_filter(control: Control, store: Path) -> Iterator[Runtime]:
    """A filter that follows the store."""
    with Runtime(["inbound"], store=store, name="filter", instances=8) as runtime:
        yield runtime


@pytest.fixture
def following(mail_filter: Runtime) -> Slot:
    """Its slot."""
    return mail_filter.slot("inbound")


def obeyed(control: Control, event: switchback.Event) -> switchback.Event:
    assert control.acknowledgements(event, 60) == (["filter"], [])
    return event


def test_a_change_takes_effect_in_who_follows(control: Control, following: Slot, mail: list[bytes]) -> None:
    promoted = obeyed(control, control.promote("inbound", "linear@1.0.0", reason="the first"))
    assert (promoted.author, promoted.reason, promoted.operation["op"]) == ("ada", "the first", "promote")
    assert str(following.live) == "linear@1.0.0"
    obeyed(control, control.promote("inbound", "linear@2.0.0"))
    assert following.score(mail[0]).generation == following.generation == 2
    reverted = obeyed(control, control.revert("inbound", reason="it flags Gmail"))
    assert (str(following.live), reverted.generation) == ("linear@1.0.0", 3)
    with pytest.raises(errors.InvalidValue, match="`Control`"):
        following.promote("linear@2.0.0")


def test_a_process_reverts_by_itself_and_the_ledger_has_it(
    control: Control, following: Slot, mail_filter: Runtime
) -> None:
    obeyed(control, control.promote("inbound", "linear@1.0.0"))
    obeyed(control, control.promote("inbound", "linear@2.0.0"))
    generation = following.revert()
    assert str(following.live) == "linear@1.0.0"
    mail_filter.flush()
    emergency = control.history()[-1].operation["emergency"]
    assert (emergency["process"], emergency["generation"]) == (mail_filter.process, generation)


def test_the_ledger_has_who_what_and_why(control: Control, releases: Path) -> None:
    first, second = control.history()
    assert (first.sequence, first.author, first.reason) == (1, "ada", "trained in May")
    assert (str(first), second.operation["release"]["version"]) == ("load linear@1.0.0", "2.0.0")
    assert control.load(releases / "linear-1.0.0.wasm")[1] is None, "it is there already"
    assert control.history() == [first, second]
    state = control.state()
    assert (state["sequence"], len(state["releases"])) == (2, 2)
    assert control.status() == {"state": state, "processes": [], "hits": {}}


def test_the_status_says_who_follows_and_what_they_have_ready(control: Control, following: Slot) -> None:
    obeyed(control, control.promote("inbound", "linear@1.0.0"))
    control.wait_until_ready("linear@2.0.0")
    (process,) = control.status()["processes"]
    assert (process["name"], process["slots"]) == ("filter", ["inbound"])


def test_shares_of_the_mail(control: Control, following: Slot) -> None:
    obeyed(control, control.promote("inbound", "linear@1.0.0"))
    shadow = control.shadow("inbound", "linear@2.0.0", 0.25)
    assert shadow.operation["rate_bp"] == 2_500
    canary = obeyed(control, control.canary("inbound", "linear@2.0.0", 0.01, key="sender-domain"))
    assert (canary.operation["share_bp"], canary.operation["key"]) == (100, "sender-domain")
    obeyed(control, control.withdraw("inbound", "linear@2.0.0"))
    rollout = control.rollout("inbound", "linear@2.0.0", "shadow 24h, 1% 30m, 100%")
    assert len(rollout.operation["plan"]) == 3
    control.stop_rollout("inbound")
    for wrong in (0, 1.1, -1, float("nan")):
        with pytest.raises(errors.InvalidValue, match="0.0001 to 1"):
            control.canary("inbound", "linear@2.0.0", wrong)
    with pytest.raises(errors.InvalidValue, match="there are content, sender-domain"):
        control.canary("inbound", "linear@2.0.0", 0.5, key="weather")
    with pytest.raises(errors.InvalidValue, match="the last step has to be `100%`"):
        control.rollout("inbound", "linear@2.0.0", "1% 30m")


def test_overrides_stand_above_the_models(control: Control, following: Slot, mail: list[bytes]) -> None:
    obeyed(control, control.promote("inbound", "linear@1.0.0"))
    digest = Message(mail[0]).content_digest
    block = obeyed(control, control.block(f"content {digest}", reason="seen in a raid", lasts=3_600))
    verdict = following.score(mail[0])
    assert (verdict.action, verdict.decided_by, verdict.rule) == ("quarantine", "blocked", block.sequence)
    obeyed(control, control.expire(block.sequence))
    allow = obeyed(control, control.allow("network 192.0.2.0/24", reason="a drill", may="all", slot="inbound"))
    verdict = following.score(Message(mail[0], client_ip="192.0.2.9"))
    assert (verdict.scl, verdict.rule) == (-1, allow.sequence)
    with pytest.raises(errors.RefusedError, match="reason"):
        control.allow("domain news.example", reason="")
    with pytest.raises(errors.InvalidValue, match="nothing to match"):
        control.block("weather rainy", reason="x")


def test_what_the_state_does_not_allow_is_refused_with_its_kind(control: Control) -> None:
    control.promote("inbound", "linear@1.0.0")
    control.freeze("inbound", reason="holidays")
    with pytest.raises(errors.RefusedError, match="thaw it first") as frozen:
        control.promote("inbound", "linear@2.0.0")
    assert frozen.value.kind == "frozen"
    control.thaw("inbound")
    with pytest.raises(errors.RefusedError, match="is live in inbound") as live:
        control.unload("linear@1.0.0")
    assert live.value.kind == "live"
    control.promote("inbound", "linear@2.0.0")
    with pytest.raises(errors.RefusedError) as older:
        control.promote("inbound", "linear@1.0.0")
    assert older.value.kind == "older"
    control.promote("inbound", "linear@1.0.0", older=True, cool_off=0)
    control.quarantine("linear@2.0.0", reason="it flags Gmail")
    with pytest.raises(errors.RefusedError) as barred:
        control.shadow("inbound", "linear@2.0.0")
    assert barred.value.kind == "quarantined"
    control.lift_quarantine("linear@2.0.0")
    with pytest.raises(errors.InvalidValue, match="no release `phish@1.0.0`"):
        control.promote("inbound", "phish@1.0.0")


def test_the_guard_has_its_settings_by_slot(control: Control) -> None:
    control.promote("inbound", "linear@1.0.0")
    settings = control.state()["slots"]["inbound"]["guard"]
    control.set_guard("inbound", settings | {"mode": "warn"})
    assert control.state()["slots"]["inbound"]["guard"]["mode"] == "warn"


def test_a_file_that_was_altered_is_not_promoted(control: Control, store: Path) -> None:
    for file in (store / "releases").glob("*.wasm"):
        file.chmod(0o600)
        file.write_bytes(b"something else")
    with pytest.raises(errors.ReleaseFileError, match="does not have its digest") as raised:
        control.promote("inbound", "linear@1.0.0")
    assert (raised.value.kind, str(raised.value.release)) == ("altered", "linear@1.0.0")


def test_a_store_that_is_none_is_not_opened(tmp_path: Path) -> None:
    with pytest.raises(errors.StoreError) as raised:
        Control(tmp_path / "absent")
    assert not raised.value.is_unwritable
    assert not (tmp_path / "absent").exists()


def test_a_trusted_key_keeps_others_out(control: Control, releases: Path, tmp_path: Path) -> None:
    key = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"
    control.trust_key(key, "the release desk")
    with pytest.raises(errors.LoadError, match="signed") as raised:
        control.load(releases / "linear-1.1.0.wasm")
    assert raised.value.kind == "control"
    assert not switchback.Release(releases / "linear-1.1.0.wasm").is_signed_by(key)
