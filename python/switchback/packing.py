"""Packing models that are in memory."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from switchback._switchback import _pack_onnx
from switchback.errors import InvalidValue

if TYPE_CHECKING:
    from typing_extensions import Buffer


class Serializable(Protocol):
    """What an exporter returns: ``onnx.ModelProto``."""

    def SerializeToString(self) -> bytes: ...


def pack_onnx(
    model: str | os.PathLike[str] | Buffer | Serializable,
    *,
    name: str | None = None,
    version: str | None = None,
    out: str | os.PathLike[str] | None = None,
    bless: bool = False,
) -> dict[str, Any]:
    """Packs an ONNX model into a release, as ``switchback pack --onnx`` does, without a toolchain: a file, its bytes, or what an exporter such as
    ``skl2onnx.to_onnx`` returns. ``docs/onnx.md`` says what its inputs are made of and what its output means.

    Of a file, ``name`` and ``version`` are by default those in the ``switchback.toml`` beside it, or the file's name and 1.0.0; what is in memory
    needs a ``name``. The release is written to ``out``, a file or a folder, by default ``NAME-VERSION.wasm`` in the current one. ``bless`` writes what
    self-tests answer now into the manifest. Returns what was packed (``path``, ``id`` and more) as a dictionary.

    Raises :class:`switchback.errors.PackError`, whose ``onnx`` says what is wrong with the model: ``operators``, ``input``, ``output``, ...
    """
    if isinstance(model, (str, os.PathLike)):
        return _pack_onnx(model, name=name, version=version, out=out, bless=bless)
    if name is None:
        raise InvalidValue("a model that is in no file needs a name", kind="invalid-value")
    raw = model.SerializeToString() if hasattr(model, "SerializeToString") else bytes(model)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "model.onnx")
        file.write_bytes(raw)
        return _pack_onnx(file, name=name, version=version, out=out, bless=bless)
