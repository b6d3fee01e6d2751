"""Every element of every type that we read may have any shape: sent, being written, or fetched; cards still come."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from typing import Any, get_args

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import inspect

from cds_service.fhir import elements as fhir
from cds_service.fhir.chart_elements import Known
from cds_service.fhir.templates import ASKED_FOR, TEMPLATES
from cds_service.knowledge import Knowledge
from cds_service.settings import Settings
from cds_service.wsgi import fetching_of, outbound_of
from tests.helpers import wire
from tests.helpers.fhir_server import FhirServer, Reply, serving

Path = tuple[str, ...]
Shape = Mapping[Path, Any]
SECONDS = 60
"""For one call; longer is a hang."""
READ_LATER: Mapping[str, tuple[type, ...]] = {
    "dosageInstruction": (fhir.Dosage,),
    "dosage": (fhir.Dosage,),
    "dispenseRequest": (fhir.DispenseRequest,),
    "reasonCode": (fhir.CodeableConcept,),
    "reasonCodeableConcept": (fhir.CodeableConcept,),
    "valueCodeableConcept": (fhir.CodeableConcept,),
    "dataAbsentReason": (fhir.CodeableConcept,),
    "category": (fhir.CodeableConcept,),
    "note": (fhir.Coding,),
    "activity": (fhir.CodeableConcept,),
    "contained": (fhir.Medication,),
}
"""What stands in elements that are left as bytes until somebody asks."""
TOKENS: Mapping[str, bytes] = {
    "huge number": b"1e400",
    "long number": b"9" * 5000,
    "tiny number": b"1e-400",
    "NUL": b'"\\u0000"',
    "lone surrogate": b'"\\ud800"',
    "long string": b'"' + b"x" * 20_000 + b'"',
    "right to left": '"\u202e٢٠٢٦\u202c"'.encode(),
    "combined": ('"' + "e\u0301\u0308" * 500 + '"').encode(),
    "deep list": b"[" * 3000 + b"]" * 3000,
    "deep object": b'{"a":' * 3000 + b"1" + b"}" * 3000,
    "wide list": b"[" + b"{}," * 5000 + b"{}]",
    "named twice": b'{"value":1,"value":"x","code":"ug","code":[],"coding":[],"coding":{"code":1}}',
    "resource": b'{"resourceType":"Patient","id":"other","resourceType":"Observation"}',
}
MARK = "@@{}@@"
CHART: wire.Json = wire.example("patient-view-overdue")["prefetch"]


def elements_of(kind: inspect.Type, path: Path = ()) -> Iterator[Path]:
    """The path of every element of a type; lists are passed through."""
    if isinstance(kind, inspect.UnionType):
        for one in kind.types:
            yield from elements_of(one, path)
    elif isinstance(kind, inspect.ListType):
        yield from elements_of(kind.item_type, path)
    elif isinstance(kind, inspect.StructType):
        for field in kind.fields:
            yield (*path, field.encode_name)
            yield from elements_of(field.type, (*path, field.encode_name))
    elif isinstance(kind, inspect.RawType):
        for later in READ_LATER.get(path[-1], ()):
            yield from elements_of(inspect.type_info(later), path)


TYPES: Mapping[str, tuple[Path, ...]] = {
    one.__struct_config__.tag: tuple(dict.fromkeys(elements_of(inspect.type_info(one)))) for one in get_args(Known)
}
WORDS = [
    "active",
    "completed",
    "draft",
    "final",
    "cancelled",
    "mcg",
    "ug",
    "mg",
    "mL",
    "1",
    "0",
    "wk",
    "mo",
    "2026-01-01",
    "2026",
    "2026-13-45",
    "9999-12-31T23:59:59-14:00",
    "Patient/p1",
    "Patient/p2",
    "#m",
    "Medication/m",
    "cyanocobalamin",
    "http://loinc.org",
    "2132-9",
    "http://snomed.info/sct",
    "84857004",
    "http://www.nlm.nih.gov/research/umls/rxnorm",
    "11248",
    "http://unitsofmeasure.org",
]
NUMBERS = st.integers(-1, 2000) | st.floats(allow_nan=False, allow_infinity=False) | st.integers()
LEAVES = (
    st.sampled_from([*WORDS * 8, *(MARK.format(name) for name in TOKENS)])
    | NUMBERS
    | st.none()
    | st.booleans()
    | st.text(max_size=20)
)
KEYS = st.sampled_from(sorted({name for paths in TYPES.values() for path in paths for name in path})) | st.text(
    max_size=5
)
ANY_JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=6
)


@st.composite
def resources(draw: st.DrawFn, kinds: st.SearchStrategy[str] = st.sampled_from(sorted(TYPES))) -> Any:  # noqa: B008
    """A resource of a type that we read: elements of it, at any depth, in or out of lists, of any shape."""
    kind = draw(kinds)
    body: dict[str, Any] = {"resourceType": kind, "id": draw(st.sampled_from(["r1", "r2", "p1"]))}
    body["patient" if kind in {"Immunization", "AllergyIntolerance"} else "subject"] = {
        "reference": f"Patient/{CHART['patient']['id']}"
    }
    if kind.startswith("Medication"):
        body["medicationCodeableConcept"] = {"text": "cyanocobalamin injection"}
        body["dosageInstruction"] = [wire.milligrams_for_micrograms()]
    for path in draw(st.lists(st.sampled_from(TYPES[kind]), min_size=1, max_size=6)):
        put(body, path, draw(ANY_JSON), listed=draw(st.booleans()))
    return body


def put(body: dict[str, Any], path: Path, value: Any, *, listed: bool) -> None:
    """Set an element, making what it stands in; what is there and is no object gives way."""
    at = body
    for name in path[:-1]:
        inner = at.get(name)
        found = inner[0] if isinstance(inner, list) and inner else inner
        if not isinstance(found, dict):
            found = {}
            at[name] = [found] if listed else found
        at = found
    at[path[-1]] = [value] if listed else value


def bundles(key: str) -> st.SearchStrategy[Any]:
    """What the chart has under a key and more of any shape; now and then something else altogether."""
    kind, entries = TEMPLATES[key][0], CHART.get(key, {}).get("entry", [])
    more = st.lists(resources(of_type(kind)), max_size=3)
    whole = more.map(lambda found: {"resourceType": "Bundle", "entry": [*entries, *wire.bundle(*found)["entry"]]})
    odd = st.lists(ANY_JSON, max_size=2).map(lambda found: {"resourceType": "Bundle", "entry": [*entries, *found]})
    return st.integers(0, 29).flatmap(lambda dice: ANY_JSON if dice == 0 else odd if dice < 4 else whole)


def of_type(kind: str) -> st.SearchStrategy[str]:
    """Mostly this type."""
    return st.sampled_from([kind, kind, kind, *sorted(TYPES)])


def written(body: Any) -> bytes:
    """The bytes, with every token in its place."""
    text = json.dumps(body).encode()
    for name, token in TOKENS.items():
        text = text.replace(json.dumps(MARK.format(name)).encode(), token)
    return text


def check(client: FlaskClient, hook: str, body: bytes, allowed: frozenset[int]) -> None:
    """Cards of which no check failed, or an error that names its path."""
    response = client.post(f"/cds-services/b12-{hook}", data=body, content_type="application/json")
    assert response.status_code in allowed, response.get_data(as_text=True)
    if response.status_code == 200:
        assert b"check_failed" not in response.data
        wire.check("response", response.get_json())
    else:
        wire.check("operation-outcome", response.get_json())
        assert response.get_json()["issue"][0]["expression"][0].startswith("$")


@pytest.fixture(scope="module")
def fhir_server() -> Iterator[FhirServer]:
    with serving() as running:
        yield running


@pytest.fixture(scope="module")
def client(knowledge: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    set_so = Settings(
        spool_dir=tmp_path_factory.mktemp("shapes") / "spool",
        private_networks=True,
        budget_ms=10_000,
        calls_per_minute=1_000_000,
    )
    with ExitStack() as stack:
        outbound = stack.enter_context(closing(outbound_of(set_so)))
        fetching = stack.enter_context(closing(fetching_of(set_so, knowledge, outbound)))
        yield wire.application(knowledge, set_so, fetching=fetching).test_client()


BOUNDED = settings(deadline=SECONDS * 1000, derandomize=True, database=None)
SENT, FETCHED = frozenset({200, 400, 412, 413}), frozenset({200, 412})
HOOK = st.sampled_from(["patient-view", "encounter-start", "encounter-discharge"])
ODD_PATIENT = resources(st.just("Patient")).map(lambda found: found | {"id": CHART["patient"]["id"]})
PATIENT = st.integers(0, 9).flatmap(lambda dice: st.just(CHART["patient"]) if dice else ODD_PATIENT)
ALWAYS = ("medicationRequests", "medicationAdministrations")
PREFETCH = st.fixed_dictionaries(
    {"patient": PATIENT, **{key: bundles(key) for key in ALWAYS}},
    optional={key: bundles(key) for key in TEMPLATES if key not in {"patient", *ALWAYS}},
)
CONTEXT = wire.context(patientId=CHART["patient"]["id"], encounterId="e1")


def test_every_type_that_we_read_is_here() -> None:
    assert set(TYPES) >= {kind for kind, _ in TEMPLATES.values()}
    assert ("dosageInstruction", "doseAndRate", "doseQuantity", "value") in TYPES["MedicationRequest"]


@settings(BOUNDED, max_examples=120)
@given(hook=HOOK, prefetch=PREFETCH)
def test_what_is_sent_may_have_any_shape(client: FlaskClient, hook: str, prefetch: wire.Json) -> None:
    check(client, hook, written(wire.call(hook, CONTEXT, prefetch)), SENT)


DRAFT = of_type("MedicationRequest")


@settings(BOUNDED, max_examples=120)
@given(drafts=st.lists(resources(DRAFT), min_size=1, max_size=3), around=ANY_JSON | st.none())
def test_what_is_being_written_may_have_any_shape(client: FlaskClient, drafts: list[Any], around: Any) -> None:
    request = wire.sign(*drafts, prefetch={"patient": {"resourceType": "Patient", "id": wire.PATIENT}})
    if around is not None:
        request["context"]["draftOrders"]["entry"].append(around)
    check(client, "order-sign", written(request), SENT)


@settings(BOUNDED, max_examples=40)
@given(data=st.data(), hook=HOOK)
def test_what_is_fetched_may_have_any_shape(
    client: FlaskClient, fhir_server: FhirServer, data: st.DataObject, hook: str
) -> None:
    fhir_server.faults.clear()
    for key in ASKED_FOR[hook]:
        fhir_server.fail(Reply(written(data.draw(PATIENT if key == "patient" else bundles(key)))), TEMPLATES[key][0])
    fhir_server.fail(Reply(written(data.draw(ANY_JSON))), "Medication")
    check(client, hook, written(wire.call(hook, CONTEXT, fhirServer=fhir_server.base)), FETCHED)
