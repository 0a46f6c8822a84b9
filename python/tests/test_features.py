"""Features of many messages are those that models are given."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy
import pytest
from conftest import TARGET

import switchback
from switchback import Message, features


def test_each_row_is_a_message(mail: list[bytes]) -> None:
    # More than are worked on at once.
    several = mail * 20
    found = features(several, kinds=["words", "grams"])
    assert len(found) == len(several) > 256
    assert found.names[:2] == ["0", "1"]
    assert found.facts.shape == (len(several), len(switchback.FACTS))
    for row, raw in enumerate(several[: len(mail)]):
        message = Message(raw)
        assert found.facts[row].tolist() == message.facts.tolist()
        for kind in ("words", "grams"):
            for field, hashes in message.features(kind).items():  # type: ignore[arg-type]
                indptr, indices = found.rows[kind, field]
                assert indices[indptr[row] : indptr[row + 1]].tolist() == hashes.tolist()
        indptr, indices = found.structure
        assert indices[indptr[row] : indptr[row + 1]].tolist() == message.structure.tolist()


def test_threads_change_nothing(mail: list[bytes]) -> None:
    # Whoever asks for more threads than there are messages does not get them.
    one, two, many = (features(mail, threads=threads) for threads in (1, 2, 1_000_000))
    assert one.facts.tolist() == two.facts.tolist() == many.facts.tolist()
    for key, (indptr, indices) in one.rows.items():
        assert (indptr.tolist(), indices.tolist()) == tuple(array.tolist() for array in two.rows[key])


def test_messages_may_have_names_and_may_be_none(mail: list[bytes]) -> None:
    assert features([("ham/1", mail[0]), ("ham/2", Message(mail[1]))]).names == ["ham/1", "ham/2"]
    none = features([])
    assert none.facts.shape == (0, len(switchback.FACTS))
    assert none.rows["words", "body"][0].tolist() == [0]


def test_the_command_writes_the_same_numbers(mail: list[bytes], tmp_path: Path) -> None:
    program = TARGET / "release" / "switchback"
    if not program.is_file():
        pytest.skip(f"SKIPPED: there is no {program}; `cargo xtask test` builds it")
    for number, raw in enumerate(mail):
        (tmp_path / f"{number:03}.eml").write_bytes(raw)
    prefix = tmp_path / "written"
    command = [program, "features", "--format", "message", "--npy", prefix, *sorted(tmp_path.glob("*.eml"))]
    subprocess.run(command, check=True)
    found = features(mail)
    assert numpy.load(f"{prefix}.facts.npy").tolist() == found.facts.tolist()
    rows = {f"{kind}.{field}": both for (kind, field), both in found.rows.items()} | {"structure": found.structure}
    for name, (indptr, indices) in rows.items():
        assert numpy.load(f"{prefix}.{name}.indptr.npy").tolist() == indptr.tolist()
        assert numpy.load(f"{prefix}.{name}.indices.npy").tolist() == indices.tolist()


def test_a_matrix_has_a_one_for_each_feature(mail: list[bytes]) -> None:
    found = features(mail)
    matrix = found.matrix(bits=12, kinds=["words"], fields=["subject", "body"])
    assert matrix.shape == (len(mail), 2 << 12)
    assert set(matrix.data.tolist()) == {1.0}
    subject = Message(mail[0]).features("words")["subject"]
    columns = {int(column) for column in matrix[[0]].indices if column < 1 << 12}
    assert columns == {int(hash) >> 20 for hash in subject}
    with pytest.raises(ValueError, match="1 to 24"):
        found.matrix(bits=25)
    with pytest.raises(ValueError, match="words of subject"):
        found.matrix(fields=["nothing"])


def test_counts_are_of_all_fields_together_and_a_table_is_shown_in_a_line(mail: list[bytes]) -> None:
    found = features(mail, kinds=["words"])
    counts = found.counts(bits=12)
    words = [hash for hashes in Message(mail[0]).features("words").values() for hash in hashes]
    assert counts.shape == (len(mail), 1 << 12) and counts[[0]].sum() == len(words)
    column = int(words[0]) >> 20
    assert counts[0, column] == sum(int(word) >> 20 == column for word in words)
    assert found.counts(bits=12, fields=["subject"]).sum() < counts.sum()
    assert found.counts(kinds=["grams"]).nnz == 0
    with pytest.raises(ValueError, match="1 to 24"):
        found.counts(bits=0)
    assert repr(found) == f"<Features of {len(mail)} messages: words, structure, 32 facts>"


def test_facts_become_a_table_of_pandas(mail: list[bytes]) -> None:
    table = features([("a", mail[0])]).to_pandas()
    assert table.columns.tolist() == list(switchback.FACTS)
    assert table.loc["a"].tolist() == Message(mail[0]).facts.tolist()


def test_a_bar_shows_how_far_it_is(mail: list[bytes], capsys: pytest.CaptureFixture[str]) -> None:
    features(mail, progress=True)
    assert f"{len(mail)}/{len(mail)}" in capsys.readouterr().err


def test_kinds_that_there_are_not_are_named() -> None:
    with pytest.raises(switchback.errors.InvalidValue, match="there are words, pairs, grams"):
        features([b""], kinds=["letters"])


def layouts(array: numpy.ndarray) -> list[numpy.ndarray]:
    """The same numbers in other places: strided, backwards, a column of a table in Fortran's order, read-only, a copy."""
    doubled = numpy.repeat(array, 2)[::2]
    backwards = array[::-1].copy()[::-1]
    table = numpy.asfortranarray(numpy.stack([array, array], axis=1))[:, 1]
    read_only = array.copy()
    read_only.flags.writeable = False
    return [doubled, backwards, table, read_only, array.copy()]


