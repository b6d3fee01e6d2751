"""A plan as FHIR: the CarePlan and the draft MedicationRequests with its dates, for the clinician to save."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from msgspec.structs import replace

from cds_service.b12.protocol import Regimen
from cds_service.b12.verdict import RecordPlan
from cds_service.b12.words import Phase
from cds_service.fhir.care_plans import plan_of
from cds_service.fhir.new_orders import maintenance_order, whole_order
from cds_service.fhir.valid import Resource, check
from cds_service.plan_dates import PlannedStep
from cds_service.planned import Plan


def resources_of(plan: Plan, patient_id: str) -> tuple[Resource, ...]:
    """The CarePlan first, then the orders; none where there is no plan. Raises OutputFault if one is not valid."""
    if plan.regimen is None or not plan.steps:
        return ()
    written = (_care_plan(plan, plan.regimen, patient_id), *_orders(plan, plan.regimen, patient_id))
    return tuple(check(one) for one in written)


def _care_plan(plan: Plan, regimen: Regimen, patient_id: str) -> Resource:
    causes = tuple(cause.ref for cause in plan.causes)
    planned = plan_of(RecordPlan(regimen, tuple(one.check for one in plan.checks), causes), patient_id)
    details = [activity["detail"] for activity in planned["activity"]]
    phases, checks = details[: len(details) - len(plan.checks)], details[len(details) - len(plan.checks) :]
    for detail, step in zip(phases, plan.steps, strict=False):  # what follows a step without an end has no dates
        _dated(detail, step)
    for detail, one in zip(checks, plan.checks, strict=True):
        del detail["scheduledString"]
        detail["scheduledTiming"] = _on([one.day])
    return planned | {"period": {"start": plan.steps[0].days[0].isoformat()}}


def _dated(detail: Resource, step: PlannedStep) -> None:
    if step.phase is Phase.LOADING and not step.until:
        detail["scheduledTiming"] = _on(step.days)
    else:
        _begin(detail["scheduledTiming"], step)


def _orders(plan: Plan, regimen: Regimen, patient_id: str) -> Iterator[Resource]:
    """
    One for loading and one for maintenance, each from its first day on.

    Where loading has no number of doses, what follows is part of its order: close doses must not stand without an end.
    """
    loading = [step for step in plan.steps if step.phase is Phase.LOADING]
    if loading:
        open_end = any(step.until for step in loading)
        order = whole_order(regimen if open_end else replace(regimen, maintenance=None), patient_id)
        for instruction, step in zip(order["dosageInstruction"], loading, strict=False):
            _begin(instruction["timing"], step)
        yield order
    for step in plan.steps[len(loading) :]:
        order = maintenance_order(regimen, patient_id)
        _begin(order["dosageInstruction"][0]["timing"], step)
        yield order


def _begin(timing: Resource, step: PlannedStep) -> None:
    timing["repeat"] = {"boundsPeriod": {"start": step.days[0].isoformat()}} | timing["repeat"]


def _on(days: Sequence[date]) -> Resource:
    return {"event": [day.isoformat() for day in days]}
