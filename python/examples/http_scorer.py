"""Scores mail over HTTP, with nothing but Python's own server.

    python http_scorer.py --release linear-1.0.0.wasm --port 8000
    curl --data-binary @message.eml http://127.0.0.1:8000/score

Each request has a thread; they score at once, because no call holds the interpreter's lock. For a mail server, ``switchback serve`` is the
better choice: it bounds connections and memory.
"""

from __future__ import annotations

import argparse
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import switchback

#: The largest message that is read, in bytes.
BYTES_MAX = 50 << 20


class Scorer(BaseHTTPRequestHandler):
    """``POST /score`` with a raw message answers with its verdict."""

    slot: switchback.Slot

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", -1))
        if self.path != "/score":
            self.answer(404, {"error": "post a message to /score"})
        elif not 0 <= length <= BYTES_MAX:
            self.answer(413, {"error": f"a message has a length, of at most {BYTES_MAX} bytes"})
        else:
            self.answer(200, self.slot.score(self.rfile.read(length)).to_dict())

    def answer(self, status: int, document: object) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: what clients ask is in the journal, if one is kept."""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    arguments.add_argument("--release", required=True, help="the release that decides")
    arguments.add_argument("--port", type=int, default=8000)
    arguments.add_argument("--cache", help="a folder for compiled releases")
    options = arguments.parse_args()
    with switchback.Runtime(["http"], cache_dir=options.cache) as runtime:
        Scorer.slot = runtime.slot("http")
        Scorer.slot.promote(runtime.load(options.release))
        with ThreadingHTTPServer(("127.0.0.1", options.port), Scorer) as server:
            print(f"judging by {Scorer.slot.live} on port {server.server_port}", flush=True)
            try:
                server.serve_forever()
            except KeyboardInterrupt:
                pass


if __name__ == "__main__":
    main()
