"""A real PostgreSQL that is slow, stuck, stopped and killed while calls are recorded."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests
from sqlalchemy import Engine, select, text

from cds_service.store.database import engine_of, migrate, reading, revision_of
from cds_service.store.drain import Drain
from cds_service.store.models import EvaluationRow, FeedbackRow
from cds_service.store.queries import counts, feedback_of
from cds_service.store.spool import Spool
from cds_service.store.upkeep import migrate_if_there
from tests.helpers import processes, wire
from tests.helpers.lines import evaluation, feedback, fill
from tests.helpers.postgres import Cluster
from tests.helpers.processes import ROOT
from tests.helpers.scripts import WRITER, go, line_from, rest_of, running, wait_until

SERVE = (sys.executable, "-m", "cds_service", "serve", "--demo", "--port", "0")
DRAINING = """
import sys
from pathlib import Path
from cds_service.store.database import engine_of
from cds_service.store.drain import Drain
from cds_service.store.upkeep import DrainThread, Upkeep

engine, folder = engine_of(sys.argv[1], patience_seconds=2), Path(sys.argv[2])
drain = Drain(engine, folder, batch_bytes=5000)
thread = DrainThread(Upkeep(engine, drain), 0.02)
thread.start()
print("ready", flush=True)
sys.stdin.readline()
thread.stop()
print(drain.rejected, flush=True)
"""


@pytest.fixture
def engine(postgres_url: str) -> Iterator[Engine]:
    engine = engine_of(postgres_url, patience_seconds=0.2)
    yield engine
    engine.dispose()


def keys(engine: Engine, table: type[EvaluationRow | FeedbackRow]) -> set[str]:
    with reading(engine).begin() as connection:
        return set(connection.scalars(select(table.id)))


def test_killed_and_stopped_under_load_it_loses_and_repeats_nothing(
    cluster: Cluster, postgres_url: str, engine: Engine, tmp_path: Path
) -> None:
    """Two hosts, each with a spool, a writer and a drain; what a writer prints is acknowledged feedback."""
    migrate(engine)
    outages: list[Callable[[], None]] = [cluster.kill, cluster.stop, cluster.kill]
    hosts, acknowledged = [tmp_path / "a", tmp_path / "b"], set[str]()
    with ExitStack() as stack:
        writers = [stack.enter_context(running(WRITER, host, host.name)) for host in hosts]
        drains = [stack.enter_context(running(DRAINING, postgres_url, host)) for host in hosts]
        for fail in outages:
            before = counts(engine)["feedback"]
            acknowledged |= {line_from(writer) for writer in writers for _ in range(40)}
            wait_until(lambda before=before: counts(engine)["feedback"] > before)
            fail()
            acknowledged |= {line_from(writer) for writer in writers for _ in range(40)}  # while it is away
            cluster.start()
            engine.dispose()
        for writer in writers:
            writer.kill()
            acknowledged |= set(rest_of(writer).split())
        for drain in drains:
            go(drain)
        assert [rest_of(drain).split() for drain in drains] == [["ready", "0"], ["ready", "0"]]
    assert len(acknowledged) >= 2 * 3 * 80
    assert acknowledged <= keys(engine, FeedbackRow)
    assert acknowledged <= keys(engine, EvaluationRow)
    # A row is there once, as its id is the key; each writer had at most one more on its way.
    assert len(keys(engine, FeedbackRow)) <= len(keys(engine, EvaluationRow)) <= len(acknowledged) + 2
    assert counts(engine)["card"] == counts(engine)["evaluation"]
    assert [[path.name for path in host.glob("*.jsonl")] for host in hosts] == [[], []]


def test_a_service_starts_while_it_is_away(cluster: Cluster, engine: Engine) -> None:
    with cluster.away():
        assert not migrate_if_there(engine)
    assert migrate_if_there(engine)


def test_the_whole_service_starts_answers_and_acknowledges_while_it_is_away(
    cluster: Cluster, postgres_url: str, engine: Engine, tmp_path: Path
) -> None:
    settings = {"COBALAMIN_DATABASE_URL": postgres_url, "COBALAMIN_DRAIN_SECONDS": "0.1", "PYTHONPATH": str(ROOT)}
    with cluster.away(), processes.running(SERVE, tmp_path, **settings) as service:
        address = f"{service.url}/cds-services/b12-order-sign"
        [card] = requests.post(address, json=wire.sign(wire.draft()), timeout=60).json()["cards"]
        body = {"feedback": [wire.reaction(card=card["uuid"])]}
        assert requests.post(f"{address}/feedback", json=body, timeout=60).status_code == requests.codes.ok
        cluster.start()
        wait_until(lambda: is_kept(engine))
    assert [kept.rule for kept in feedback_of(engine, card["uuid"])] == ["dose_unit_mismatch"]


def is_kept(engine: Engine) -> bool:
    """Whether it is all there; at first not even the tables are."""
    with engine.connect() as connection:
        if not revision_of(connection):
            return False
    return counts(engine) == {"evaluation": 1, "card": 1, "feedback": 1}


def test_a_lock_that_somebody_holds_delays_the_drain_and_no_call(engine: Engine, tmp_path: Path) -> None:
    migrate(engine)
    spool, drain = Spool(tmp_path), Drain(engine, tmp_path)
    with engine.begin() as other:
        other.execute(text("LOCK TABLE evaluation IN ACCESS EXCLUSIVE MODE"))
        assert spool.append(evaluation("e1"))
        spool.append_safely(feedback("f1", "c1"))
        began = time.monotonic()
        assert drain.drain_once() == 0
        assert time.monotonic() - began < 20
    assert drain.drain_once() == 2
    assert counts(engine) == {"evaluation": 1, "card": 0, "feedback": 1}
    spool.close()


def test_a_connection_that_the_server_has_closed_is_noticed_and_replaced(
    cluster: Cluster, engine: Engine, tmp_path: Path
) -> None:
    migrate(engine)
    assert counts(engine)["evaluation"] == 0
    with cluster.away():
        pass
    fill(tmp_path, 3)
    assert Drain(engine, tmp_path).drain_once() == 6


def test_two_hosts_that_were_sent_the_same_feedback_keep_it_once_and_reject_none(
    postgres_url: str, engine: Engine, tmp_path: Path
) -> None:
    migrate(engine)
    hosts = [tmp_path / "a", tmp_path / "b"]
    for host in hosts:
        fill(host, 400)
    with ExitStack() as stack:
        drains = [stack.enter_context(running(DRAINING, postgres_url, host)) for host in hosts]
        assert [line_from(drain) for drain in drains] == ["ready", "ready"]
        for drain in drains:
            go(drain)
        assert [line_from(drain) for drain in drains] == ["0", "0"]
    assert counts(engine) == {"evaluation": 400, "card": 400, "feedback": 400}
    assert [[path.name for path in host.glob("*.jsonl")] for host in hosts] == [[], []]
