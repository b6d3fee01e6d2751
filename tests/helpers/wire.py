"""CDS Hooks messages for tests: builders of requests, and checks that every answer has to pass."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from fhir.resources.R4B import get_fhir_model_class
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from werkzeug.test import TestResponse

from cds_service.app import create_app
from cds_service.knowledge import Knowledge, roots
from cds_service.openapi import load_schemas, openapi_of
from cds_service.publishing import published
from cds_service.recorder import recorder_of
from cds_service.settings import Settings
from cds_service.web.state import State

Json = dict[str, Any]
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
INSTANCE = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
PATIENT = "p1"
UCUM, SNOMED = "http://unitsofmeasure.org", "http://snomed.info/sct"
EXAMPLES = roots().fhir_profiles / "examples"
SCHEMAS = load_schemas(roots().fhir_profiles / "schemas")
REGISTRY: Registry[Any] = Registry().with_resources(
    (schema["$id"], Resource.from_contents(schema)) for schema in SCHEMAS.values()
)


def example(name: str) -> Json:
    """One of the example requests that the project ships."""
    body: Json = json.loads((EXAMPLES / f"{name}.json").read_text("utf-8"))
    return body


def examples() -> list[str]:
    """The names of all example requests."""
    return sorted(path.stem for path in EXAMPLES.glob("*.json"))


def application(knowledge: Knowledge, settings: Settings, **parts: Any) -> Flask:
    """The service with a clock that stands still; `parts` are those of its State that reach out of the process."""
    description, definitions = openapi_of(settings.base_url, SCHEMAS), published(knowledge, roots())
    recorder = recorder_of(settings)
    return create_app(State(settings, knowledge, recorder, lambda: NOW, description, definitions, **parts))


def quantity(value: float, unit: str, code: str = "") -> Json:
    """A UCUM quantity; the code is the unit unless given."""
    return {"value": value, "unit": unit, "system": UCUM, "code": code or unit}


def milligrams_for_micrograms() -> Json:
    """The dosage with the mix-up that every odd shape must still show: 1000 mg IM monthly."""
    return {
        "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "mo"}},
        "route": {"coding": [{"system": SNOMED, "code": "78421000"}]},
        "doseAndRate": [{"doseQuantity": quantity(1000, "mg")}],
    }


def draft(**changes: Any) -> Json:
    """A draft of cyanocobalamin 1000 mg IM; a change to None leaves an element out."""
    order = {
        "resourceType": "MedicationRequest",
        "id": "o1",
        "status": "draft",
        "intent": "order",
        "subject": {"reference": f"Patient/{PATIENT}"},
        "medicationCodeableConcept": {"text": "cyanocobalamin injection"},
        "dosageInstruction": [milligrams_for_micrograms()],
    }
    return {name: value for name, value in (order | changes).items() if value is not None}


def bundle(*resources: Json, kind: str = "collection") -> Json:
    """A Bundle of these resources."""
    return {"resourceType": "Bundle", "type": kind, "entry": [{"resource": resource} for resource in resources]}


def call(hook: str, context: Json, prefetch: Json | None = None, **fields: Any) -> Json:
    """A request of any hook; a field given as None is left out."""
    own: Json = {"hook": hook, "hookInstance": INSTANCE, "context": context, "prefetch": prefetch}
    return {name: value for name, value in (own | fields).items() if value is not None}


def context(**fields: Any) -> Json:
    """The context that every hook has, and more; a field given as None is left out."""
    own: Json = {"userId": "Practitioner/dr-1", "patientId": PATIENT}
    return {name: value for name, value in (own | fields).items() if value is not None}


def sign(*drafts: Json, prefetch: Json | None = None, **fields: Any) -> Json:
    """An order-sign request of these drafts."""
    return call("order-sign", context(draftOrders=bundle(*drafts)), prefetch, **fields)


def select(*drafts: Json, prefetch: Json | None = None, **fields: Any) -> Json:
    """An order-select request in which all drafts are selected."""
    chosen = [f"{one['resourceType']}/{one['id']}" for one in drafts]
    return call("order-select", context(draftOrders=bundle(*drafts), selections=chosen), prefetch, **fields)


def view(prefetch: Json | None = None, **fields: Any) -> Json:
    """A patient-view request."""
    return call("patient-view", context(), prefetch, **fields)


def reaction(**changes: Any) -> Json:
    """One feedback item; a change to None leaves a field out."""
    item = {"card": INSTANCE, "outcome": "overridden", "outcomeTimestamp": "2026-11-20T09:00:05Z"}
    return {name: value for name, value in (item | changes).items() if value is not None}


def post(client: FlaskClient, request: Json, service: str = "") -> TestResponse:
    """The raw answer of the service for the request's hook."""
    return client.post(f"/cds-services/{service or 'b12-' + request['hook']}", json=request)


def ask(client: FlaskClient, request: Json) -> list[Json]:
    """The cards, after everything that is true of any answer was checked."""
    response = post(client, request)
    assert response.status_code == 200, response.get_data(as_text=True)
    assert response.mimetype == "application/json"
    check("response", response.json)
    cards: list[Json] = response.get_json()["cards"]
    for resource in emitted(cards):
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    return cards


def refused(response: TestResponse, status: int, path: str = "") -> Json:
    """The issue of an OperationOutcome with this status that names this path."""
    assert response.status_code == status, response.get_data(as_text=True)
    assert response.mimetype == "application/fhir+json"
    check("operation-outcome", response.json)
    [issue] = response.get_json()["issue"]
    assert issue.get("expression", [""]) == [path]
    found: Json = issue
    return found


def topics(cards: list[Json]) -> dict[str, str]:
    """Which rule spoke, and how urgently."""
    return {card["source"]["topic"]["code"]: card["indicator"] for card in cards}


def actions(cards: list[Json]) -> Iterator[Json]:
    """Every suggested action."""
    for card in cards:
        for suggestion in card.get("suggestions", []):
            yield from suggestion.get("actions", [])


def emitted(cards: list[Json]) -> Iterator[Json]:
    """Every FHIR resource that an answer holds."""
    return (action["resource"] for action in actions(cards) if "resource" in action)


def spooled(settings: Settings) -> list[Json]:
    """What the service recorded, line by line."""
    return [json.loads(line) for path in settings.spool_dir.glob("*.jsonl") for line in path.read_text().splitlines()]


def check(schema: str, instance: Any) -> None:
    """Fail with every departure from the schema."""
    faults = [f"{fault.json_path}: {fault.message}" for fault in validator(schema).iter_errors(instance)]
    assert not faults, "\n".join(faults)


@cache
def validator(schema: str) -> Draft202012Validator:
    """The validator for one of the project's schemas."""
    return Draft202012Validator(SCHEMAS[schema], registry=REGISTRY, format_checker=FormatChecker())


def unwritable(folder: Path) -> Path:
    """A spool folder that no process can create: below a regular file."""
    (folder / "file").write_text("", "utf-8")
    return folder / "file" / "spool"
