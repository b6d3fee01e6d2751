"""New medication orders for a regimen of the protocol, in `draft`, for the clinician to sign."""

from __future__ import annotations

from collections.abc import Sequence

from cds_service.b12.policy import Span
from cds_service.b12.protocol import LoadingStep, Maintenance, Regimen
from cds_service.fhir.quantities import dose_of, repeat_of, route_concept
from cds_service.fhir.valid import Resource

Steps = Sequence[tuple[LoadingStep, int | None]]


def whole_order(regimen: Regimen, patient_id: str) -> Resource:
    """Loading, then maintenance, as one order in sequence."""
    return _order(regimen, patient_id, [*loading_of(regimen, None), *_maintenance_of(regimen)])


def maintenance_order(regimen: Regimen, patient_id: str) -> Resource:
    """Maintenance alone."""
    return _order(regimen, patient_id, _maintenance_of(regimen))


def loading_order(regimen: Regimen, remaining: int, patient_id: str) -> Resource:
    """The last `remaining` doses of loading alone."""
    return _order(regimen, patient_id, loading_of(regimen, remaining))


def loading_of(regimen: Regimen, remaining: int | None, route: Resource | None = None) -> list[Resource]:
    """The instructions of loading; only its last `remaining` doses, and by another route, if given."""
    by = route or route_concept(regimen.routes[0])
    return [_loading(step, doses, by) for step, doses in steps_of(regimen, remaining)]


def _maintenance_of(regimen: Regimen) -> list[Resource]:
    route = route_concept(regimen.routes[0])
    return [_maintenance(regimen.maintenance, route)] if regimen.maintenance else []


def drug_of(regimen: Regimen) -> str:
    """Words for the drug; a site's own list decides which product it becomes."""
    return f"{regimen.substance.value}{' injection' if regimen.routes[0].parenteral else ''}"


def _order(regimen: Regimen, patient_id: str, instructions: list[Resource]) -> Resource:
    if len(instructions) > 1:
        for number, instruction in enumerate(instructions, start=1):
            instruction["sequence"] = number
    return {
        "resourceType": "MedicationRequest",
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": {"text": drug_of(regimen)},
        "subject": {"reference": f"Patient/{patient_id}"},
        "dosageInstruction": instructions,
    }


def steps_of(regimen: Regimen, remaining: int | None) -> Steps:
    """The loading steps with their numbers of doses; only the last `remaining` doses of it, if given."""
    steps = [(step, int(step.doses.low) if step.doses else None) for step in regimen.loading]
    if remaining is None:
        return steps
    rest: list[tuple[LoadingStep, int | None]] = []
    for step, doses in reversed(steps):
        take = min(remaining, doses or remaining)
        if take > 0:
            rest.insert(0, (step, take))
        remaining -= take
    return rest


def timing_of(step: LoadingStep, doses: int | None) -> Resource:
    """When the doses of a loading step are given."""
    repeat: Resource = {"count": doses} if doses else {}
    return {"repeat": repeat | repeat_of(paced(step))}


def _loading(step: LoadingStep, doses: int | None, route: Resource) -> Resource:
    until = {} if doses else {"additionalInstruction": [{"text": step.until}]}
    dose = [{"doseQuantity": dose_of(step.dose)}]
    return until | {"timing": timing_of(step, doses), "route": route, "doseAndRate": dose}


def paced(step: LoadingStep) -> Span:
    """Where a source pairs fewer doses with a longer interval, the fewest doses go with the longest."""
    interval, doses = step.interval, step.doses
    if doses is None or doses.low == doses.high:
        return interval
    return Span(interval.high, interval.high, interval.unit, interval.since, interval.source)


def _maintenance(maintenance: Maintenance, route: Resource) -> Resource:
    timing = {"repeat": repeat_of(maintenance.interval)}
    return {"timing": timing, "route": route, "doseAndRate": [{"doseQuantity": dose_of(maintenance.dose)}]}
