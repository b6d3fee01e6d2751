"""Repeats where the database is locked, hung or dead, and over the real service: every card is shown, at once."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
import requests
from sqlalchemy import text

from cds_service.knowledge import Knowledge
from cds_service.store.database import engine_of
from cds_service.store.shown import REST_SECONDS, ShownLately
from tests.helpers import wire
from tests.helpers.again import SECRET, Site, request, rules, site_on
from tests.helpers.postgres import Cluster
from tests.helpers.processes import ROOT, running

AGAIN = ["maintenance_overdue"]
PATIENCE = 0.1
AT_ONCE = 5.0
"""Seconds for one call on a slow machine: half of the time for which the drain waits for a lock."""


class Clock:
    """Seconds for the circuit breaker, moved by the test."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def rest(self) -> None:
        self.now += REST_SECONDS + 1


def seen_once(site: Site) -> None:
    """The card is on record, so that from here on only a fault shows it again."""
    assert rules(site.ask(request())) == AGAIN
    site.wait(hours=1)


def asked_at_once(site: Site) -> list[str]:
    """What a call is told, which must not wait; nothing is drained meanwhile."""
    body = request() | {"hookInstance": str(uuid4())}
    started = time.monotonic()
    response = site.app.test_client().post(
        "/cds-services/b12-patient-view", json=body, headers={"Authorization": "ehr"}
    )
    assert time.monotonic() - started < AT_ONCE
    assert response.status_code == 200
    return rules(response.get_json()["cards"])


def until_held_back(site: Site, clock: Clock) -> None:
    """Wait for the database to be there again; a slow machine may need more than one question."""
    end = time.monotonic() + 60
    while asked_at_once(site):
        assert time.monotonic() < end
        time.sleep(0.1)
        clock.rest()


@contextmanager
def stopped(pids: list[int]) -> Iterator[None]:
    """Processes that do not answer and do not die."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/store.db"


def test_a_locked_file_shows_everything_and_waits_for_nobody(
    knowledge: Knowledge, tmp_path: Path, sqlite_url: str, clock: Clock
) -> None:
    asking = ShownLately(sqlite_url, clock, PATIENCE)
    with site_on(sqlite_url, tmp_path, knowledge, asking) as site:
        seen_once(site)
        asking.close()
        site.engine.dispose()
        owner = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
        owner.execute("PRAGMA locking_mode = EXCLUSIVE")
        owner.execute("BEGIN EXCLUSIVE")
        assert asked_at_once(site) == AGAIN
        assert asking.unanswered == 1
        owner.execute("ROLLBACK")
        owner.close()
        clock.rest()
        until_held_back(site, clock)


def test_a_writer_holds_up_no_question(knowledge: Knowledge, tmp_path: Path, sqlite_url: str, clock: Clock) -> None:
    with site_on(sqlite_url, tmp_path, knowledge, ShownLately(sqlite_url, clock, seconds=AT_ONCE)) as site:
        seen_once(site)
        writer = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
        writer.execute("BEGIN IMMEDIATE")
        assert asked_at_once(site) == []
        writer.close()


def test_a_database_that_is_not_there_shows_everything(
    knowledge: Knowledge, tmp_path: Path, sqlite_url: str, clock: Clock
) -> None:
    asking = ShownLately("postgresql://nobody@127.0.0.1:1/none", clock, PATIENCE)
    with site_on(sqlite_url, tmp_path, knowledge, asking) as site:
        seen_once(site)
        assert [asked_at_once(site) for _ in range(3)] == [AGAIN] * 3
        assert asking.unanswered == 4
        assert "cobalamin_repeats_unknown_total 4.0" in site.app.test_client().get("/metrics").get_data(as_text=True)


def test_a_dead_server_shows_everything_and_is_asked_again_after_a_rest(
    knowledge: Knowledge, tmp_path: Path, postgres_url: str, cluster: Cluster, clock: Clock
) -> None:
    asking = ShownLately(postgres_url, clock, seconds=AT_ONCE)
    with site_on(postgres_url, tmp_path, knowledge, asking) as site:
        seen_once(site)
        assert asked_at_once(site) == []
        cluster.kill()
        try:
            assert asked_at_once(site) == AGAIN
            assert asked_at_once(site) == AGAIN
        finally:
            cluster.start()
        assert asked_at_once(site) == AGAIN, "it rests"
        clock.rest()
        until_held_back(site, clock)
        assert asking.unanswered >= 3


def test_a_server_that_hangs_in_the_middle_costs_one_call_its_patience(
    knowledge: Knowledge, tmp_path: Path, postgres_url: str, clock: Clock
) -> None:
    asking = ShownLately(postgres_url, clock, seconds=PATIENCE)
    with site_on(postgres_url, tmp_path, knowledge, asking) as site:
        seen_once(site)
        until_held_back(site, clock)
        before = asking.unanswered
        with stopped(backends_of(postgres_url)):
            assert [asked_at_once(site) for _ in range(5)] == [AGAIN] * 5
        assert asking.unanswered == before + 5
        clock.rest()
        until_held_back(site, clock)


def backends_of(url: str) -> list[int]:
    """The server's processes behind the connections to this database."""
    engine = engine_of(url)
    question = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with engine.connect() as connection:
        found = [int(pid) for pid in connection.scalars(text(question))]
    engine.dispose()
    assert found
    return found


def test_a_table_that_is_locked_costs_one_call_its_patience(
    knowledge: Knowledge, tmp_path: Path, postgres_url: str, clock: Clock
) -> None:
    asking = ShownLately(postgres_url, clock, seconds=PATIENCE)
    with site_on(postgres_url, tmp_path, knowledge, asking) as site:
        seen_once(site)
        until_held_back(site, clock)
        with site.engine.begin() as connection:
            connection.execute(text("LOCK TABLE card IN ACCESS EXCLUSIVE MODE"))
            assert [asked_at_once(site) for _ in range(3)] == [AGAIN] * 3
        clock.rest()
        until_held_back(site, clock)


def test_two_workers_of_the_real_service_show_a_user_the_same_advice_once(tmp_path: Path) -> None:
    environ = {
        "COBALAMIN_PORT": "0",
        "COBALAMIN_WORKERS": "2",
        "COBALAMIN_DRAIN_SECONDS": "0.1",
        "COBALAMIN_PSEUDONYM_KEY": SECRET,
        "PYTHONPATH": str(ROOT),
    }
    with running([sys.executable, "-m", "cds_service", "serve"], tmp_path, **environ) as service:
        assert told(service.url) == AGAIN
        end = time.monotonic() + 60
        while told(service.url):
            assert time.monotonic() < end
            time.sleep(0.2)
        assert told(service.url, "Practitioner/2") == AGAIN


def told(url: str, user: str = "Practitioner/1") -> list[str]:
    body: wire.Json = request(record="given 2020-01-01 1000 mcg IM")
    body |= {"hookInstance": str(uuid4()), "context": body["context"] | {"userId": user}}
    response = requests.post(f"{url}/cds-services/b12-patient-view", json=body, timeout=30)
    response.raise_for_status()
    return rules(response.json()["cards"])
