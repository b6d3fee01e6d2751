"""Section 1.14: browser clients."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cds_service.knowledge import Knowledge
from cds_service.settings import Settings
from tests.helpers import wire

ORIGIN = "https://sandbox.cds-hooks.org"
PATHS = {
    "/cds-services": ("GET", "authorization"),
    "/cds-services/": ("GET", "authorization"),
    "/cds-services/b12-order-sign": ("POST", "authorization,content-type"),
    "/cds-services//b12-order-sign": ("POST", "authorization,content-type"),
    "/cds-services/b12-order-sign/feedback": ("POST", "authorization,content-type,accept"),
}


def preflight(client: FlaskClient, path: str, method: str, headers: str, origin: str = ORIGIN) -> TestResponse:
    asked = {"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
    return client.options(path, headers=asked)


@pytest.mark.parametrize(("path", "asked"), PATHS.items(), ids=PATHS)
def test_105_106_preflights_need_no_authentication(client: FlaskClient, path: str, asked: tuple[str, str]) -> None:
    method, headers = asked
    response = preflight(client, path, method, headers)
    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] in {"*", ORIGIN}
    assert method in response.headers["Access-Control-Allow-Methods"]
    allowed = {name.strip().lower() for name in response.headers["Access-Control-Allow-Headers"].split(",")}
    assert allowed >= set(headers.split(","))
    assert "Access-Control-Allow-Credentials" not in response.headers


ANSWERS = {
    "discovery": ("GET", "/cds-services", None, 200),
    "cards": ("POST", "/cds-services/b12-order-sign", wire.sign(wire.draft()), 200),
    "feedback": ("POST", "/cds-services/b12-order-sign/feedback", {"feedback": [wire.reaction()]}, 200),
    "malformed": ("POST", "/cds-services/b12-order-sign", {}, 400),
    "not found": ("POST", "/cds-services/b12", {}, 404),
    "wrong method": ("GET", "/cds-services/b12-order-sign", None, 405),
    "data missing": ("POST", "/cds-services/b12-patient-view", wire.view(), 412),
}


@pytest.mark.parametrize(("method", "path", "body", "status"), ANSWERS.values(), ids=ANSWERS)
def test_106_answers_and_errors_can_be_read_by_a_browser(
    client: FlaskClient, method: str, path: str, body: wire.Json | None, status: int
) -> None:
    response = client.open(path, method=method, json=body, headers={"Origin": ORIGIN})
    assert response.status_code == status
    assert response.headers["Access-Control-Allow-Origin"] in {"*", ORIGIN}


def test_106_only_the_origins_of_the_settings_are_allowed(knowledge: Knowledge, settings: Settings) -> None:
    chosen = settings.model_copy(update={"cors_origins": "https://ehr.example.org, https://two.example.org"})
    client = wire.application(knowledge, chosen).test_client()
    for origin, allowed in [("https://two.example.org", "https://two.example.org"), (ORIGIN, None)]:
        response = client.get("/cds-services", headers={"Origin": origin})
        assert response.headers.get("Access-Control-Allow-Origin") == allowed
