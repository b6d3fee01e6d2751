"""Short ways to fetch from a server in tests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cds_service.clients import DEVELOPMENT
from cds_service.fhir.fetching import Fetching, Limits
from cds_service.fhir.prefetch import Prefetched, read_prefetch
from cds_service.fhir.relevance import EVERYTHING
from cds_service.fhir.templates import TEMPLATES
from cds_service.hooks import HookRequest, read_request
from cds_service.outbound import Outbound
from tests.helpers.fhir_server import FhirServer
from tests.helpers.reading import raw

Json = dict[str, Any]
PATIENT = "p1"
LONG = 10.0
"""Seconds; more than any of these needs."""
LIMITS = Limits(threads=16, pages=20, resources=1000)
NOTHING = Prefetched()


@contextmanager
def fetching(limits: Limits = LIMITS, most_bytes: int = 1_000_000) -> Iterator[Fetching]:
    """A way to servers on loopback, closed at the end."""
    outbound = Outbound(private_networks=True, most_bytes=most_bytes, at_once=limits.threads)
    made = Fetching(outbound, limits, EVERYTHING)
    try:
        yield made
    finally:
        made.close()
        outbound.close()


def request_to(server: FhirServer, patient: str = PATIENT, hook: str = "patient-view", **fields: Any) -> HookRequest:
    """A call that names the server."""
    body: Json = {"hook": hook, "hookInstance": "1", "context": {"patientId": patient}, "fhirServer": server.base}
    return read_request(json.dumps(body | fields).encode())


def fetched(
    server: FhirServer, prefetch: Json, limits: Limits = LIMITS, seconds: float = LONG, drafts: Prefetched = NOTHING
) -> Prefetched:
    """What came for a patient-view with this prefetch."""
    sent = read_prefetch({key: raw(value) for key, value in prefetch.items()}, 1000)
    with fetching(limits) as way:
        return way(request_to(server), DEVELOPMENT, seconds)("patient-view", sent, drafts)


def nothing_but(*keys: str) -> Json:
    """A prefetch that knows every other key to be empty."""
    return {key: None for key in TEMPLATES if key not in keys}


def ids(found: Prefetched) -> list[str]:
    """What came, by id."""
    return [f"{one.type}/{one.body.id}" for one in found.resources]


def outcomes(found: Prefetched) -> dict[str, str]:
    """How each query went."""
    return {note.key: note.outcome for note in found.fetched}


def condition(number: int | str, patient: str = PATIENT) -> Json:
    """A problem of a patient."""
    return {"resourceType": "Condition", "id": f"c{number}", "subject": {"reference": f"Patient/{patient}"}}
