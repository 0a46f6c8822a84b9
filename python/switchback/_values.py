"""Small values, and what the native part needs of Python."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    from switchback._switchback import Message


class Mailbox(NamedTuple):
    """A name and an address."""

    name: str
    address: str
    domain: str
    """In lower case and ASCII."""


class Link(NamedTuple):
    """A link of the body."""

    url: str
    host: str
    text: str
    """What is shown; empty in plain text."""


class Attachment(NamedTuple):
    """An attachment: its content is what ``sha256`` says."""

    name: str
    media_type: str
    size: int
    """In bytes, decoded."""
    sha256: str


class Header(NamedTuple):
    """A header field, decoded."""

    name: str
    value: str


class Counts(NamedTuple):
    """How many there are of what."""

    headers: int
    received: int
    parts: int
    attachments: int
    recipients: int


class HiddenText(NamedTuple):
    """How many bytes of text are hidden from which mail programs."""

    web: int
    """From browsers, and what obeys them."""
    outlook: int
    only_outlook: int
    """From all but Outlook."""


class Author(NamedTuple):
    """Who a message is from, as far as its header tells."""

    mailbox: Mailbox | None
    """None where nobody can tell."""
    candidates: list[Mailbox]
    doubt: str | None
    """Why nobody can tell."""
    is_complete: bool
    """Whether the candidates are all that there are."""


class Envelope(NamedTuple):
    """What the SMTP transaction said."""

    mail_from: str | None
    recipients: tuple[str, ...]


class Recipient(NamedTuple):
    """A recipient of the envelope."""

    address: str
    domain: str
    key: str
    """What models know the address by: a keyed hash."""


class Client(NamedTuple):
    """The SMTP client."""

    ip: str | None
    helo: str | None
    host: str | None
    tls: bool | None


class Authentication(NamedTuple):
    """Sender authentication. Results are ``unknown``, ``none``, ``pass``, ``fail``, ``softfail``, ``neutral``, ``temperror`` and ``permerror``."""

    spf: str = "unknown"
    spf_domain: str | None = None
    dkim: str = "unknown"
    dkim_domains: list[str] = []
    """The signing domains of the signatures that passed."""
    dmarc: str = "unknown"
    dmarc_domain: str | None = None
    arc: str = "unknown"


class Reason(NamedTuple):
    """One reason for a score."""

    name: str
    weight: float
    """What it adds, on the release's scale."""
    note: str


class Timing(NamedTuple):
    """How long one verdict took, in microseconds."""

    parse: float
    instantiate: float
    guest: float
    total: float


class Rows(NamedTuple):
    """Features of one kind in one field, of several messages: how many each has, and all of them in order."""

    kind: str
    field: str
    lengths: NDArray[numpy.int64]
    hashes: NDArray[numpy.uint32]


def to_json(value: Any) -> str:
    """JSON of what the native part reads: bytes become base64, paths texts."""
    return json.dumps(value, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def message(kind: type[Message], raw: bytes, given: dict[str, Any]) -> Message:
    """Makes a message again that was pickled."""
    key = given["recipient_key"]
    results = given["authentication"]
    given["recipient_key"] = None if key is None else bytes(key)
    given["authentication"] = None if results is None else json.loads(results)
    return kind(raw, **given)


def featured(kind: type[Message], words: Any, pairs: Any, structure: Any, facts: Any, truncated: list[str]) -> Message:
    """Makes a message of features again that was pickled."""
    return kind.from_features(words, pairs, structure, facts, truncated=truncated)
