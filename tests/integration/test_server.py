"""The service as a process: what it prints works when pasted, what it acknowledged survives it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from cds_service.store.database import engine_of
from cds_service.store.queries import counts, feedback_of
from cds_service.web.services import SERVICES
from tests.helpers.processes import ROOT, clean_environ, running
from tests.helpers.tokens import ISSUER

SERVE = (sys.executable, "-m", "cds_service", "serve", "--demo", "--port", "0")
SLIP = (ROOT / "fhir_profiles" / "examples" / "order-sign-unit-mix-up.json").read_bytes()
JSON = {"Content-Type": "application/json"}
METRICS_PORT = "COBALAMIN_METRICS_PORT"
SECONDS = 20


def test_the_printed_line_works_when_pasted(tmp_path: Path) -> None:
    with running(SERVE, tmp_path, PYTHONPATH=str(ROOT)) as service:
        line = re.search(r"^ *(curl .*)$", service.banner, re.MULTILINE)
        assert line, service.banner
        pasted = subprocess.run(["bash", "-c", line[1]], cwd=tmp_path, capture_output=True, text=True, check=True)
    cards = json.loads(pasted.stdout)["cards"]
    assert cards[0]["indicator"] == "critical"
    dose = cards[0]["suggestions"][0]["actions"][0]["resource"]["dosageInstruction"][0]["doseAndRate"][0]
    assert (dose["doseQuantity"]["value"], dose["doseQuantity"]["code"]) == (1000, "ug")


def test_health_and_discovery_answer(tmp_path: Path) -> None:
    with running(SERVE, tmp_path, PYTHONPATH=str(ROOT)) as service:
        asked = subprocess.run(
            [sys.executable, "-m", "cds_service", "health", "--url", service.url],
            cwd=tmp_path,
            env=clean_environ() | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert json.loads(asked.stdout)["status"] == "ok"
        services = requests.get(f"{service.url}/cds-services", timeout=SECONDS).json()["services"]
    assert {one["id"] for one in services} == set(SERVICES)


@pytest.mark.parametrize(("option", "variable"), [("--port", "COBALAMIN_PORT"), ("--metrics-port", METRICS_PORT)])
def test_a_port_that_is_taken_is_named_with_the_setting_to_change(tmp_path: Path, option: str, variable: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = started(tmp_path, option, str(port))
    expected = f"expected a free port at 127.0.0.1:{port}, got one in use; set {variable}"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"Error: {expected}\n")


def test_an_address_of_another_machine_is_named_with_the_setting_to_change(tmp_path: Path) -> None:
    clients = tmp_path / "clients.toml"
    clients.write_text(f'[[client]]\nid = "ehr"\nissuer = "{ISSUER}"\njwks_urls = ["{ISSUER}/jwks"]\n', "utf-8")
    done = started(tmp_path, "--clients", str(clients), "--base-url", ISSUER, "--host", "192.0.2.1")
    assert done.returncode == 1
    assert re.search(r"got 192\.0\.2\.1:0 \(.+\); set COBALAMIN_HOST and COBALAMIN_PORT$", done.stderr.strip())


def started(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """The service, which is expected to end by itself."""
    command = [sys.executable, "-m", "cds_service", "serve", "--port", "0", *options]
    environ = clean_environ() | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, timeout=3 * SECONDS, check=False
    )


def test_calls_and_feedback_reach_the_database(tmp_path: Path) -> None:
    with running(SERVE, tmp_path, PYTHONPATH=str(ROOT), COBALAMIN_DRAIN_SECONDS="0.1") as service:
        card = show_card(service.url)
        give_feedback(service.url, f"urn:uuid:{card.upper()}")
    assert kept(tmp_path) == {"evaluation": 1, "card": 1, "feedback": 1}
    assert not list((tmp_path / "var" / "spool").glob("*.jsonl")), "a service that stops in order leaves no line behind"
    engine = engine_of(f"sqlite:///{tmp_path}/var/cobalamin.db")
    assert [one.rule for one in feedback_of(engine, card)] == ["dose_unit_mismatch"]
    engine.dispose()


def test_acknowledged_feedback_survives_kill_9(tmp_path: Path) -> None:
    """The drain is slow on purpose, so that only the spool has the feedback when the process dies."""
    with running(SERVE, tmp_path, PYTHONPATH=str(ROOT), COBALAMIN_DRAIN_SECONDS="3000") as service:
        card = show_card(service.url)
        give_feedback(service.url, card)
        os.killpg(service.process.pid, signal.SIGKILL)
    assert kept(tmp_path)["feedback"] == 0
    with running(SERVE, tmp_path, PYTHONPATH=str(ROOT), COBALAMIN_DRAIN_SECONDS="0.1"):
        wait_for(lambda: kept(tmp_path)["feedback"] == 1)
    assert kept(tmp_path) == {"evaluation": 1, "card": 1, "feedback": 1}


def test_several_workers_show_one_call_as_one_card(tmp_path: Path) -> None:
    with running((*SERVE, "--workers", "2"), tmp_path, PYTHONPATH=str(ROOT)) as service:
        uuids = {show_card(service.url) for _ in range(8)}
    assert len(uuids) == 1


def url(base: str, tail: str = "") -> str:
    return f"{base}/cds-services/b12-order-sign{tail}"


def show_card(base: str) -> str:
    reply = requests.post(url(base), SLIP, headers=JSON, timeout=SECONDS)
    return str(reply.json()["cards"][0]["uuid"])


def give_feedback(base: str, card: str) -> None:
    item = {"card": card, "outcome": "overridden", "outcomeTimestamp": "2026-11-20T10:00:00Z"}
    reply = requests.post(url(base, "/feedback"), json={"feedback": [item]}, timeout=SECONDS)
    assert reply.status_code == requests.codes.ok


def kept(folder: Path) -> dict[str, int]:
    engine = engine_of(f"sqlite:///{folder}/var/cobalamin.db")
    try:
        return counts(engine)
    finally:
        engine.dispose()


def wait_for(condition: object) -> None:
    for _ in range(SECONDS * 10):
        if condition():  # type: ignore[operator]
            return
        time.sleep(0.1)
    pytest.fail("expected the record in the database in time")
