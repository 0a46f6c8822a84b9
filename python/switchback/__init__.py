"""Score mail with sandboxed WebAssembly models; train, compare, operate and revert them.

A *release* is one version of a model, as one file. A *slot* is the place in a filter where a verdict is used; its route says which release
is live there, and changes between two messages::

    import switchback

    runtime = switchback.Runtime(["inbound"])
    slot = runtime.slot("inbound")
    slot.promote(runtime.load("linear-1.0.0.wasm"))

    message = switchback.Message(open("message.eml", "rb").read())
    verdict = slot.score(message)  # from any number of threads
    print(verdict.action, verdict.score, verdict.reasons)

Whatever fails raises a :class:`switchback.errors.Error`.
"""

from switchback import errors
from switchback._switchback import (
    FACTS,
    FIELDS,
    Control,
    Corpus,
    Event,
    JournalReader,
    Message,
    Records,
    Release,
    ReleaseId,
    Runtime,
    Scored,
    Slot,
    Verdict,
    inspect,
    pack,
    pack_module,
)
from switchback._switchback import VERSION as __version__
from switchback._values import (
    Attachment,
    Authentication,
    Author,
    Client,
    Counts,
    Envelope,
    Header,
    HiddenText,
    Link,
    Mailbox,
    Reason,
    Recipient,
    Timing,
)
from switchback.comparing import compare
from switchback.errors import Error
from switchback.features import Features, features
from switchback.packing import pack_onnx
from switchback.report import Report
from switchback.training import TrainingReport, train

__all__ = [
    "FACTS",
    "FIELDS",
    "Attachment",
    "Authentication",
    "Author",
    "Client",
    "Control",
    "Corpus",
    "Counts",
    "Envelope",
    "Error",
    "Event",
    "Features",
    "Header",
    "HiddenText",
    "JournalReader",
    "Link",
    "Mailbox",
    "Message",
    "Reason",
    "Recipient",
    "Records",
    "Release",
    "ReleaseId",
    "Report",
    "Runtime",
    "Scored",
    "Slot",
    "Timing",
    "TrainingReport",
    "Verdict",
    "__version__",
    "compare",
    "errors",
    "features",
    "inspect",
    "pack",
    "pack_module",
    "pack_onnx",
    "train",
]
