"""Training in Python is what the command does."""

from __future__ import annotations

import json
import pickle
import signal
import subprocess
import sys
import threading
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path

import pytest
from conftest import TARGET, in_a_fork

from switchback import Corpus, Message, Release, Runtime, TrainingReport, errors, train


@pytest.fixture(scope="module")
def report(kept: Path) -> TrainingReport:
    return train(kept / "ham", kept / "spam", name="acme", max_false_positives=0.01)


def test_a_release_of_ones_own_mail_scores_it(report: TrainingReport, kept: Path, runtime: Runtime) -> None:
    release = report.release
    assert release is not None
    assert (str(release.id), report.path) == ("acme@1.0.0", None)
    loaded = runtime.load(release)
    scores = {
        label: [runtime.score_with(loaded, message).score for _, message in Corpus(kept / label)]
        for label in ("ham", "spam")
    }
    found = sum(score is not None and score >= report.threshold for score in scores["spam"])
    flagged = sum(score is not None and score >= report.threshold for score in scores["ham"])
    assert found > 0.9 * len(scores["spam"]), "it has seen most of them"
    assert flagged < 0.1 * len(scores["ham"])


def test_the_command_makes_the_same_release(report: TrainingReport, kept: Path, tmp_path: Path) -> None:
    program = TARGET / "release" / "switchback"
    if not program.is_file():
        pytest.skip(f"SKIPPED: there is no {program}; `cargo xtask test` builds it")
    out = tmp_path / "acme.wasm"
    command = [program, "train", "--ham", kept / "ham", "--spam", kept / "spam", "--name", "acme", "-o", out]
    command += ["--max-false-positives", "1%"]
    said = json.loads(subprocess.run([*command, "--json"], check=True, stdout=subprocess.PIPE).stdout)
    assert report.release is not None
    assert out.read_bytes() == report.release.raw
    assert said["report"] == report.data
    text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    # But for how many were not read, and where it went.
    lines = [text.splitlines(), report.text.splitlines()]
    assert lines[0][1:-2] == lines[1][1:-2]
    assert lines[1][0] == "700 messages"


def test_messages_are_learned_from_wherever_they_come_from(report: TrainingReport, kept: Path) -> None:
    named = {label: list(Corpus(kept / label)) for label in ("ham", "spam")}
    reversed_bytes = [(name, message.raw) for name, message in reversed(named["ham"])]
    again = train(reversed_bytes, iter(named["spam"]), name="acme", max_false_positives=0.01, threads=1)
    assert report.release is not None and again.release is not None
    assert again.release.raw == report.release.raw
    several = sorted((kept / "spam").glob("*.eml"))
    assert train(str(kept / "ham"), several, name="acme", max_false_positives=0.01).data == report.data


def test_trash_and_junk_teach_nothing(kept: Path, mail: list[bytes], tmp_path: Path) -> None:
    for folder in (".Archive/cur", ".Trash/cur", ".Junk/cur"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "1.host:2,S").write_bytes(mail[0])
    (tmp_path / ".Archive/cur/2.host:2,ST").write_bytes(mail[1])
    corpus = Corpus(tmp_path, label="ham")
    assert [Path(name).parent.parent.name for name, _ in corpus] == [".Archive"]
    assert (corpus.passed_over, corpus.unread) == (3, [])
    assert len(list(Corpus(tmp_path, label="spam"))) == 2
    assert len(list(Corpus(tmp_path))) == 4
    with pytest.raises(errors.InvalidValue, match="there are ham, spam"):
        Corpus(tmp_path, label="good")
    report = train([kept / "ham", tmp_path], kept / "spam", name="acme")
    assert "          3  left out: deleted, in the trash, sent, or in junk below wanted mail" in report.text


def test_the_next_version_is_compared_with_the_one_before(report: TrainingReport, kept: Path, tmp_path: Path) -> None:
    out = tmp_path / "acme.wasm"
    following = train(kept / "ham", kept / "spam", name="acme", before=report.release, out=out)
    assert following.release is not None
    assert (following.release.id.version, following.path) == ("1.1.0", out)
    assert Release(out).id == following.release.id
    before = following.data["before"]
    assert before["messages"] == len(following.held_out["score"]) > 100
    assert train(kept / "ham", kept / "spam", name="acme", version="3.0.0", before=out).release.id.version == "3.0.0"


