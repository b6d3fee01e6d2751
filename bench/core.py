"""
From bytes to cards without HTTP, against json.loads of the same bytes; and that cost grows in step with the chart.

Prints milliseconds of CPU time and ratios. Run with `make bench`.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime

import charts
from rich.console import Console
from rich.progress import track
from rich.table import Table

from cds_service.answer import Asked, answer
from cds_service.hooks import HookResponse, read_request, write_response
from cds_service.knowledge import load_knowledge, roots

ROUNDS = 5
CASES = [
    (18, False),
    (18, True),
    (200, False),
    (200, True),
    (1000, False),
    (2000, False),
    (5000, False),
    (10000, False),
]


def cpu_ms(work: Callable[[], object], times: int) -> float:
    """Milliseconds of CPU time for one run, the best of some rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        started = time.process_time()
        for _ in range(times):
            work()
        best = min(best, (time.process_time() - started) / times * 1000)
    return best


def main() -> None:
    knowledge = load_knowledge(roots())
    asked = Asked(knowledge, "us-practice", datetime(2026, 11, 20, 12, tzinfo=UTC), 5, 20_000)
    table = Table(title="Bytes to cards, CPU ms", title_justify="left")
    for column in ("resources", "kB", "order", "cards", "core ms", "json.loads ms", "ratio", "µs per resource"):
        table.add_column(column, justify="right")
    gc.collect()
    gc.freeze()
    for resources, slip in track(CASES, "core", transient=True):
        body = charts.request(resources, slip=slip)

        def whole(body: bytes = body) -> HookResponse:
            found = HookResponse(answer(read_request(body), asked).cards)
            write_response(found)
            return found

        times = max(3, 4000 // resources)
        core, floor = cpu_ms(whole, times), cpu_ms(lambda body=body: json.loads(body), times)
        kind = "mg for mcg" if slip else "right"
        figures = (f"{core:.2f}", f"{floor:.2f}", f"{core / floor:.2f}", f"{core / resources * 1000:.1f}")
        table.add_row(f"{resources:,}", f"{len(body) / 1000:.0f}", kind, str(len(whole().cards)), *figures)
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
