"""The patient of a request put onto a real FHIR server, and the request as an EHR sends it without prefetch."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from functools import cache
from itertools import count
from typing import Any
from uuid import uuid4

import requests

from cds_service.fhir.templates import ASKED_FOR, TEMPLATES
from cds_service.knowledge import roots

Json = dict[str, Any]
SECONDS = 120
EMPTY: Mapping[str, Any] = {"resourceType": "Bundle", "type": "searchset", "total": 0}
RUN, NUMBERS = uuid4().hex[:8], count(1)


def new_patient() -> str:
    """An id that no other test, process or run uses: a server may be shared."""
    return f"p-{RUN}-{next(NUMBERS)}"


def asked(request: Json) -> Json:
    """The request with exactly the prefetch that its hook asks for; what it does not have becomes known to be empty."""
    sent = request.get("prefetch") or {}
    return request | {"prefetch": {key: sent.get(key) or dict(EMPTY) for key in ASKED_FOR[request["hook"]]}}


def renamed(request: Json, patient: str = "") -> Json:
    """The request about a patient of another id, all of whose resources have ids of their own too."""
    old, new = request["context"]["patientId"], patient or new_patient()
    names = {f"Patient/{old}": new} | {
        f"{one['resourceType']}/{one['id']}": f"{new}-{one['id']}"
        for one in resources_of(request)
        if one["resourceType"] != "Patient"
    }

    def rename(node: Json) -> Json:
        kind, reference = node.get("resourceType"), node.get("reference")
        if found := names.get(f"{kind}/{node.get('id')}"):
            node["id"] = found
        if isinstance(reference, str) and reference in names:
            node["reference"] = f"{reference.partition('/')[0]}/{names[reference]}"
        return node

    copy: Json = json.loads(json.dumps(request), object_hook=rename)
    copy["context"]["patientId"] = new
    return copy


def resources_of(request: Json) -> Iterator[Json]:
    """Every resource in the prefetch."""
    for value in (request.get("prefetch") or {}).values():
        if value and value["resourceType"] == "Bundle":
            yield from (entry["resource"] for entry in value.get("entry", []))
        elif value:
            yield value


def example_requests() -> Iterator[Json]:
    """The example requests that the project ships, whose patients are on every server of these tests."""
    for path in sorted((roots().fhir_profiles / "examples").glob("*.json")):
        request = json.loads(path.read_text("utf-8"))
        yield renamed(asked(request), request["context"]["patientId"])


def load_examples(base: str) -> None:
    """Put the patients of all example requests onto the server."""
    load(base, (one for request in example_requests() for one in resources_of(request)))


def load(base: str, resources: Iterable[Json], token: str = "") -> None:
    """Put all resources onto the server under their own ids, in one transaction."""
    by_place = {f"{one['resourceType']}/{one['id']}": one for one in resources}
    entries = [
        {"fullUrl": f"{base}/{place}", "resource": one, "request": {"method": "PUT", "url": place}}
        for place, one in by_place.items()
    ]
    headers = {"Content-Type": "application/fhir+json"} | bearer(token)
    sent = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    answer = requests.post(base, json=sent, headers=headers, timeout=SECONDS)
    assert answer.status_code == 200, answer.text


def search(base: str, query: str, token: str = "") -> Json:
    """What the server itself answers to a read or search."""
    answer = requests.get(f"{base}/{query}", headers=bearer(token), timeout=SECONDS)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def bearer(token: str) -> dict[str, str]:
    """The header that presents a token."""
    return {"Authorization": f"Bearer {token}"} if token else {}


@cache
def unsearchable(base: str) -> frozenset[str]:
    """The keys that a server cannot be asked for, since by its own statement it does not search by patient there."""
    [rest] = search(base, "metadata")["rest"]
    known = {one["type"]: {parameter["name"] for parameter in one["searchParam"]} for one in rest["resource"]}
    return frozenset(
        key for key, (kind, query) in TEMPLATES.items() if "?patient=" in query and "patient" not in known.get(kind, ())
    )


def unsent(request: Json, base: str, *keys: str, token: str = "") -> Json:
    """
    The request with the server's address and without these prefetch keys.

    Where none is named, without all that the server can be asked for.
    """
    left = keys or frozenset(request["prefetch"]) - unsearchable(base)
    copy = deepcopy(request) | {"fhirServer": base}
    copy["prefetch"] = {key: value for key, value in copy["prefetch"].items() if key not in left}
    if token:
        copy["fhirAuthorization"] = {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "system/*.rs",
            "subject": "cobalamin",
        }
    return copy


def query_of(key: str, patient: str) -> str:
    """Our template as an EHR fills it in."""
    return TEMPLATES[key][1].replace("{{context.patientId}}", patient)
