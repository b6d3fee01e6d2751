"""Patients on real FHIR servers, and what the service answers about them."""

from __future__ import annotations

import json
from typing import Any

from flask.testing import FlaskClient

from cds_service.asking import AS_OF
from cds_service.clients import DEVELOPMENT
from cds_service.fhir.fetching import Fetching
from cds_service.fhir.prefetch import Prefetched, read_prefetch
from cds_service.hooks import read_request
from tests.helpers import wire
from tests.helpers.on_server import asked, load, new_patient, renamed, resources_of, unsent
from tests.helpers.patients import request_of
from tests.properties import charts

Json = dict[str, Any]
SECONDS = 30
RICH = (
    "born 1951-04-02; female; PA since 2024-01-05; done 2010-05-01 total gastrectomy; kin PA; "
    "allergic to hydroxocobalamin; plan B12 since 2025-01-01; ordered 2025-01-05 1000 mcg IM every 3 months; "
    "given 2025-01-05 1000 mcg IM; given 2025-04-05 1000 mcg IM; dispensed 2025-04-01 1000 mcg IM; "
    "takes metformin since 2020-01-01; test ordered 2026-03-01 B12; "
    "lab 2024-01-02 B12 90 pg/mL; lab 2026-02-01 haemoglobin 98 g/L; lab 2026-02-01 potassium 4.1 mmol/L"
)


def rich(hook: str = "patient-view", draft: str = "") -> Json:
    """A patient with a resource of every type that we ask for."""
    return renamed(asked(request_of(hook, RICH, draft)))


def by_reference() -> Json:
    """A patient whose orders and doses name their drugs by reference only; the drugs stand beside them."""
    patient = new_patient()
    names = {f"{patient}-a": "Cyanocobalamin 1 mg/mL injection", f"{patient}-b": "Metformin 500 mg tablet"}
    record = (
        "born 1951-04-02; PA since 2024-01-05; given 2025-01-05 1000 mcg IM; "
        "ordered 2025-01-05 1000 mcg IM every 3 months; takes metformin since 2020-01-01"
    )
    request = renamed(asked(request_of("patient-view", record, "")), patient)
    for resource in resources_of(request):
        if resource.pop("medicationCodeableConcept", None):
            drug = f"{patient}-b" if resource["resourceType"] == "MedicationStatement" else f"{patient}-a"
            resource["medicationReference"] = {"reference": f"Medication/{drug}"}
    drugs = [{"resourceType": "Medication", "id": one, "code": {"text": name}} for one, name in names.items()]
    request["prefetch"]["medications"] = wire.bundle(*drugs, kind="searchset")
    return request


def on(base: str, request: Json, token: str = "") -> Json:
    """The request, after its patient was put onto the server."""
    load(base, resources_of(request), token)
    return request


def brought(fetching: Fetching, request: Json, base: str) -> Prefetched:
    """What is fetched for a request that brings nothing but what the server cannot be asked for."""
    called = read_request(json.dumps(unsent(request, base)).encode())
    sent = read_prefetch(called.prefetch or {}, 1000)
    return fetching(called, DEVELOPMENT, SECONDS)(request["hook"], sent, Prefetched())


def outcomes(found: Prefetched) -> dict[str, str]:
    """How each query went."""
    return {note.key: note.outcome for note in found.fetched}


def answered(service: FlaskClient, request: Json) -> Json:
    """The cards, uuids and all, or the refusal; on the day on which the charts are judged."""
    response = wire.post(service, request | {"extension": {AS_OF: f"{charts.TODAY}T12:00:00Z"}})
    found: Json = response.get_json()
    assert response.status_code in {200, 412}, found
    return found


def not_seen(found: Json) -> set[str]:
    """The types that the cards say were not seen."""
    return {kind for card in found["cards"] for kind in card["extension"]["org.cobalamin-cds.trace"].get("notSeen", ())}
