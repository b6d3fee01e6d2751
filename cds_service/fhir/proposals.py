"""A rule's proposal as FHIR: what to create, update or delete, in the draft order's own shape."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any

from msgspec import Raw, Struct

from cds_service.b12 import verdict
from cds_service.b12.dose import B12Order, Step
from cds_service.b12.record import Amount
from cds_service.b12.units import amount_of
from cds_service.errors import OutputFault
from cds_service.fhir import drafts, new_orders
from cds_service.fhir.care_plans import plan_of
from cds_service.fhir.order_words import words_of_order, words_of_steps
from cds_service.fhir.quantities import UCUM, dose_units, plain
from cds_service.fhir.reread import Wanted, Yardstick, check_again, says_when, stays_stated
from cds_service.fhir.tests_ordered import order_of_test, words_of_test
from cds_service.fhir.valid import Resource, check
from cds_service.language import Language

MILLILITRE = "mL"
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
LONGEST_ID = 255
"""Characters of a draft's id; FHIR allows 64, and real systems send up to 194."""


class Desk(Struct, frozen=True):
    """What is needed to write orders: all drafts as sent, those for B12 as read, whose they are, how they are read."""

    originals: Mapping[str, Raw]
    drafts: Mapping[str, B12Order]
    patient_id: str
    yardstick: Yardstick

    def read(self, ref: str) -> B12Order:
        """A draft as read; raises OutputFault if it is of an older FHIR version."""
        draft = self.drafts[ref]
        if not draft.order.native:
            raise OutputFault("expected an R4 draft, got an older one")
        return draft


def desk_of(originals: Mapping[str, Raw], drafts: Iterable[B12Order], patient_id: str, yardstick: Yardstick) -> Desk:
    """The desk on which corrected orders are written."""
    return Desk(originals, {draft.ref: draft for draft in drafts}, patient_id, yardstick)


def actions_of(proposal: verdict.Proposal, desk: Desk) -> Actions:
    """
    The actions of a proposal.

    Empty where no valid resource can be written: an older FHIR version's draft, a draft without an id, or
    one that is not valid FHIR itself; and where the corrected draft, read again, would say something else than the
    proposal or contradict itself. The card's words then stand alone.
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


def _updated(draft: Resource, ref: str, desk: Desk, wanted: Mapping[int, Wanted], names: Names = unnamed) -> Actions:
    """The one way on which a corrected draft leaves."""
    whole = check(drafts.finished(draft))
    check_again(_sent(ref, desk), whole, desk.read(ref), wanted, desk.yardstick)
    return (ProposedAction("update", whole, names=names),)


def _deleted(draft: Resource) -> ProposedAction:
    return ProposedAction("delete", resource_id=f"{draft['resourceType']}/{draft['id']}")


def _sent(ref: str, desk: Desk) -> Resource:
    draft = drafts.draft_of(desk.originals[ref])
    if not 0 < len(draft.get("id") or "") <= LONGEST_ID:
        raise OutputFault("expected a draft with an id, got one without or with one that is too long")
    return draft


def _instruction(draft: Resource, step: Step) -> Resource:
    """The instruction that a step was read from."""
    instruction: Resource = draft["dosageInstruction"][step.instruction.place]
    return instruction


def _correct_dose(proposal: verdict.CorrectDose, desk: Desk) -> Actions:
    draft, read = _sent(proposal.order, desk), desk.read(proposal.order)
    wanted: dict[int, Wanted] = {}
    for index, mcg in proposal.steps:
        step = read.steps[index]
        written = step.amount.written if step.stated and step.amount else step.instruction.text
        value, unit, code = dose_units(mcg, written)
        wanted[index] = Wanted(_write_dose(draft, step, value, unit, code))
    return _updated(draft, proposal.order, desk, wanted)


def _correct_volume(proposal: verdict.CorrectVolume, desk: Desk) -> Actions:
    draft, read = _sent(proposal.order, desk), desk.read(proposal.order)
    wanted = {
        index: Wanted(_write_dose(draft, read.steps[index], ml, MILLILITRE, MILLILITRE)) for index, ml in proposal.steps
    }
    return _updated(draft, proposal.order, desk, wanted)


def _write_dose(draft: Resource, step: Step, value: Decimal, unit: str, code: str) -> Amount:
    """A volume does not take the place of a mass in the structure: there it is the text that names the volume."""
    amount = amount_of(value, unit, code, UCUM)
    quantity = {"value": plain(value), "unit": unit, "system": UCUM, "code": code}
    write = drafts.correct_said_dose if stays_stated(step, amount) else drafts.correct_dose
    write(_instruction(draft, step), step.amount, amount, quantity)
    return amount


def _correct_route(proposal: verdict.CorrectRoute, desk: Desk) -> Actions:
    draft, read = _sent(proposal.order, desk), desk.read(proposal.order)
    drafts.correct_route(draft, proposal.route)
    wanted = dict.fromkeys(range(len(read.steps)), Wanted(route=proposal.route))
    return _updated(draft, proposal.order, desk, wanted, _called(proposal.route.value))


def _correct_interval(proposal: verdict.CorrectInterval, desk: Desk) -> Actions:
    draft, read = _sent(proposal.order, desk), desk.read(proposal.order)
    timed = [index for index, step in enumerate(read.steps) if says_when(step)]
    if not timed:
        raise OutputFault("expected a step that says when, got none")
    drafts.correct_interval(_instruction(draft, read.steps[timed[-1]]), proposal.interval)
    return _updated(draft, proposal.order, desk, {timed[-1]: Wanted(interval=proposal.interval)})


def _correct_supply(proposal: verdict.CorrectSupply, desk: Desk) -> Actions:
    draft = _sent(proposal.order, desk)
    drafts.correct_supply(draft, proposal.quantity, proposal.repeats)
    return _updated(draft, proposal.order, desk, {})


def _correct_text(proposal: verdict.CorrectText, desk: Desk) -> Actions:
    draft, read = _sent(proposal.order, desk), desk.read(proposal.order)
    for index, text in proposal.steps:
        drafts.correct_text(_instruction(draft, read.steps[index]), text)
    wanted = {index: Wanted(respelled=True) for index, _ in proposal.steps}
    return _updated(draft, proposal.order, desk, wanted)


def _add_loading(proposal: verdict.AddLoading, desk: Desk) -> Actions:
    draft, read = _sent(proposal.order, desk), desk.read(proposal.order)
    written = [_instruction(draft, step) for step in read.steps]
    drafts.add_loading(draft, [one for one in written if one], proposal.regimen, proposal.remaining)
    names = partial(words_of_steps, new_orders.loading_of(proposal.regimen, proposal.remaining))
    return _updated(draft, proposal.order, desk, {}, names)


def _replace(proposal: verdict.ReplaceWithRegimen, desk: Desk) -> Actions:
    desk.read(proposal.order)
    gone = _deleted(_sent(proposal.order, desk))
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
