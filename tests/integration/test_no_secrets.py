"""
Nothing of a patient, and no secret, in anything that stays: logs, metrics, spans, spool, database, errors.

One run of the service as a process, with trust on: calls that succeed and calls that fail in every way, with names,
identifiers, free texts, tokens and secrets planted in all of them; then everything that is left is searched.
"""

from __future__ import annotations

import json
import re
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from cds_service.store.database import engine_of
from cds_service.store.queries import counts
from tests.helpers import fhir_server, tokens, wire
from tests.helpers.collector import Collector, collecting
from tests.helpers.faulty_service import BREAK, FAULTY
from tests.helpers.processes import ROOT, Service, running

COMMAND = (sys.executable, "-m", "tests.helpers.faulty_service")
SECONDS = 30
KEY, PASSWORD, BEARER = "pseudonym-key-5k3r1t", "database-p4ssw0rd", "fhir-bearer-t0k3n-of-the-call"
SIGN, VIEW, FEEDBACK = "b12-order-sign", "b12-patient-view", "b12-order-sign/feedback"
PLANTED = {
    "family name": "Sentinelsson",
    "given name": "Zebulonia",
    "identifier": "MRN-77012345",
    "street": "Quagmire Lane 9",
    "telephone": "555-0199-8877",
    "note": "afraid of needles since childhood",
    "reason": "her sister insists",
    "instruction to the patient": "ring the blue bell thrice",
    "dosage in words": "give with plum jam",
    "condition in words": "broken heart syndrome by proxy",
    "patient id": "pat-sentinel-4711",
    "user": "dr-sentinel-0815",
    "comment": "she told me about her divorce",
    "FHIR token": BEARER,
    "pseudonym key": KEY,
    "database password": PASSWORD,
}
P = PLANTED["patient id"]
PATIENT = {
    "resourceType": "Patient",
    "id": P,
    "identifier": [{"system": "urn:oid:1.2.3", "value": PLANTED["identifier"]}],
    "name": [{"family": PLANTED["family name"], "given": [PLANTED["given name"]]}],
    "telecom": [{"system": "phone", "value": PLANTED["telephone"]}],
    "address": [{"line": [PLANTED["street"]]}],
    "birthDate": "1951-07-23",
}
CONDITION = {
    "resourceType": "Condition",
    "id": "c1",
    "subject": {"reference": f"Patient/{P}", "display": PLANTED["family name"]},
    "code": {"text": PLANTED["condition in words"], "coding": [{"system": wire.SNOMED, "code": "84027009"}]},
    "note": [{"text": PLANTED["note"]}],
}


def order(**changes: Any) -> wire.Json:
    """A draft full of what must not stay, with a slip that makes a card and a route that the faulty rule judges."""
    own = {
        "subject": {"reference": f"Patient/{P}", "display": PLANTED["family name"]},
        "requester": {"reference": f"Practitioner/{PLANTED['user']}", "display": PLANTED["given name"]},
        "note": [{"text": PLANTED["note"]}],
        "reasonCode": [{"text": PLANTED["reason"]}],
        "dosageInstruction": [
            wire.milligrams_for_micrograms()
            | {"patientInstruction": PLANTED["instruction to the patient"]}
            | {"text": f"1000 mg IM monthly, {PLANTED['dosage in words']}"}
        ],
    }
    return wire.draft(**(own | changes))


