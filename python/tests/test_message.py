"""Messages say what the host reads in them."""

from __future__ import annotations

import email
import email.policy
import hashlib
import pickle

import numpy
import pytest

import switchback
from switchback import Message

#: The mail of host/model/src/message/features.rs, whose features and facts are frozen there.
FROZEN = (
    b"Received: from a by b\nFrom: =?utf-8?q?Caf=C3=A9?= <news@mail.Example.co.uk>\n"
    b"Reply-To: a@x.example\nTo: me@home.example\nSubject: =?utf-8?b?aGVsbG8=?= WORLD\nX-Mailer: The Bat! 3\n"
    b"X-Spam-Flag: YES\nDate: Fri, 25 Apr 2025 09:24:00 +0000\nContent-Type: multipart/mixed; boundary=b\n\n"
    b"--b\nContent-Type: text/html; charset=UTF-8\nContent-Transfer-Encoding: 7bit\n\n"
    b'<p>Log in 2 times: <a href="http://192.0.2.7/x">https://bank.example/</a></p>\n'
    b"--b\nContent-Type: application/pdf; name=bill.PDF\n\n%PDF\n--b--\n"
)


def test_every_fact_of_a_mail_is_a_property() -> None:
    message = Message(FROZEN)
    assert message.raw == FROZEN
    assert (message.size, len(message)) == (len(FROZEN), len(FROZEN))
    assert message.sha256 == hashlib.sha256(FROZEN).hexdigest()
    assert message.subject == "hello WORLD"
    assert message.from_ == [switchback.Mailbox("Café", "news@mail.Example.co.uk", "mail.example.co.uk")]
    assert message.reply_to[0].address == "a@x.example"
    assert message.date == 1_745_573_040
    assert message.text.strip() == "Log in 2 times: https://bank.example/"
    assert message.html.startswith("<p>Log in")
    assert [(link.host, link.text) for link in message.links] == [("192.0.2.7", "https://bank.example/")]
    (attachment,) = message.attachments
    assert (attachment.name, attachment.media_type) == ("bill.PDF", "application/pdf")
    assert attachment.sha256 == hashlib.sha256(b"%PDF").hexdigest()
    assert message.counts == switchback.Counts(headers=7, received=1, parts=3, attachments=1, recipients=0)
    assert message.header("x-mailer") == ["The Bat! 3"]
    assert message.header("to") == [], "recipients are hidden unless they are granted"
    assert message.header("to", recipients=True) == ["me@home.example"]
    names = [header.name for header in message.headers()]
    assert "X-Spam-Flag" not in names, "verdicts of other filters are hidden"
    assert message.author.mailbox == ("Café", "news@mail.example.co.uk", "mail.example.co.uk")
    assert (message.author.doubt, message.authorship, message.sender_domain) == (None, "unchecked", "example.co.uk")
    assert not message.is_sender_authenticated
    assert message.defects == [] == message.truncated
    assert message.hidden_text == (0, 0, 0)
    assert (message.envelope, message.tenant, message.recipients) == (None, None, [])
    assert message.client == (None, None, None, None)
    assert message.authentication == switchback.Authentication()
    assert len({message.fingerprint, message.content_digest, message.context_digest}) == 3
    assert "Café" not in repr(message), "text of mail belongs in no log"


def test_features_are_those_that_the_host_has_frozen() -> None:
    message = Message(FROZEN)
    numbers: list[int] = []
    for kind in ("words", "pairs", "grams"):
        for field, hashes in message.features(kind).items():  # type: ignore[arg-type]
            assert field in switchback.FIELDS and hashes.dtype == numpy.uint32
            numbers += [len(hashes), *hashes.tolist()]
    numbers += [len(message.structure), *message.structure.tolist()]
    digest = hashlib.sha256(numpy.array(numbers, dtype="<u4").tobytes()).hexdigest()
    assert digest == "8ab2f1b8b2dbbccd7c06d9db6d65ea27d0e539c2a8e4a2d1a986146908156a57"


def test_facts_are_an_array_in_the_order_of_their_names() -> None:
    facts = Message(FROZEN).facts
    assert (facts.shape, facts.dtype) == ((len(switchback.FACTS),), numpy.float32)
    assert facts[0] == numpy.float32(8.910156)
    with pytest.raises(ValueError, match="read-only"):
        facts[0] = 1


