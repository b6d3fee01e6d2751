"""Demo mode over HTTP: the FHIR server of the patients, the page, what explains a call; and none of it without."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from flask import Flask
from flask.testing import FlaskClient

from cds_service.demo.patients import load_demo
from cds_service.fhir.templates import TEMPLATES
from cds_service.knowledge import Knowledge, roots
from cds_service.settings import Settings
from cds_service.web.demo_fhir import Launching, launching_of
from cds_service.web.headers import page_policy
from cds_service.wsgi import build
from tests.helpers import wire
from tests.helpers.wire import Json, refused

FHIR = "/demo/fhir"
DEMO = load_demo(roots().fhir_profiles / "demo")
PATHS = ("/", "/demo/explain", f"{FHIR}/metadata", f"{FHIR}/Patient", f"{FHIR}/Patient/miller-ruth")
LAUNCH = f"{FHIR}/_services/smart/Launch"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"demo": True})


@pytest.fixture
def app(knowledge: Knowledge, settings: Settings) -> Flask:
    return wire.application(knowledge, settings, demo=DEMO)


def found(client: FlaskClient, query: str) -> Json:
    reply = client.get(f"{FHIR}/{query}")
    assert reply.status_code == 200, reply.get_data(as_text=True)
    assert reply.mimetype == "application/fhir+json"
    body: Json = reply.get_json()
    get_fhir_model_class(body["resourceType"]).model_validate(body)
    return body


def ids(bundle: Json) -> list[str]:
    return [entry["resource"]["id"] for entry in bundle.get("entry", [])]


def link(bundle: Json, relation: str) -> str:
    return next((one["url"] for one in bundle["link"] if one["relation"] == relation), "")


def test_production_has_none_of_it(settings: Settings, tmp_path: Any) -> None:
    production = build(settings.model_copy(update={"demo": False, "database_url": f"sqlite:///{tmp_path}/x.db"}))
    client = production.test_client()
    assert {client.get(path).status_code for path in PATHS} == {404}
    assert client.post("/demo/explain", json={}).status_code == 404
    assert client.post(LAUNCH, json={}).status_code == 404
    assert not [rule.rule for rule in production.url_map.iter_rules() if "demo" in rule.rule or rule.rule == "/"]


def test_demo_mode_has_all_of_it(settings: Settings, tmp_path: Any) -> None:
    client = build(settings.model_copy(update={"database_url": f"sqlite:///{tmp_path}/x.db"})).test_client()
    assert {client.get(path).status_code for path in PATHS if path != "/demo/explain"} == {200}


# FHIR


def test_the_capability_statement_says_which_fhir_and_what_can_be_asked(client: FlaskClient) -> None:
    statement = found(client, "metadata")
    assert (statement["resourceType"], statement["fhirVersion"]) == ("CapabilityStatement", "4.0.1")
    [rest] = statement["rest"]
    types = {one["type"] for one in rest["resource"]}
    assert {kind for kind, _ in TEMPLATES.values()} <= types
    for one in rest["resource"]:
        for parameter in one["searchParam"]:
            assert client.get(f"{FHIR}/{one['type']}?{parameter['name']}=x").status_code == 200


def test_patients_are_listed_and_read(client: FlaskClient) -> None:
    listed = found(client, "Patient")
    assert listed["total"] == len(ids(listed)) == 12
    assert found(client, "Patient/kim-mina")["birthDate"] == "2022-10-14"
    assert link(listed, "self") == f"http://localhost{FHIR}/Patient?_count=50"
    assert listed["entry"][0]["fullUrl"] == f"http://localhost{FHIR}/Patient/adeyemi-tunde"


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("Patient?name=kim", ["kim-mina"]),
        ("Patient?name=MIN", ["kim-mina"]),
        ("Patient?name=na", []),
        ("Patient?_id=kim-mina,miller-ruth", ["kim-mina", "miller-ruth"]),
        ("Patient?_id=kim", []),
        ("Patient?gender=female&birthdate=1957-03-14", ["miller-ruth"]),
        ("Patient?_id=kim-mina&_format=json", ["kim-mina"]),
        ("Practitioner?name=ames", ["dr-ames"]),
        ("Observation?patient=kim-mina&code=2132-9", ["kim-mina-lab-1"]),
        ("Observation?patient=Patient/kim-mina&code=http://loinc.org%7C2132-9", ["kim-mina-lab-1"]),
        ("Observation?subject=Patient/kim-mina&code=x,http://loinc.org%7C2132-9", ["kim-mina-lab-1"]),
        ("Observation?patient=kim-mina&code=http://snomed.info/sct%7C2132-9", []),
        ("Observation?patient=kim-mina&code=%7C2132-9", []),
        ("Observation?patient=kim-mina&category=imaging", []),
        ("Observation?patient=somebody", []),
        ("Observation?patient=", []),
        ("Condition?patient=sharma-priya&clinical-status=resolved", ["sharma-priya-problem-1"]),
        ("Condition?patient=sharma-priya&clinical-status=active", []),
        ("MedicationRequest?patient=hughes-gwen&status=active&code=317106", ["hughes-gwen-order-1"]),
        ("MedicationRequest?patient=hughes-gwen&status=completed", []),
        ("AllergyIntolerance?patient=kim-mina", []),
    ],
)
def test_a_search_finds_what_fits_and_nothing_else(client: FlaskClient, query: str, names: list[str]) -> None:
    bundle = found(client, query)
    assert ids(bundle) == names
    assert bundle["total"] == len(names)


def test_a_search_may_come_as_a_form(client: FlaskClient) -> None:
    form = {"patient": "kim-mina", "code": "http://loinc.org|2132-9"}
    reply = client.post(f"{FHIR}/Observation/_search", data=form)
    assert ids(reply.get_json()) == ["kim-mina-lab-1"]
    beside = client.post(f"{FHIR}/Observation/_search?code=2132-9", data={"patient": "kim-mina"})
    assert ids(beside.get_json()) == ["kim-mina-lab-1"]
    refused(client.post(f"{FHIR}/Observation/_search", json=form), 415)


def test_pages_together_are_the_whole_in_the_order_asked_for(client: FlaskClient) -> None:
    query, seen = "MedicationAdministration?patient=miller-ruth&_sort=-date&_count=5", list[str]()
    while query:
        bundle = found(client, query)
        assert bundle["total"] == 13
        assert len(ids(bundle)) <= 5
        seen += [entry["resource"]["effectiveDateTime"] for entry in bundle["entry"]]
        query = link(bundle, "next").removeprefix(f"http://localhost{FHIR}/")
    assert len(seen) == 13
    assert seen == sorted(seen, reverse=True)


def test_results_are_sorted_from_old_to_new_and_ids_by_name(client: FlaskClient) -> None:
    results = found(client, "Observation?patient=miller-ruth&_sort=date")
    days = [entry["resource"]["effectiveDateTime"] for entry in results["entry"]]
    assert days == sorted(days)
    assert ids(found(client, "Patient?_sort=-_id"))[0] == "weber-karl"
    assert ids(found(client, "Patient?_sort=birthdate"))[-1] == "kim-mina"


def test_a_count_of_nothing_gives_the_total_alone(client: FlaskClient) -> None:
    bundle = found(client, "Patient?_count=0")
    assert (bundle["total"], "entry" in bundle, link(bundle, "next")) == (12, False, "")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("Patient/nobody", 404, "not-found"),
        ("Encounter", 404, "not-supported"),
        ("Encounter/1", 404, "not-supported"),
        ("Patient?address=Berlin", 400, "not-supported"),
        ("Observation?name=kim", 400, "not-supported"),
        ("Observation?code:in=x", 400, "not-supported"),
        ("Observation?_include=Observation:subject", 400, "not-supported"),
        ("Patient?_sort=family", 400, "not-supported"),
        ("Patient?_count=many", 400, "invalid"),
        ("Patient?_count=-1", 400, "invalid"),
        ("Patient?_offset=9999999999999", 400, "invalid"),
        ("Patient/kim-mina/_history", 404, "not-found"),
    ],
)
def test_what_cannot_be_answered_exactly_is_refused(client: FlaskClient, path: str, status: int, code: str) -> None:
    issue = refused(client.get(f"{FHIR}/{path}"), status)
    assert issue["code"] == code
    assert "Berlin" not in issue["diagnostics"]


def test_nothing_can_be_written(client: FlaskClient) -> None:
    assert client.post(f"{FHIR}/Patient", json={"resourceType": "Patient"}).status_code == 405
    assert client.put(f"{FHIR}/Patient/kim-mina", json={"resourceType": "Patient"}).status_code == 405
    assert client.delete(f"{FHIR}/Patient/kim-mina").status_code == 405


def test_a_browser_of_another_origin_may_read(client: FlaskClient) -> None:
    reply = client.get(f"{FHIR}/Patient", headers={"Origin": "https://sandbox.example.org"})
    assert reply.headers["Access-Control-Allow-Origin"] in {"*", "https://sandbox.example.org"}
    asked = {"Origin": "https://sandbox.example.org", "Access-Control-Request-Method": "POST"}
    assert client.options(LAUNCH, headers=asked | {"Access-Control-Request-Headers": "content-type"}).status_code == 200


def test_a_launch_has_an_id_that_says_what_it_is_for(client: FlaskClient) -> None:
    body = {"launch_url": "http://app/launch", "parameters": {"patient": "kim-mina", "appContext": '{"card": "1"}'}}
    reply = client.post(LAUNCH, json=body)
    name = reply.get_json()["launch_id"]
    assert re.fullmatch(r"[A-Za-z0-9_-]+", name)
    assert launching_of(name) == Launching("kim-mina", '{"card": "1"}')
    assert launching_of(client.post(LAUNCH, json={}).get_json()["launch_id"]) == Launching()


@pytest.mark.parametrize(
    "body", [{"parameters": {"patient": "nobody"}}, {"parameters": 1}, {"parameters": {"appContext": "x" * 4001}}]
)
def test_a_launch_that_makes_no_sense_is_refused(client: FlaskClient, body: Json) -> None:
    reply = client.post(LAUNCH, json=body)
    assert reply.status_code == 400
    assert reply.get_json()["resourceType"] == "OperationOutcome"


# The page


def session_of(html: str) -> Json:
    text = re.search(r'<script type="application/json" id="session">(.*?)</script>', html, re.DOTALL)
    assert text
    session: Json = json.loads(text[1])
    return session


@pytest.mark.parametrize("patient", list(DEMO.stories))
def test_the_page_of_a_patient_carries_what_an_ehr_would_send(client: FlaskClient, patient: str) -> None:
    reply = client.get(f"/?patient={patient}")
    html = reply.get_data(as_text=True)
    session = session_of(html)
    assert session["patient"] == patient
    assert set(session["prefetch"]) == set(TEMPLATES)
    assert session["prefetch"]["patient"] == found(client, f"Patient/{patient}")
    assert session["prefetch"]["observations"]["total"] == found(client, f"Observation?patient={patient}")["total"]
    assert f'<h1 lang="en">{DEMO.stories[patient].name}</h1>' in html
    assert reply.headers["Content-Security-Policy"] == page_policy()


def test_the_page_says_once_that_it_is_no_substitute_for_judgement(client: FlaskClient) -> None:
    assert client.get("/").get_data(as_text=True).count("not a substitute for clinical judgement") == 1


def test_the_page_opens_with_the_first_story_and_takes_another_protocol(client: FlaskClient) -> None:
    assert session_of(client.get("/").get_data(as_text=True))["patient"] == "miller-ruth"
    session = session_of(client.get("/?patient=hughes-gwen&protocol=nl-kompas").get_data(as_text=True))
    assert session["extension"]["org.cobalamin-cds.protocol"] == "nl-kompas"


@pytest.mark.parametrize("query", ["patient=nobody", "protocol=nothing"])
def test_a_page_that_is_not_there_is_not_found(client: FlaskClient, query: str) -> None:
    assert client.get(f"/?{query}").status_code == 404


def test_static_files_are_kept_under_their_own_version_alone(client: FlaskClient) -> None:
    address = re.search(r"/static/\w+/demo/main\.js", client.get("/").get_data(as_text=True))
    assert address
    with client.get(address[0]) as kept:
        assert (kept.status_code, kept.mimetype) == (200, "text/javascript")
        assert "immutable" in kept.headers["Cache-Control"]
    with client.get("/static/older/demo/main.js") as older:
        assert older.headers["Cache-Control"] == "no-cache"
    assert client.get("/static/older/../demo.py").status_code == 404


# Why


def test_every_rule_of_the_hook_says_why(client: FlaskClient, knowledge: Knowledge) -> None:
    request = wire.example("order-sign-unit-mix-up")
    explained = client.post("/demo/explain", json=request).get_json()
    spoke = [one for one in explained["verdicts"] if one["kind"] == "finding"]
    assert [one["rule"] for one in spoke] == ["dose_unit_mismatch"]
    assert spoke[0]["facts"]["meant_mcg"] == "1000"
    assert spoke[0]["evidence"] == ["MedicationRequest/new-order"]
    assert {one["rule"] for one in explained["verdicts"]} <= set(knowledge.rules)
    assert len(explained["verdicts"]) > 25
    assert all(one["why"] and one["title"] for one in explained["verdicts"])
    assert ("phase", "maintenance") in {(one["fact"], one["value"]) for one in explained["facts"]}


def test_what_could_not_be_looked_at_and_was_not_read_is_told(client: FlaskClient) -> None:
    request = wire.sign(wire.draft(), prefetch={"conditions": wire.bundle({"resourceType": "Condition", "id": 1})})
    explained = client.post("/demo/explain", json=request).get_json()
    assert [one["where"] for one in explained["unread"]]
    assert {"undecided"} <= {one["kind"] for one in explained["verdicts"]}


def test_explaining_is_not_recorded(client: FlaskClient, settings: Settings) -> None:
    client.post("/demo/explain", json=wire.example("order-sign-unit-mix-up"))
    assert wire.spooled(settings) == []


def test_a_call_that_cannot_be_judged_cannot_be_explained(client: FlaskClient) -> None:
    refused(client.post("/demo/explain", json={"hook": "x"}), 400, "$")
    assert client.post("/demo/explain", data=b"{}").status_code == 415
