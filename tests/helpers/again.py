"""A site whose clock a test sets: the application, a real database, and a drain after every call."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from flask import Flask
from sqlalchemy import Engine, select

from cds_service.app import create_app
from cds_service.clients import Client
from cds_service.knowledge import Knowledge, roots
from cds_service.openapi import openapi_of
from cds_service.publishing import published
from cds_service.recorder import Recorder
from cds_service.repeats import RepeatsOnRecord, limits_of
from cds_service.settings import Settings
from cds_service.store.database import engine_of, migrate, reading
from cds_service.store.drain import Drain
from cds_service.store.models import CardRow, EvaluationRow
from cds_service.store.shown import ShownLately
from cds_service.store.spool import Spool
from cds_service.web.state import State
from tests.helpers import wire
from tests.helpers.jotted import PATIENT
from tests.helpers.patients import request_of

NOON = datetime(2026, 2, 10, 12, tzinfo=UTC)
LATE = "given 2026-01-01 1000 mcg IM"
TREATED = "PA; given 2026-01-20 1000 mcg IM"
SECRET = "a key for tests"  # noqa: S105


@dataclass
class Site:
    """A service whose clock is set by the test, and whose spool is drained after every call."""

    app: Flask
    drain: Drain
    engine: Engine
    clock: list[datetime]
    numbers: Iterator[int] = field(default_factory=count)

    def ask(self, request: wire.Json, client: str = "ehr", **context: str) -> list[wire.Json]:
        """The cards of a new call."""
        body = request | {"context": request["context"] | context}
        body.setdefault("hookInstance", f"call-{next(self.numbers)}")
        return self.send(f"/cds-services/b12-{body['hook']}", body, client)["cards"]  # type: ignore[no-any-return]

    def react(self, card: wire.Json, client: str = "ehr", **item: object) -> None:
        """Feedback on a card."""
        said = wire.reaction(card=card["uuid"], **item)
        self.send("/cds-services/b12-order-sign/feedback", {"feedback": [said]}, client)

    def send(self, path: str, body: wire.Json, client: str) -> wire.Json:
        response = self.app.test_client().post(path, json=body, headers={"Authorization": client})
        assert response.status_code == 200
        self.drain.drain_once()
        found: wire.Json = response.get_json()
        return found

    def wait(self, **time: float) -> None:
        self.clock[0] += timedelta(**time)

    def kept(self) -> list[tuple[str, str]]:
        """Rule, and why it was held back, of every card on record."""
        question = select(CardRow.rule, CardRow.held).join(EvaluationRow).order_by(EvaluationRow.at, CardRow.rule)
        with reading(self.engine).begin() as connection:
            return [(rule, held) for rule, held in connection.execute(question)]


@contextmanager
def site_on(url: str, folder: Path, knowledge: Knowledge, asking: ShownLately) -> Iterator[Site]:
    """A site over this database; repeats are held back for 12 hours, mutes last 30 days."""
    engine, spool, clock = engine_of(url), Spool(folder / "spool"), [NOON]
    migrate(engine)
    state = State(
        Settings(),
        knowledge,
        Recorder(spool, SECRET),
        lambda: clock[0],
        openapi_of("", wire.SCHEMAS),
        published(knowledge, roots()),
        door=lambda authorization, _: Client(authorization or "", f"https://{authorization}"),
        repeats=RepeatsOnRecord(asking, limits_of(12, 30), knowledge.rules, SECRET),
    )
    try:
        yield Site(create_app(state), Drain(engine, folder / "spool"), engine, clock)
    finally:
        asking.close()
        spool.close()
        engine.dispose()


def request(hook: str = "patient-view", record: str = "", draft: str = "") -> wire.Json:
    """A call without its hookInstance; a draft is of a patient of whom nothing else needs to be said."""
    body: wire.Json = request_of(hook, record or (TREATED if draft else LATE), draft)
    del body["hookInstance"]
    return body


def of_another(body: wire.Json) -> wire.Json:
    """The same, of another patient."""
    text = json.dumps(body).replace(f'"{PATIENT}"', '"another"').replace(f'Patient/{PATIENT}"', 'Patient/another"')
    other: wire.Json = json.loads(text)
    return other


def rules(cards: list[wire.Json]) -> list[str]:
    return [card["source"]["topic"]["code"] for card in cards]
