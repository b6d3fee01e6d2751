"""`evaluate --fetch` and `explain --fetch` ask the request's FHIR server, under the same guard as the service."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from cds_service.cli import main
from tests.helpers import wire
from tests.helpers.fhir_server import FhirServer, Reply, resources_of, serving

OVERDUE = "patient-view-overdue"
OPEN = {"COBALAMIN_PRIVATE_NETWORKS": "true"}


@pytest.fixture
def server() -> Iterator[FhirServer]:
    with serving(resources_of(wire.example(OVERDUE)["prefetch"])) as running:
        yield running


@pytest.fixture
def bare(tmp_path: Path, server: FhirServer) -> str:
    """A request that brings nothing but the address of the server."""
    request = {name: value for name, value in wire.example(OVERDUE).items() if name != "prefetch"}
    path = tmp_path / "request.json"
    path.write_text(json.dumps(request | {"fhirServer": server.base}), "utf-8")
    return str(path)


def run(*words: str, env: dict[str, str] | None = None, status: int = 0) -> str:
    done = CliRunner().invoke(main, words, env=env)
    assert done.exit_code == status, done.output
    return done.output


def test_with_fetch_the_cards_are_those_of_the_whole_request(bare: str) -> None:
    whole = str(wire.EXAMPLES / f"{OVERDUE}.json")
    words = ("evaluate", "--json", "--as-of", "2026-11-20T09:00:00Z")
    assert run(*words, "--fetch", bare, env=OPEN) == run(*words, whole)


def test_without_fetch_the_server_is_not_asked(bare: str, server: FhirServer) -> None:
    assert "expected prefetch" in run("evaluate", bare, env=OPEN, status=1)
    assert server.seen == []


def test_a_server_on_loopback_is_asked_only_where_the_setting_opens_it(bare: str, server: FhirServer) -> None:
    assert "expected prefetch" in run("evaluate", "--fetch", bare, status=1)
    assert server.seen == []


def test_explain_says_what_could_not_be_fetched_and_why(bare: str, server: FhirServer) -> None:
    server.fail(Reply({}, 403), "Condition")
    said = run("explain", "--fetch", bare, env=OPEN)
    assert "fetched.conditions" in said
    assert "status-403" in said
