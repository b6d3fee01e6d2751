"""
gunicorn's threads against granian, for this service: paired rounds of the same calls.

granian is not among the dependencies: install it to run this (`pip install granian`). A round is one server after the
other with the same load; what counts is the ratio within a round. CPU time is that of all processes of a server.
"""

from __future__ import annotations

import importlib.util
import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import calls
import charts
from flask import Flask
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
ROUNDS, THREADS, WORKERS = 5, 16, 2
CASES = {"order-sign, 110 kB": charts.request(200), "order-sign, 10 kB": charts.request(18)}


def service() -> Flask:
    """This service as any WSGI server loads it."""
    from cds_service.wsgi import application  # noqa: PLC0415 - each server imports this module

    return application(os.environ)


def gunicorn(port: int) -> list[str]:
    command = [sys.executable, "-m", "gunicorn", "-k", "gthread", "-w", str(WORKERS), "--threads", str(THREADS)]
    return [*command, "-b", f"127.0.0.1:{port}", "servers:service()"]


def granian(port: int) -> list[str]:
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", str(WORKERS), "--no-ws"]
    command += ["--blocking-threads", str(THREADS), "--host", "127.0.0.1", "--port", str(port), "--factory"]
    return [*command, "servers:service"]


SERVERS = {"gunicorn gthread": gunicorn, "granian": granian}


def measured(name: str, body: bytes) -> calls.Round:
    """One round of one server, started for it."""
    port = calls.free_port()
    with calls.server(SERVERS[name](port), port) as pid:
        calls.load(port, body, 100)
        return calls.measure(pid, port, body)


def report(console: Console, title: str, rounds: Sequence[dict[str, calls.Round]]) -> None:
    table = Table(title=f"{title}: {len(rounds)} paired rounds", title_justify="left")
    for column in ("", "CPU ms per call", "calls per second", "p50 ms", "p99 ms"):
        table.add_column(column, justify="left" if not column else "right")
    for name in rounds[0]:
        of = [one[name] for one in rounds]
        figures = [statistics.median(getattr(one, field) for one in of) for field in calls.Round.__annotations__]
        table.add_row(name, *(f"{figure:.2f}" for figure in figures))
    if len(rounds[0]) > 1:
        ratios = [one["granian"].per_second / one["gunicorn gthread"].per_second for one in rounds]
        spread = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        table.add_row("granian's calls per second against gunicorn's", "", spread, "", "")
    console.print(table)


def main() -> None:
    console = Console(width=110)
    present = [name for name in SERVERS if name != "granian" or importlib.util.find_spec("granian")]
    if "granian" not in present:
        console.print("granian is not installed: only gunicorn is measured")
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"COBALAMIN_SPOOL_DIR": f"{folder}/spool", "COBALAMIN_CALLS_PER_MINUTE": "1000000"}
        for title, body in CASES.items():
            rounds = [{name: measured(name, body) for name in present} for _ in range(ROUNDS)]
            report(console, title, rounds)


if __name__ == "__main__":
    main()
