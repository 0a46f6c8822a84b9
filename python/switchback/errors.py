"""What switchback could not do, as exceptions.

Each class stands for one operation that can fail, and its ``kind`` says how, in words such as ``not-loaded``: a program that has to tell
them apart compares kinds, people read the text. All of them are an :class:`Error`, and all of them can be pickled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from switchback._switchback import ReleaseId


class Error(Exception):
    """Whatever switchback could not do."""

    kind: str
    """How it failed, in one or a few words with hyphens."""

    def __init__(self, text: str, *, kind: str = "", **attributes: Any) -> None:
        super().__init__(text)
        self.kind = kind
        self.__dict__.update(attributes)


class InvalidValue(Error, ValueError):
    """An argument makes no sense. Nothing was done."""


class Panicked(Error):
    """Switchback itself is at fault. Please report it."""


class GoneError(Error):
    """The runtime does nothing any more, because it was shut down."""


class ForkedError(GoneError):
    """This process is a fork of the one that built the object. Build another one here."""

    made_in: int
    """The number of the process that built it."""


class BuildError(Error):
    """A runtime cannot be built as configured."""


class LoadError(Error):
    """A release was not loaded. Of one that was refused before anything was compiled, the kind is ``refused``."""

    what: str
    """The release, or its file if it could not say what it is; for a :class:`switchback.Release`, what is wrong with it."""


class UnloadError(Error):
    """A release was not unloaded."""

    release: ReleaseId


class UnknownSlot(Error, LookupError):
    """A runtime has no slot of this name."""

    name: str
    known: list[str]
    """The slots that there are."""


class RouteError(Error):
    """The roles of a slot do not allow what was asked for."""


class ScoreError(Error):
    """A release did not answer for one message. The next message is not affected."""

    release: ReleaseId
    cause: str
    """Which answer of a failure policy applies: ``trap``, ``deadline``, ``overload``, ``too-big``, ``no-release`` or ``bad-input``."""
    is_guest_fault: bool
    """Whether the release is to blame, rather than the host's load."""
    guest_message: str | None
    """What the model said last, such as a panic's message, if it said something."""


class ShutdownError(Error):
    """A runtime did not come to its end in time. It goes on ending in the background."""


class StoreError(Error):
    """A store did not do as asked. Nothing was changed."""

    is_unwritable: bool
    """Whether the store may well be whole, and cannot be written by this process now."""


class ControlError(Error):
    """An operation was not done. Nothing was changed."""


class RefusedError(ControlError):
    """The state of the store does not allow it."""


class OvertakenError(ControlError):
    """Another operator was faster."""

    events: list[dict[str, Any]]
    """What happened meanwhile."""


class LedgerError(ControlError):
    """The ledger was touched by somebody, or set back."""

    sequence: int
    """The first event that is not as it was written."""


class ReleaseFileError(ControlError):
    """A process that starts could not load the release, because of its file in the store."""

    release: ReleaseId


class PromoteError(ControlError):
    """A release was not let in: it is ``unable``, ``silent``, ``unguarded`` or ``harmed``."""

    release: ReleaseId
    processes: list[Any]
    """The processes that cannot load it, with why, or that said nothing in time."""
    guards: list[str]
    """What is wrong with the guards."""
    segments: list[str]
    """Whose mail it misjudges."""


class JournalError(Error):
    """A journal is not kept or read."""


class PackError(Error):
    """Packing stopped."""

    is_guest_fault: bool
    """Whether the fault is in the model's code or data, rather than in its manifest or the machine's set-up."""
    onnx: str
    """Of the kind ``onnx``, what is wrong with the model: ``operators``, ``input``, ``output``, ..."""


class TrainError(Error):
    """No model came of the mail. Nothing was written."""

    label: str
    """The label, ``ham`` or ``spam``, of which there is nothing (``empty``), too little (``too-few``) or nothing to measure on (``nothing-held-out``)."""
    campaigns: int
    """Of the kind ``too-few``, how many groups of messages could be learned from."""
    read: int
    """How many messages were read."""
    both: int
    """Of the kind ``same-mail``, how many messages were given as wanted and as unwanted."""
