"""What is kept, as lines: read row by row, however much there is."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import Raw
from sqlalchemy import Engine, Row, Select, Table, func, select

from cds_service.store.database import reading
from cds_service.store.models import Base

Form = Literal["jsonl", "csv"]
JSON_COLUMNS = frozenset({"verdicts", "trace", "suggestions", "fetched"})
ROWS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Span:
    """What came from `since` on and before `until`, of these tables; a card came with its evaluation."""

    since: datetime | None
    until: datetime | None
    tables: tuple[str, ...]


def export(engine: Engine, span: Span, form: Form) -> Iterator[tuple[bytes, int]]:
    """
    Write the rows table by table, the oldest first: some lines, and how many rows they are.

    In JSON Lines a row says its table under `table`, and what is JSON stays JSON. CSV begins with the names of the
    columns. Raises SQLAlchemyError.
    """
    with reading(engine).connect().execution_options(yield_per=ROWS_AT_ONCE) as connection:
        for name in span.tables:
            table = Base.metadata.tables[name]
            columns = [column.name for column in table.columns]
            if form == "csv":
                yield _csv([columns]), 0
            for rows in connection.execute(_rows(table, span)).partitions():
                written = _csv(map(_texts, rows)) if form == "csv" else _jsonl(name, columns, rows)
                yield written, len(rows)


def count_rows(engine: Engine, span: Span) -> int:
    """Count what `export` would write."""
    with reading(engine).begin() as connection:
        questions = (_rows(Base.metadata.tables[name], span).order_by(None).subquery() for name in span.tables)
        return sum(connection.scalar(select(func.count()).select_from(question)) or 0 for question in questions)


def _rows(table: Table, span: Span) -> Select[Any]:
    evaluation = Base.metadata.tables["evaluation"]
    question, at, key = select(table), table.columns.get("at"), next(iter(table.primary_key))
    if at is None:
        question, at = question.join(evaluation), evaluation.columns["at"]
    if span.since:
        question = question.where(at >= span.since)
    if span.until:
        question = question.where(at < span.until)
    return question.order_by(at, key)


def _texts(row: Row[Any]) -> list[str]:
    return [value.isoformat() if isinstance(value, datetime) else for_spreadsheet(str(value)) for value in row]


def for_spreadsheet(text: str) -> str:
    """Text as a cell that no spreadsheet takes for a formula and runs; a client may have sent it for that."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _csv(rows: Iterator[list[str]] | list[list[str]]) -> bytes:
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue().encode()


def _jsonl(table: str, columns: list[str], rows: Any) -> bytes:  # noqa: ANN401 - a sequence of Row of any columns
    return b"".join(msgspec.json.encode({"table": table} | _object(columns, row)) + b"\n" for row in rows)


def _object(columns: list[str], row: Row[Any]) -> dict[str, Any]:
    pairs = zip(columns, row, strict=True)
    return {name: Raw(value.encode()) if name in JSON_COLUMNS else value for name, value in pairs}
