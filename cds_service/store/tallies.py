"""
Tallies: how often what came in which month, counted as evaluations become rows and in the same transaction.

Insights are read from them, so that a page costs what it shows and not what was ever recorded. They name no patient,
no user and no day.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, case, select
from sqlalchemy.dialects import postgresql, sqlite

from cds_service.store.models import CardRow, EvaluationRow, TallyRow

LOG = logging.getLogger(__name__)
TOOK, UNDECIDED, SHOWN = "took", "undecided", "shown"
STEPS = (5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 400, 500, 750, 1000, 2000, 5000, 10_000)
"""Milliseconds; what took longer than the last is counted under LONGER."""
LONGER = "longer"
LONGEST = 255
ROWS_AT_ONCE = 500
AT = ("client", "hook", "protocol", "protocol_version", "knowledge")
KEY = ("month", *AT, "rule", "kind", "item")
READ = ("id", "at", *AT, "microseconds", "verdicts")

Row = Mapping[str, Any]
Key = tuple[str, ...]


class Verdict(Struct, frozen=True):
    """What is counted of a recorded verdict: those that could not look, and what they missed."""

    rule: str = ""
    undecided: str = ""


VERDICTS = msgspec.json.Decoder(list[Verdict])


def add(connection: Connection, evaluations: Iterable[Row], cards: Iterable[Row]) -> None:
    """Count evaluations and their cards, each given once; the transaction is the caller's."""
    known = {row["id"]: row for row in evaluations}
    numbers: Counter[Key] = Counter()
    since: dict[Key, datetime] = {}
    for row, said in _counted(known, cards):
        key = (f"{row['at']:%Y-%m}", *(row[name][:LONGEST] for name in AT), *said)
        numbers[key] += 1
        since[key] = min(since.get(key, row["at"]), row["at"])
    # In order, so that two hosts that add to the same rows do not wait for each other in a circle.
    _write(connection, [dict(zip(KEY, key, strict=True)) | _of(key, numbers, since) for key in sorted(numbers)])


def add_all(connection: Connection) -> None:
    """Count everything that is there already, of a database that did not count."""
    last = ""
    columns = [getattr(EvaluationRow, name) for name in READ]
    while True:
        ahead = select(*columns).where(EvaluationRow.id > last).order_by(EvaluationRow.id).limit(ROWS_AT_ONCE)
        rows = [dict(row) for row in connection.execute(ahead).mappings()]
        if not rows:
            return
        ids = [row["id"] for row in rows]
        of_them = select(CardRow.evaluation, CardRow.rule, CardRow.held).where(CardRow.evaluation.in_(ids))
        add(connection, rows, [dict(row) for row in connection.execute(of_them).mappings()])
        last = ids[-1]


def _of(key: Key, numbers: Mapping[Key, int], since: Mapping[Key, datetime]) -> dict[str, Any]:
    return {"number": numbers[key], "since": since[key]}


def _counted(known: Mapping[str, Row], cards: Iterable[Row]) -> Iterator[tuple[Row, Key]]:
    """Each thing to count: its evaluation, and rule, kind and item."""
    for row in known.values():
        yield row, ("", TOOK, step_of(row["microseconds"]))
        for verdict in _verdicts(row["verdicts"]):
            if verdict.undecided:
                yield row, (verdict.rule[:LONGEST], UNDECIDED, verdict.undecided[:LONGEST])
    for card in cards:
        if card["evaluation"] in known:
            yield known[card["evaluation"]], (card["rule"][:LONGEST], card["held"] or SHOWN, "")


def _verdicts(text: str) -> list[Verdict]:
    try:
        return VERDICTS.decode(text)
    except (msgspec.DecodeError, RecursionError):
        LOG.warning("verdicts not counted: they have another form")  # such a line was not written by this service
        return []


def step_of(microseconds: int) -> str:
    """The least of STEPS that a time does not exceed, or LONGER."""
    return next((str(step) for step in STEPS if microseconds <= step * 1000), LONGER)


def _write(connection: Connection, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    insert: Callable[..., Any] = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert
    added = insert(TallyRow)
    earlier = case((added.excluded.since < TallyRow.since, added.excluded.since), else_=TallyRow.since)
    together = {"number": TallyRow.number + added.excluded.number, "since": earlier}
    connection.execute(added.on_conflict_do_update(index_elements=list(KEY), set_=together), rows)
