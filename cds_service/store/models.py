"""
The tables.

What was JSON on arrival (verdicts, traces, lists of suggestions) stays the text it was: it is written
once, read whole for audit and replay, and never searched inside. JSON columns would decode and encode
every value again, and JSONB would also reorder keys and refuse the character U+0000.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import BigInteger, DateTime, Dialect, ForeignKey, MetaData, String, Text, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

KEY = String(255)
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Instant(TypeDecorator[datetime]):
    """An instant in UTC. SQLite drops zones, so a value without one is refused on the way in."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Turn to UTC; raises ValueError for a naive value."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("expected an instant with a zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give back the zone that SQLite dropped."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The tables of this service."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {str: Text(), datetime: Instant(), int: BigInteger()}  # noqa: RUF012 as SQLAlchemy reads it


class EvaluationRow(Base):
    """One hook call."""

    __tablename__ = "evaluation"

    id: Mapped[str] = mapped_column(KEY, primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    service: Mapped[str]
    hook: Mapped[str]
    hook_instance: Mapped[str]
    client: Mapped[str]
    as_of: Mapped[str]
    knowledge: Mapped[str]
    protocol: Mapped[str]
    microseconds: Mapped[int]
    verdicts: Mapped[str]


class CardRow(Base):
    """One card shown; `suggestions` is a JSON list of uuids."""

    __tablename__ = "card"

    uuid: Mapped[str] = mapped_column(KEY, primary_key=True)
    evaluation: Mapped[str] = mapped_column(KEY, ForeignKey("evaluation.id"), index=True)
    rule: Mapped[str]
    subject: Mapped[str]
    indicator: Mapped[str]
    summary: Mapped[str]
    trace: Mapped[str]
    suggestions: Mapped[str]


class FeedbackRow(Base):
    """
    What a clinician did with a card.

    `card` is no foreign key: feedback on a card that is not here, or not here yet, is kept too.
    """

    __tablename__ = "feedback"

    id: Mapped[str] = mapped_column(KEY, primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    service: Mapped[str]
    client: Mapped[str]
    card: Mapped[str] = mapped_column(KEY, index=True)
    outcome: Mapped[str] = mapped_column(String(16))
    outcome_timestamp: Mapped[str]
    suggestions: Mapped[str]
    reason_code: Mapped[str]
    reason_system: Mapped[str]
    reason_display: Mapped[str]
    comment: Mapped[str]


class SpoolPosition(Base):
    """How far a segment has been moved into the tables above, in bytes."""

    __tablename__ = "spool_position"

    segment: Mapped[str] = mapped_column(KEY, primary_key=True)
    offset: Mapped[int]
