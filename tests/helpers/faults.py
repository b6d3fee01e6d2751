"""
What breaks around the service while it answers, with real processes; each fault gives a report that counts.

An evaluation is lost if its call was answered with cards and it is not in the database once everything works again,
unless the service itself has counted it as dropped, which it may where its spool has no room.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine, func, select

from cds_service.store.database import engine_of, reading
from cds_service.store.models import CardRow, EvaluationRow, FeedbackRow
from tests.helpers.load import Load, Tally
from tests.helpers.processes import ROOT, Service, running

SERVE = (sys.executable, "-m", "cds_service", "serve", "--port", "0", "--workers", "2")
SETTINGS = {"PYTHONPATH": str(ROOT), "COBALAMIN_DRAIN_SECONDS": "0.1", "COBALAMIN_CALLS_PER_MINUTE": "1000000"}
SECONDS_TO_SETTLE = 60


@dataclass(frozen=True)
class Report:
    """
    What came of the calls that were sent under one fault.

    `dropped` evaluations were counted so by the service, `lost` ones were not. `kept` is the feedback in the database
    among that which was acknowledged. `duplicates` are rows beyond the one for a call, or for a reaction.
    """

    fault: str
    sent: int
    answered: int
    refused: Mapping[str, int]
    wrong: tuple[str, ...]
    lost: int
    dropped: int
    acknowledged: int
    feedback_refused: Mapping[str, int]
    kept: int
    duplicates: int

    @property
    def feedback_lost(self) -> int:
        """Acknowledged, and not there."""
        return self.acknowledged - self.kept

    @property
    def holds(self) -> bool:
        """Whether what must be nought is."""
        return not (self.lost or self.feedback_lost or self.duplicates or self.wrong)


@dataclass
class Stage:
    """Where a fault is played: a folder, the database, and how many calls there are between two blows."""

    folder: Path
    url: str
    calls: int

    @contextmanager
    def service(self, *prefix: str, script: str = "", **environ: str) -> Iterator[Service]:
        """The service with two workers over this database."""
        command = (sys.executable, script) if script else SERVE
        settings = SETTINGS | {"COBALAMIN_DATABASE_URL": self.url, "COBALAMIN_PORT": "0"} | environ
        with running((*prefix, *command), self.folder, **settings) as service:
            yield service

    def report(self, fault: str, load: Load, service: Service) -> Report:
        """End the load, wait until all of it has reached the database, and count."""
        load.stop()
        dropped = dropped_by(service)
        engine = engine_of(self.url)
        try:
            end = time.monotonic() + SECONDS_TO_SETTLE
            while not (found := _counted(fault, engine, load.tally, dropped)).holds and time.monotonic() < end:
                time.sleep(0.2)
        finally:
            engine.dispose()
        return found


def dropped_by(service: Service) -> int:
    """The evaluations that the service says it could not keep, over all its workers."""
    text = requests.get(f"{service.url}/metrics", timeout=SECONDS_TO_SETTLE).text
    families = {one.name: one for one in text_string_to_metric_families(text)}
    return int(sum(one.value for one in families["cobalamin_evaluations_lost"].samples if one.name.endswith("_total")))


def workers_of(service: Service) -> list[int]:
    """The processes that answer; one that has just been killed is not among them for long."""
    return children_of(service.process.pid)


def children_of(pid: int) -> list[int]:
    """The processes that this one has started."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text("utf-8").split()]


def _counted(fault: str, engine: Engine, tally: Tally, dropped: int) -> Report:
    evaluations, reactions = _evaluations(engine), _reactions(engine)
    missing = sum(not cards <= evaluations.get(call, (0, set()))[1] for call, cards in tally.answered.items())
    twice = sum(rows - 1 for rows, _ in evaluations.values()) + sum(rows - 1 for rows in reactions.values())
    return Report(
        fault=fault,
        sent=tally.sent,
        answered=len(tally.answered),
        refused=dict(tally.refused),
        wrong=tuple(tally.wrong),
        lost=max(0, missing - dropped),
        dropped=dropped,
        acknowledged=len(tally.acknowledged),
        feedback_refused=dict(tally.feedback_refused),
        kept=len(tally.acknowledged & set(reactions)),
        duplicates=twice,
    )


def _evaluations(engine: Engine) -> Mapping[str, tuple[int, set[str]]]:
    """Rows and uuids of cards by hookInstance, by one statement: what is written meanwhile is in it or not."""
    rows, cards = EvaluationRow, CardRow
    shown = select(rows.hook_instance, rows.id, cards.uuid).outerjoin(cards, cards.evaluation == rows.id)
    evaluations: defaultdict[str, set[int]] = defaultdict(set)
    uuids: defaultdict[str, set[str]] = defaultdict(set)
    with reading(engine).begin() as connection:
        for instance, evaluation, uuid in connection.execute(shown):
            evaluations[instance].add(evaluation)
            uuids[instance].update(() if uuid is None else (uuid,))
    return {instance: (len(found), uuids[instance]) for instance, found in evaluations.items()}


def _reactions(engine: Engine) -> Mapping[str, int]:
    """Rows by card."""
    with reading(engine).begin() as connection:
        rows = connection.execute(select(FeedbackRow.card, func.count()).group_by(FeedbackRow.card))
        return {card: number for card, number in rows}  # noqa: C416 - a Row is no pair to the type checker
