"""Comparing two releases on messages that both score."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from switchback._switchback import Comparison, Release, ReleaseId, Runtime
from switchback.batches import batches

if TYPE_CHECKING:
    from switchback.batches import Raw
    from switchback.report import Report

#: A release file, or what names a release that is loaded.
AnyRelease: TypeAlias = str | os.PathLike[str] | Release | ReleaseId


def compare(
    before: AnyRelease,
    after: AnyRelease,
    messages: Iterable[Raw | tuple[str, Raw]],
    *,
    runtime: Runtime | None = None,
    thresholds: Mapping[str, float | None] | None = None,
    senders: str = "anyone",
    limit: int = 10,
    threads: int | None = None,
    progress: bool = False,
) -> Report:
    """Scores messages with two releases, and says how they differ, as ``switchback compare`` does.

    A release is a file, a :class:`Release`, or one that ``runtime`` has loaded. ``thresholds`` make actions of scores, by default those of a slot. ``senders`` is
    whose domain a message is counted under: ``anyone`` who says to be the sender, or those that were ``authenticated``. Tables have at
    most ``limit`` rows. What a release does not answer is counted in the report, and warned of.
    """
    runtime = Runtime() if runtime is None else runtime
    sides = [loaded(runtime, release) for release in (before, after)]
    comparison = Comparison(runtime, *sides, thresholds=thresholds, senders=senders, limit=limit)
    for names, batch in batches(messages, progress=progress, what="compare"):
        for name, failure in comparison.add(names, batch, threads):
            warnings.warn(f"{name}: {failure}", RuntimeWarning, stacklevel=2)
    return comparison.report("Scored by both for this report.", limit)


def loaded(runtime: Runtime, release: AnyRelease) -> ReleaseId:
    """The release in the runtime, which loads it if it has to."""
    if isinstance(release, ReleaseId):
        return release
    known = {str(one): one for one in runtime.releases}
    if isinstance(release, str) and release in known:
        return known[release]
    return runtime.load(release)
