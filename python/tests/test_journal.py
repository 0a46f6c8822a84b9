"""A journal is a table for whoever reads Arrow."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import polars
import pyarrow
import pytest

import switchback
from switchback import JournalReader, Runtime, errors


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory, releases: Path, cache: Path, mail: list[bytes]) -> Path:
    """A journal of verdicts in two slots, in one of which another release is a shadow; in two segments."""
    folder = tmp_path_factory.mktemp("journal", numbered=True)
    folder.chmod(0o700)
    for _ in range(2):
        journal = {"dir": folder, "message_ids": "plain"}
        with Runtime(["inbound", "empty"], journal=journal, cache_dir=cache, shadow_cpu_share=1.0) as runtime:
            slot = runtime.slot("inbound")
            slot.promote(runtime.load(releases / "linear-1.0.0.wasm"))
            slot.shadow(runtime.load(releases / "linear-2.0.0.wasm"))
            verdicts = [slot.score(raw) for raw in mail]
            assert runtime.slot("empty").score(mail[0]).decided_by == "unscanned"
            runtime.flush()
            assert runtime.journal_counts == {"written": len(mail) + 1, "dropped": 0, "failed": 0, "gone": 0}
            assert all(verdict.id for verdict in verdicts)
    return folder


def test_every_record_is_a_row(journal: Path, mail: list[bytes]) -> None:
    reader = JournalReader(journal)
    assert [str(release) for release in reader.releases] == ["linear@1.0.0", "linear@2.0.0"]
    table = reader.records().to_pyarrow()
    assert table.num_rows == 2 * (len(mail) + 1)
    assert table.schema.field("judged_at").type == pyarrow.timestamp("us", tz="UTC")
    sizes = table.column("bytes").to_pylist()
    assert sorted(sizes) == sorted(2 * [len(raw) for raw in [*mail, mail[0]]])


def test_arrow_pandas_and_polars_read_the_same(journal: Path) -> None:
    records = JournalReader(journal).records()
    table, frame, other = records.to_pyarrow(), records.to_pandas(), records.to_polars()
    assert records.unread == []
    rows = table.to_pylist()
    assert len(frame) == other.height == len(rows)
    for column in ("slot", "score", "action", "scl", "why", "fingerprint"):
        expected = [row[column] for row in rows]
        assert other[column].to_list() == expected
        assert [None if value != value else value for value in frame[column]] == expected
    # Lists of structures, absent values and several batches come through whole.
    assert other["others"].to_list() == [row["others"] for row in rows]
    assert {row["model"] for row in rows} == {None, "linear"}
    assert any(other["model"] == "linear" for row in rows for other in row["others"])


def test_nothing_is_copied_on_the_way(journal: Path) -> None:
    records = JournalReader(journal).records()
    before = pyarrow.total_allocated_bytes()
    batches = list(pyarrow.RecordBatchReader.from_stream(records))
    assert len(batches) > 1
    assert pyarrow.total_allocated_bytes() == before, "all of it is Rust's memory"
    assert sum(batch.num_rows for batch in batches) == records.to_pyarrow().num_rows


def test_a_stream_that_nobody_reads_to_its_end_is_let_go_of(journal: Path) -> None:
    records = JournalReader(journal).records()
    capsule = records.__arrow_c_stream__()
    del capsule
    next(iter(pyarrow.RecordBatchReader.from_stream(records)))
    assert records.to_pyarrow().num_rows > 0


def test_questions_are_asked_of_the_journal(journal: Path, mail: list[bytes]) -> None:
    reader = JournalReader(journal)

    def count(**asked: object) -> int:
        return int(reader.records(**asked).to_pyarrow().num_rows)  # type: ignore[arg-type]

    everything = count()
    assert count(slot="empty") == 2
    assert count(decided_by="unscanned") == 2
    assert sum(count(action=action) for action in ("deliver", "tag", "junk", "quarantine", "reject")) == everything
    now = datetime.now(timezone.utc)
    assert count(since=now - timedelta(hours=1)) == everything
    assert count(until=now - timedelta(hours=1)) == 0
    assert count(since=(now - timedelta(hours=1)).isoformat()) == everything
    (shadow,) = (release for release in reader.releases if release.version == "2.0.0")
    assert count(release=shadow) == count(release=shadow.digest) == 2 * len(mail)
    first = reader.records(columns=["id", "fingerprint"]).to_pyarrow()
    assert first.column_names == ["id", "fingerprint"]
    fingerprint = switchback.Message(mail[0]).fingerprint
    assert count(fingerprint=fingerprint) >= 4


@pytest.mark.parametrize(
    ("asked", "error", "why"),
    [
        ({"since": datetime(2026, 1, 1)}, errors.InvalidValue, "no time zone"),
        ({"since": "yesterday"}, errors.InvalidValue, "is no instant"),
        ({"action": "bounce"}, errors.InvalidValue, "is no action"),
        ({"columns": ["colour"]}, errors.JournalError, "no column `colour`"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(
    journal: Path, asked: dict, error: type[errors.Error], why: str
) -> None:
    with pytest.raises(error, match=why):
        JournalReader(journal).records(**asked)


def test_what_cannot_be_read_is_named(journal: Path, tmp_path: Path) -> None:
    copy = tmp_path / "journal"
    copy.mkdir(mode=0o700)
    segment = next(journal.glob("*.arrows")).with_suffix(".parquet")
    damaged = copy / segment.name
    damaged.touch(mode=0o600)
    damaged.write_bytes(b"PAR1 and no more")
    records = JournalReader(copy).records()
    assert records.to_pyarrow().num_rows == 0
    (unread,) = records.unread
    assert segment.name in unread


def test_a_folder_without_a_journal_is_none(tmp_path: Path) -> None:
    with pytest.raises(errors.JournalError) as raised:
        JournalReader(tmp_path / "absent")
    assert raised.value.kind == "no-journal"


def test_a_record_is_found_by_its_name_and_by_the_message(journal: Path) -> None:
    reader = JournalReader(journal)
    rows = reader.records(columns=["id", "message_id"]).to_polars()
    named = rows.filter(polars.col("message_id").is_not_null()).row(0, named=True)
    assert reader.records(message_id=named["message_id"]).to_polars()["id"].to_list().count(named["id"]) == 1