def test_any_bytes_make_a_message(mail: list[bytes]) -> None:
    for raw in mail:
        message = Message(raw)
        assert message.raw == raw
        assert isinstance(message.text + message.html + message.subject, str)
        assert len(message.facts) == len(switchback.FACTS)
    assert "no-header" in Message(b"").defects


def test_a_message_of_python_is_the_bytes_that_it_makes() -> None:
    for policy in (email.policy.compat32, email.policy.SMTP):
        parsed = email.message_from_bytes(FROZEN, policy=policy)
        assert Message(parsed).raw == parsed.as_bytes()
        assert Message(parsed).subject == "hello WORLD"


def test_a_buffer_is_copied_with_its_strides() -> None:
    doubled = bytes(byte for byte in FROZEN for _ in range(2))
    assert Message(memoryview(doubled)[::2]).raw == FROZEN
    assert Message(memoryview(FROZEN[::-1])[::-1]).raw == FROZEN
    assert Message(numpy.frombuffer(FROZEN, dtype=numpy.uint8)).raw == FROZEN
    changing = bytearray(FROZEN)
    message = Message(changing)
    changing[:] = b"x" * len(changing)
    assert message.raw == FROZEN


@pytest.mark.parametrize("wrong", ["Subject: text", 7, None, ["Subject: x"]])
def test_what_is_no_bytes_is_no_message(wrong: object) -> None:
    with pytest.raises(TypeError, match="a message is bytes.*; Corpus reads files"):
        Message(wrong)  # type: ignore[arg-type]


GIVEN = {
    "mail_from": "bounces@news.example",
    "recipients": ["<me@home.example>", "you@home.example"],
    "client_ip": "::ffff:192.0.2.7",
    "client_helo": "mx.news.example",
    "client_host": "mx.news.example",
    "client_tls": True,
    "authentication": switchback.Authentication(dkim="pass", dkim_domains=["example.co.uk"], arc="none"),
    "recipient_key": bytes(range(32)),
    "tenant": "acme",
}


def test_what_the_filter_knows_goes_along() -> None:
    message = Message(FROZEN, **GIVEN)  # type: ignore[arg-type]
    assert message.envelope == switchback.Envelope("bounces@news.example", ("me@home.example", "you@home.example"))
    assert message.client == switchback.Client("192.0.2.7", "mx.news.example", "mx.news.example", True)
    assert message.authentication == GIVEN["authentication"]
    assert (message.is_sender_authenticated, message.authorship) == (True, "authenticated")
    assert message.tenant == "acme"
    assert [recipient.domain for recipient in message.recipients] == ["home.example"] * 2
    assert message.recipients[0].key != Message(FROZEN, recipients=["me@home.example"]).recipients[0].key
    assert Message(FROZEN, mail_from="").envelope == ("", ())


def test_results_are_read_from_the_header_of_whom_the_filter_trusts() -> None:
    raw = b"Authentication-Results: mx.home.example; dmarc=pass header.from=mail.example.co.uk\n" + FROZEN
    assert Message(raw).authentication.dmarc == "unknown"
    trusted = Message(raw, trust_authserv_ids=["MX.home.example"])
    assert (trusted.authentication.dmarc, trusted.is_sender_authenticated) == ("pass", True)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"client_ip": "192.0.2"}, "client_ip `192.0.2`"),
        ({"recipient_key": b"short"}, "it takes 32 bytes"),
        ({"authentication": {"spf": "passed"}}, "unknown variant `passed`"),
        ({"authentication": {"spff": "pass"}}, "unknown field `spff`"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_name(given: dict[str, object], why: str) -> None:
    with pytest.raises(switchback.errors.InvalidValue, match=why):
        Message(FROZEN, **given)  # type: ignore[arg-type]


def test_a_pickled_message_is_the_same_with_all_that_is_known_of_it() -> None:
    message = Message(FROZEN, **GIVEN)  # type: ignore[arg-type]
    again = pickle.loads(pickle.dumps(message))
    assert (again.raw, again.context_digest, again.tenant) == (FROZEN, message.context_digest, "acme")
    words, pairs = message.features("words"), message.features("pairs")
    alone = Message.from_features(words, pairs, message.structure, message.facts, truncated=["pairs"])
    featured = pickle.loads(pickle.dumps(alone))
    assert featured.truncated == ["pairs"]
    assert featured.features("words")["body"].tolist() == words["body"].tolist()
    assert featured.structure.tolist() == message.structure.tolist()
