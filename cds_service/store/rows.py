"""Lines of the spool become rows of the database, each id once."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

import msgspec
from sqlalchemy import Connection, insert, select
from sqlalchemy.orm import InstrumentedAttribute

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
    _insert(connection, EvaluationRow, evaluations)
    _insert(connection, CardRow, shown)
    _insert(connection, FeedbackRow, _absent(connection, FeedbackRow.id, rows.feedback))


def _add(rows: Rows, record: Evaluation | Feedback) -> None:
    if isinstance(record, Feedback):
        rows.feedback.setdefault(*_feedback_row(record))
    elif record.id not in rows.evaluations:
        evaluation, cards = _evaluation_row(record), [_card_row(record.id, card) for card in record.cards]
        rows.evaluations[record.id] = evaluation
        for uuid, row in cards:
            rows.cards.setdefault(uuid, row)


def _evaluation_row(record: Evaluation) -> Row:
    return {
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
    }


def _card_row(evaluation: str, card: ShownCard) -> tuple[str, Row]:
    return card.uuid, {
        "uuid": card.uuid,
        "evaluation": evaluation,
        "rule": card.rule,
        "subject": card.subject,
        "indicator": card.indicator,
        "summary": card.summary,
        "trace": bytes(card.trace).decode(),
        "suggestions": msgspec.json.encode(card.suggestions).decode(),
    }


def _feedback_row(record: Feedback) -> tuple[str, Row]:
    texts = msgspec.structs.asdict(record) | {"suggestions": msgspec.json.encode(record.suggestions).decode()}
    # People's words come here unread, and PostgreSQL cannot keep this one character.
    row: Row = {name: text.replace("\0", "\N{REPLACEMENT CHARACTER}") for name, text in texts.items()}
    return str(row["id"]), row | {"at": instant_of(record.at)}


def _absent(connection: Connection, key: InstrumentedAttribute[str], rows: dict[str, Row]) -> dict[str, Row]:
    present = _present(connection, key, rows)
    return {name: row for name, row in rows.items() if name not in present} if present else rows


def _present(connection: Connection, key: InstrumentedAttribute[str], names: Collection[str]) -> set[str]:
    present: set[str] = set()
    ahead = iter(names)
    while some := list(islice(ahead, KEYS_PER_QUESTION)):
        present.update(connection.scalars(select(key).where(key.in_(some))))
    return present


def _insert(connection: Connection, table: type[Base], rows: dict[str, Row]) -> None:
    if rows:
        connection.execute(insert(table), list(rows.values()))
