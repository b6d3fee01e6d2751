"""The SMART app's addresses: what they take, whom they answer, and that nothing of it stays."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar
from werkzeug.test import TestResponse

from cds_service.clients import Client
from cds_service.demo.patients import load_demo
from cds_service.fhir.templates import TEMPLATES
from cds_service.knowledge import Knowledge, roots
from cds_service.settings import Settings
from tests.helpers.jotted import PATIENT
from tests.helpers.patients import prefetch_of
from tests.helpers.wire import application, ask, bundle, call, context, refused, spooled, view

Json = dict[str, Any]
HOSPITAL = Client(
    "hospital",
    "https://ehr.example",
    fhir_servers=("https://ehr.example/fhir", "https://other.example:8443/r4/"),
    smart_app=True,
    smart_client_id="b12-app",
    smart_origins=("https://login.example",),
    smart_frames=("https://ehr.example",),
)
OURS = {"Sec-Fetch-Site": "same-origin"}
NEW = "born 1951; female; PA since 2019; lab 2026-10-20 B12 90 pg/mL; lab 2026-10-20 haemoglobin 9.1 g/dL"
ASKED = ("/smart/story", "/smart/plan.ics", "/smart/plan.json")


def service(knowledge: Knowledge, settings: Settings, **parts: Any) -> Flask:
    return application(knowledge, settings, smart=(HOSPITAL,), **parts)


@pytest.fixture
def caller(knowledge: Knowledge, settings: Settings) -> FlaskClient:
    return service(knowledge, settings).test_client()


@pytest.fixture
def demo(knowledge: Knowledge, settings: Settings) -> FlaskClient:
    examples = load_demo(roots().fhir_profiles / "demo")
    return service(knowledge, settings.model_copy(update={"demo": True}), demo=examples).test_client()


def question(record: str = NEW, **fields: Any) -> Json:
    request = call("patient-view", {"patientId": PATIENT}, prefetch_of(record))
    return {"app": "hospital", "request": request, "view": {"width": 800}, "choices": {}} | fields


def post(caller: FlaskClient, path: str, body: Json, headers: dict[str, str] | None = None) -> TestResponse:
    return caller.post(path, json=body, headers=OURS if headers is None else headers)


def policy(response: TestResponse) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in response.headers["Content-Security-Policy"].split(";"))
    return {name: value for name, _, value in parts}


def test_an_ehr_that_is_named_opens_the_app_and_its_page_may_call_that_ehr_alone(caller: FlaskClient) -> None:
    for server in ("https://ehr.example/fhir", "https://ehr.example/fhir/", "https://other.example:8443/r4"):
        response = caller.get("/smart/launch", query_string={"iss": server, "launch": "xyz"})
        assert response.status_code == 200
        found = policy(response)
        assert found["connect-src"] == ("'self' https://ehr.example https://other.example:8443 https://login.example")
        assert (found["default-src"], found["script-src"], found["style-src"]) == ("'none'", "'self'", "'self'")
        assert found["frame-ancestors"] == "'self' https://ehr.example"
        page = response.get_data(as_text=True)
        assert 'data-client="b12-app"' in page
        assert 'data-redirect="http://localhost/smart/app/hospital"' in page


@pytest.mark.parametrize(("query", "scope"), [({"launch": "xyz"}, " launch"), ({}, " launch/patient")])
def test_the_scopes_are_what_is_read_and_what_may_be_saved(
    caller: FlaskClient, query: dict[str, str], scope: str
) -> None:
    page = caller.get("/smart/launch", query_string={"iss": HOSPITAL.fhir_servers[0]} | query).get_data(as_text=True)
    scopes = page.partition('data-scope="')[2].partition('"')[0]
    assert scopes.endswith(scope)
    asked = set(scopes.split())
    assert {f"patient/{kind}.rs" for kind, _ in TEMPLATES.values()} <= asked
    assert {one for one in asked if one.endswith(".c")} == {"patient/CarePlan.c", "patient/MedicationRequest.c"}


def test_the_address_to_come_back_to_is_the_one_that_is_registered(knowledge: Knowledge, settings: Settings) -> None:
    caller = service(knowledge, settings.model_copy(update={"base_url": "https://cds.example/b12/"})).test_client()
    page = caller.get("/smart/launch", query_string={"iss": HOSPITAL.fhir_servers[0]}, headers={"Host": "evil.example"})
    assert 'data-redirect="https://cds.example/b12/smart/app/hospital"' in page.get_data(as_text=True)


@pytest.mark.parametrize(
    "server", ["https://evil.example/fhir", "https://ehr.example", "https://ehr.example/fhir/x", "'"]
)
def test_a_server_that_is_not_named_is_not_called(caller: FlaskClient, server: str) -> None:
    response = caller.get("/smart/launch", query_string={"iss": server})
    assert response.status_code == 400
    assert policy(response)["connect-src"] == "'self'"
    assert server not in response.get_data(as_text=True)


def test_without_a_client_whose_users_may_open_it_there_is_no_app(knowledge: Knowledge, settings: Settings) -> None:
    caller = application(knowledge, settings).test_client()
    assert caller.get("/smart/launch").status_code == 404
    assert post(caller, "/smart/story", question()).status_code == 404


def test_the_page_of_an_unknown_client_is_not_there(caller: FlaskClient) -> None:
    assert caller.get("/smart/app/hospital").status_code == 200
    assert caller.get("/smart/app/another").status_code == 404
    assert post(caller, "/smart/story", question(app="another")).status_code == 404


def test_the_demo_opens_on_an_example_patient_without_a_token(demo: FlaskClient) -> None:
    assert "Anna Brandt" in demo.get("/smart/launch").get_data(as_text=True)
    launch = {"iss": "http://localhost/demo/fhir", "patient": "brandt-anna"}
    response = demo.get("/smart/launch", query_string=launch, follow_redirects=True)
    page = response.get_data(as_text=True)
    assert "2026-03-10T09:00:00Z" in page
    assert policy(response)["connect-src"] == "'self'"


def test_the_answer_is_a_picture_a_table_and_a_plan(caller: FlaskClient) -> None:
    response = post(caller, "/smart/story", question(rule="loading_incomplete"))
    assert response.mimetype == "text/html"
    text = response.get_data(as_text=True)
    for words in (
        "<svg",
        "deficient below 150 pg/mL",
        "90 pg/mL",
        "Pernicious anaemia",
        "First dose",
        "Opened from the card",
    ):
        assert words in text
    assert "style=" not in text
    assert "<script" not in text


def test_the_same_question_gets_the_same_answer(caller: FlaskClient) -> None:
    first, second = (post(caller, "/smart/story", question()).get_data() for _ in range(2))
    assert first == second


def test_words_of_the_chart_cannot_act_as_markup(caller: FlaskClient) -> None:
    record = prefetch_of(NEW)
    record["conditions"]["entry"][0]["resource"]["code"]["text"] = "<img src=x onerror=alert(1)>\"'"
    body = question()
    body["request"]["prefetch"] = record
    text = post(caller, "/smart/story", body).get_data(as_text=True)
    assert "<img" not in text
    assert "&lt;img" in text


def test_an_empty_chart_says_what_was_not_seen(caller: FlaskClient) -> None:
    body = question()
    body["request"]["prefetch"] = {}
    text = post(caller, "/smart/story", body).get_data(as_text=True)
    assert "Not seen at all" in text
    assert "laboratory results" in text


def test_the_calendar_and_the_resources_come_as_they_are_called(caller: FlaskClient) -> None:
    response = post(caller, "/smart/plan.ics", question(choices={"weekday": 2}))
    assert response.mimetype == "text/calendar"
    assert len(Calendar.from_ical(response.get_data()).walk("VEVENT")) > 10
    found = post(caller, "/smart/plan.json", question()).get_json()["resources"]
    assert [one["resourceType"] for one in found] == ["CarePlan", "MedicationRequest", "MedicationRequest"]


@pytest.mark.parametrize("protocol", ["us-practice", "us-label", "uk-nice-bnf", "nl-kompas", "de-label"])
def test_the_orders_of_the_plan_pass_our_own_checks(knowledge: Knowledge, settings: Settings, protocol: str) -> None:
    caller = service(knowledge, settings.model_copy(update={"protocol": protocol})).test_client()
    for record in (NEW, f"{NEW}; given 2 times from 2026-11-16 every 2 days 1000 mcg IM"):
        found = post(caller, "/smart/plan.json", question(record)).get_json()["resources"]
        orders = [one | {"id": f"o{index}"} for index, one in enumerate(found) if one["resourceType"] != "CarePlan"]
        sign = call("order-sign", context(patientId=PATIENT, draftOrders=bundle(*orders)), prefetch_of(record))
        spoke = {card["source"]["topic"]["code"] for card in ask(caller, sign)}
        assert spoke <= {"baseline_labs_missing", "plan_undocumented", "potassium_check"}, (protocol, spoke)


STRANGERS = {
    "another site": {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
    "a site beside": {"Sec-Fetch-Site": "same-site"},
    "typed in": {"Sec-Fetch-Site": "none"},
    "an older browser elsewhere": {"Origin": "https://evil.example"},
    "no browser": {},
    "a site that lies of its origin": {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
}


@pytest.mark.parametrize("path", ASKED)
@pytest.mark.parametrize("headers", STRANGERS.values(), ids=STRANGERS)
def test_only_our_own_pages_are_answered(caller: FlaskClient, path: str, headers: dict[str, str]) -> None:
    assert post(caller, path, question(), headers).status_code == 403
    assert caller.get(path, headers=OURS).status_code == 405


def test_every_address_of_the_app_is_an_empty_page_or_answers_our_own_pages_alone(caller: FlaskClient) -> None:
    rules = [rule for rule in caller.application.url_map.iter_rules() if rule.rule.startswith("/smart")]
    assert {rule.rule for rule in rules if "GET" in (rule.methods or ())} == {"/smart/launch", "/smart/app/<client>"}
    assert {rule.rule for rule in rules if "POST" in (rule.methods or ())} == set(ASKED)


@pytest.mark.parametrize("headers", [OURS, {"Origin": "http://localhost"}])
def test_our_own_page_is_known_by_what_the_browser_says(caller: FlaskClient, headers: dict[str, str]) -> None:
    assert post(caller, "/smart/story", question(), headers).status_code == 200


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"choices": {"interval": 5}}, "$.choices.interval"),
        ({"choices": {"start": "2020-01-01"}}, "$.choices.start"),
        ({"choices": {"start": "soon"}}, "$.choices.start"),
        ({"choices": {"loading": "double"}}, "$.choices.loading"),
        ({"view": {"width": 0}}, "$.view.width"),
        ({"app": 7}, "$.app"),
        ({"request": call("order-sign", {"patientId": PATIENT})}, "$.request.hook"),
        ({"request": call("patient-view", {"patientId": ""})}, "$.request.context.patientId"),
    ],
)
def test_what_is_wrong_in_a_question_is_named_by_its_path(caller: FlaskClient, changes: Json, path: str) -> None:
    refused(post(caller, "/smart/story", question(**changes)), 400, path)


def test_neither_day_nor_protocol_may_be_set_outside_the_demo(caller: FlaskClient) -> None:
    body = question()
    body["request"]["extension"] = {"org.cobalamin-cds.as-of": "2020-01-01T00:00:00Z"}
    refused(post(caller, "/smart/story", body), 400, "$.extension")


def test_another_patient_s_chart_is_refused(caller: FlaskClient) -> None:
    body = question()
    body["request"]["context"]["patientId"] = "somebody-else"
    refused(post(caller, "/smart/story", body), 400, "$.prefetch.patient")


def test_a_question_is_bounded_in_bytes_resources_and_depth(knowledge: Knowledge, settings: Settings) -> None:
    small = service(knowledge, settings.model_copy(update={"max_body_bytes": 1000})).test_client()
    refused(post(small, "/smart/story", question()), 413, "$")
    few = service(knowledge, settings.model_copy(update={"max_resources": 2})).test_client()
    assert post(few, "/smart/story", question()).status_code == 413
    deep = b'{"app": "hospital", "request": ' + b"[" * 200_000
    caller = service(knowledge, settings).test_client()
    assert caller.post("/smart/story", data=deep, headers=OURS, content_type="application/json").status_code == 400
    assert caller.post("/smart/story", data=b"{}", headers=OURS, content_type="text/plain").status_code == 415


def test_too_many_questions_are_refused_and_calls_still_come_in(knowledge: Knowledge, settings: Settings) -> None:
    caller = service(knowledge, settings).test_client()
    statuses = [post(caller, "/smart/story", {}).status_code for _ in range(601)]
    assert statuses[:600] == [400] * 600
    assert statuses[600] == 429
    assert caller.post("/cds-services/b12-patient-view", json=view(prefetch_of(NEW))).status_code != 429


def test_nothing_of_a_question_is_kept_or_logged(
    caller: FlaskClient, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for path in ASKED:
        assert post(caller, path, question()).status_code == 200
        assert post(caller, path, question(choices={"interval": 5})).status_code == 400
    assert not spooled(settings)
    said = " ".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records)
    assert not any(value in said for value in ("1951", "Pernicious", "90 pg", PATIENT))