def test_what_came_later_is_held_out(kept: Path) -> None:
    dates = sorted(message.date for label in ("ham", "spam") for _, message in Corpus(kept / label) if message.date)
    until = datetime.fromtimestamp(dates[len(dates) * 3 // 4], timezone.utc)
    report = train(kept / "ham", kept / "spam", name="acme", train_until=until)
    held_out = report.data["mail"]["held_out_ham"] + report.data["mail"]["held_out_spam"]
    assert 0 < held_out <= len(dates) // 4
    with pytest.raises(errors.InvalidValue, match="no time zone"):
        train([], [], name="acme", train_until=until.replace(tzinfo=None))


def test_messages_are_drawn_at_random_and_a_prior_moves_probabilities_alone(kept: Path) -> None:
    by_campaign, at_random, rare = (
        train(kept / "ham", kept / "spam", name="acme", **given)
        for given in ({}, {"split": "random"}, {"split": "random", "prior": 0.01})
    )
    assert at_random.held_out["message"] != by_campaign.held_out["message"]
    assert at_random.held_out["message"] == rare.held_out["message"]
    assert all(often > rarely for often, rarely in zip(at_random.held_out["score"], rare.held_out["score"]))
    for given, why in (
        ({"split": "fifth"}, "there are campaign, random"),
        ({"split": "random", "train_until": "2026-01-01T00:00:00Z"}, "not both"),
    ):
        with pytest.raises(errors.InvalidValue, match=why):
            train([], [], name="acme", **given)


def test_every_table_becomes_one_of_pandas(report: TrainingReport) -> None:
    tables = {name: report.to_pandas(name) for name in report.tables}
    thresholds = tables["thresholds"]
    assert thresholds.loc["chosen", "threshold"] == report.threshold
    held_out = tables["held_out"]
    assert Counter(held_out["label"]) == {
        "ham": report.data["mail"]["held_out_ham"],
        "spam": report.data["mail"]["held_out_spam"],
    }
    found = ((held_out["label"] == "spam") & (held_out["score"] >= 0.5)).sum()
    assert found == thresholds.loc["default", "recall.part"]
    assert {"segment", "stands_out", "false_positives.part"} <= set(tables["segments"].columns)
    assert tables["calibration"]["messages"].sum() == len(held_out)
    with pytest.raises(ValueError, match="there are calibration, disagreements"):
        report.to_pandas("weather")


def test_a_notebook_shows_tables_and_no_markup_of_mail(kept: Path, report: TrainingReport) -> None:
    shown = report._repr_html_()
    assert "<caption>Quality</caption>" in shown and "acme@1.0.0" in shown
    # Mail in the wrong folder is shown by its name, which is whatever somebody wrote.
    wrong = [(f"<script>{number}</script>", message) for number, (_, message) in enumerate(Corpus(kept / "spam"))]
    mixed = train([*Corpus(kept / "ham"), *wrong[:12]], wrong[12:], name="acme")._repr_html_()
    assert "Likely in the wrong folder" in mixed and "&lt;script&gt;" in mixed
    assert "<script>" not in mixed


def test_a_report_is_short_in_a_log_and_can_be_pickled(report: TrainingReport) -> None:
    assert repr(report).startswith("<TrainingReport acme@1.0.0: ")
    assert str(report) == report.text
    again = pickle.loads(pickle.dumps(report))
    assert (again.data, again.held_out) == (report.data, report.held_out)
    assert again.release.id == report.release.id  # type: ignore[union-attr]


def test_where_somebodys_mail_stands_out_there_is_no_strict_release(kept: Path, tmp_path: Path) -> None:
    # All that is known of Gmail is phish, but for what is held out: the latest.
    ham = [(name, message) for name, message in Corpus(kept / "ham") if b"@gmail.com" not in message.raw]
    phish = [
        Message(message.raw.replace(message.from_[0].address.encode(), f"ada{number}@gmail.com".encode()))
        for number, (_, message) in enumerate(Corpus(kept / "spam"))
        if message.from_
    ]
    late = "Fri, 25 Dec 2099 09:24:00 +0000"
    text = "Received: from a.example by mx.home.example; {late}\r\nFrom: Ada <ada{number}@gmail.com>\r\nSubject: {word}\r\n\r\n{word} {number}\r\n"
    words = [name.split("-")[-1] for name, _ in ham[:60]]
    gmail = [
        (f"gmail-{number}", text.format(late=late, number=number, word=f"{word} {number * 7919}").encode())
        for number, word in enumerate(words)
    ]
    junk = [(f"junk-{number}", message.raw) for number, message in enumerate(phish[:3])]
    later = [(name, f"Received: from a.example by mx.home.example; {late}\r\n".encode() + raw) for name, raw in junk]
    out = tmp_path / "acme.wasm"
    report = train(
        [*ham, *gmail], [*phish[3:], *later], name="acme", train_until="2090-01-01T00:00:00Z", strict=True, out=out
    )
    assert report.stands_out == ["provider:gmail"]
    assert (report.release, report.path, out.exists()) == (None, None, False)
    with pytest.raises(ValueError, match="provider:gmail stands out"):
        report.save(out)


def test_what_cannot_be_learned_or_written_leaves_nothing_behind(kept: Path, tmp_path: Path) -> None:
    out = tmp_path / "acme.wasm"
    cases = [
        ([], kept / "spam", "empty", {"label": "ham"}),
        (kept / "spam", kept / "spam", "same-mail", {}),
        (list(Corpus(kept / "ham"))[:10], kept / "spam", "too-few", {"label": "ham", "read": 10}),
    ]
    for ham, spam, kind, attributes in cases:
        with pytest.raises(errors.TrainError) as failed:
            train(ham, spam, name="acme", out=out)
        assert failed.value.kind == kind
        assert attributes.items() <= vars(failed.value).items()
    with pytest.raises(errors.PackError, match="cannot write .*no/acme.wasm") as unwritable:
        train(kept / "ham", kept / "spam", name="acme", out=tmp_path / "no/acme.wasm")
    assert unwritable.value.kind == "write"
    for wrong, why in [
        ({"max_false_positives": 1.5}, "1.5 is not a share"),
        ({"version": "one"}, "one"),
        ({"name": "Acme Inc."}, "Acme"),
    ]:
        with pytest.raises(errors.InvalidValue, match=why):
            train(kept / "ham", kept / "spam", **{"name": "acme", "out": out, **wrong})  # type: ignore[arg-type]
    message = Message(b"Subject: x\n\n")
    featured = Message.from_features({}, {}, message.structure, message.facts)
    with pytest.raises(errors.InvalidValue, match="give the whole message"):
        train([featured], kept / "spam", name="acme")
    assert list(tmp_path.iterdir()) == []


def test_a_bar_shows_how_far_it_is(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train(kept / "ham", kept / "spam", name="acme", progress=True)
    shown = capsys.readouterr().err
    for what in ("ham:", "spam:", "learning:", "packing:"):
        assert what in shown, shown


def test_other_threads_go_on_and_an_exception_of_one_who_hears_it_ends_it(kept: Path) -> None:
    from switchback._switchback import Training

    training = Training("acme")
    for label in ("ham", "spam"):
        names, messages = zip(*Corpus(kept / label), strict=True)
        training.add(names, messages, label)
    heard: list[str] = []
    went_on = threading.Event()
    other = threading.Thread(target=went_on.set)

    def told(what: str, done: int, of: int) -> None:
        heard.append(what)
        if what == "learning":
            # It runs while the training does, or this waits for it for ever.
            other.start()
            other.join()
            raise LookupError(what)

    with pytest.raises(LookupError, match="learning"):
        training.finish(told)
    assert went_on.is_set()
    assert heard[:3] == ["sorting", "preparing", "learning"]
    assert "measuring" not in heard
    with pytest.raises(errors.InvalidValue, match="begin another one"):
        training.finish(told)


def test_ctrl_c_ends_it(kept: Path, tmp_path: Path) -> None:
    # The signal comes from within, at a step that is sure to come: no race, and nobody waits.
    program = """
import contextlib, os, signal, sys
from switchback import training

@contextlib.contextmanager
def told(progress):
    yield lambda what, done, of: os.kill(os.getpid(), signal.SIGINT) if done == 1 else None

training._told = told
training.train(sys.argv[1], sys.argv[2], name="acme", out=sys.argv[3])
"""
    out = tmp_path / "acme.wasm"
    ran = subprocess.run(
        [sys.executable, "-c", program, kept / "ham", kept / "spam", out], capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == -signal.SIGINT, ran.stderr
    assert ran.stderr.rstrip().endswith("KeyboardInterrupt")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_training_stays_in_its_process(kept: Path) -> None:
    from switchback._switchback import Training

    training = Training("acme")

    def add() -> str:
        try:
            training.add(["1"], [b"Subject: x\n\n"], "ham")
        except errors.ForkedError as forked:
            return forked.kind
        return "added"

    assert in_a_fork(add) == "forked"
