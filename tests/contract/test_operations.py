"""What an operator sees: health, version, metrics, one log line a call, and headers that tell a browser nothing."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families

from cds_service import __version__
from cds_service.b12.verdict import Undecided, Verdict
from cds_service.fhir.fetching import Fetch
from cds_service.fhir.prefetch import FetchNote, Prefetched
from cds_service.knowledge import Knowledge
from cds_service.metrics import MOST_REASONS, Metrics
from cds_service.settings import Settings
from tests.helpers import wire
from tests.helpers.processes import ROOT, clean_environ

CALL = "/cds-services/b12-order-sign"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
LINE = "cds_service.web.watch"


def metric(client: FlaskClient, name: str, /, **labels: str) -> float:
    """The value of the one sample with this name and these labels; 0 if there is none."""
    text = client.get("/metrics").get_data(as_text=True)
    samples = [one for family in text_string_to_metric_families(text) for one in family.samples]
    found = [one.value for one in samples if one.name == name and one.labels == labels]
    return found[0] if found else 0.0


def line_of(caplog: pytest.LogCaptureFixture) -> dict[str, Any]:
    """The one line that was logged for a call."""
    [record] = [one for one in caplog.records if one.name == LINE]
    return dict(record.__dict__)


# Health and version


def test_a_living_process_says_so_and_no_more(client: FlaskClient) -> None:
    response = client.get("/health/live")
    assert (response.status_code, response.get_json()) == (200, {"status": "ok"})


def test_ready_says_what_it_stands_on(client: FlaskClient, knowledge: Knowledge) -> None:
    response = client.get("/health/ready")
    wire.check("health-ready", response.get_json())
    assert response.status_code == 200
    assert response.get_json() == {
        "status": "ready",
        "checks": {"database": "ok", "knowledge": "ok", "spool": "ok"},
        "spoolBytes": 0,
        "knowledge": knowledge.version,
    }


def test_without_its_database_it_is_degraded_and_still_takes_calls(knowledge: Knowledge, settings: Settings) -> None:
    client = wire.application(knowledge, settings, reached=lambda: False).test_client()
    response = client.get("/health/ready")
    wire.check("health-ready", response.get_json())
    assert (response.status_code, response.get_json()["status"]) == (200, "degraded")
    assert response.get_json()["checks"]["database"] == "unreachable"
    assert wire.ask(client, wire.sign(wire.draft()))


def test_with_a_full_spool_it_is_not_ready(knowledge: Knowledge, settings: Settings) -> None:
    client = wire.application(knowledge, settings.model_copy(update={"spool_bytes": 1_000_000})).test_client()
    settings.spool_dir.mkdir(parents=True)
    (settings.spool_dir / "0-x.jsonl").write_bytes(b'{"at": "2026-11-20T08:59:00Z"}\n' * 40_000)
    response = client.get("/health/ready")
    wire.check("health-ready", response.get_json())
    assert (response.status_code, response.get_json()["status"]) == (503, "not ready")
    assert response.get_json()["checks"]["spool"] == "full"
    assert metric(client, "cobalamin_spool_bytes") == response.get_json()["spoolBytes"] > 1_000_000
    assert metric(client, "cobalamin_spool_oldest_seconds") == 60


def test_with_a_spool_that_cannot_be_written_it_is_not_ready(
    knowledge: Knowledge, settings: Settings, tmp_path: Path
) -> None:
    broken = settings.model_copy(update={"spool_dir": wire.unwritable(tmp_path)})
    client = wire.application(knowledge, broken).test_client()
    response = client.get("/health/ready")
    wire.check("health-ready", response.get_json())
    assert (response.status_code, response.get_json()["checks"]["spool"]) == (503, "not writable")
    assert client.get("/health/live").status_code == 200
    assert client.get("/metrics").status_code == 200


def test_version_names_code_knowledge_and_protocols(client: FlaskClient, knowledge: Knowledge) -> None:
    found = client.get("/version").get_json()
    assert (found["version"], found["knowledge"]) == (__version__, knowledge.version)
    assert set(found["protocols"]) == set(knowledge.protocols)


# The line of a call


def test_a_call_leaves_one_line(client: FlaskClient, caplog: pytest.LogCaptureFixture, knowledge: Knowledge) -> None:
    caplog.set_level(logging.INFO)
    wire.ask(client, wire.sign(wire.draft()))
    line = line_of(caplog)
    expected = {"service": "b12-order-sign", "hook": "order-sign", "client": "development", "status": 200}
    expected |= {"knowledge": knowledge.version, "cards": 1, "critical": 1}
    assert {name: line[name] for name in expected} == expected
    assert line["ms"] > 0


@pytest.mark.parametrize(
    ("path", "body", "status", "service"),
    [
        (CALL, {}, 400, "b12-order-sign"),
        ("/cds-services/b12-patient-view", wire.view(), 412, "b12-patient-view"),
        ("/cds-services/Sentinelsson", {}, 404, "other"),
        (f"{CALL}/feedback", {"feedback": [wire.reaction()]}, 200, "b12-order-sign"),
    ],
)
def test_a_call_that_fails_leaves_one_too(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, path: str, body: wire.Json, status: int, service: str
) -> None:
    caplog.set_level(logging.INFO)
    client.post(f"{path}?name=Sentinelsson", json=body)
    line = line_of(caplog)
    assert (line["status"], line["service"]) == (status, service)
    assert "Sentinelsson" not in str([record.__dict__ for record in caplog.records])


# Metrics


def test_calls_are_counted_by_service_hook_client_and_status(client: FlaskClient) -> None:
    wire.ask(client, wire.sign(wire.draft()))
    client.post(CALL, json={})
    labels = {"service": "b12-order-sign", "hook": "order-sign", "client": "development"}
    assert metric(client, "cobalamin_calls_total", **labels, status="200") == 1
    assert metric(client, "cobalamin_calls_total", **labels, status="400") == 1


def test_time_is_measured_by_hook_and_phase(client: FlaskClient) -> None:
    wire.ask(client, wire.sign(wire.draft()))
    assert metric(client, "cobalamin_call_seconds_count", hook="order-sign") == 1
    phases = {
        phase: metric(client, "cobalamin_phase_seconds_sum", hook="order-sign", phase=phase)
        for phase in ("read", "fetch", "judge", "write", "keep")
    }
    assert min(phases.values()) > 0
    assert sum(phases.values()) <= metric(client, "cobalamin_call_seconds_sum", hook="order-sign")


def test_cards_are_counted_by_rule_and_indicator(client: FlaskClient) -> None:
    wire.ask(client, wire.sign(wire.draft()))
    assert metric(client, "cobalamin_cards_total", rule="dose_unit_mismatch", indicator="critical") == 1


def missing(*_: object) -> Verdict:
    return Undecided("the weight of the patient")


def test_what_could_not_be_decided_is_counted_by_what_was_missing(knowledge: Knowledge, settings: Settings) -> None:
    rules = dict(knowledge.rules)
    rules["route_not_recommended"] = replace(rules["route_not_recommended"], judge=missing)
    client = wire.application(replace(knowledge, rules=rules), settings).test_client()
    wire.ask(client, wire.sign(wire.draft()))
    labels = {"rule": "route_not_recommended", "missing": "the weight of the patient"}
    assert metric(client, "cobalamin_undecided_total", **labels) == 1


def noting(*_: object) -> Fetch:
    def fetch(hook: str, sent: Prefetched, drafts: Prefetched) -> Prefetched:  # noqa: ARG001 - a Fetch
        return replace(sent, fetched=(FetchNote("conditions", "fetched", 12), FetchNote("patient", "timeout", 300)))

    return fetch


@pytest.mark.parametrize(
    ("request_", "status"), [(wire.sign(wire.draft()), 200), (wire.view({"conditions": None}), 412)]
)
def test_fhir_queries_are_counted_by_key_and_outcome_even_if_the_call_fails(
    knowledge: Knowledge, settings: Settings, request_: wire.Json, status: int
) -> None:
    client = wire.application(knowledge, settings, fetching=noting).test_client()
    assert wire.post(client, request_).status_code == status
    assert metric(client, "cobalamin_fhir_fetches_total", key="conditions", outcome="fetched") == 1
    assert metric(client, "cobalamin_fhir_fetches_total", key="patient", outcome="timeout") == 1


def test_reactions_are_counted_by_outcome(client: FlaskClient) -> None:
    items = [wire.reaction(), wire.reaction(outcome="accepted", acceptedSuggestions=[{"id": wire.INSTANCE}])]
    client.post(f"{CALL}/feedback", json={"feedback": [*items, wire.reaction(card="another")]})
    assert metric(client, "cobalamin_reactions_total", service="b12-order-sign", outcome="overridden") == 2
    assert metric(client, "cobalamin_reactions_total", service="b12-order-sign", outcome="accepted") == 1
    labels = {"service": "b12-order-sign", "client": "development", "status": "200"}
    assert metric(client, "cobalamin_feedback_calls_total", **labels) == 1


def test_evaluations_that_could_not_be_kept_are_counted(
    knowledge: Knowledge, settings: Settings, tmp_path: Path
) -> None:
    broken = settings.model_copy(update={"spool_dir": wire.unwritable(tmp_path)})
    client = wire.application(knowledge, broken).test_client()
    for _ in range(3):
        assert wire.ask(client, wire.sign(wire.draft()))
    assert metric(client, "cobalamin_evaluations_lost_total") == 3


def test_labels_are_never_what_a_caller_wrote(client: FlaskClient) -> None:
    for number in range(5):
        client.post(f"/cds-services/Sentinelsson-{number}", json={})
    text = client.get("/metrics").get_data(as_text=True)
    assert "Sentinelsson" not in text
    labels = {"service": "other", "hook": "other", "client": "development", "status": "404"}
    assert metric(client, "cobalamin_calls_total", **labels) == 5


def test_reasons_for_refusing_tokens_are_bounded() -> None:
    metrics = Metrics()
    for number in range(2 * MOST_REASONS):
        metrics.token_refused(f"reason {number}")
    text = metrics.text({}).decode()
    assert text.count("cobalamin_tokens_refused_total{") == MOST_REASONS + 1
    assert f'cobalamin_tokens_refused_total{{reason="other"}} {MOST_REASONS}.0' in text


def test_metrics_can_have_a_port_of_their_own(knowledge: Knowledge, settings: Settings) -> None:
    client = wire.application(knowledge, settings.model_copy(update={"metrics_port": 9095})).test_client()
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", environ_overrides={"SERVER_PORT": "9095"}).status_code == 200
    assert client.get("/metrics", headers={"Host": "localhost:9095"}).status_code == 404


# Traces


@pytest.mark.parametrize(
    ("sent", "trace"),
    [
        (PARENT, TRACE),
        (f"{PARENT[:-2]}00", TRACE),
        (f"ff{PARENT[2:]}", None),
        (f"00-{'0' * 32}-00f067aa0ba902b7-01", None),
        (f"00-{TRACE}-{'0' * 16}-01", None),
        (f"00-{TRACE.upper()}-00f067aa0ba902b7-01", None),
        ("Sentinelsson", None),
        ("", None),
    ],
)
def test_a_call_has_a_trace_id_which_is_the_callers_if_that_is_one(
    app: Flask, sent: str, trace: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    bound: list[str] = []
    monkeypatch.setattr("cds_service.logs.begin", lambda **fields: bound.append(fields["trace_id"]))
    app.test_client().post(CALL, json=wire.sign(wire.draft()), headers={"traceparent": sent})
    [found] = bound
    assert len(found) == 32
    assert found.strip("0123456789abcdef") == ""
    assert (found == trace) == (trace is not None)


def test_without_the_setting_no_tracing_library_is_imported(tmp_path: Path) -> None:
    asked = (
        "import sys, cds_service.wsgi as w, cds_service.server; from cds_service.settings import Settings; "
        "w.build(Settings()); print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    said = subprocess.run(
        [sys.executable, "-c", asked],
        cwd=tmp_path,
        env=clean_environ() | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip() == "[]"


# Headers

PATHS = {
    "/cds-services": 200,
    "/health": 200,
    "/metrics": 200,
    "/version": 200,
    "/rules": 200,
    "/rules/dose_unit_mismatch": 200,
    "/fhir/PlanDefinition": 200,
    "/nothing-here": 404,
    CALL: 405,
}


@pytest.mark.parametrize(("path", "status"), PATHS.items(), ids=PATHS)
def test_every_answer_is_of_no_use_to_an_attackers_page(client: FlaskClient, path: str, status: int) -> None:
    check_protected(client.get(path), status)


POSTS: dict[str, tuple[object, int]] = {
    "cards": (wire.sign(wire.draft()), 200),
    "malformed": ({}, 400),
    "too large": ({"hook": "x" * 20_000}, 413),
}


@pytest.mark.parametrize(("body", "status"), POSTS.values(), ids=POSTS)
def test_what_is_about_a_patient_is_kept_nowhere(
    knowledge: Knowledge, settings: Settings, body: object, status: int
) -> None:
    client = wire.application(knowledge, settings.model_copy(update={"max_body_bytes": 10_000})).test_client()
    check_protected(client.post(CALL, json=body), status)


def check_protected(response: Any, status: int) -> None:
    headers = response.headers
    assert response.status_code == status
    assert (headers["X-Content-Type-Options"], headers["X-Frame-Options"]) == ("nosniff", "DENY")
    assert (headers["Cache-Control"], headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy
    page = response.mimetype == "text/html"
    assert ("style-src" in policy) == page
    assert page or "script-src" not in policy
    assert not {"Server", "X-Powered-By"} & set(headers.keys())
    assert __version__ not in str(headers)