def test_arrays_are_taken_however_they_lie(mail: list[bytes]) -> None:
    message = Message(mail[0])
    words, pairs = message.features("words"), message.features("pairs")
    for facts in layouts(message.facts):
        assert Message.from_features(words, pairs, message.structure, facts).facts.tolist() == message.facts.tolist()
    for body in layouts(words["body"]):
        found = Message.from_features(words | {"body": body}, pairs, message.structure, message.facts)
        assert found.features("words")["body"].tolist() == words["body"].tolist()


def test_arrays_are_copied_before_anybody_can_change_them(mail: list[bytes]) -> None:
    message = Message(mail[0])
    words = {field: hashes.copy() for field, hashes in message.features("words").items()}
    found = Message.from_features(words, {}, message.structure, message.facts)
    words["body"][:] = 0
    assert found.features("words")["body"].tolist() == message.features("words")["body"].tolist()


@pytest.mark.parametrize(
    ("words", "facts", "why"),
    [
        ({"body": numpy.zeros(3, dtype=numpy.int64)}, numpy.zeros(32, dtype=numpy.float32), "words.body"),
        ({"bodies": numpy.zeros(3, dtype=numpy.uint32)}, numpy.zeros(32, dtype=numpy.float32), "no field `bodies`"),
        ({}, numpy.zeros(31, dtype=numpy.float32), "31 of 32"),
        ({}, numpy.zeros(32, dtype=numpy.float64), "facts"),
    ],
)
def test_arrays_of_something_else_are_refused_by_name(words: dict, facts: numpy.ndarray, why: str) -> None:
    with pytest.raises(switchback.errors.InvalidValue, match=why):
        Message.from_features(words, {}, numpy.zeros(0, dtype=numpy.uint32), facts)


def test_a_release_scores_features_as_it_scores_the_mail(
    runtime: switchback.Runtime, releases: Path, mail: list[bytes]
) -> None:
    release = runtime.load(releases / "linear-1.2.0.wasm")
    for raw in mail:
        message = Message(raw)
        words, pairs = message.features("words"), message.features("pairs")
        alone = Message.from_features(words, pairs, message.structure, message.facts)
        assert runtime.score_with(release, alone).score == runtime.score_with(release, message).score
