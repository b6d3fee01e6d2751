"""The service as a process fetches from a FHIR server: also after it forked, and from both of its workers."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import requests

from cds_service.errors import SettingsFault
from cds_service.settings import Settings
from cds_service.wsgi import outbound_of
from tests.helpers import wire
from tests.helpers.fhir_server import resources_of, serving
from tests.helpers.processes import ROOT, running

SERVE = (sys.executable, "-m", "cds_service", "serve", "--demo", "--port", "0", "--workers", "2")
SECONDS = 60


def test_workers_fetch_after_the_fork(tmp_path: Path) -> None:
    overdue = wire.example("patient-view-overdue")
    bare = {name: value for name, value in overdue.items() if name != "prefetch"}
    settings = {"COBALAMIN_PRIVATE_NETWORKS": "true", "COBALAMIN_BUDGET_MS": "10000"}
    with (
        serving(resources_of(overdue["prefetch"])) as server,
        running(SERVE, tmp_path, PYTHONPATH=str(ROOT), **settings) as service,
    ):
        address = f"{service.url}/cds-services/b12-patient-view"
        for _ in range(4):
            answered = requests.post(address, json=bare | {"fhirServer": server.base}, timeout=SECONDS)
            assert answered.status_code == 200, answered.text
            assert wire.topics(answered.json()["cards"]) == {"maintenance_overdue": "warning"}
        assert len(server.seen) == 4 * 12


def test_a_file_of_authorities_that_is_not_there_is_told_at_the_start() -> None:
    with pytest.raises(SettingsFault, match="COBALAMIN_CA_BUNDLE"):
        outbound_of(Settings(ca_bundle="/nowhere/authorities.pem"))
