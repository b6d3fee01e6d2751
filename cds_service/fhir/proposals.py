"""A rule's proposal as FHIR: what to create, update or delete, in the draft order's own shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from msgspec import Raw, Struct

from cds_service.b12 import verdict
from cds_service.b12.dose import B12Order
from cds_service.errors import OutputFault
from cds_service.fhir import drafts, new_orders
from cds_service.fhir.care_plans import plan_of
from cds_service.fhir.order_words import words_of_order, words_of_steps
from cds_service.fhir.quantities import dose_units
from cds_service.fhir.tests_ordered import order_of_test, words_of_test
from cds_service.fhir.valid import Resource, check
from cds_service.language import Language

Names = Callable[[Language], str]
"""What something is about, in the words of a language."""


def unnamed(_: Language) -> str:
    """Nothing: the suggestion's label says it all."""
    return ""


class ProposedAction(Struct, frozen=True):
    """One CDS Hooks action; `names` is what it is about in words, where the suggestion's label does not say it."""

    type: str
    resource: Resource | None = None
    resource_id: str | None = None
    names: Names = unnamed


Actions = tuple[ProposedAction, ...]


class Desk(Struct, frozen=True):
    """What is needed to write orders: all drafts as sent, those for B12 as read, and whose they are."""

    originals: Mapping[str, Raw]
    drafts: Mapping[str, B12Order]
    patient_id: str


def actions_of(proposal: verdict.Proposal, desk: Desk) -> Actions:
    """
    The actions of a proposal.

    Empty where no valid resource can be written: an older FHIR version's draft, a draft without an id, or
    one that is not valid FHIR itself. The card's words then stand alone.
    """
    try:
        return WRITERS[type(proposal)](proposal, desk)
    except (OutputFault, RecursionError):  # the latter: a draft nested too deeply to check
        return ()


def _called(words: str) -> Names:
    return lambda language: language.words(words)


def _created(resource: Resource, names: Names = unnamed) -> ProposedAction:
    return ProposedAction("create", check(resource), names=names)


def _ordered(order: Resource) -> ProposedAction:
    return _created(order, partial(words_of_order, order))


def _updated(draft: Resource, names: Names = unnamed) -> Actions:
    return (ProposedAction("update", check(draft), names=names),)


def _deleted(draft: Resource) -> ProposedAction:
    return ProposedAction("delete", resource_id=f"{draft['resourceType']}/{draft['id']}")


def _sent(ref: str, desk: Desk) -> Resource:
    draft = drafts.draft_of(desk.originals[ref])
    if not draft.get("id"):
        raise OutputFault("expected a draft with an id, got one without")
    return draft


def _draft(ref: str, desk: Desk) -> Resource:
    if not desk.drafts[ref].order.native:
        raise OutputFault("expected an R4 draft, got an older one")
    return _sent(ref, desk)


def _correct_dose(proposal: verdict.CorrectDose, desk: Desk) -> Actions:
    draft, read = _draft(proposal.order, desk), desk.drafts[proposal.order]
    for step, mcg in proposal.steps:
        amount = read.steps[step].amount
        value, unit, code = dose_units(mcg, amount.written if amount else "")
        drafts.correct_dose(draft, step, value, unit, code)
    return _updated(draft)


def _correct_volume(proposal: verdict.CorrectVolume, desk: Desk) -> Actions:
    draft = _draft(proposal.order, desk)
    for step, ml in proposal.steps:
        drafts.correct_dose(draft, step, ml, "mL", "mL")
    return _updated(draft)


def _correct_route(proposal: verdict.CorrectRoute, desk: Desk) -> Actions:
    draft = _draft(proposal.order, desk)
    drafts.correct_route(draft, proposal.route)
    return _updated(draft, _called(proposal.route.value))


def _correct_interval(proposal: verdict.CorrectInterval, desk: Desk) -> Actions:
    draft = _draft(proposal.order, desk)
    drafts.correct_interval(draft, proposal.interval)
    return _updated(draft)


def _correct_supply(proposal: verdict.CorrectSupply, desk: Desk) -> Actions:
    draft = _draft(proposal.order, desk)
    drafts.correct_supply(draft, proposal.quantity, proposal.repeats)
    return _updated(draft)


def _correct_text(proposal: verdict.CorrectText, desk: Desk) -> Actions:
    draft = _draft(proposal.order, desk)
    for step, text in proposal.steps:
        drafts.correct_text(draft, step, text)
    return _updated(draft)


def _add_loading(proposal: verdict.AddLoading, desk: Desk) -> Actions:
    draft = _draft(proposal.order, desk)
    drafts.add_loading(draft, proposal.regimen, proposal.remaining)
    return _updated(draft, partial(words_of_steps, new_orders.loading_of(proposal.regimen, proposal.remaining)))


def _replace(proposal: verdict.ReplaceWithRegimen, desk: Desk) -> Actions:
    gone = _deleted(_draft(proposal.order, desk))
    write = new_orders.maintenance_order if proposal.loaded else new_orders.whole_order
    return gone, _ordered(write(proposal.regimen, desk.patient_id))


def _remove(proposal: verdict.RemoveDraft, desk: Desk) -> Actions:
    return (_deleted(_sent(proposal.ref, desk)),)


def _order_regimen(proposal: verdict.OrderRegimen, desk: Desk) -> Actions:
    return (_ordered(new_orders.whole_order(proposal.regimen, desk.patient_id)),)


def _order_loading(proposal: verdict.OrderLoading, desk: Desk) -> Actions:
    return (_ordered(new_orders.loading_order(proposal.regimen, proposal.remaining, desk.patient_id)),)


def _order_maintenance(proposal: verdict.OrderMaintenance, desk: Desk) -> Actions:
    return (_ordered(new_orders.maintenance_order(proposal.regimen, desk.patient_id)),)


def _order_tests(proposal: verdict.OrderTests, desk: Desk) -> Actions:
    return tuple(_created(order_of_test(one, desk.patient_id), _called(words_of_test(one))) for one in proposal.tests)


def _record_plan(proposal: verdict.RecordPlan, desk: Desk) -> Actions:
    return (_created(plan_of(proposal, desk.patient_id)),)


WRITERS: Mapping[type, Callable[[Any, Desk], Actions]] = {
    verdict.CorrectDose: _correct_dose,
    verdict.CorrectVolume: _correct_volume,
    verdict.CorrectRoute: _correct_route,
    verdict.CorrectInterval: _correct_interval,
    verdict.CorrectSupply: _correct_supply,
    verdict.CorrectText: _correct_text,
    verdict.AddLoading: _add_loading,
    verdict.ReplaceWithRegimen: _replace,
    verdict.RemoveDraft: _remove,
    verdict.OrderRegimen: _order_regimen,
    verdict.OrderLoading: _order_loading,
    verdict.OrderMaintenance: _order_maintenance,
    verdict.OrderTests: _order_tests,
    verdict.RecordPlan: _record_plan,
}
