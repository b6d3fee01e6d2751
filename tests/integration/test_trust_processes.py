"""Trust between processes: workers share what was used, and a dead host of keys silences nobody whose key is known."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.helpers.processes import ROOT, Service, clean_environ, running
from tests.helpers.tokens import ISSUER, KeyHost, bearer, claims, jwk, key_host, private_key, token
from tests.helpers.wire import draft, sign

BASE = "https://cds.hospital.example"
PATH = "/cds-services/b12-order-sign"
SERVE = (sys.executable, "-m", "cds_service", "serve", "--demo", "--port", "0", "--workers", "2")
SECONDS = 30


@pytest.fixture
def keys() -> Iterator[KeyHost]:
    with key_host(jwk(private_key())) as host:
        yield host


@contextmanager
def guarded(folder: Path, keys: KeyHost, **environ: str) -> Iterator[Service]:
    """Two workers behind a door; the key of their one client is at a URL."""
    clients = folder / "clients.toml"
    clients.write_text(f'[[client]]\nid = "ehr"\nissuer = "{ISSUER}"\njwks_urls = ["{keys.base}/jwks"]\n', "utf-8")
    set_ = {
        "PYTHONPATH": str(ROOT),
        "COBALAMIN_CLIENTS": str(clients),
        "COBALAMIN_BASE_URL": BASE,
        "COBALAMIN_PRIVATE_NETWORKS": "true",
    }
    with running(SERVE, folder, **(set_ | environ)) as service:
        yield service


def signed(**changes: object) -> dict[str, str]:
    return bearer(token(claims(time.time(), aud=f"{BASE}{PATH}", **changes)))


def status(service: Service, headers: dict[str, str]) -> int:
    # A connection of its own for each call, so that the kernel gives them to both workers.
    return requests.post(service.url + PATH, json=sign(draft()), headers=headers, timeout=SECONDS).status_code


def test_a_token_sent_many_times_to_two_workers_is_taken_once(tmp_path: Path, keys: KeyHost) -> None:
    with guarded(tmp_path, keys) as service:
        assert len(workers_of(service)) == 2
        answered = []
        for _ in range(3):
            headers = signed()
            with ThreadPoolExecutor(12) as pool:
                answered.append(sorted(pool.map(lambda _, said=headers: status(service, said), range(16))))
        assert answered == [[200] + [401] * 15] * 3
    assert 1 <= len(keys.asked) <= 2, "each worker fetches the key set once"


def workers_of(service: Service) -> list[int]:
    """The workers, which begin a moment after the service says that it is ready."""
    pid, deadline = service.process.pid, time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text("utf-8").split()
        if len(found) == 2:
            return [int(one) for one in found]
        time.sleep(0.05)
    return []


def test_a_used_token_is_known_after_a_worker_and_after_the_whole_service_died(tmp_path: Path, keys: KeyHost) -> None:
    headers = signed()
    with guarded(tmp_path, keys) as service:
        assert status(service, headers) == 200
        killed = workers_of(service)
        assert killed
        for worker in killed:
            os.kill(worker, signal.SIGKILL)
        assert until_answered(service, headers) == 401
        os.killpg(service.process.pid, signal.SIGKILL)
    with guarded(tmp_path, keys) as service:
        assert status(service, headers) == 401
        assert status(service, signed()) == 200


def until_answered(service: Service, headers: dict[str, str]) -> int:
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            return status(service, headers)
        except requests.ConnectionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def test_clients_with_known_keys_go_on_while_the_host_of_keys_is_dead(tmp_path: Path, keys: KeyHost) -> None:
    with guarded(tmp_path, keys) as service:
        assert {status(service, signed()) for _ in range(16)} == {200}
        keys.fail()
        stranger = bearer(token(claims(time.time(), aud=f"{BASE}{PATH}"), kid="unknown"))
        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(lambda _: status(service, signed()), range(32))) == {200}
            assert set(pool.map(lambda _: status(service, stranger), range(16))) == {401}
            assert set(pool.map(lambda _: status(service, signed()), range(32))) == {200}


def test_a_broken_replay_store_silences_nobody(tmp_path: Path, keys: KeyHost) -> None:
    (tmp_path / "used").mkdir()
    with guarded(tmp_path, keys, COBALAMIN_REPLAY_URL=f"sqlite:///{tmp_path}/used") as service:
        assert [status(service, signed()) for _ in range(4)] == [200] * 4
        counted = requests.get(f"{service.url}/metrics", timeout=SECONDS).text
    assert "cobalamin_tokens_unchecked_total 4.0" in counted
    assert "replay store unavailable" in "".join(service.lines)


def test_the_log_of_a_server_has_the_reason_and_neither_token_nor_kid(tmp_path: Path, keys: KeyHost) -> None:
    refused = token(claims(time.time(), aud="https://elsewhere.example", jti="shown-jti"), kid="secret-kid")
    with guarded(tmp_path, keys) as service:
        assert status(service, bearer(refused)) == 401
    logged = "".join(service.lines)
    found = [json.loads(line) for line in service.lines if "token refused" in line]
    assert [(one["issuer"], one["jti"]) for one in found] == [(ISSUER, "shown-jti")]
    assert "as aud" in found[0]["fault"]
    assert not [part for part in (*refused.split("."), "secret-kid") if part in logged]


def test_the_service_says_that_trust_is_off_and_refuses_to_be_reached_by_others(tmp_path: Path) -> None:
    with running(SERVE, tmp_path, PYTHONPATH=str(ROOT)) as service:
        assert "Trust is off" in service.banner
        assert status(service, {}) == 200
    done = subprocess.run(
        [*SERVE, "--host", "0.0.0.0"],  # noqa: S104 - refused
        cwd=tmp_path,
        env=clean_environ() | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 1
    assert re.search("COBALAMIN_HOST: expected a loopback address", done.stderr)
