"""The CarePlan that we propose: the regimen's phases and the checks that follow, in `draft`, to be saved."""

from __future__ import annotations

from collections.abc import Iterator

from cds_service.b12.policy import Check, Span
from cds_service.b12.protocol import LoadingStep, Maintenance, Regimen
from cds_service.b12.verdict import RecordPlan
from cds_service.fhir.new_orders import drug_of, timing_of
from cds_service.fhir.quantities import every, in_words, lasting, repeat_of
from cds_service.fhir.tests_ordered import concept_of_test, words_of_test
from cds_service.fhir.valid import Resource


def plan_of(proposal: RecordPlan, patient_id: str) -> Resource:
    """
    A plan of treatment with vitamin B12 that names no dates and no author, because neither is known here.

    It addresses the cause where that is a Condition; FHIR lets it address nothing else.
    """
    phases = [_activity(drug, "MedicationRequest") for drug in _phases(proposal.regimen)]
    causes = [{"reference": ref} for ref in proposal.cause if ref.startswith("Condition/")]
    plan: Resource = {
        "resourceType": "CarePlan",
        "status": "draft",
        "intent": "plan",
        "title": f"Vitamin B12 treatment: {proposal.regimen.title}",
        "subject": {"reference": f"Patient/{patient_id}"},
        "activity": [*phases, *(_activity(_checking(check), "ServiceRequest") for check in proposal.checks)],
    }
    return plan | ({"addresses": causes} if causes else {})


def _activity(detail: Resource, kind: str) -> Resource:
    return {"detail": {"kind": kind, "status": "not-started", **detail}}


def _phases(regimen: Regimen) -> Iterator[Resource]:
    drug = {"productCodeableConcept": {"text": drug_of(regimen)}}
    routes = " or ".join(route.value for route in regimen.routes)
    for step in regimen.loading:
        yield drug | _loading(step, f"{regimen.substance.value} {routes}")
    if regimen.maintenance:
        yield drug | _maintenance(regimen.maintenance, f"{regimen.substance.value} {routes}")


def _loading(step: LoadingStep, drug: str) -> Resource:
    fewest = int(step.doses.low) if step.doses else None
    how_many = _doses(step.doses) if step.doses else step.until
    words = f"Loading: {drug}, {_dose(step.dose)} {every(step.interval)}, {how_many}"
    return {"description": words, "scheduledTiming": timing_of(step, fewest)}


def _maintenance(maintenance: Maintenance, drug: str) -> Resource:
    lifelong = ", for life" if maintenance.lifelong else ""
    words = f"Maintenance: {drug}, {_dose(maintenance.dose)} {every(maintenance.interval)}{lifelong}"
    return {"description": words, "scheduledTiming": {"repeat": repeat_of(maintenance.interval)}}


def _doses(number: Span) -> str:
    return f"{in_words(number.low, number.high)} dose{'' if number.high == 1 else 's'}"


def _dose(dose: Span) -> str:
    return f"{in_words(dose.low, dose.high)} mcg"


def _checking(check: Check) -> Resource:
    tests = ", ".join(words_of_test(analyte) for analyte in check.tests)
    when = f"{lasting(check.after)} after the first dose"
    coded = {"code": concept_of_test(check.tests[0])} if len(check.tests) == 1 else {}
    return coded | {"description": f"Check: {tests}, {when}", "scheduledString": when}
