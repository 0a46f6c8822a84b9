"""Training a model on one's own mail."""

from __future__ import annotations

import html
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from switchback._switchback import Corpus, Release, Runtime, Training
from switchback.batches import Raw, batches
from switchback.comparing import loaded

if TYPE_CHECKING:
    from switchback.comparing import AnyRelease

#: Where mail of one label is: files and folders, or messages.
Source: TypeAlias = str | os.PathLike[str] | Iterable[str | os.PathLike[str] | Raw | tuple[str, Raw]]


@dataclass(frozen=True)
class TrainingReport:
    """What was learned from, how good the model is on mail that it did not learn from, and its release."""

    data: dict[str, Any]
    """All of it, as ``docs/json.md`` describes ``report`` under ``train``."""
    text: str
    """As the command prints it."""
    held_out: dict[str, list[Any]]
    """Every message that the model was measured on: the columns ``message``, ``label`` and ``score``."""
    release: Release | None
    """None with ``strict`` where somebody's mail stands out."""
    path: Path | None
    """Where the release was written, if ``out`` said so."""

    @property
    def threshold(self) -> float:
        """The score from which on mail is to be flagged, for the share of wanted mail that may be."""
        threshold: float = self.data["chosen"]["threshold"]
        return threshold

    @property
    def stands_out(self) -> list[str]:
        """Whose wanted mail is flagged far more often than that of others: look at why before the release is used."""
        return [row["segment"] for row in self.data["segments"] if row["stands_out"]]

    @property
    def warnings(self) -> list[str]:
        """What somebody should know before the release is used."""
        warnings: list[str] = self.data["warnings"]
        return warnings

    @property
    def tables(self) -> tuple[str, ...]:
        """The names of the tables that :meth:`to_pandas` makes."""
        return ("calibration", "disagreements", "held_out", "segments", "thresholds")

    def to_pandas(self, table: str = "thresholds") -> Any:
        """One of its tables as a ``pandas.DataFrame``: what is found and flagged at the chosen threshold and at 0.5, whose wanted mail is
        flagged, how far probabilities were right, messages that are likely in the wrong folder, or the score of every message that the
        model was measured on."""
        import pandas

        match table:
            case "thresholds":
                rows = pandas.json_normalize([self.data["chosen"], self.data["default"]])
                return rows.set_index(pandas.Index(["chosen", "default"]))
            case "held_out":
                return pandas.DataFrame(self.held_out)
            case "calibration" | "disagreements" | "segments":
                return pandas.json_normalize(self.data[table])
        raise ValueError(f"there is no table {table!r}; there are {', '.join(self.tables)}")

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the release into a file."""
        if self.release is None:
            raise ValueError(f"there is no release: the mail of {', '.join(self.stands_out)} stands out")
        Path(path).write_bytes(self.release.raw)

    def _repr_html_(self) -> str:
        mail = self.data["mail"]
        learned = [
            ("learned from", mail["training_ham"], mail["training_spam"]),
            ("held out", mail["held_out_ham"], mail["held_out_spam"]),
        ]
        at = [
            (f"{row['threshold']:.4f}", _share(row["recall"]), _share(row["false_positives"]), _share(row["precision"]))
            for row in (self.data["chosen"], self.data["default"])
        ]
        segments = [
            (row["segment"], _share(row["false_positives"]), "stands out" if row["stands_out"] else "")
            for row in self.data["segments"][:SEGMENTS_SHOWN]
        ]
        doubtful = [
            (f"{row['score']:.4f}", {"ham": "wanted", "spam": "unwanted"}[row["label"]], row["message"])
            for row in self.data["disagreements"][:DISAGREEMENTS_SHOWN]
        ]
        return "".join(
            [
                f"<h4>{_text(self.release.id if self.release else 'No release')}</h4>",
                _table("Messages", ("", "wanted", "unwanted"), learned),
                _table("Quality", ("threshold", "unwanted found", "wanted flagged", "unwanted of flagged"), at),
                _table("Wanted mail that is flagged, by sender", ("sender", "flagged", ""), segments),
                _table("Likely in the wrong folder", ("score", "given as", "message"), doubtful),
                *(f"<p>Note: {_text(warning)}.</p>" for warning in self.warnings),
            ]
        )

    def __repr__(self) -> str:
        found, flagged = (self.data["chosen"][what] for what in ("recall", "false_positives"))
        return (
            f"<TrainingReport {self.release.id if self.release else 'no release'}: {found['part']} of {found['whole']} found, "
            f"{flagged['part']} of {flagged['whole']} flagged from {self.threshold:.4f} on>"
        )

    def __str__(self) -> str:
        return self.text


#: Rows of the tables that a notebook shows; ``to_pandas`` has all.
SEGMENTS_SHOWN = 12
DISAGREEMENTS_SHOWN = 10


def _text(value: object) -> str:
    """Names of senders and messages are whatever somebody wrote."""
    return html.escape(str(value))


def _table(caption: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    if not rows:
        return ""
    head = "".join(f"<th>{_text(column)}</th>" for column in columns)
    body = "".join("<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><caption>{_text(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _share(share: dict[str, Any]) -> str:
    """``12 of 345, 3.48 % (95 %: 1.99-6.01)``."""
    if (rate := share["rate"]) is None:
        return "-"
    percent = {name: f"{100 * part:.2f}" for name, part in rate.items()}
    return f"{share['part']} of {share['whole']}, {percent['share']} % (95 %: {percent['low']}-{percent['high']})"


def train(
    ham: Source,
    spam: Source,
    *,
    name: str,
    version: str | None = None,
    out: str | os.PathLike[str] | None = None,
    max_false_positives: float = 0.001,
    train_until: datetime | str | None = None,
    split: Literal["campaign", "random"] = "campaign",
    prior: float | None = None,
    before: AnyRelease | None = None,
    strict: bool = False,
    temp: str | os.PathLike[str] | None = None,
    threads: int | None = None,
    progress: bool = False,
) -> TrainingReport:
    """Learns from wanted and unwanted mail, measures the model on mail that it did not learn from, and packs a release, as
    ``switchback train`` does: without a compiler and without a network. ``docs/training.md`` says what is masked, held out and learned.

    ``ham`` and ``spam`` are a path or several, read as :class:`Corpus` reads them, with its ``label``; or messages, alone or each with a name.
    The release is called ``name``, its ``version`` is by default the minor version after that of ``before``, or 1.0.0; it is written to
    ``out``, if given, and is in the report. A threshold is chosen for ``max_false_positives``, the share of wanted mail that may be flagged, above 0
    and below 1. The model learns from what came until ``train_until`` and is measured on what came later; by default a fifth of the campaigns is
    measured on, or of the messages where ``split`` is ``random``, to compare with published figures alone. Probabilities are for a ``prior`` share of
    unwanted mail, above 0 and below 1, by default that of the mail that is learned from. ``before`` is the release before, a file or a :class:`Release`, which is measured on the same mail. With ``strict`` there is no
    release where somebody's mail stands out. Features of messages, about 10 KB for each, are in files without a name below ``temp``, by default the system's folder for such.

    The work is done on so many threads, by default one for each core, without the interpreter's lock. Ctrl-C ends it within a second, and nothing is
    written then. ``progress`` shows bars of tqdm.

    Raises :class:`switchback.errors.TrainError` where there is too little mail, or the same as wanted and unwanted.
    """
    runtime = None if before is None else Runtime()
    training = Training(
        name,
        version=version,
        out=out,
        max_false_positives=max_false_positives,
        train_until=train_until,
        split=split,
        prior=prior,
        runtime=runtime,
        before=None if runtime is None or before is None else loaded(runtime, before),
        strict=strict,
        temp=temp,
    )
    passed_over = 0
    with training:
        for label, source in (("ham", ham), ("spam", spam)):
            messages = _messages(source, label)
            for names, batch in batches(messages, progress=progress, what=label):
                training.add(names, batch, label, threads)
            passed_over += messages.passed_over if isinstance(messages, Corpus) else 0
        with _told(progress) as told:
            return training.finish(told, threads, passed_over)


def _messages(source: Source, label: str) -> Iterable[Raw | tuple[str, Raw]]:
    if isinstance(source, (str, os.PathLike)):
        return Corpus(source, label=label)
    if isinstance(source, Sequence) and source and all(isinstance(one, (str, os.PathLike)) for one in source):
        return Corpus(*source, label=label)
    return source  # type: ignore[return-value]


class Told(Protocol):
    """Hears what a training is doing: what, and how much of how much is done."""

    def __call__(self, what: str, done: int, of: int) -> None: ...


@contextmanager
def _told(progress: bool) -> Iterator[Told]:
    """A bar for the rounds of learning, if one is wanted."""
    if not progress:
        yield lambda what, done, of: None
        return
    from tqdm.auto import tqdm

    with tqdm(desc="train", unit=" rounds") as bar:

        def told(what: str, done: int, of: int) -> None:
            bar.set_description(what)
            if of:
                bar.total = of
                bar.update(done - bar.n)

        yield told
