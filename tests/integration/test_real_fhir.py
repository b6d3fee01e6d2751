"""
FHIR that nobody here wrote: every resource is read or passed over with a reason, and careful silence is kept.

The material lies beside the project and not in it; where it is absent these tests are skipped.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cds_service.b12.labs import LabResult
from cds_service.b12.units import amount_of
from cds_service.b12.words import AmountKind, Piece, Substance
from cds_service.fhir.prefetch import Prefetched, read_prefetch
from cds_service.fhir.read import Reading, read_record
from cds_service.knowledge import Knowledge
from tests.helpers.reading import MOST, answered, bundle, raw, timeline
from tests.helpers.wire import call, context, view

Json = dict[str, Any]
DATA = Path(__file__).parents[3] / "shared" / "data"
REAL, POPULATION = DATA / "real", DATA / "population"
AS_OF = datetime(2026, 11, 20, 12, tzinfo=UTC)
PROTOCOLS = ["uk-nice-bnf", "us-label", "us-practice"]
RXNORM_B12 = "2001499"
KEYS = {
    "Condition": "conditions",
    "MedicationRequest": "medicationRequests",
    "Observation": "observations",
    "AllergyIntolerance": "allergies",
}

needs_real = pytest.mark.skipif(not REAL.is_dir(), reason="no shared/data/real beside the project")
needs_population = pytest.mark.skipif(not POPULATION.is_dir(), reason="no shared/data/population beside the project")


def resources_of(path: Path) -> list[Json]:
    """Every resource in a JSON, NDJSON or Bundle file."""
    text = path.read_text("utf-8")
    bodies = (
        [json.loads(line) for line in text.splitlines() if line] if path.suffix == ".ndjson" else [json.loads(text)]
    )
    return [one for body in bodies for one in entries_of(body)]


def entries_of(body: Json) -> list[Json]:
    if body.get("resourceType") == "Bundle":
        return [entry["resource"] for entry in body.get("entry", []) if "resource" in entry]
    return [body]


def real_files() -> list[Path]:
    return sorted(path for path in REAL.glob("*") if path.suffix in {".json", ".ndjson"}) if REAL.is_dir() else []


def read_alone(knowledge: Knowledge, body: Json) -> tuple[Prefetched, Reading]:
    """One resource, read as its own patient's whole prefetch."""
    reference = (body.get("subject") or body.get("patient") or {}).get("reference", "")
    patient = (
        body["id"] if body["resourceType"] == "Patient" else reference.rpartition("/")[2].removeprefix("urn:uuid:")
    )
    sent = read_prefetch({"x": raw(bundle(body))}, MOST)
    return sent, read_record(patient or "p1", sent, Prefetched(), knowledge.codes)


@needs_real
@pytest.mark.parametrize("path", real_files(), ids=lambda path: path.stem)
def test_every_real_resource_is_read_or_passed_over_with_a_reason(knowledge: Knowledge, path: Path) -> None:
    found = resources_of(path)
    assert found
    for body in found:
        if "resourceType" not in body:
            continue
        sent, reading = read_alone(knowledge, body)
        assert all(note.reason for note in reading.record.unread)
        if sent.resources:
            assert reading.record.unread == ()


@needs_real
@pytest.mark.parametrize("path", real_files(), ids=lambda path: path.stem)
def test_every_real_resource_as_a_draft_gets_an_answer(knowledge: Knowledge, path: Path) -> None:
    for body in resources_of(path):
        if body.get("resourceType") != "MedicationRequest":
            continue
        request = sign(body, {})
        assert answered(knowledge, request, as_of=AS_OF).reading


def patient_of(order: Json) -> str:
    reference: str = order.get("subject", {}).get("reference", "Patient/p1")
    return reference.removeprefix("urn:uuid:").rpartition("/")[2]


def sign(order: Json, prefetch: Json) -> Json:
    return call("order-sign", context(patientId=patient_of(order), draftOrders=bundle(order)), prefetch)


