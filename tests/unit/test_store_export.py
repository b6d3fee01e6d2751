from __future__ import annotations

import csv
import io
import json
import tracemalloc
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from cds_service.store.drain import Drain
from cds_service.store.export import Span, count_rows, export
from cds_service.store.spool import Spool
from tests.helpers.lines import evaluation, feedback, fill

ALL = ("evaluation", "card", "feedback")
FIRST, SECOND, THIRD = (f"2026-11-2{day}T10:00:00Z" for day in (1, 2, 3))


@pytest.fixture
def filled(engine: Engine, tmp_path: Path) -> Engine:
    for at in (THIRD, FIRST, SECOND):
        fill(tmp_path / "spool", 1, at)
        Drain(engine, tmp_path / "spool").drain_once()
    return engine


def written(engine: Engine, span: Span) -> list[dict[str, object]]:
    text = b"".join(lines for lines, _ in export(engine, span, "jsonl"))
    return [json.loads(line) for line in text.splitlines()]


def test_rows_come_table_by_table_the_oldest_first_with_json_as_json(filled: Engine) -> None:
    rows = written(filled, Span(None, None, ALL))
    assert [row["table"] for row in rows] == [name for name in ALL for _ in range(3)]
    assert [row["id"] for row in rows[:3]] == [f"e0@{at}" for at in (FIRST, SECOND, THIRD)]
    assert [row["uuid"] for row in rows[3:6]] == [f"c0@{at}" for at in (FIRST, SECOND, THIRD)]
    assert (rows[0]["at"], rows[0]["verdicts"], rows[0]["fetched"]) == (FIRST, {}, [])
    assert (rows[3]["trace"], rows[3]["suggestions"]) == ({"why": 1}, ["s"])


def test_a_span_begins_with_its_first_instant_and_ends_before_its_last(filled: Engine) -> None:
    span = Span(datetime.fromisoformat(SECOND), datetime.fromisoformat(THIRD), ALL)
    assert [row.get("id", row.get("uuid")) for row in written(filled, span)] == [
        f"{letter}0@{SECOND}" for letter in "ecf"
    ]
    assert count_rows(filled, span) == 3
    assert count_rows(filled, Span(None, None, ("card",))) == 3


def test_csv_has_a_heading_and_no_formula(engine: Engine, tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append(evaluation("e1", "c1"))
    spool.append(feedback("f1", "=HYPERLINK(1)", 'two\nlines, and a "quote"'))
    spool.close()
    Drain(engine, tmp_path).drain_once()
    text = b"".join(lines for lines, _ in export(engine, Span(None, None, ("feedback",)), "csv")).decode()
    [row] = csv.DictReader(io.StringIO(text, newline=""))
    assert row["card"] == "'=HYPERLINK(1)"
    assert row["comment"] == 'two\nlines, and a "quote"'
    assert row["at"] == "2026-11-21T10:00:00+00:00"


def test_an_export_shows_one_moment_of_the_database(filled: Engine, tmp_path: Path) -> None:
    parts = export(filled, Span(None, None, ALL), "jsonl")
    first = next(parts)
    fill(tmp_path / "spool", 1, "2026-11-24T10:00:00Z")
    Drain(filled, tmp_path / "spool").drain_once()
    rows = [json.loads(line) for lines, _ in (first, *parts) for line in lines.splitlines()]
    assert [row["table"] for row in rows] == [name for name in ALL for _ in range(3)]


def test_many_rows_need_no_more_memory_than_some(engine: Engine, tmp_path: Path) -> None:
    fill(tmp_path, 4000)
    Drain(engine, tmp_path).drain_once()
    tracemalloc.start()
    size = sum(len(lines) for lines, _ in export(engine, Span(None, None, ALL), "jsonl"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 3_000_000
    assert peak < size / 2
