"""The faults, each played under load on a stage: every function breaks something, mends it, and reports."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Event

from cds_service.store.database import engine_of, migrate
from tests.helpers import skewed_service, wire
from tests.helpers.faults import Report, Stage, children_of, workers_of
from tests.helpers.fhir_server import Reply, serving
from tests.helpers.load import Ask, Asked, loading
from tests.helpers.postgres import Cluster
from tests.helpers.processes import ROOT, Service, clean_environ
from tests.helpers.scripts import DYING_MIGRATION
from tests.helpers.small_disk import small_disk
from tests.helpers.tokens import ISSUER, bearer, claims, jwk, key_host, private_key, token

BASE = "https://cds.hospital.example"
HOUR = 3600
BLOWS = 3
ROOM = 256 * 1024
"""Bytes of a small disk: some hundred calls."""
SECONDS = 120
FIRST_REVISION = "0001"


def worker_killed(stage: Stage) -> Report:
    """Kill -9 of a worker, again and again; the others answer, and another takes its place."""
    with stage.service() as service, loading(service.url) as load:
        for _ in range(BLOWS):
            load.advance_answered(stage.calls)
            os.kill(workers_of(service)[0], signal.SIGKILL)
        load.advance_answered(stage.calls)
        return stage.report("worker killed", load, service)


def service_killed(stage: Stage) -> Report:
    """Kill -9 of the whole service, which is then started anew; the drain was too slow to have moved anything."""
    with stage.service(COBALAMIN_DRAIN_SECONDS="3000") as service, loading(service.url) as load:
        load.advance_answered(stage.calls)
        os.killpg(service.process.pid, signal.SIGKILL)
        load.advance(stage.calls)
        with stage.service() as again:
            load.url = again.url
            load.advance_answered(stage.calls)
            return stage.report("service killed", load, again)


def database_killed(stage: Stage, cluster: Cluster) -> Report:
    """Kill -9 of PostgreSQL, twice; while it is away everything waits in the spool."""
    with stage.service() as service, loading(service.url) as load:
        for _ in range(2):
            load.advance_answered(stage.calls)
            cluster.kill()
            load.advance_acknowledged(stage.calls)
            cluster.start()
        load.advance_answered(stage.calls)
        return stage.report("PostgreSQL killed", load, service)


def database_hung(stage: Stage, cluster: Cluster) -> Report:
    """PostgreSQL neither answers nor dies."""
    with stage.service() as service, loading(service.url) as load:
        load.advance_answered(stage.calls)
        with stopped(cluster):
            load.advance_acknowledged(stage.calls)
        load.advance_answered(stage.calls)
        return stage.report("PostgreSQL hung", load, service)


@contextmanager
def stopped(cluster: Cluster) -> Iterator[None]:
    """All processes of the database, which do not answer and do not die."""
    server = int((cluster.place / "postmaster.pid").read_text("utf-8").split("\n", 1)[0])
    pids = [server, *children_of(server)]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def disk_full(stage: Stage, cluster: Cluster) -> Report:
    """The database is away until the spool's disk is full: feedback is refused; with the database back it is taken."""
    place = stage.folder / "small"
    with small_disk(place, ROOM) as is_small:
        # Where no disk may be mounted, the spool's own limit is the least that can be set.
        settings = {"COBALAMIN_SPOOL_DIR": str(place / "spool")} | (
            {} if is_small else {"COBALAMIN_SPOOL_BYTES": "1000000"}
        )
        with stage.service(**settings) as service, loading(service.url) as load:
            load.advance_answered(stage.calls)
            with cluster.away():
                load.advance_refused(stage.calls)
            load.advance_acknowledged(stage.calls)
            return stage.report("disk full", load, service)


def fhir_server_slow_and_dead(stage: Stage) -> Report:
    """The FHIR server of the calls takes seconds for every answer, and then is gone."""
    patient = {"resourceType": "Patient", "id": wire.PATIENT}
    with stage.service(COBALAMIN_PRIVATE_NETWORKS="true") as service, serving([patient]) as fhir:
        body = wire.sign(wire.draft(), fhirServer=fhir.base)
        with loading(service.url, lambda _: Asked(body)) as load:
            load.advance_answered(stage.calls)
            fhir.fail(Reply({}, wait=5))
            load.advance_answered(stage.calls)
            fhir.stop()
            load.advance_answered(stage.calls)
            return stage.report("FHIR server slow, then dead", load, service)


@contextmanager
def guarded(stage: Stage, jwks_url: str) -> Iterator[Service]:
    """A service behind a door; the key of its one client is at a URL."""
    clients = stage.folder / "clients.toml"
    clients.write_text(f'[[client]]\nid = "ehr"\nissuer = "{ISSUER}"\njwks_urls = ["{jwks_url}"]\n', "utf-8")
    settings = {"COBALAMIN_CLIENTS": str(clients), "COBALAMIN_BASE_URL": BASE, "COBALAMIN_PRIVATE_NETWORKS": "true"}
    with stage.service(**settings) as service:
        yield service


