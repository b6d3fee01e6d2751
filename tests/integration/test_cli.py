"""The command line, called as a user calls it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import responses
from click.testing import CliRunner

from cds_service.cli import main
from cds_service.rules import load_rules
from tests.helpers.processes import ROOT

EXAMPLES = ROOT / "fhir_profiles" / "examples"
SLIP = str(EXAMPLES / "order-sign-unit-mix-up.json")


def run(*words: str, status: int = 0, text: bytes | None = None) -> str:
    done = CliRunner().invoke(main, words, input=text)
    assert done.exit_code == status, done.output
    return done.output


def test_help_names_every_command() -> None:
    for command in ("serve", "evaluate", "explain", "knowledge", "openapi", "health"):
        assert command in run("--help")


def test_serve_help_is_the_table_of_settings() -> None:
    assert "COBALAMIN_DATABASE_URL" in run("serve", "--help")


def test_evaluate_shows_a_card_to_people() -> None:
    shown = run("evaluate", SLIP)
    assert "CRITICAL  dose_unit_mismatch" in shown
    assert "Change the dose to 1000 mcg" in shown


def test_evaluate_prints_the_response_as_json() -> None:
    cards = json.loads(run("evaluate", "--json", SLIP))["cards"]
    assert cards[0]["source"]["topic"]["code"] == "dose_unit_mismatch"


def test_evaluate_says_so_when_there_is_no_card() -> None:
    assert "No cards." in run("evaluate", str(EXAMPLES / "order-sign-correct.json"))


def test_evaluate_reads_standard_input() -> None:
    assert "dose_unit_mismatch" in run("evaluate", "-", text=Path(SLIP).read_bytes())


def test_evaluate_judges_at_the_given_instant_and_by_the_given_protocol() -> None:
    overdue = str(EXAMPLES / "patient-view-overdue.json")
    late = json.loads(run("evaluate", "--json", "--as-of", "2027-06-01T09:00:00+00:00", overdue))["cards"][0]
    assert late["extension"]["org.cobalamin-cds.trace"]["asOf"] == "2027-06-01T09:00:00+00:00"
    uk = json.loads(run("evaluate", "--json", "--protocol", "uk-nice-bnf", SLIP))["cards"][0]
    assert uk["extension"]["org.cobalamin-cds.trace"]["protocol"] == "uk-nice-bnf"


@pytest.mark.parametrize(
    ("words", "text", "said"),
    [
        (("--as-of", "yesterday"), None, "expected an RFC 3339 instant"),
        (("--protocol", "house"), None, "expected one of be-label"),
        ((), b"{", "expected JSON"),
        ((), b'{"hook": "order-sign"}', "hookInstance"),
    ],
)
def test_a_fault_ends_with_its_message_and_no_traceback(words: tuple[str, ...], text: bytes | None, said: str) -> None:
    shown = run("evaluate", *words, "-", text=text or Path(SLIP).read_bytes(), status=1)
    assert said in shown
    assert "Traceback" not in shown


def test_explain_shows_verdicts_facts_unread_resources_and_departures() -> None:
    request = json.loads(Path(SLIP).read_text())
    request["hookInstance"] = "not a uuid"
    request["prefetch"]["odd"] = {"resourceType": "Observation", "status": 5}
    shown = run("explain", "-", text=json.dumps(request).encode())
    for said in ("Facts", "phase", "Verdicts", "finding: too_high", "prefetch.odd", "expected format uuid", "Departs"):
        assert said in shown


def test_knowledge_check_says_what_was_loaded() -> None:
    assert f"is sound: {len(load_rules())} rules" in run("knowledge", "check")


def test_openapi_prints_the_description() -> None:
    assert json.loads(run("openapi"))["openapi"].startswith("3.1")


def test_an_unknown_setting_refuses_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COBALAMIN_PROTOCOLL", "us-label")
    assert "COBALAMIN_PROTOCOLL" in run("serve", status=1)


@responses.activate
def test_health_of_a_broken_service_is_a_failure() -> None:
    responses.get("http://127.0.0.1:8095/health", status=500)
    assert "expected a healthy service" in run("health", status=1)


def test_health_of_no_service_is_a_failure() -> None:
    assert "expected a healthy service" in run("health", "--url", "http://127.0.0.1:9", status=1)
