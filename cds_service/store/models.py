"""
The tables.

What was JSON on arrival (verdicts, traces, lists of suggestions) stays the text it was: it is written
once, read whole for audit and replay, and never searched inside. JSON columns would decode and encode
every value again, and JSONB would also reorder keys and refuse the character U+0000.

Columns that came after the first revision have a default in the database, so that workers of the version
before can go on while a newer one has brought the tables up to date.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import BigInteger, DateTime, Dialect, ForeignKey, Index, MetaData, String, Text, TypeDecorator, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

KEY = String(255)
DIGEST = String(32)
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
    """
    One hook call; `patient_key` and `user_key` are pseudonyms, "" where nobody is named.

    `fetched` is a JSON list of what was fetched beside the prefetch: key, outcome, milliseconds.
    """

    __tablename__ = "evaluation"
    __table_args__ = (Index(None, "patient_key", "at"),)  # what was shown of one patient, the newest first

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
    patient_key: Mapped[str] = mapped_column(DIGEST, server_default=text("''"))
    user_key: Mapped[str] = mapped_column(DIGEST, server_default=text("''"))
    fetched: Mapped[str] = mapped_column(server_default=text("'[]'"))
    protocol_version: Mapped[str] = mapped_column(server_default=text("''"))


class CardRow(Base):
    """
    One card; `suggestions` is a JSON list of uuids, `advice` is the same for the same advice.

    `held` is "" for a card that was shown, "repeat" or "muted" for one that was held back, "shadow" for one of a
    rule that is only tried out.
    """

    __tablename__ = "card"

    uuid: Mapped[str] = mapped_column(KEY, primary_key=True)
    evaluation: Mapped[str] = mapped_column(KEY, ForeignKey("evaluation.id"), index=True)
    rule: Mapped[str]
    subject: Mapped[str]
    indicator: Mapped[str]
    summary: Mapped[str]
    trace: Mapped[str]
    suggestions: Mapped[str]
    advice: Mapped[str] = mapped_column(DIGEST, server_default=text("''"))
    held: Mapped[str] = mapped_column(String(16), server_default=text("''"))


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


class TallyRow(Base):
    """
    How often something came in a month (UTC, such as 2026-03): verdicts need not be read again to be counted.

    `kind` is a card's fate ("shown", "repeat", "muted", "shadow"), "undecided" (`item` is what was missing) or "took"
    (calls, without a rule; `item` is the time that they did not exceed, in milliseconds). `since` is the first of them.
    """

    __tablename__ = "tally"

    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    client: Mapped[str] = mapped_column(KEY, primary_key=True)
    hook: Mapped[str] = mapped_column(KEY, primary_key=True)
    protocol: Mapped[str] = mapped_column(KEY, primary_key=True)
    protocol_version: Mapped[str] = mapped_column(KEY, primary_key=True)
    knowledge: Mapped[str] = mapped_column(KEY, primary_key=True)
    rule: Mapped[str] = mapped_column(KEY, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    item: Mapped[str] = mapped_column(KEY, primary_key=True)
    since: Mapped[datetime]
    number: Mapped[int]


class SpoolPosition(Base):
    """How far a segment has been moved into the tables above, in bytes."""

    __tablename__ = "spool_position"

    segment: Mapped[str] = mapped_column(KEY, primary_key=True)
    offset: Mapped[int]
