"""What insights are made of: tallies, and how clinicians reacted to the cards of some months. Whole months, in UTC."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Engine, Select, String, and_, cast, func, select

from cds_service.store.database import engine_of, reading
from cds_service.store.models import CardRow, EvaluationRow, FeedbackRow, TallyRow
from cds_service.store.tallies import AT, TOOK

FEEDBACK_DELAY = timedelta(days=7)
"""Clients may send feedback in batches: what comes later after a card's month is not counted."""
ROWS_AT_ONCE = 1000
Question = Select[*tuple[Any, ...]]


class Asked(Struct, frozen=True):
    """From which month to which (both included, such as 2026-03), and of what alone; "" is everything."""

    since: str
    until: str
    rule: str = ""
    hook: str = ""
    client: str = ""
    protocol: str = ""
    knowledge: str = ""


class Place(Struct, frozen=True, order=True):
    """Where something is counted: the finest that can be asked for."""

    month: str
    client: str
    hook: str
    protocol: str
    protocol_version: str
    knowledge: str
    rule: str


class Tally(Struct, frozen=True):
    """So many of a kind at a place; see TallyRow."""

    place: Place
    kind: str
    item: str
    number: int


class Reaction(Struct, frozen=True):
    """
    The last reaction to so many shown cards of a place.

    `worded`: with a comment, or a reason in words instead of a code.
    """

    place: Place
    outcome: str
    code: str
    system: str
    display: str
    worded: bool
    number: int


class Comment(Struct, frozen=True):
    """What a clinician wrote about a card of this rule."""

    rule: str
    words: str


class Version(Struct, frozen=True):
    """A version of the knowledge, and the first call in the months asked for that it answered."""

    knowledge: str
    since: datetime


class Ledger:
    """Reads what was counted. Build it before a fork or after: it connects when first asked. Raises SQLAlchemyError."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._engine: Engine | None = None

    def close(self) -> None:
        """Close its connections."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def tallies(self, asked: Asked) -> list[Tally]:
        """Everything that was counted; times that calls took have no rule, and come for every rule asked for."""
        columns = [getattr(TallyRow, name) for name in ("month", *AT, "rule", "kind", "item", "number")]
        question = select(*columns).where(*_within(asked), *_same(TallyRow, asked))
        if asked.rule:
            question = question.where((TallyRow.rule == asked.rule) | (TallyRow.kind == TOOK))
        return [Tally(_place(row), row[7], row[8], row[9]) for row in self._rows(question)]

    def reactions(self, asked: Asked) -> list[Reaction]:
        """How the cards that were shown in these months were reacted to, of each the last word."""
        last = _last_words(asked).subquery()
        kept = [column for column in last.columns if column.name != "turn"]
        question = select(*kept, func.count()).where(last.columns["turn"] == 1).group_by(*kept)
        return [
            Reaction(_place(row), row[7], row[8], row[9], row[10], bool(row[11]), row[12])
            for row in self._rows(question)
        ]

    def comments(self, asked: Asked, most: int) -> list[Comment]:
        """The newest comments on cards of these months."""
        said = FeedbackRow
        written: Question = select(CardRow.rule, said.comment).select_from(said)
        question = _on_cards(written, asked).where(said.comment != "")
        return [Comment(*row) for row in self._rows(question.order_by(said.at.desc(), said.id).limit(most))]

    def versions(self, asked: Asked) -> list[Version]:
        """The versions of the knowledge that answered in these months, the oldest first."""
        first = func.min(TallyRow.since)
        question: Question = select(TallyRow.knowledge, first).where(*_within(asked), TallyRow.kind == TOOK)
        return [Version(*row) for row in self._rows(question.group_by(TallyRow.knowledge).order_by(first))]

    def choices(self, asked: Asked) -> dict[str, list[str]]:
        """What can be asked for in these months: clients, hooks, protocols and rules."""
        return {name: self._distinct(name, asked) for name in ("client", "hook", "protocol", "rule")}

    def _distinct(self, name: str, asked: Asked) -> list[str]:
        column = getattr(TallyRow, name)
        question = select(column).distinct().where(*_within(asked), column != "").order_by(column)
        return [value for (value,) in self._rows(question)]

    def _rows(self, question: Question) -> Iterator[Any]:
        with self._connection() as connection:
            yield from connection.execution_options(yield_per=ROWS_AT_ONCE).execute(question)

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        self._engine = self._engine or engine_of(self._url)
        with reading(self._engine).connect() as connection:
            yield connection


def month_begins(month: str) -> datetime:
    """The first instant of a month."""
    return datetime.fromisoformat(f"{month}-01").replace(tzinfo=UTC)


def month_after(month: str) -> str:
    """The next month."""
    return f"{month_begins(month) + timedelta(days=32):%Y-%m}"


def _place(row: Any) -> Place:  # noqa: ANN401 - a row of any columns that begins with those of a place
    return Place(*(row[index] for index in range(7)))


def _within(asked: Asked) -> Sequence[Any]:
    return [TallyRow.month >= asked.since, TallyRow.month <= asked.until]


def _same(table: type[TallyRow | EvaluationRow], asked: Asked) -> list[Any]:
    wanted = ((name, getattr(asked, name)) for name in ("hook", "client", "protocol", "knowledge"))
    return [getattr(table, name) == value for name, value in wanted if value]


def _last_words(asked: Asked) -> Question:
    """Each reaction to a shown card, numbered from the last."""
    said, call = FeedbackRow, EvaluationRow
    month = func.substr(cast(call.at, String), 1, 7).label("month")
    coded = (said.reason_code + said.reason_system) != ""
    worded = ((said.comment != "") | (~coded & (said.reason_display != ""))).label("worded")
    turn = func.row_number().over(partition_by=said.card, order_by=(said.at.desc(), said.id.desc())).label("turn")
    place = (month, *(getattr(call, name) for name in AT), CardRow.rule)
    reason = (said.outcome, said.reason_code, said.reason_system, said.reason_display)
    return _on_cards(select(*place, *reason, worded, turn).select_from(said), asked)


def _on_cards(question: Question, asked: Asked) -> Question:
    """Feedback on cards that were shown in these months, from the client to which they were shown."""
    said, call = FeedbackRow, EvaluationRow
    begin, end = month_begins(asked.since), month_begins(month_after(asked.until))
    found = (
        question.join(CardRow, CardRow.uuid == said.card)
        .join(call, and_(call.id == CardRow.evaluation, call.client == said.client))
        .where(said.at >= begin, said.at < end + FEEDBACK_DELAY, call.at >= begin, call.at < end)
        .where(CardRow.held == "", *_same(call, asked))
    )
    return found.where(CardRow.rule == asked.rule) if asked.rule else found
