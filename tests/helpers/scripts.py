"""Scripts as processes of their own: started, talked to a line at a time, and killed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.helpers.processes import ROOT

PATIENCE = 120.0

WRITER = """
import sys
from itertools import count
from pathlib import Path
from msgspec import Raw
from cds_service.store.lines import Evaluation, Feedback, ShownCard, evaluation_line, feedback_line
from cds_service.store.spool import Spool

spool, name = Spool(Path(sys.argv[1]), segment_bytes=20_000), sys.argv[2]
at = "2026-11-21T10:00:00Z"
for number in count():
    key = f"{name}-{number}"
    card = ShownCard(key, "overdue", "Patient/1", "info", "x" * 200, Raw(b"{}"), [])
    words = ("b12-order", "order-select", "h1", "", at, "k", "us-label")
    assert spool.append(evaluation_line(Evaluation(key, at, *words, 900, Raw(b"{}"), [card])))
    spool.append_safely(feedback_line(
        Feedback(key, at, "b12-order", "", key, "accepted", at, [], "", "", "", "")))
    print(key, flush=True)
"""
"""Spools evaluations and feedback for ever; prints what it has acknowledged. Arguments: folder, name."""

DYING_MIGRATION = """
import os, sys
from itertools import count
from sqlalchemy import event
from cds_service.store.database import engine_of, migrate

engine, changes, fatal = engine_of(sys.argv[1]), count(1), int(sys.argv[2])

@event.listens_for(engine, "after_cursor_execute")
def die_after(connection, cursor, statement, *rest):
    if statement.strip().startswith(("ALTER", "CREATE")) and next(changes) == fatal:
        os.kill(os.getpid(), 9)

@event.listens_for(engine, "commit")
def die_at_commit(connection):
    if not fatal:
        os.kill(os.getpid(), 9)

migrate(engine)
"""
"""Is killed -9 after so many changes of a table, or before the commit if nought. Arguments: URL, number."""


@contextmanager
def running(script: str, *args: object) -> Iterator[subprocess.Popen[str]]:
    """A script with its arguments; killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-c", script, *map(str, args)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def line_from(process: subprocess.Popen[str]) -> str:
    """The next line that it prints."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def rest_of(process: subprocess.Popen[str]) -> str:
    """What else it prints until its end."""
    assert process.stdout is not None
    return process.stdout.read()  # communicate() would pass over what readline() has buffered


def go(process: subprocess.Popen[str]) -> None:
    """Send it the line that it waits for."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def wait_until(true: Callable[[], object]) -> None:
    """Wait, patiently, until something is true."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)
