"""The knowledge as FHIR and as pages: read only, valid, and complete."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from flask.testing import FlaskClient

from cds_service.knowledge import Knowledge


def get(client: FlaskClient, path: str) -> dict[str, Any]:
    reply = client.get(path)
    assert (reply.status_code, reply.mimetype) == (200, "application/fhir+json")
    body: dict[str, Any] = reply.get_json(force=True)
    get_fhir_model_class(body["resourceType"]).model_validate(body)
    return body


@pytest.mark.parametrize("kind", ["PlanDefinition", "ActivityDefinition", "ValueSet"])
def test_each_definition_is_listed_and_can_be_read(client: FlaskClient, kind: str) -> None:
    bundle = get(client, f"/fhir/{kind}")

    assert bundle["total"] == len(bundle["entry"]) > 0
    for entry in bundle["entry"]:
        assert get(client, entry["fullUrl"].partition("localhost")[2]) == entry["resource"]


def test_what_can_be_read_is_told(client: FlaskClient) -> None:
    rest = get(client, "/fhir/metadata")["rest"]

    assert [one["type"] for one in rest[0]["resource"]] == ["ActivityDefinition", "PlanDefinition", "ValueSet"]


@pytest.mark.parametrize("path", ["/fhir/Patient", "/fhir/PlanDefinition/none", "/fhir/Patient/1", "/rules/none"])
def test_what_is_not_there_is_an_outcome(client: FlaskClient, path: str) -> None:
    reply = client.get(path)

    assert reply.status_code == 404
    assert reply.get_json(force=True)["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize("path", ["/fhir/PlanDefinition", "/fhir/PlanDefinition/maintenance-overdue", "/rules"])
def test_nothing_can_be_written(client: FlaskClient, path: str) -> None:
    assert client.post(path, json={}).status_code == 405
    assert client.delete(path).status_code == 405


def test_every_rule_has_a_page_with_its_source_attributes(client: FlaskClient, knowledge: Knowledge) -> None:
    listed = client.get("/rules").text
    for rule in knowledge.rules.values():
        assert f'href="/rules/{rule.id}"' in listed
        page = unescape(client.get(f"/rules/{rule.id}").text)
        for words in (rule.title, "Sources", "Developer", "Funding", "Released", "Uses of the patient", "Then "):
            assert words in page, rule.id
        assert "{{" not in page