def signed(skew: float = 0, **header: str) -> Callable[[str], dict[str, str]]:
    """The header of a client whose clock is wrong by so many seconds; its tokens live for two minutes."""

    def headers(path: str) -> dict[str, str]:
        at = time.time() + skew
        return bearer(token(claims(at, aud=f"{BASE}{path}", exp=at + 120), **header))

    return headers


def clocks(*skews: float) -> Ask:
    """Calls in turn from clients with these clocks; beyond a minute they are strangers."""

    def ask(number: int) -> Asked:
        skew = skews[number % len(skews)]
        return Asked(wire.sign(wire.draft()), signed(skew), stranger=abs(skew) > 60)

    return ask


class Hang:
    """An answer of a host of keys that does not come."""

    def __init__(self) -> None:
        self._released = Event()

    def __call__(self, _: str) -> tuple[int, dict[str, str], bytes]:
        self._released.wait(SECONDS)
        return 500, {}, b""

    def release(self) -> None:
        """Let go of those who wait."""
        self._released.set()


@contextmanager
def suspended() -> Iterator[Hang]:
    """A hang that ends with the block."""
    hang = Hang()
    try:
        yield hang
    finally:
        hang.release()


def of_two_keys(number: int) -> Asked:
    """Every fourth call has a key that nobody knows, for which the host of keys would be asked."""
    unknown = number % 4 == 3
    return Asked(wire.sign(wire.draft()), signed(kid="unknown") if unknown else signed(), stranger=unknown)


def key_host_dead(stage: Stage) -> Report:
    """The host of the client's keys fails, then hangs, then is gone; known keys hold on, in new workers too."""
    with ExitStack() as hosts, suspended() as hang:
        keys = hosts.enter_context(key_host(jwk(private_key())))
        with guarded(stage, f"{keys.base}/jwks") as service, loading(service.url, of_two_keys) as load:
            load.advance_answered(stage.calls)
            keys.fail()
            load.advance_answered(stage.calls)
            keys.answer = hang
            load.advance_answered(stage.calls)
            hang.release()
            hosts.close()
            load.advance_answered(stage.calls)
            for worker in workers_of(service):
                os.kill(worker, signal.SIGKILL)
                load.advance_answered(stage.calls)
            return stage.report("host of keys dead", load, service)


def clients_clocks_wrong(stage: Stage) -> Report:
    """Clients whose clocks are half a minute off call beside clients whose clocks are five minutes off."""
    with (
        key_host(jwk(private_key())) as keys,
        guarded(stage, f"{keys.base}/jwks") as service,
        loading(service.url, clocks(0, 30, -30, 300, -300)) as load,
    ):
        load.advance_answered(stage.calls)
        return stage.report("clients' clocks wrong", load, service)


def own_clock_moved(stage: Stage) -> Report:
    """The service's clock goes back by an hour, on by two, and is right again."""
    file = stage.folder / "offset"
    skewed_service.set_clock(file, 0)
    environ = {skewed_service.OFFSET: str(file), "COBALAMIN_PSEUDONYM_KEY": "of a test"}
    with stage.service(script=skewed_service.__file__, **environ) as service, loading(service.url) as load:
        for offset in (-HOUR, HOUR, 0):
            load.advance_answered(stage.calls)
            skewed_service.set_clock(file, offset)
        load.advance_answered(stage.calls)
        return stage.report("own clock moved", load, service)


def restarted_in_migration(stage: Stage) -> Report:
    """The process that migrates the database is killed in the middle; the service that starts next finishes it."""
    engine = engine_of(stage.url)
    migrate(engine, FIRST_REVISION)
    engine.dispose()
    environ = clean_environ() | {"PYTHONPATH": str(ROOT)}
    dying = [sys.executable, "-c", DYING_MIGRATION, stage.url, "2"]
    assert subprocess.run(dying, env=environ, check=False, timeout=SECONDS).returncode == -signal.SIGKILL
    with stage.service() as service, loading(service.url) as load:
        load.advance_answered(stage.calls)
        return stage.report("restart during migration", load, service)


Scene = Callable[[Stage], Report]
SceneOfPostgres = Callable[[Stage, Cluster], Report]
SCENES: tuple[Scene, ...] = (
    worker_killed,
    service_killed,
    fhir_server_slow_and_dead,
    key_host_dead,
    clients_clocks_wrong,
    own_clock_moved,
    restarted_in_migration,
)
SCENES_OF_POSTGRES: tuple[SceneOfPostgres, ...] = (database_killed, database_hung, disk_full)
