"""The service on a disk that is full: cards flow, feedback is refused, nothing is torn, and all goes on with room."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.helpers.processes import ROOT, running
from tests.helpers.small_disk import small_disk

SERVE = (sys.executable, "-m", "cds_service", "serve", "--demo", "--port", "0")
SLIP = (ROOT / "fhir_profiles" / "examples" / "order-sign-unit-mix-up.json").read_bytes()
JSON = {"Content-Type": "application/json"}
SECONDS = 60
ROOM = 128 * 1024


@contextmanager
def little_room(place: Path) -> Iterator[tuple[str, ...]]:
    """
    A folder on a file system with little room; where none may be mounted, a limit on the size of every file.

    Gives what the command of the service has to begin with.
    """
    with small_disk(place, ROOM) as is_small:
        yield () if is_small else ("prlimit", f"--fsize={ROOM}")


def call(base: str, number: int) -> requests.Response:
    body = json.loads(SLIP) | {"hookInstance": f"d1577c69-dfbe-44ad-ba6d-{number:012d}"}
    return requests.post(f"{base}/cds-services/b12-order-sign", json=body, timeout=SECONDS)


def react(base: str, number: int) -> requests.Response:
    item = {"card": f"c{number}", "outcome": "overridden", "outcomeTimestamp": "2026-11-20T10:00:00Z"}
    address = f"{base}/cds-services/b12-order-sign/feedback"
    return requests.post(address, json={"feedback": [item]}, timeout=SECONDS)


def records(spool: Path) -> list[dict[str, str]]:
    return [json.loads(line) for path in spool.glob("*.jsonl") for line in path.read_bytes().splitlines()]


def test_on_a_full_disk_cards_flow_feedback_is_refused_and_nothing_is_torn(tmp_path: Path) -> None:
    """The drain is slow on purpose, so that nothing but the test makes room."""
    spool, answered, refused, acknowledged = tmp_path / "small" / "spool", 0, 0, set[str]()
    with little_room(tmp_path / "small") as prefix:
        settings = {"COBALAMIN_SPOOL_DIR": str(spool), "COBALAMIN_DRAIN_SECONDS": "3000"}
        settings |= {"COBALAMIN_CALLS_PER_MINUTE": "100000", "PYTHONPATH": str(ROOT)}
        with running((*prefix, *SERVE), tmp_path, **settings) as service:
            while refused < 5:
                answered += 1
                assert call(service.url, answered).json()["cards"][0]["indicator"] == "critical"
                reply = react(service.url, answered)
                assert reply.status_code in {200, 503}
                if reply.status_code == requests.codes.ok:
                    acknowledged.add(f"c{answered}")
                else:
                    refused += 1
                    assert int(reply.headers["Retry-After"]) > 0
            assert sum(path.stat().st_size for path in spool.glob("*.jsonl")) <= ROOM
            kept = records(spool)  # raises if a line is torn
            assert acknowledged <= {line["card"] for line in kept if line["kind"] == "feedback"}
            assert len([line for line in kept if line["kind"] == "evaluation"]) < answered
            for path in spool.glob("*.jsonl"):
                path.write_bytes(b"")  # what was there has been looked at; this is the room that comes back
            assert react(service.url, 0).status_code == requests.codes.ok
            assert [line["card"] for line in records(spool)] == ["c0"]