@dataclass
class Run:
    """What one run left behind: everything that was sent as a token, every answer, and where the service stood."""

    service: Service
    folder: Path
    fhir: fhir_server.FhirServer
    tokens: list[str] = field(default_factory=list)
    answers: dict[str, requests.Response] = field(default_factory=dict)

    def token(self, service: str, **changes: Any) -> str:
        """A good token for a service, with some claims changed."""
        said = tokens.claims(at=int(time.time()), **({"aud": f"{tokens.BASE}/cds-services/{service}"} | changes))
        self.tokens.append(tokens.token(said))
        return self.tokens[-1]

    def post(self, name: str, service: str, body: Any, token: str | None = None, **headers: str) -> None:
        """Send a call, and keep its answer under a name."""
        sent = tokens.bearer(self.token(service) if token is None else token) | {"Content-Type": "application/json"}
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        url = f"{self.service.url}/cds-services/{service}?name={PLANTED['family name']}"
        self.answers[name] = requests.post(url, content, headers=sent | headers, timeout=SECONDS)

    def signed(self, instance: str, **fields: Any) -> wire.Json:
        """An order-sign call with access to the FHIR server."""
        access = {"access_token": BEARER, "token_type": "Bearer", "expires_in": 300, "scope": "x", "subject": "y"}
        own = {"hookInstance": instance, "fhirServer": self.fhir.base, "fhirAuthorization": access}
        context = {"userId": f"Practitioner/{PLANTED['user']}", "patientId": P, "draftOrders": wire.bundle(order())}
        return wire.call("order-sign", context, {"patient": PATIENT}) | own | fields


def succeed(run: Run) -> None:
    """Cards, a rule that fails beside them, and reactions with comments."""
    run.post("cards", SIGN, run.signed("good-1"))
    run.post("trace", SIGN, run.signed("good-2"), traceparent=f"00-{'a' * 32}-{'b' * 16}-01")
    context = {"userId": f"Practitioner/{PLANTED['user']}", "patientId": P}
    requests_ = wire.bundle(order(id="m1", status="active", authoredOn="2020-01-01"))
    sent = {"patient": PATIENT, "conditions": wire.bundle(CONDITION), "medicationRequests": requests_}
    run.post("view", VIEW, wire.call("patient-view", context, sent))
    reason = {"reason": {"code": "other", "display": "other"}, "userComment": PLANTED["comment"]}
    card = run.answers["cards"].json()["cards"][0]["uuid"]
    run.post("feedback", FEEDBACK, {"feedback": [wire.reaction(card=card, overrideReason=reason)]})


def fail(run: Run) -> None:
    """Every way to be refused, with the patient in all of them."""
    whole = json.dumps(run.signed("bad-1")).encode()
    run.post("cut off", SIGN, whole[:-40])
    run.post("wrong type", SIGN, run.signed("bad-2", context={"patientId": {"name": PLANTED["family name"]}}))
    run.post("other hook", SIGN, run.signed("bad-3", hook=PLANTED["family name"]))
    another = {"patient": PATIENT | {"id": PLANTED["identifier"]}}
    run.post("other patient", SIGN, run.signed("bad-4", prefetch=another))
    run.post("missing", VIEW, wire.call("patient-view", {"userId": "Practitioner/x", "patientId": P}, None))
    run.post("too large", SIGN, run.signed("bad-5", extra=PLANTED["note"] * 5000))
    run.post("content type", SIGN, whole, **{"Content-Type": f"text/{PLANTED['family name']}"})
    run.post("address", PLANTED["family name"], whole)
    run.post("fault of ours", SIGN, run.signed(BREAK))
    run.post("feedback broken", FEEDBACK, {"feedback": [wire.reaction(outcome=PLANTED["comment"])]})


def stand_outside(run: Run) -> None:
    """Tokens that do not hold, each of them with the patient inside."""
    body, name = run.signed("out-1"), PLANTED["family name"]
    used = run.token(SIGN)
    run.post("first use", SIGN, body, used)
    run.post("second use", SIGN, body, used)
    run.post("no token", SIGN, body, "")
    run.post("another's", SIGN, body, run.token(SIGN, aud=f"https://elsewhere.example/{name}"))
    run.post("expired", SIGN, body, run.token(SIGN, exp=1, sub=name))
    run.post("no issuer of ours", SIGN, body, run.token(SIGN, iss="https://stranger.example"))
    run.tokens.append(tokens.forged({"alg": "none", "kid": name}, tokens.claims(sub=name)))
    run.post("unsigned", SIGN, body, run.tokens[-1])


