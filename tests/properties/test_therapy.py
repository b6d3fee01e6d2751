"""What holds for every patient at every hook: order, repetition, others' data and the calendar change nothing."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.answer import Asked, answer
from cds_service.b12.verdict import Finding, Undecided, Verdict
from cds_service.hooks import read_request
from cds_service.writer import Judged
from tests.helpers.jotted import PATIENT, concept
from tests.helpers.patients import knowledge, request_of
from tests.helpers.tables import instant
from tests.properties.charts import (
    FEW,
    PROTOCOLS,
    TODAY,
    Json,
    ago,
    calls,
    changed,
    conditions,
    givens,
    judge,
    kinds,
    loadings,
    requests,
    shifted,
)

LONGEST_SUMMARY = 140  # characters, as CDS Hooks asks
LEAP_CYCLE = 1461  # days; by whole ones a birthday stays where it is


@FEW
@given(request=requests, protocol=PROTOCOLS, random=st.randoms(use_true_random=False))
def test_the_order_of_resources_does_not_matter(request: Json, protocol: str, random: Any) -> None:
    mixed = changed(request, lambda entries: random.sample(entries, len(entries)))
    keys = random.sample(sorted(mixed["prefetch"]), len(mixed["prefetch"]))
    mixed["prefetch"] = {key: mixed["prefetch"][key] for key in keys}
    assert kinds(judge(mixed, protocol)) == kinds(judge(request, protocol))


@FEW
@given(request=requests, protocol=PROTOCOLS)
def test_a_resource_sent_twice_counts_once(request: Json, protocol: str) -> None:
    twice = changed(request, lambda entries: [*entries, *entries])
    assert judge(twice, protocol) == judge(request, protocol)


def of_another(entry: Json) -> Json:
    """The same resource of another patient, under another id."""
    copy = deepcopy(entry)
    body = copy["resource"]
    body["id"] += "-other"
    body["patient" if "patient" in body else "subject"] = {"reference": "Patient/another"}
    return copy


@FEW
@given(request=requests, protocol=PROTOCOLS)
def test_another_patients_resources_do_not_count(request: Json, protocol: str) -> None:
    """But a list that holds what is not the patient's may lack what is: then a rule may say that it could not look."""
    mixed = changed(request, lambda entries: [*map(of_another, entries), *entries])
    pairs = zip(judge(mixed, protocol), judge(request, protocol), strict=True)
    assert all(got == alone or got.verdict == Undecided("all laboratory results") for got, alone in pairs)


def irrelevant() -> dict[str, Json]:
    """What bears on nothing here, by its key in the prefetch."""
    subject, rxnorm = {"subject": {"reference": f"Patient/{PATIENT}"}}, "http://www.nlm.nih.gov/research/umls/rxnorm"
    pressure = concept("http://snomed.info/sct", "38341003", "Hypertensive disorder")
    lisinopril = {"medicationCodeableConcept": concept(rxnorm, "29046", "Lisinopril")}
    glucose = {"code": concept("http://loinc.org", "2345-7", "Glucose")}
    dose = {"text": "10 mg by mouth daily", "doseAndRate": [{"doseQuantity": {"value": 10, "unit": "mg"}}]}
    when, dosage = ago(30).isoformat(), {"dosageInstruction": [dose]}
    ordered = {"status": "active", "intent": "order", "authoredOn": when}
    return {
        "conditions": {"resourceType": "Condition", "code": pressure, **subject},
        "procedures": {
            "resourceType": "Procedure", "status": "completed", "code": {"text": "Appendicectomy"}, **subject,
        },
        "medicationRequests": {"resourceType": "MedicationRequest", **ordered, **lisinopril, **dosage, **subject},
        "medicationAdministrations": {
            "resourceType": "MedicationAdministration", "status": "completed", "effectiveDateTime": when, **lisinopril,
            **subject,
        },
        "medicationStatements": {"resourceType": "MedicationStatement", "status": "active", **lisinopril, **subject},
        "observations": {
            "resourceType": "Observation", "status": "final", "effectiveDateTime": when,
            "valueQuantity": {"value": 95, "unit": "mg/dL"}, **glucose, **subject,
        },
        "serviceRequests": {"resourceType": "ServiceRequest", **ordered, **glucose, **subject},
        "allergies": {"resourceType": "AllergyIntolerance", "code": {"text": "Latex"}, "patient": subject["subject"]},
        "carePlans": {
            "resourceType": "CarePlan", "status": "active", "intent": "plan", "title": "Blood pressure", **subject,
        },
        "familyHistory": {
            "resourceType": "FamilyMemberHistory", "status": "completed", "patient": subject["subject"],
            "relationship": {"text": "father"}, "condition": [{"code": pressure}],
        },
    }  # fmt: skip


