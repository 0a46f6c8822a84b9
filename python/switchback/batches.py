"""Messages in batches, with a bar that shows how far it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from email.message import Message as EmailMessage
from itertools import islice
from typing import Any, TypeAlias

from switchback._switchback import Message

#: A message, or what makes one.
Raw: TypeAlias = Message | EmailMessage | bytes | bytearray | memoryview

#: Messages that are worked on between two looks at the interpreter: enough to keep all threads busy, few enough that Ctrl-C ends it soon.
BATCH = 256


def batches(
    messages: Iterable[Raw | tuple[str, Raw]], *, progress: bool, what: str
) -> Iterator[tuple[list[str], list[Raw]]]:
    """The names of messages and the messages, in batches. One without a name has its number."""
    numbered = enumerate(_shown(messages, what) if progress else messages)
    while batch := list(islice(numbered, BATCH)):
        pairs = [item if isinstance(item, tuple) else (str(number), item) for number, item in batch]
        yield [name for name, _ in pairs], [message for _, message in pairs]


def _shown(messages: Iterable[Any], what: str) -> Iterable[Any]:
    """The messages, with a bar if tqdm is installed."""
    try:
        from tqdm.auto import tqdm
    except ImportError as missing:
        raise ImportError("progress=True needs tqdm: pip install tqdm") from missing
    bar: Iterable[Any] = tqdm(messages, desc=what, unit=" messages")
    return bar