@needs_real
def test_the_nhs_order_is_two_steps_of_one_ampoule_that_holds_ten_milligrams(knowledge: Knowledge) -> None:
    [body] = resources_of(REAL / "b12-nhs-dose-syntax-hydroxocobalamin.r4-DERIVED.json")
    _, reading = read_alone(knowledge, body)
    [order] = timeline(knowledge, reading.record, AS_OF).orders

    assert order.product.substance is Substance.HYDROXOCOBALAMIN
    assert order.product.strength
    assert (order.product.strength.mcg, order.product.strength.container_ml) == (5000, 2)
    assert [step.instruction.sequence for step in order.steps] == [1, 2]
    assert [(step.amount and (step.amount.high, step.amount.piece)) for step in order.steps] == [(1, Piece.AMPOULE)] * 2
    assert [step.computed and step.computed.high for step in order.steps] == [10_000, 10_000]
    first, second = order.schedules
    assert (first.total, first.interval[1]) == (6, Decimal(7) / 3)
    assert (second.total, second.period_high, second.unit.value) == (None, 3, "mo")


def smart_results(knowledge: Knowledge) -> Iterator[LabResult]:
    for path in sorted(REAL.glob("b12-lab-smart-stu-3-*.json")):
        for body in resources_of(path):
            _, reading = read_alone(knowledge, body)
            yield from timeline(knowledge, reading.record, AS_OF).results


@needs_real
def test_a_range_of_zero_to_zero_is_no_fault_of_a_real_result(knowledge: Knowledge) -> None:
    found = list(smart_results(knowledge))

    assert sorted(str(one.value) for one in found) == ["395", "423", "572"]
    assert [one.fault for one in found] == [None, None, None]


@needs_real
def test_a_greek_letter_is_a_microgram() -> None:
    [body] = resources_of(REAL / "shape-mii-microgram-greek-mu.json")
    [dosage] = body["dosageInstruction"]
    quantity = dosage["doseAndRate"][0]["doseQuantity"]
    amount = amount_of(
        Decimal(quantity["value"]), quantity["unit"], quantity.get("code", ""), quantity.get("system", "")
    )

    assert (amount.kind, amount.high) == (AmountKind.MASS, quantity["value"])


@needs_real
def test_a_drug_named_only_in_a_list_is_no_order(knowledge: Knowledge) -> None:
    [body] = resources_of(REAL / "b12-hl7-list-medications.json")
    _, reading = read_alone(knowledge, body)

    assert (reading.record.orders, reading.record.uses, reading.record.unread) == ((), (), ())


# The population


@cache
def population() -> dict[str, dict[str, list[Json]]]:
    """patient id -> type -> resources."""
    charts: dict[str, dict[str, list[Json]]] = {}
    for body in lines_of("Patient"):
        charts[body["id"]] = {"Patient": [body]} | {kind: [] for kind in KEYS}
    for kind in KEYS:
        for body in lines_of(kind):
            patient = (body.get("subject") or body["patient"])["reference"].removeprefix("urn:uuid:")
            charts[patient][kind].append(body)
    return charts


def lines_of(kind: str) -> Iterator[Json]:
    with gzip.open(POPULATION / f"{kind}.ndjson.gz", "rt", encoding="utf-8") as file:
        yield from (json.loads(line) for line in file)


def prefetch_of(chart: dict[str, list[Json]]) -> Json:
    bundles = {key: bundle(*chart[kind]) for kind, key in KEYS.items()}
    empty = dict.fromkeys(("medicationAdministrations", "medicationDispenses", "medicationStatements", "procedures"))
    return {"patient": chart["Patient"][0]} | bundles | empty


def b12_orders() -> list[tuple[str, Json]]:
    return [
        (patient, order)
        for patient, chart in population().items()
        for order in chart["MedicationRequest"]
        if any(one.get("code") == RXNORM_B12 for one in order["medicationCodeableConcept"]["coding"])
    ]


@needs_population
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_no_chart_of_the_population_gets_a_card_on_view(knowledge: Knowledge, protocol: str) -> None:
    charts = population()
    loud = {}
    for patient, chart in charts.items():
        request = view(prefetch_of(chart)) | {"context": {"userId": "Practitioner/1", "patientId": patient}}
        answer = answered(knowledge, request, as_of=AS_OF, protocol=protocol)
        assert answer.reading.record.unread == ()
        if answer.cards:
            loud[patient] = [card.summary for card in answer.cards]

    assert len(charts) == 615
    assert loud == {}


@needs_population
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_each_b12_order_of_the_population_has_no_readable_dose_and_nothing_else(
    knowledge: Knowledge, protocol: str
) -> None:
    orders = b12_orders()
    assert len(orders) == 36
    for patient, order in orders:
        request = sign(order, prefetch_of(population()[patient]))
        cards = answered(knowledge, request, as_of=AS_OF, protocol=protocol).cards
        assert [card.source.topic.code for card in cards] == ["dose_unreadable"]
        assert "gives no dose" in cards[0].summary
