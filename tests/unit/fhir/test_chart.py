"""Allergies, tests ordered, care plans and the family, in every version of FHIR."""

from __future__ import annotations

from datetime import date

import pytest

from cds_service.b12.chart import Allergy, LabOrder, Plan
from cds_service.b12.words import Analyte
from cds_service.knowledge import Knowledge
from tests.helpers.reading import LOINC, SNOMED, Json, read, resource

COBALT = {"text": "Cobalt"}
HIVES = {"manifestation": [{"text": "hives"}]}


def coded(code: str, system: str = SNOMED) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def allergies(knowledge: Knowledge, **fields: object) -> tuple[Allergy, ...]:
    return read(knowledge, resource("AllergyIntolerance", id="a", **fields)).record.allergies


NAMES: dict[str, Json] = {
    "cobalt": {"code": COBALT},
    "coded cobalamin": {"code": coded("419382002")},
    "named cobalamin": {"code": {"coding": [{"display": "Vitamin B12"}]}},
    "benzyl alcohol": {"code": {"text": "Benzyl alcohol"}},
    "DSTU2": {"substance": COBALT},
    "substance of a reaction": {"code": {"text": "injection"}, "reaction": [{"substance": COBALT}]},
    "reaction that is no list": {"reaction": {"substance": COBALT}},
    "coding that is no list": {"code": {"coding": {"system": SNOMED, "code": "419382002"}}},
}


@pytest.mark.parametrize("fields", NAMES.values(), ids=NAMES)
def test_an_allergy_to_what_b12_products_hold_is_kept(knowledge: Knowledge, fields: Json) -> None:
    assert len(allergies(knowledge, **fields)) == 1


@pytest.mark.parametrize("fields", [{}, {"code": {"text": "Penicillin"}}, {"code": coded("764146007")}])
def test_other_allergies_are_passed_over(knowledge: Knowledge, fields: Json) -> None:
    assert allergies(knowledge, **fields) == ()


STATUSES = {
    "R4": ({"clinicalStatus": coded("active"), "verificationStatus": coded("confirmed")}, ("active", "confirmed")),
    "STU3": ({"clinicalStatus": "resolved", "verificationStatus": "refuted"}, ("resolved", "refuted")),
    "DSTU2, how it goes": ({"status": "inactive"}, ("inactive", "")),
    "DSTU2, how sure it is": ({"status": "entered-in-error"}, ("", "entered-in-error")),
    "none": ({}, ("", "")),
}


@pytest.mark.parametrize(("fields", "expected"), STATUSES.values(), ids=STATUSES)
def test_both_statuses_of_an_allergy(knowledge: Knowledge, fields: Json, expected: tuple[str, str]) -> None:
    [found] = allergies(knowledge, code=COBALT, **fields)

    assert (found.clinical_status, found.verification) == expected


def test_how_bad_an_allergy_is(knowledge: Knowledge) -> None:
    reactions = [HIVES | {"severity": "mild"}, HIVES | {"severity": "severe"}, HIVES]
    [found] = allergies(knowledge, code=COBALT, type="intolerance", criticality="CRITH", reaction=reactions)

    assert (found.kind, found.criticality, found.severity) == ("intolerance", "high", "severe")


def orders(knowledge: Knowledge, kind: str = "ServiceRequest", **fields: object) -> tuple[LabOrder, ...]:
    return read(knowledge, resource(kind, id="t", **fields)).record.tests


B12 = coded("2132-9", LOINC)
VERSIONS: dict[str, tuple[str, Json]] = {
    "R4": ("ServiceRequest", {"code": B12, "authoredOn": "2026-03-01"}),
    "STU3": ("ProcedureRequest", {"code": B12, "authoredOn": "2026-03-01"}),
    "DSTU2 procedure": ("ProcedureRequest", {"code": B12, "orderedOn": "2026-03-01"}),
    "DSTU2": ("DiagnosticOrder", {"item": [{"code": B12}], "event": [{"dateTime": "2026-03-01"}]}),
}


@pytest.mark.parametrize(("kind", "fields"), VERSIONS.values(), ids=VERSIONS)
def test_a_test_order_of_every_version(knowledge: Knowledge, kind: str, fields: Json) -> None:
    [found] = orders(knowledge, kind, status="active", **fields)

    assert (found.analytes, found.status) == ((Analyte.B12,), "active")
    assert found.authored
    assert found.authored.latest == date(2026, 3, 1)


def test_an_order_of_several_tests_names_each_once(knowledge: Knowledge) -> None:
    items = [{"code": coded(code, LOINC)} for code in ("718-7", "2132-9", "14685-2", "1-8")]
    [found] = orders(knowledge, "DiagnosticOrder", item=items)

    assert found.analytes == (Analyte.HAEMOGLOBIN, Analyte.B12)


