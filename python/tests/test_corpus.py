"""Mail is found wherever people keep it, and what is not read is said."""

from __future__ import annotations

import gzip
import json
import warnings
from pathlib import Path

import pytest

from switchback import Corpus, Message, errors, features


@pytest.fixture
def kept(tmp_path: Path, mail: list[bytes]) -> Path:
    """A message, one with a sidecar, an mbox of two that is compressed, and what is no mail."""
    (tmp_path / "a.eml").write_bytes(mail[0])
    (tmp_path / "b.eml").write_bytes(mail[1])
    client = {"ip": "192.0.2.7", "helo": "mx.x.example", "host": "mx.x.example", "tls": True}
    known = {"envelope": {"mail_from": "a@x.example"}, "client": client, "tenant": "acme"}
    (tmp_path / "b.eml.json").write_text(json.dumps(known))
    mbox = b"From a@x.example Thu Jan  1 00:00:00 2026\nSubject: one\n\ntext\n\n"
    (tmp_path / "c.mbox.gz").write_bytes(gzip.compress(mbox + mbox.replace(b"one", b"two")))
    (tmp_path / "d.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    return tmp_path


def test_every_message_comes_with_its_name(kept: Path) -> None:
    corpus = Corpus(kept)
    with pytest.warns(RuntimeWarning, match="0 unreadable, 1 left out"):
        found = list(corpus)
    assert [Path(name).name for name, _ in found] == ["a.eml", "b.eml", "c.mbox.gz#1", "c.mbox.gz#2"]
    assert [message.subject for _, message in found[2:]] == ["one", "two"]
    (unread,) = corpus.unread
    assert "d.png" in unread


def test_what_a_sidecar_says_is_known_of_the_message(kept: Path, mail: list[bytes]) -> None:
    ((_, known),) = Corpus(kept / "b.eml")
    same = Message(
        mail[1],
        mail_from="a@x.example",
        recipients=[],
        client_ip="192.0.2.7",
        client_helo="mx.x.example",
        client_host="mx.x.example",
        client_tls=True,
        tenant="acme",
    )
    assert (known.raw, known.context_digest, known.tenant) == (mail[1], same.context_digest, "acme")
    ((_, unknown),) = Corpus(kept / "b.eml", sidecars=False)
    assert unknown.envelope is None


def test_features_take_a_corpus(kept: Path, mail: list[bytes]) -> None:
    table = features(Corpus(kept / "a.eml", kept / "b.eml"))
    assert [Path(name).name for name in table.names] == ["a.eml", "b.eml"]
    assert table.facts[0].tolist() == Message(mail[0]).facts.tolist()


def test_the_same_corpus_can_be_gone_through_again(kept: Path) -> None:
    corpus = Corpus(kept / "c.mbox.gz")
    first, second = ([message.sha256 for _, message in corpus] for _ in range(2))
    assert first == second != []
    corpus = Corpus(kept / "d.png")
    for _ in range(2):
        with pytest.warns(RuntimeWarning, match="1 left out"):
            assert list(corpus) == []
        assert len(corpus.unread) == 1


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    corpus = Corpus(tmp_path / "absent")
    with pytest.warns(RuntimeWarning, match="1 unreadable"):
        assert list(corpus) == []
    assert "absent" in corpus.unread[0]
    with pytest.raises(errors.InvalidValue, match="there are auto, message, mbox"):
        Corpus(tmp_path, format="mmdf")


def test_nothing_is_warned_of_where_all_is_read(kept: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(list(Corpus(kept / "a.eml"))) == 1
