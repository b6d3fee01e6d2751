"""Removing what is older than it may be kept, in batches that hold nobody up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, select, text

from cds_service.store.database import reading
from cds_service.store.models import CardRow, EvaluationRow, FeedbackRow, TallyRow

BATCH_ROWS = 500
PURGING = 0xB13
"""The number of the advisory lock under which one purge at a time works on a PostgreSQL database."""


def purge(engine: Engine, before: datetime) -> Iterator[int]:
    """
    Remove evaluations with their cards, then feedback, that came before an instant, the oldest first.

    The tallies of months that ended before it go too.

    Yields the rows of evaluations and feedback that each batch, a transaction, has removed; at the end SQLite gives
    the room back to the disk. Raises SQLAlchemyError.
    """
    with engine.begin() as connection:
        connection.execute(delete(TallyRow).where(TallyRow.month < f"{before:%Y-%m}"))
    for table in (EvaluationRow, FeedbackRow):
        while gone := _remove(engine, table, before):
            yield gone
    if engine.dialect.name == "sqlite":
        _give_room_back(engine)


def count_before(engine: Engine, before: datetime) -> dict[str, int]:
    """Count what `purge` would remove."""
    cards = select(func.count()).select_from(CardRow).join(EvaluationRow).where(EvaluationRow.at < before)
    with reading(engine).begin() as connection:
        return {
            "evaluation": _count(connection, EvaluationRow, before),
            "card": connection.scalar(cards) or 0,
            "feedback": _count(connection, FeedbackRow, before),
        }


def _count(connection: Connection, table: type[EvaluationRow | FeedbackRow], before: datetime) -> int:
    return connection.scalar(select(func.count()).select_from(table).where(table.at < before)) or 0


def _give_room_back(engine: Engine) -> None:
    with closing(engine.raw_connection()) as connection:
        driver: Any = connection.driver_connection
        # Each step of the statement frees one page, and `execute` takes one step of what returns no rows.
        driver.executescript("PRAGMA incremental_vacuum").close()


def _remove(engine: Engine, table: type[EvaluationRow | FeedbackRow], before: datetime) -> int:
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":  # SQLite has one writer at a time anyway
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": PURGING})
        oldest = select(table.id).where(table.at < before).order_by(table.at).limit(BATCH_ROWS)
        ids = connection.scalars(oldest).all()
        if table is EvaluationRow:
            connection.execute(delete(CardRow).where(CardRow.evaluation.in_(ids)))
        connection.execute(delete(table).where(table.id.in_(ids)))
    return len(ids)
