"""What a clinician is writing as a hook asks: orders, or problems and allergies for the chart."""

from __future__ import annotations

from datetime import datetime

from msgspec import Raw, Struct

from cds_service.b12.episode import Stage
from cds_service.b12.episode_of import Moment
from cds_service.b12.names import mentions_b12
from cds_service.errors import MalformedRequest
from cds_service.fhir.chart_elements import Known
from cds_service.fhir.elements import Medication, MedicationUse, is_nothing
from cds_service.fhir.medication import medications_of
from cds_service.fhir.prefetch import Prefetched, read_added, read_bundle
from cds_service.fhir.read import Reading
from cds_service.fhir.references import may_matter
from cds_service.fhir.relevance import Matters
from cds_service.fhir.selections import selected_of
from cds_service.hooks import HookRequest

STAGES = {
    "patient-view": Stage.VIEW,
    "encounter-start": Stage.VIEW,
    "order-select": Stage.SELECT,
    "order-sign": Stage.SIGN,
    "medication-refill": Stage.SIGN,
    "encounter-discharge": Stage.DISCHARGE,
    "problem-list-item-create": Stage.PROBLEM,
    "allergyintolerance-create": Stage.ALLERGY,
}
DRAFTS = {"order-select": "draftOrders", "order-sign": "draftOrders", "medication-refill": "medications"}
ADDED = {"problem-list-item-create": "conditions", "allergyintolerance-create": "allergyIntolerance"}
"""Hook -> the field of its context that holds what is being written."""
ALIASES = {"allergyIntolerance": "allergyIntolerances"}  # as the hook's own examples for older FHIR have it
LAYMEN = frozenset({"Patient", "RelatedPerson"})


class Written(Struct, frozen=True):
    """
    What is being written, as it was read.

    `missing`: the call is about orders and came without; `unreadable`: what came for them is no list of orders.
    `unrelated`: all of it was read, and none of it bears on B12.
    """

    stage: Stage
    sent: Prefetched = Prefetched()
    selected: frozenset[str] = frozenset()
    missing: bool = False
    unreadable: bool = False
    unrelated: bool = False

    def moment(self, as_of: datetime, reading: Reading) -> Moment:
        """When and at what stage the question is asked, and what of the drafts could not be read."""
        lost, nameless = len(reading.lost_drafts), len(reading.nameless_drafts)
        return Moment(as_of, self.stage, self.selected, self.missing, self.unreadable, lost, nameless)


def read_written(request: HookRequest, most: int, matters: Matters) -> Written:
    """
    What is being written; nothing in hooks in which nothing is.

    Raises MalformedRequest (unknown hook, no patient), RequestTooLarge.
    """
    if request.hook not in STAGES:
        raise MalformedRequest(f"expected one of {', '.join(STAGES)}, got another hook", "$.hook")
    if not request.patient_id:
        raise MalformedRequest("expected a patient id, got an empty one", "$.context.patientId")
    stage, ordering = STAGES[request.hook], request.hook in DRAFTS
    if not ordering and request.hook not in ADDED:
        return Written(stage)
    name, raw = _field(request)
    if is_nothing(raw):
        return Written(stage, missing=ordering, unrelated=not ordering)
    where = f"context.{name}"
    sent = read_bundle(raw, where, most) if ordering else read_added(raw, where, most, matters)
    return Written(
        stage=stage,
        sent=sent,
        selected=selected_of(request.context.selections or (), raw, where),
        unreadable=ordering and any(note.where == where for note in sent.unread),
        unrelated=not sent.unread and not _relevant(sent, matters),
    )


def for_clinician(request: HookRequest) -> bool:
    """False where the user is the patient or a proxy: our words are for clinicians."""
    return LAYMEN.isdisjoint((request.context.userId or "").split("/")[-2:-1])


def _field(request: HookRequest) -> tuple[str, Raw]:
    name = DRAFTS.get(request.hook) or ADDED[request.hook]
    raw = getattr(request.context, name)
    if is_nothing(raw) and name in ALIASES:
        name = ALIASES[name]
        raw = getattr(request.context, name)
    return name, raw


def _relevant(sent: Prefetched, matters: Matters) -> bool:
    """
    A Medication beside the orders is none itself; an order of another drug may still speak of B12.

    One that does not say of what it is where we look for it may say so elsewhere.
    """
    bodies = [one for one in sent.resources if not isinstance(one.body, Medication)]
    beside = medications_of(sent.resources)
    return any(
        may_matter(one.body, beside, matters)
        or _is_drugless(one.body)
        or mentions_b12(bytes(one.raw).decode("utf-8", "replace"))
        for one in bodies
    )


def _is_drugless(body: Known) -> bool:
    return isinstance(body, MedicationUse) and not (body.medicationCodeableConcept or body.medicationReference)
