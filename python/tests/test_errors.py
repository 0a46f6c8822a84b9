"""What goes wrong is an exception that says what, and what to do."""

from __future__ import annotations

import inspect
import pickle
from pathlib import Path

import pytest

import switchback
from switchback import _switchback, errors
from switchback.errors import Error


def test_every_exception_is_an_error_of_switchback() -> None:
    classes = [one for _, one in inspect.getmembers(errors, inspect.isclass) if issubclass(one, Exception)]
    assert len(classes) > 15
    assert all(issubclass(one, Error) and one.__doc__ for one in classes)
    assert issubclass(errors.InvalidValue, ValueError)
    assert issubclass(errors.UnknownSlot, LookupError)


def test_a_panic_is_an_ordinary_exception() -> None:
    with pytest.raises(errors.Panicked, match="please report it: the sky falls") as raised:
        _switchback._panic("the sky falls")
    assert isinstance(raised.value, Exception)


def test_a_release_that_is_none_is_refused(
    runtime: switchback.Runtime, releases: Path, tmp_path: Path
) -> None:
    with pytest.raises(errors.LoadError, match="No such file") as raised:
        runtime.load(tmp_path / "absent.wasm")
    assert (raised.value.kind, raised.value.what) == ("refused", str(tmp_path / "absent.wasm"))
    damaged = bytearray((releases / "linear-1.0.0.wasm").read_bytes())
    damaged[-100] ^= 1
    with pytest.raises(errors.LoadError) as raised:
        switchback.Release(bytes(damaged))
    assert (raised.value.kind, raised.value.what) == ("refused", "damaged")


def test_each_error_has_its_class_and_its_kind(runtime: switchback.Runtime, releases: Path, mail: list[bytes]) -> None:
    slot = runtime.slot("inbound")
    release = runtime.load(releases / "linear-1.0.0.wasm")
    with pytest.raises(errors.UnknownSlot, match="there are: inbound") as unknown:
        runtime.slot("outbound")
    assert (unknown.value.name, unknown.value.known) == ("outbound", ["inbound"])
    with pytest.raises(errors.RouteError, match="promote a release instead") as route:
        slot.revert()
    assert route.value.kind == "no-standby"
    slot.promote(release)
    with pytest.raises(errors.UnloadError, match="promote or revert") as unload:
        runtime.unload(release)
    assert (unload.value.kind, unload.value.release) == ("in-use", release)
    other = switchback.ReleaseId("other", "1.0.0", "0" * 64)
    with pytest.raises(errors.ScoreError) as score:
        runtime.score_with(other, mail[0])
    assert (score.value.kind, score.value.cause, score.value.release) == ("not-loaded", "no-release", other)
    assert score.value.guest_message is None
    with pytest.raises(errors.BuildError, match="1 to 20000 are possible") as build:
        switchback.Runtime(instances=0)
    assert build.value.kind == "range"
    with pytest.raises(errors.InvalidValue, match="no release `phish@1.0.0` is loaded"):
        slot.promote("phish@1.0.0")
    with pytest.raises(errors.InvalidValue, match="unknown field `treshold`"):
        switchback.Runtime({"inbound": {"treshold": 1}})
    with pytest.raises(errors.InvalidValue, match="there are pooled, frugal"):
        switchback.Runtime(address_space="none")


def test_an_error_can_be_pickled(runtime: switchback.Runtime) -> None:
    with pytest.raises(errors.UnknownSlot) as raised:
        runtime.slot("outbound")
    again = pickle.loads(pickle.dumps(raised.value))
    assert type(again) is errors.UnknownSlot
    assert (str(again), again.kind, again.known) == (str(raised.value), "unknown-slot", ["inbound"])


def test_what_cannot_be_pickled_says_so(runtime: switchback.Runtime) -> None:
    with pytest.raises(TypeError, match="cannot pickle"):
        pickle.dumps(runtime)
