"""A mail filter between two mail servers, with aiosmtpd (Postfix's ``content_filter``, or any SMTP proxy).

    python smtp_filter.py --release linear-1.0.0.wasm --listen 127.0.0.1:10025 --next 127.0.0.1:10026

Rejects what the slot rejects, and hands on everything else with a field that says what to do with it. A mail server that is away is told to
the client, which tries again: no message is lost.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import smtplib
from typing import Any

import switchback
from aiosmtpd.controller import Controller

FIELD = "X-Switchback-Action"

#: The field as somebody else may have written it, with its folded lines.
FORGED = re.compile(rb"^" + FIELD.encode() + rb"[ \t]*:.*\r?\n(?:[ \t].*\r?\n)*", re.IGNORECASE | re.MULTILINE)


def stamped(content: bytes, action: str) -> bytes:
    """The message with its action, and with nobody else's."""
    header, separator, body = content.partition(b"\r\n\r\n")
    return f"{FIELD}: {action}\r\n".encode() + FORGED.sub(b"", header + b"\r\n")[:-2] + separator + body


class Filter:
    """Judges each message, and hands it on."""

    def __init__(self, slot: switchback.Slot, next_hop: tuple[str, int]) -> None:
        self.slot = slot
        self.next_hop = next_hop

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        message = switchback.Message(
            envelope.content,
            mail_from=envelope.mail_from,
            recipients=envelope.rcpt_tos,
            client_ip=session.peer[0],
            client_helo=session.host_name,
            client_tls=session.ssl is not None,
        )
        # It computes, and waits for nobody: on a thread of its own it keeps no other client waiting.
        verdict = await asyncio.to_thread(self.slot.score, message)
        if verdict.action == "reject":
            return "550 5.7.1 This message looks unwanted"
        try:
            await asyncio.to_thread(self.hand_on, envelope, verdict.action)
        except (OSError, smtplib.SMTPException):
            return "451 4.4.1 Try again later"
        return "250 2.0.0 OK"

    def hand_on(self, envelope: Any, action: str) -> None:
        with smtplib.SMTP(*self.next_hop, timeout=60) as server:
            server.sendmail(envelope.mail_from, envelope.rcpt_tos, stamped(envelope.content, action))


def address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    arguments.add_argument("--release", required=True, help="the release that decides")
    arguments.add_argument("--listen", type=address, default=("127.0.0.1", 10025), metavar="HOST:PORT")
    arguments.add_argument("--next", type=address, default=("127.0.0.1", 10026), metavar="HOST:PORT")
    arguments.add_argument("--cache", help="a folder for compiled releases")
    options = arguments.parse_args()
    with switchback.Runtime(["inbound"], cache_dir=options.cache) as runtime:
        slot = runtime.slot("inbound")
        slot.promote(runtime.load(options.release))
        host, port = options.listen
        controller = Controller(Filter(slot, options.next), hostname=host, port=port)
        controller.start()
        print(f"judging by {slot.live} on {host}:{port}", flush=True)
        try:
            asyncio.run(asyncio.Event().wait())
        except KeyboardInterrupt:
            controller.stop()


if __name__ == "__main__":
    main()
