"""Months of a site's life: calls, reactions, a change of the knowledge; by the real recorder, spool and drain."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

from flask import Flask
from msgspec.structs import replace

from cds_service.app import create_app
from cds_service.clients import Client, RuleChanges
from cds_service.knowledge import Knowledge, roots
from cds_service.openapi import openapi_of
from cds_service.publishing import published
from cds_service.recorder import Recorder
from cds_service.repeats import RepeatsOnRecord, limits_of
from cds_service.settings import Settings
from cds_service.store.database import engine_of, migrate
from cds_service.store.drain import Drain
from cds_service.store.insights import Ledger
from cds_service.store.shown import ShownLately
from cds_service.store.spool import Spool
from cds_service.web.state import State
from tests.helpers import wire
from tests.helpers.jotted import PATIENT
from tests.helpers.patients import request_of

FIRST = datetime(2026, 1, 5, 9, tzinfo=UTC)
NOW = datetime(2026, 6, 20, 9, tzinfo=UTC)
OLD, NEW = "0ld0ld0ld0ld0ld0", "new1new1new1new1"
LATE = timedelta(days=40)
"""Since the last dose: overdue, and not so long that the card is critical and never held back."""
HIGH = "cyanocobalamin 1000 mg IM every month"
OURS = {"reason": {"code": "given-elsewhere", "system": "https://cobalamin-cds.org/fhir/CodeSystem/override-reasons"}}
FOREIGN = {"reason": {"code": "17", "system": "urn:site", "display": "Another doctor decides"}}
NAMED = {"userComment": "Mrs Example had it at home on Tuesday"}
SHADOWED = "maintenance_overdue"
SECRET = "a key for tests"  # noqa: S105


@dataclass
class Life:
    """A site whose clock is set."""

    knowledge: Knowledge
    url: str
    spool: Spool
    clock: list[datetime]
    clients: dict[str, Client]
    keep_comments: bool
    asking: ShownLately
    ledger: Ledger
    number: int = 0

    def app(self, version: str = "", **settings: Any) -> Flask:
        """The service over this site's spool and database, with knowledge of this version."""
        known = replace(self.knowledge, version=version or NEW)
        return create_app(
            State(
                Settings(**{"keep_comments": self.keep_comments} | settings),
                known,
                Recorder(self.spool, SECRET, keep_comments=self.keep_comments),
                lambda: self.clock[0],
                openapi_of("", wire.SCHEMAS),
                published(known, roots()),
                door=lambda authorization, _: self.clients[authorization or "ehr"],
                repeats=RepeatsOnRecord(self.asking, limits_of(12, 30), known.rules, SECRET),
                ledger=self.ledger,
            )
        )

    def ask(self, app: Flask, hook: str, patient: int, unseen: str = "", client: str = "ehr") -> list[wire.Json]:
        """The cards of a new call about the patient of this number, whose last dose was LATE ago."""
        self.number += 1
        record = f"given {(self.clock[0] - LATE).date()} 1000 mcg IM; {unseen}"
        draft = HIGH if hook == "order-sign" else ""
        body = request_of(hook, record, draft) | {"hookInstance": f"call-{self.number}"}
        body = json.loads(
            json.dumps(body).replace(f'"{PATIENT}"', f'"{patient}"').replace(f'/{PATIENT}"', f'/{patient}"')
        )
        answer = app.test_client().post(f"/cds-services/b12-{hook}", json=body, headers={"Authorization": client})
        assert answer.status_code == 200, answer.get_data(as_text=True)
        cards: list[wire.Json] = answer.get_json()["cards"]
        return cards

    def react(self, app: Flask, card: wire.Json, client: str = "ehr", **item: object) -> None:
        said = wire.reaction(card=card["uuid"], outcomeTimestamp=self.clock[0].isoformat(), **item)
        path = "/cds-services/b12-patient-view/feedback"
        answer = app.test_client().post(path, json={"feedback": [said]}, headers={"Authorization": client})
        assert answer.status_code == 200

    def drain(self) -> None:
        self.spool.close()
        engine = engine_of(self.url)
        migrate(engine)
        Drain(engine, self.spool.folder).drain_once()
        engine.dispose()


@contextmanager
def life(url: str, folder: Path, knowledge: Knowledge, *, keep_comments: bool = False) -> Iterator[Life]:
    """An empty site."""
    clients = {
        "ehr": Client("ehr", "https://ehr"),
        "clinic": Client("clinic", "https://clinic", rules=RuleChanges(shadow=frozenset({SHADOWED}))),
    }
    spool, asking, ledger = Spool(folder / "spool"), ShownLately(url, monotonic, seconds=30), Ledger(url)
    site = Life(knowledge, url, spool, [FIRST], clients, keep_comments, asking, ledger)
    try:
        site.drain()
        yield site
    finally:
        spool.close()
        asking.close()
        ledger.close()


def live(site: Life, calls_a_week: int = 12) -> None:
    """Half a year, with a change of the knowledge at the end of March; the clock stands at NOW after it."""
    before, after = site.app(OLD), site.app(NEW)
    for week in range(24):
        site.clock[0] = FIRST + timedelta(weeks=week)
        app = before if week < 12 else after
        first = site.number
        for call in range(calls_a_week):
            site.clock[0] += timedelta(minutes=10)
            _one(site, app, first + call, call + week)
        site.drain()
        for call in range(0, calls_a_week, 3):  # some charts are opened again, which the service remembers
            site.ask(app, "patient-view", first + call)
    site.clock[0] = NOW
    site.drain()


def _one(site: Life, app: Flask, patient: int, number: int) -> None:
    client = "clinic" if number % 7 == 6 else "ehr"
    if number % 3 == 2:
        cards = site.ask(app, "order-sign", patient, "", client)
    else:
        cards = site.ask(app, "patient-view", patient, "" if number % 4 else "unseen doses", client)
    for card in cards:
        _react(site, app, card, client, number)


def _react(site: Life, app: Flask, card: wire.Json, client: str, number: int) -> None:
    if number % 5 in {0, 1}:
        chosen = [{"id": one["uuid"]} for one in card.get("suggestions", [])[:1]]
        site.react(app, card, client, outcome="accepted", acceptedSuggestions=chosen)
    elif number % 5 == 2:
        site.react(app, card, client, overrideReason=(OURS, FOREIGN, NAMED, {})[number % 4])
