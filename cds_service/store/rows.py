"""Lines of the spool become rows of the database, each id once."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

import msgspec
from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute

from cds_service.store import tallies
from cds_service.store.lines import Evaluation, Feedback, LineDecoder, ShownCard, instant_of
from cds_service.store.models import Base, CardRow, EvaluationRow, FeedbackRow

Row = dict[str, str | int | datetime]
KEYS_PER_QUESTION = 500  # every database takes that many parameters


@dataclass(slots=True)
class Rows:
    """Rows by their id, and the lines that are none."""

    evaluations: dict[str, Row] = field(default_factory=dict)
    cards: dict[str, Row] = field(default_factory=dict)
    feedback: dict[str, Row] = field(default_factory=dict)
    rejected: list[bytes] = field(default_factory=list)


def rows_of(lines: Iterable[bytes], decoder: LineDecoder) -> Rows:
    """Read lines; the first of each id counts."""
    rows = Rows()
    for line in lines:
        try:
            _add(rows, decoder.decode(line))
        except (ValueError, RecursionError):  # not JSON, no known kind, not UTF-8, no instant, or nested too deep
            rows.rejected.append(line)
    return rows


def insert_new(connection: Connection, rows: Rows) -> None:
    """Insert the rows whose ids are not there yet; the transaction is the caller's."""
    evaluations = _absent(connection, EvaluationRow.id, rows.evaluations)
    cards = _absent(connection, CardRow.uuid, rows.cards)
    shown = {uuid: row for uuid, row in cards.items() if row["evaluation"] in evaluations}
    mine = _insert_evaluations(connection, evaluations)
    _insert(connection, CardRow, shown)
    tallies.add(connection, (evaluations[key] for key in mine), shown.values())
    _insert(connection, FeedbackRow, _absent(connection, FeedbackRow.id, rows.feedback))


def _add(rows: Rows, record: Evaluation | Feedback) -> None:
    if isinstance(record, Feedback):
        row = _feedback_row(record)
        rows.feedback.setdefault(str(row["id"]), row)
        return
    evaluation, cards = _evaluation_row(record), [_card_row(record.id, card) for card in record.cards]
    if rows.evaluations.setdefault(str(evaluation["id"]), evaluation) is evaluation:
        for card in cards:
            rows.cards.setdefault(str(card["uuid"]), card)


def _evaluation_row(record: Evaluation) -> Row:
    return _storable(
        {
            "id": record.id,
            "at": instant_of(record.at),
            "service": record.service,
            "hook": record.hook,
            "hook_instance": record.hook_instance,
            "client": record.client,
            "as_of": record.as_of,
            "knowledge": record.knowledge,
            "protocol": record.protocol,
            "microseconds": record.microseconds,
            "verdicts": bytes(record.verdicts).decode(),
            "patient_key": record.patient_key,
            "user_key": record.user_key,
            "fetched": bytes(record.fetched).decode(),
            "protocol_version": record.protocol_version,
        }
    )


def _card_row(evaluation: str, card: ShownCard) -> Row:
    return _storable(
        {
            "uuid": card.uuid,
            "evaluation": evaluation,
            "rule": card.rule,
            "subject": card.subject,
            "indicator": card.indicator,
            "summary": card.summary,
            "trace": bytes(card.trace).decode(),
            "suggestions": msgspec.json.encode(card.suggestions).decode(),
            "advice": card.advice,
            "held": card.held,
        }
    )


def _feedback_row(record: Feedback) -> Row:
    texts = msgspec.structs.asdict(record) | {"suggestions": msgspec.json.encode(record.suggestions).decode()}
    return _storable(texts | {"at": instant_of(record.at)})


def _storable(row: Row) -> Row:
    """Clients' words come here unread, and PostgreSQL cannot keep this one character."""
    return {
        name: value.replace("\0", "\N{REPLACEMENT CHARACTER}") if isinstance(value, str) else value
        for name, value in row.items()
    }


def _absent(connection: Connection, key: InstrumentedAttribute[str], rows: dict[str, Row]) -> dict[str, Row]:
    present = _present(connection, key, rows)
    return {name: row for name, row in rows.items() if name not in present} if present else rows


def _present(connection: Connection, key: InstrumentedAttribute[str], names: Collection[str]) -> set[str]:
    present: set[str] = set()
    ahead = iter(names)
    while some := list(islice(ahead, KEYS_PER_QUESTION)):
        present.update(connection.scalars(select(key).where(key.in_(some))))
    return present


def _insert_evaluations(connection: Connection, rows: dict[str, Row]) -> list[str]:
    """Insert them; the ids of those that were not there, which are the ones to count."""
    if not rows:
        return []
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    new = dialect.insert(EvaluationRow).on_conflict_do_nothing().returning(EvaluationRow.id)
    return list(connection.scalars(new, list(rows.values())))


def _insert(connection: Connection, table: type[Base], rows: dict[str, Row]) -> None:
    # Two hosts may come with the same row at once: a client sends feedback again, and to another of them.
    if rows:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        connection.execute(dialect.insert(table).on_conflict_do_nothing(), list(rows.values()))