def meet_a_bad_fhir_server(run: Run) -> None:
    """A server whose faults are full of the patient."""
    said = {"severity": "error", "code": "exception", "diagnostics": f"{PLANTED['family name']} {BEARER}"}
    words = {"resourceType": "OperationOutcome", "issue": [said]}
    html = f"<h1>{PLANTED['family name']}</h1>".encode()
    elsewhere = {"Location": f"https://elsewhere.example/Patient?name={PLANTED['family name']}"}
    run.fhir.fail(fhir_server.Reply(words, 500), "Condition")
    run.fhir.fail(fhir_server.Reply(html, kind="text/html"), "Procedure")
    run.fhir.fail(fhir_server.Reply(words, 302, headers=elsewhere), "Observation")
    run.fhir.fail(fhir_server.Reply({"resourceType": PLANTED["family name"]}), "MedicationStatement")
    run.fhir.fail(fhir_server.Reply(PATIENT, cut=True), "AllergyIntolerance")
    run.post("bad FHIR server", SIGN, run.signed("fhir-1"))


def clients(folder: Path, fhir: str) -> Path:
    """The file of the one client."""
    keys = json.dumps(tokens.jwks(tokens.jwk(tokens.private_key())))
    path = folder / "clients.toml"
    lines = [
        "[[client]]",
        'id = "ehr"',
        f'issuer = "{tokens.ISSUER}"',
        f"jwks = '''{keys}'''",
        f'fhir_servers = ["{fhir}"]',
    ]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


@dataclass
class Left:
    """Everything that a run left: by what it is, its text."""

    run: Run
    texts: dict[str, str]
    spans: Collector


def environ(folder: Path, fhir: str, url: str) -> dict[str, str]:
    secret = folder / "key"
    secret.write_text(KEY + "\n", "utf-8")
    return {
        "PYTHONPATH": str(ROOT),
        "COBALAMIN_PORT": "0",
        "COBALAMIN_BASE_URL": tokens.BASE,
        "COBALAMIN_CLIENTS": str(clients(folder, fhir)),
        "COBALAMIN_PRIVATE_NETWORKS": "true",
        "COBALAMIN_PSEUDONYM_KEY_FILE": str(secret),
        "COBALAMIN_BUDGET_MS": "5000",
        "COBALAMIN_DRAIN_SECONDS": "3000",
        "COBALAMIN_MAX_BODY_BYTES": "50000",
        "COBALAMIN_METRICS_DIR": "var/metrics",
        "COBALAMIN_TELEMETRY_URL": url,
        "COBALAMIN_LOG_LEVEL": "debug",
    }


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Left:
    folder = tmp_path_factory.mktemp("secrets")
    with collecting() as (spans, url), fhir_server.serving([PATIENT, CONDITION]) as fhir:
        with running(COMMAND, folder, **environ(folder, fhir.base, url)) as service:
            run = Run(service, folder, fhir)
            for act in (succeed, fail, stand_outside, meet_a_bad_fhir_server):
                act(run)
            texts = {"metrics": requests.get(f"{service.url}/metrics", timeout=SECONDS).text}
            texts |= files(folder / "var", "running: ")
        texts |= files(folder / "var", "stopped: ")
        texts["log"] = service.banner + "".join(service.lines)
        texts["spans"] = spans.raw.decode("latin-1")
    texts |= {f"answer: {name}": str(reply.headers) + reply.text for name, reply in run.answers.items() if not reply.ok}
    return Left(run, texts, spans)