@pytest.mark.parametrize(
    "fields", [{"occurrenceDateTime": "2026-04"}, {"occurrencePeriod": {"start": "2026-04-01", "end": "2026-04-30"}}]
)
def test_when_a_test_is_due(knowledge: Knowledge, fields: Json) -> None:
    [found] = orders(knowledge, code=B12, **fields)

    assert found.due
    assert (found.due.earliest, found.due.latest) == (date(2026, 4, 1), date(2026, 4, 30))


@pytest.mark.parametrize(
    "fields",
    [{}, {"code": coded("80146002")}, {"code": {"text": "B12"}}, {"code": B12, "doNotPerform": True}],
)
def test_other_requests_are_passed_over(knowledge: Knowledge, fields: Json) -> None:
    assert orders(knowledge, **fields) == ()


def test_a_draft_of_a_test_is_no_order_yet(knowledge: Knowledge) -> None:
    record = read(knowledge, drafts=(resource("ServiceRequest", id="d", code=B12, status="draft"),)).record

    assert [one.ref for one in record.draft_tests] == ["ServiceRequest/d"]
    assert record.tests == record.drafts == ()


ORDERED = [
    ("active", "order", True), ("completed", "", True), ("draft", "order", False), ("revoked", "order", False),
    ("active", "proposal", False), ("entered-in-error", "order", False),
]  # fmt: skip


@pytest.mark.parametrize(("status", "intent", "counts"), ORDERED)
def test_which_test_orders_count(status: str, intent: str, *, counts: bool) -> None:
    assert LabOrder("t", (Analyte.B12,), status, intent).counts(date(2026, 3, 10)) is counts


def test_a_test_ordered_in_the_future_does_not_count(knowledge: Knowledge) -> None:
    [found] = orders(knowledge, code=B12, status="active", authoredOn="2026-03-11")

    assert not found.counts(date(2026, 3, 10))
    assert found.counts(date(2026, 3, 11))


def plans(knowledge: Knowledge, **fields: object) -> tuple[Plan, ...]:
    return read(knowledge, resource("CarePlan", id="p", status="active", **fields)).record.plans


PLACES: dict[str, Json] = {
    "title": {"title": "Vitamin B12 replacement"},
    "description": {"description": "hydroxocobalamin every 2 months"},
    "category": {"category": [{"text": "B12 therapy"}]},
    "activity": {"activity": [{"detail": {"code": {"text": "B12 injection"}}}]},
    "product": {"activity": [{"detail": {"productCodeableConcept": {"coding": [{"display": "cyanocobalamin"}]}}}]},
    "note": {"note": [{"text": "continue B12 for life"}]},
}


@pytest.mark.parametrize("fields", PLACES.values(), ids=PLACES)
def test_a_plan_that_speaks_of_b12_is_kept(knowledge: Knowledge, fields: Json) -> None:
    assert [one.status for one in plans(knowledge, **fields)] == ["active"]


def test_other_plans_are_passed_over(knowledge: Knowledge) -> None:
    assert plans(knowledge, title="Diabetes", activity=[{"detail": {"code": {"text": "foot check"}}}]) == ()


def test_the_span_of_a_plan(knowledge: Knowledge) -> None:
    [plan] = plans(knowledge, title="B12", period={"start": "2026-01-05"})

    assert plan.period[0]
    assert (plan.period[0].earliest, plan.period[1]) == (date(2026, 1, 5), None)


PERNICIOUS = {"code": coded("84027009")}


def test_the_problems_of_a_relative_are_kept_apart_from_the_patients(knowledge: Knowledge) -> None:
    body = resource("FamilyMemberHistory", id="f", condition=[PERNICIOUS, {"code": {"text": "asthma"}}, {}])
    record = read(knowledge, body).record

    assert [(one.ref, len(one.concept.codes)) for one in record.relatives] == [("FamilyMemberHistory/f", 1)]
    assert record.conditions == ()


@pytest.mark.parametrize("fields", [{"status": "entered-in-error", "condition": [PERNICIOUS]}, {"condition": []}, {}])
def test_a_family_history_that_says_nothing(knowledge: Knowledge, fields: Json) -> None:
    assert read(knowledge, resource("FamilyMemberHistory", **fields)).record.relatives == ()


@pytest.mark.parametrize("kind", ["AllergyIntolerance", "ServiceRequest", "CarePlan", "FamilyMemberHistory"])
def test_another_patients_are_dropped_and_what_was_sent_is_seen(knowledge: Knowledge, kind: str) -> None:
    fields = {"code": COBALT if kind == "AllergyIntolerance" else B12, "title": "B12", "condition": [PERNICIOUS]}
    body = resource(kind, **fields) | {"subject": {"reference": "Patient/other"}}
    record = read(knowledge, body).record

    assert (record.allergies, record.tests, record.plans, record.relatives) == ((), (), (), ())
    assert kind in record.seen & record.partial
