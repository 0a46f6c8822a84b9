"""Features of many messages, as models are given them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from switchback._switchback import FACTS, FIELDS, _feature_rows
from switchback.batches import batches

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    from switchback.batches import Raw


@dataclass(frozen=True, repr=False)
class Features:
    """Features and facts of messages, a row for each.

    The features of one kind in one field are a sparse matrix as ``scipy.sparse.csr_array`` has them: those of row ``n`` are
    ``indices[indptr[n]:indptr[n + 1]]``, each a 32-bit hash that occurs once. The files of ``switchback features --npy`` have the same numbers.
    """

    names: list[str]
    facts: NDArray[numpy.float32]
    """A row for each message, a column for each of ``FACTS``."""
    rows: dict[tuple[str, str], tuple[NDArray[numpy.int64], NDArray[numpy.uint32]]]
    """By kind and field, ``indptr`` and ``indices``."""
    structure: tuple[NDArray[numpy.int64], NDArray[numpy.uint32]]
    """``indptr`` and ``indices`` of what the messages are made of."""

    def __len__(self) -> int:
        return len(self.names)

    def __repr__(self) -> str:
        kinds = ", ".join(dict.fromkeys(kind for kind, _ in self.rows))
        return f"<Features of {len(self)} messages: {kinds}, structure, {len(FACTS)} facts>"

    def matrix(self, bits: int = 18, kinds: Sequence[str] | None = None, fields: Sequence[str] | None = None) -> Any:
        """A ``scipy.sparse.csr_array`` of zeros and ones, with ``2 ** bits`` columns (``bits`` at most 24) for each kind and field that is wanted,
        by default all, side by side. The kind ``structure`` has the one field ``""``. Needs scipy."""
        import numpy
        from scipy import sparse

        if not 1 <= bits <= 24:
            raise ValueError(f"bits = {bits}: 1 to 24 are possible")
        blocks = []
        for (kind, field), (indptr, indices) in {**self.rows, ("structure", ""): self.structure}.items():
            if (kinds is None or kind in kinds) and (fields is None or field in fields):
                columns = (indices >> numpy.uint32(32 - bits)).astype(numpy.int32)
                ones = numpy.ones(len(columns), dtype=numpy.float32)
                block = sparse.csr_array((ones, columns, indptr), shape=(len(self), 1 << bits))
                # Several hashes may have one column, and a feature is there or not.
                block.sum_duplicates()
                block.data[:] = 1
                blocks.append(block)
        if not blocks:
            raise ValueError("no features are wanted: these have " + ", ".join(f"{k} of {f}" for k, f in self.rows))
        return sparse.hstack(blocks, format="csr")

    def counts(self, bits: int = 15, kinds: Sequence[str] = ("words",), fields: Sequence[str] | None = None) -> Any:
        """A ``scipy.sparse.csr_array`` with ``2 ** bits`` columns (``bits`` at most 24): how many features of these kinds and fields, by default words of
        all fields, begin with these bits. An input of an ONNX file that has as many floats is given the same numbers by :func:`pack_onnx`, without a
        binding those of the defaults. Needs scipy."""
        import numpy
        from scipy import sparse

        if not 1 <= bits <= 24:
            raise ValueError(f"bits = {bits}: 1 to 24 are possible")
        sums = sparse.csr_array((len(self), 1 << bits), dtype=numpy.float32)
        for (kind, field), (indptr, indices) in self.rows.items():
            if kind in kinds and (fields is None or field in fields):
                columns = (indices >> numpy.uint32(32 - bits)).astype(numpy.int32)
                ones = numpy.ones(len(columns), dtype=numpy.float32)
                sums = sums + sparse.csr_array((ones, columns, indptr), shape=sums.shape)
        return sums

    def to_pandas(self) -> Any:
        """The facts as a ``pandas.DataFrame``, a column for each, with the messages' names as its index."""
        import pandas

        return pandas.DataFrame(self.facts, index=pandas.Index(self.names, name="message"), columns=list(FACTS))


def features(
    messages: Iterable[Raw | tuple[str, Raw]],
    *,
    kinds: Sequence[str] = ("words", "pairs"),
    threads: int | None = None,
    progress: bool = False,
) -> Features:
    """Features and facts of messages, by the code with which the host makes them of mail, so that training and serving cannot differ.

    ``messages`` are :class:`Message`, or what makes one, alone or each with a name. ``kinds`` are ``words``, ``pairs`` and ``grams``. The work is done
    on so many threads, by default one for each core: without the interpreter's lock, so processes would not be faster.
    ``progress`` shows a bar of tqdm.
    """
    import numpy

    names: list[str] = []
    facts, parts = [], []
    for called, batch in batches(messages, progress=progress, what="features"):
        found, rows = _feature_rows(batch, list(kinds), threads)
        names += called
        facts.append(found)
        parts.append(rows)
    if not parts:
        parts = [_feature_rows([], list(kinds), threads)[1]]
    joined = {}
    for same in zip(*parts, strict=True):
        lengths = numpy.concatenate([part.lengths for part in same])
        indptr = numpy.concatenate([[0], numpy.cumsum(lengths)]).astype(numpy.int64)
        joined[same[0].kind, same[0].field] = (indptr, numpy.concatenate([part.hashes for part in same]))
    all_facts = numpy.concatenate(facts) if facts else numpy.empty(0, dtype=numpy.float32)
    structure = joined.pop(("structure", ""))
    return Features(names, all_facts.reshape(len(names), len(FACTS)), joined, structure)


__all__ = ["FACTS", "FIELDS", "Features", "features"]