def files(folder: Path, when: str) -> dict[str, str]:
    """Every file byte for byte: spool, database with its log, metrics, used tokens."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {when + str(path.relative_to(folder)): path.read_bytes().decode("latin-1") for path in found}


STATUSES = {
    "cards": 200, "trace": 200, "view": 200, "feedback": 200, "first use": 200, "bad FHIR server": 200,
    "cut off": 400, "wrong type": 400, "other hook": 400, "other patient": 400, "feedback broken": 400,
    "missing": 412, "too large": 413, "content type": 415, "address": 404, "fault of ours": 500,
    "second use": 401, "no token": 401, "another's": 401, "expired": 401, "no issuer of ours": 401, "unsigned": 401,
}  # fmt: skip


def test_the_run_went_through_every_kind_of_answer(left: Left) -> None:
    assert {name: reply.status_code for name, reply in left.run.answers.items()} == STATUSES


def test_the_run_did_what_could_have_told(left: Left) -> None:
    """A search that finds nothing proves something only if there was something to be found."""
    texts, run = left.texts, left.run
    assert f'"rule": "{FAULTY}"' in texts["log"]
    assert '"fault": "LookupError"' in texts["log"]
    assert '"fault": "RuntimeError"' in texts["log"]
    assert texts["log"].count('"event": "token refused"') == list(STATUSES.values()).count(401)
    assert any(f"Bearer {BEARER}" in seen.headers.get("Authorization", "") for seen in run.fhir.seen)
    assert {seen.target for seen in run.fhir.seen} >= {"Condition", "Procedure", "Observation", "MedicationStatement"}
    assert re.search(r'cobalamin_fhir_fetches_total\{key="conditions",outcome="status-500"\} 1', texts["metrics"])
    assert left.spans.named("FHIR query")
    assert any(name.startswith("running: spool/") and '"kind"' in text for name, text in texts.items())
    engine = engine_of(f"sqlite:///{run.folder}/var/cobalamin.db")
    kept = counts(engine)
    engine.dispose()
    assert kept["evaluation"] >= 5
    assert kept["feedback"] == 1
    assert run.answers["cards"].json()["cards"][0]["indicator"] == "critical"


@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED)
def test_nothing_planted_is_left_anywhere(left: Left, planted: str) -> None:
    assert [where for where, text in left.texts.items() if planted in text] == []


def test_no_token_is_left_anywhere_whole_or_in_parts(left: Left) -> None:
    parts = {part for token in left.run.tokens for part in token.split(".") if len(part) > 20}
    assert len(parts) > 20
    assert [(where, part) for where, text in left.texts.items() for part in parts if part in text] == []


def test_every_log_line_is_json_of_known_fields(left: Left) -> None:
    lines = [json.loads(line) for line in left.run.service.lines if line.strip()]
    assert len(lines) > len(STATUSES)
    assert [line for line in lines if "dropped" in line] == []


def test_a_database_that_is_away_does_not_tell_its_password(tmp_path: Path) -> None:
    url = f"postgresql://cobalamin:{PASSWORD}@127.0.0.1:9/cobalamin"
    command = (sys.executable, "-m", "cds_service", "serve", "--demo", "--port", "0", "--drain-seconds", "0.2")
    secrets = {"COBALAMIN_DATABASE_URL": url, "COBALAMIN_LOG_LEVEL": "debug", "COBALAMIN_PSEUDONYM_KEY": KEY}
    with running(command, tmp_path, PYTHONPATH=str(ROOT), **secrets) as service:
        ready = requests.get(f"{service.url}/health/ready", timeout=SECONDS)
        called = requests.post(f"{service.url}/cds-services/{SIGN}", json=wire.sign(wire.draft()), timeout=SECONDS)
        everything = ready.text + requests.get(f"{service.url}/metrics", timeout=SECONDS).text
    everything += service.banner + "".join(service.lines)
    assert (ready.status_code, ready.json()["checks"]["database"]) == (200, "unreachable")
    assert called.json()["cards"]
    assert "away" in everything
    assert PASSWORD not in everything
    assert KEY not in everything


@pytest.mark.parametrize(
    "variable", ["COBALAMIN_PORT", "COBALAMIN_DATABASE_URL", "COBALAMIN_PSEUDONYM_KEY", "COBALAMIN_WORKERS"]
)
def test_a_wrong_setting_is_not_repeated(tmp_path: Path, variable: str) -> None:
    command = (sys.executable, "-m", "cds_service", "serve", "--port", "0")
    with (
        pytest.raises(AssertionError) as said,
        running(
            command, tmp_path, PYTHONPATH=str(ROOT), **{variable: f"{PASSWORD}://x", f"{variable}_FILE": "/nowhere"}
        ),
    ):
        pass
    assert variable in str(said.value)
    assert PASSWORD not in str(said.value)