@FEW
@given(request=requests, protocol=PROTOCOLS)
def test_what_bears_on_nothing_changes_nothing(request: Json, protocol: str) -> None:
    more = deepcopy(request)
    for key, resource in irrelevant().items():
        if key in more["prefetch"]:
            more["prefetch"][key]["entry"].append({"resource": {"id": "irrelevant", **resource}})
    assert judge(more, protocol) == judge(request, protocol)


@FEW
@given(call=calls(), protocol=PROTOCOLS)
def test_another_drugs_draft_beside_the_others_changes_nothing(call: tuple[str, str, str], protocol: str) -> None:
    hook, record, draft = call
    if hook in {"order-select", "order-sign", "medication-refill"}:
        beside = judge(request_of(hook, record, f"{draft} & lisinopril 10 mg oral daily"), protocol)
        assert kinds(beside) == kinds(judge(request_of(hook, record, draft), protocol))


@FEW
@given(call=calls(), protocol=PROTOCOLS, by=st.integers(-2000, 2000), cycles=st.integers(-1, 2))
def test_only_the_time_between_matters(call: tuple[str, str, str], protocol: str, by: int, cycles: int) -> None:
    hook, record, draft = call
    by = cycles * LEAP_CYCLE if "born" in record else by
    if "born 1951;" in f"{record};":
        return  # a year alone is a different interval in every place of the calendar
    here = judge(request_of(hook, record, draft), protocol)
    there = judge(request_of(hook, shifted(record, by), shifted(draft, by)), protocol, TODAY + timedelta(days=by))
    assert kinds(there) == kinds(here)


@settings(FEW, max_examples=120)
@given(request=requests, protocol=PROTOCOLS)
def test_no_rule_breaks_and_every_card_is_whole(request: Json, protocol: str) -> None:
    asked = Asked(knowledge(), protocol, instant(TODAY.isoformat()), most_cards=20, most_resources=1000)
    found = answer(read_request(json.dumps(request).encode()), asked)
    assert not any(one.failed for one in found.judged)
    assert all(
        0 < len(card.summary) < LONGEST_SUMMARY and card.detail and "{{" not in card.detail for card in found.cards
    )
    assert len({(card.summary, json.dumps(card.extension, default=str)) for card in found.cards}) == len(found.cards)


@settings(FEW, max_examples=80)
@given(
    record=st.lists(st.one_of(givens, loadings), min_size=1, max_size=5).map("; ".join),
    problem=conditions,
    protocol=PROTOCOLS,
    later=st.integers(1, 400),
)
def test_waiting_never_makes_a_dose_less_overdue(record: str, problem: str, protocol: str, later: int) -> None:
    request = request_of("patient-view", f"{record}; {problem}", "")
    start = TODAY + timedelta(days=120)  # no dose is in the future any more
    now, then = (how_late(judge(request, protocol, start + timedelta(days=wait))) for wait in (0, later))
    assert now <= then


def of_rule(judged: tuple[Judged, ...], rule: str) -> Verdict:
    """The verdict of a rule about the patient."""
    return next(one.verdict for one in judged if one.rule == rule)


def how_late(judged: tuple[Judged, ...]) -> tuple[int, int]:
    """How overdue the next injection is: not at all, late or lapsed, and by how many days."""
    verdict = of_rule(judged, "maintenance_overdue")
    if not isinstance(verdict, Finding):
        return 0, 0
    late = verdict.facts["days"]
    assert isinstance(late, int)
    return ("late", "lapsed").index(verdict.variant) + 1, late
