"""A service that takes every caller for one client, and calls that bring every form of advice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from cds_service.clients import Client
from cds_service.knowledge import Knowledge
from cds_service.settings import Settings
from tests.helpers import wire
from tests.helpers.tables import FOLDER, HOOKS, request_of, rows_of

MIX_UP = "order-sign-unit-mix-up"


def from_table(rule: str, line: int) -> wire.Json:
    """The call of one row of a rule's table, on the row's own day."""
    [row] = [row for row in rows_of(FOLDER / f"{rule}.txt") if row.line == line]
    set_here = {"org.cobalamin-cds.as-of": f"{row.as_of}T12:00:00Z", "org.cobalamin-cds.protocol": row.protocol}
    return request_of(HOOKS[row.hook], row.record, row.draft) | {"extension": set_here}


CALLS: dict[str, wire.Json] = {
    "a dose to correct": wire.example(MIX_UP),
    "an order to replace": from_table("form_contraindicated", 6),
    "an order to remove": from_table("allergy_conflict", 6),
    "tests to order": from_table("baseline_labs_missing", 6),
    "a chart with critical advice": from_table("maintenance_overdue", 10),
    "a test to remove": from_table("b12_recheck_not_useful", 6),
    "nothing to say": wire.example("order-sign-correct"),
}


def service(knowledge: Knowledge, folder: Path, client: Client, **fields: Any) -> tuple[FlaskClient, Settings]:
    settings = Settings(spool_dir=folder / "spool", demo=True, **fields)
    app = wire.application(knowledge, settings, door=lambda authorization, path: client)  # noqa: ARG005 - a Door
    return app.test_client(), settings


def answer_of(knowledge: Knowledge, folder: Path, client: Client, name: str) -> wire.Json:
    """The answer, after everything that is true of any answer was checked."""
    http, _ = service(knowledge, folder, client)
    wire.ask(http, CALLS[name])
    found: wire.Json = wire.post(http, CALLS[name]).get_json()
    return found
