"""A rule's proposal as FHIR: what to create, update or delete, in the draft order's own shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Raw, Struct

from cds_service.b12.dose import B12Order
from cds_service.b12.verdict import (
    AddLoading,
    CorrectDose,
    CorrectRoute,
    CorrectVolume,
    OrderMaintenance,
    Proposal,
    ReplaceWithRegimen,
)
from cds_service.errors import OutputFault
from cds_service.fhir import orders


class ProposedAction(Struct, frozen=True):
    """One CDS Hooks action without its words."""

    type: str
    resource: dict[str, Any] | None = None
    resource_id: str | None = None


class Desk(Struct, frozen=True):
    """What is needed to write orders: the drafts as sent, the same as read, and whose they are."""

    originals: Mapping[str, Raw]
    drafts: Mapping[str, B12Order]
    patient_id: str


def actions_of(proposal: Proposal, desk: Desk) -> tuple[ProposedAction, ...]:
    """
    The actions of a proposal.

    Empty where no valid order can be written: an older FHIR version's draft, a draft without an id, or
    one that is not valid FHIR itself. The card's words then stand alone.
    """
    try:
        return WRITERS[type(proposal)](proposal, desk)
    except (OutputFault, RecursionError):  # the latter: a draft nested too deeply to copy
        return ()


def _updated(resource: orders.Resource) -> tuple[ProposedAction, ...]:
    return (ProposedAction("update", orders.check(resource)),)


def _draft(ref: str, desk: Desk) -> orders.Resource:
    order = desk.drafts[ref].order
    draft = orders.draft_of(desk.originals[ref])
    if not order.native or not draft.get("id"):
        raise OutputFault("expected an R4 draft with an id, got another")
    return draft


def _correct_dose(proposal: CorrectDose, desk: Desk) -> tuple[ProposedAction, ...]:
    draft, read = _draft(proposal.order, desk), desk.drafts[proposal.order]
    for step, mcg in proposal.steps:
        amount = read.steps[step].amount
        value, unit, code = orders.dose_units(mcg, amount.written if amount else "")
        draft = orders.with_dose(draft, step, value, unit, code)
    return _updated(draft)


def _correct_volume(proposal: CorrectVolume, desk: Desk) -> tuple[ProposedAction, ...]:
    draft = _draft(proposal.order, desk)
    for step, ml in proposal.steps:
        draft = orders.with_dose(draft, step, ml, "mL", "mL")
    return _updated(draft)


def _correct_route(proposal: CorrectRoute, desk: Desk) -> tuple[ProposedAction, ...]:
    return _updated(orders.with_route(_draft(proposal.order, desk), proposal.route))


def _add_loading(proposal: AddLoading, desk: Desk) -> tuple[ProposedAction, ...]:
    return _updated(orders.with_loading(_draft(proposal.order, desk), proposal.regimen, proposal.remaining))


def _replace(proposal: ReplaceWithRegimen, desk: Desk) -> tuple[ProposedAction, ...]:
    draft = _draft(proposal.order, desk)
    order = orders.check(orders.new_order(proposal.regimen, desk.patient_id, maintenance_only=False))
    gone = ProposedAction("delete", resource_id=f"{draft['resourceType']}/{draft['id']}")
    return gone, ProposedAction("create", order)


def _order_maintenance(proposal: OrderMaintenance, desk: Desk) -> tuple[ProposedAction, ...]:
    order = orders.new_order(proposal.regimen, desk.patient_id, maintenance_only=True)
    return (ProposedAction("create", orders.check(order)),)


WRITERS: Mapping[type, Callable[[Any, Desk], tuple[ProposedAction, ...]]] = {
    CorrectDose: _correct_dose,
    CorrectVolume: _correct_volume,
    CorrectRoute: _correct_route,
    AddLoading: _add_loading,
    ReplaceWithRegimen: _replace,
    OrderMaintenance: _order_maintenance,
}
