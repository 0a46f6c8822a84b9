"""How work scales over threads, beside processes: messages a second, and the ratio to one thread, all in one run.

``cargo xtask python-scaling`` runs it, on a machine that does nothing else, on generated mail like that of the 2020s, or on what ``--mail``
names. Each row is measured once in each round, in turn; what is printed is the median, with the smallest and largest ratio.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import switchback

TARGET = Path(os.environ.get("CARGO_TARGET_DIR", Path(__file__).parents[2] / "target"))


def generated(count: int) -> list[bytes]:
    """Mail of the 2020s."""
    with tempfile.TemporaryDirectory() as folder:
        mailgen = TARGET / "release/examples/mailgen"
        subprocess.run([mailgen, "--profile", "modern", str(count), "1", folder], check=True)
        return [file.read_bytes() for file in sorted(Path(folder).iterdir())]


def featured(messages: Sequence[bytes]) -> switchback.Features:
    """What a worker process does."""
    return switchback.features(messages, threads=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=4000, help="how many to generate (%(default)s)")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--mail", type=Path, nargs="+", help="files and folders of mail in the place of generated mail")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="threads and processes (%(default)s)")
    arguments = parser.parse_args()
    if arguments.mail:
        mail = [message.raw for _, message in switchback.Corpus(*arguments.mail)]
    else:
        mail = generated(arguments.messages)
    workers = arguments.workers
    parts = [mail[start::workers] for start in range(workers)]

    runtime = switchback.Runtime(["inbound"], instances=64)
    slot = runtime.slot("inbound")
    slot.promote(runtime.load(TARGET / "releases/linear-1.2.0.wasm"))
    # They are there before anything is measured, as those of a service are.
    with multiprocessing.get_context("spawn").Pool(workers) as pool, ThreadPoolExecutor(workers) as threads:
        pool.map(featured, [mail[:8]] * workers)

        def scored(messages: Sequence[bytes]) -> list[switchback.Verdict]:
            return [slot.score(raw) for raw in messages]

        rows: dict[str, list[tuple[str, Callable[[], object]]]] = {
            "features": [
                ("1 thread", lambda: switchback.features(mail, threads=1)),
                (f"{workers} threads", lambda: switchback.features(mail, threads=workers)),
                (f"{workers} processes", lambda: pool.map(featured, parts, chunksize=1)),
            ],
            "slot.score": [
                ("1 thread", lambda: scored(mail)),
                # Each has its part: handing messages out one at a time takes an executor about as long as scoring them.
                (f"{workers} threads", lambda: list(threads.map(scored, parts))),
            ],
        }
        print(f"{len(mail)} messages, {sum(map(len, mail)) / len(mail) / 1024:.1f} KiB each, {os.cpu_count()} cores")
        for what, ways in rows.items():
            taken = [[timed(way) for _, way in ways] for _ in range(arguments.rounds)]
            for number, (how, _) in enumerate(ways):
                ratios = sorted(times[0] / times[number] for times in taken)
                rate = len(mail) / statistics.median(times[number] for times in taken)
                spread = f"{ratios[0]:.2f} to {ratios[-1]:.2f}"
                print(f"{what:<12}{how:<14}{rate:>9.0f} /s   x {statistics.median(ratios):.2f}   ({spread})")


def timed(way: Callable[[], object]) -> float:
    start = time.perf_counter()
    way()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
