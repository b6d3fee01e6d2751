"""Timeline: which of a patient's resources are B12 doses, B12 orders and results that matter, in order of time."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime, time, tzinfo
from decimal import Decimal
from functools import partial
from itertools import chain

from msgspec import Struct
from msgspec.structs import replace

from cds_service.b12.antifolate import on_antifolate
from cds_service.b12.codes import CodeSets
from cds_service.b12.concept import When
from cds_service.b12.courses import Dose, StatedCourse, counted_supplies, is_single_dose, stated_course
from cds_service.b12.dose import ROUTE_OF_FORM, B12Order, Mass, SigReader, b12_order_of, mass_of, step_of
from cds_service.b12.exposure import DrugDraft, Exposure, exposures_of_order, exposures_of_use
from cds_service.b12.kinds import Kinds, kinds_of
from cds_service.b12.labs import LabResult, lab_result_of
from cds_service.b12.product import B12Product
from cds_service.b12.protocol import Protocol
from cds_service.b12.record import ClinicalRecord, Instruction, Order, Use
from cds_service.b12.words import Evidence, Route, Substance

NEVER_COUNTS = frozenset({
    "entered-in-error", "not-done", "not-taken", "cancelled", "declined", "intended", "preparation", "draft",
    "nullified", "on-hold",
})  # fmt: skip
MISTAKE = "entered-in-error"
WITHDRAWN = frozenset({MISTAKE, "cancelled", "stopped", "completed"})
NOT_AN_ORDER = frozenset({"proposal", "plan", "option"})


class DoseEvent(Struct, frozen=True, gc=False):
    """
    One dose on one day.

    `mass` is micrograms or None where the record does not say; `refs` every resource that tells of it,
    strongest first. A dose whose route is not known may have been injected or swallowed.
    """

    day: When
    substance: Substance
    route: Route | None
    mass: Mass | None
    evidence: Evidence
    refs: tuple[str, ...]

    @property
    def injected(self) -> bool | None:
        """Given by a needle, or not; None where the route is not known."""
        return self.route.parenteral if self.route else None


class Timeline(Struct, frozen=True):
    """
    A patient's B12 history up to `as_of`: doses oldest first, courses, orders, drafts, results newest first.

    `withdrawn` are drafts that stop, cancel or forbid B12. `exposures` and `drug_drafts` are of other drugs that
    bear on it; `in_words` are records of medications that no code of ours tells, only their words.
    """

    doses: tuple[DoseEvent, ...] = ()
    courses: tuple[StatedCourse, ...] = ()
    orders: tuple[B12Order, ...] = ()
    drafts: tuple[B12Order, ...] = ()
    withdrawn: tuple[B12Order, ...] = ()
    results: tuple[LabResult, ...] = ()
    antifolate: bool = False
    exposures: tuple[Exposure, ...] = ()
    drug_drafts: tuple[DrugDraft, ...] = ()
    in_words: frozenset[str] = frozenset()


def timeline_of(
    record: ClinicalRecord, codes: CodeSets, protocol: Protocol, read_sig: SigReader, as_of: datetime
) -> Timeline:
    """The timeline of a record; future-dated, cancelled, not-done and mistaken entries do not count."""
    today, kinds = as_of.date(), kinds_of(record, codes)
    b12 = {key: kind.b12 for key, kind in kinds.items() if kind.b12}
    used = [(one, b12[id(one.product)]) for one in record.uses if id(one.product) in b12 and _counts(one, as_of)]
    doses = _given([(use, product) for use, product in used if not product.antidote], codes, read_sig)
    told = (event for use, dose in doses if (event := _dose_event(use, dose, today)))
    events = (one for one in told if not in_antidote_range(one.substance, one.route, one.mass, protocol))
    courses = [course for use, dose in doses if (course := stated_course(use, dose, today))]
    ordered = [one for one in record.orders if id(one.product) in b12 and _is_order(one)]
    history = (b12_order_of(one, b12[id(one.product)], codes, read_sig) for one in ordered)
    drafted = [one for one in record.drafts if id(one.product) in b12]
    drafts = [b12_order_of(one, b12[id(one.product)], codes, read_sig) for one in drafted]
    days = _one_a_day(events)
    counted = counted_supplies(doses, _last_injected(days), int(protocol.timing.lapse_after.value))
    return Timeline(
        doses=_without_supplies(days, int(protocol.timing.loading_gap_weekly.value)),
        courses=(*courses, *counted),
        orders=tuple(order for order in history if not _is_antidote(order, protocol)),
        drafts=tuple(one for one in drafts if not _is_withdrawn(one.order)),
        withdrawn=tuple(one for one in drafts if _is_withdrawn(one.order) and one.order.status != MISTAKE),
        results=_results(record, protocol, as_of),
        antifolate=_antifolate(record, kinds, protocol, today),
        exposures=_exposures(record, kinds, today),
        drug_drafts=tuple(
            DrugDraft(drug, one)
            for one in record.drafts
            if not _is_withdrawn(one)
            for drug in kinds[id(one.product)].drugs
        ),
        in_words=_in_words(record, kinds),
    )


def _antifolate(record: ClinicalRecord, kinds: Kinds, protocol: Protocol, today: date) -> bool:
    """An antifolate with a B12 schedule of its own is given, was lately, or is ordered or being ordered."""
    named = {key for key, kind in kinds.items() if kind.antifolate}
    if any(id(one.product) in named and not _is_withdrawn(one) for one in record.drafts):
        return True
    uses = (one for one in record.uses if id(one.product) in named)
    orders = (one for one in record.orders if id(one.product) in named)
    return on_antifolate(uses, orders, protocol.timing, today)


def _exposures(record: ClinicalRecord, kinds: Kinds, today: date) -> tuple[Exposure, ...]:
    """Every record of a drug that bears on B12, in no order."""
    drugs = {key: kind.drugs for key, kind in kinds.items() if kind.drugs}
    found = [exposures_of_use(one, drugs[id(one.product)], today) for one in record.uses if id(one.product) in drugs]
    found += [
        exposures_of_order(one, drugs[id(one.product)], today) for one in record.orders if id(one.product) in drugs
    ]
    return tuple(chain.from_iterable(found))


def _in_words(record: ClinicalRecord, kinds: Kinds) -> frozenset[str]:
    named = {key for key, kind in kinds.items() if kind.in_words}
    told: tuple[Use | Order, ...] = (*record.drafts, *record.orders, *record.uses) if named else ()
    return frozenset(one.ref for one in told if id(one.product) in named)


def _is_withdrawn(draft: Order) -> bool:
    return draft.status in WITHDRAWN or draft.do_not_perform


def in_future(when: When, as_of: datetime) -> bool:
    """True if the date can only lie after `as_of`."""
    if when.instant is not None and when.instant.tzinfo is not None:
        return when.instant > as_of
    return when.earliest > as_of.date()


def _counts(use: Use, as_of: datetime) -> bool:
    return use.status not in NEVER_COUNTS and not (use.when and in_future(use.when, as_of))


def in_antidote_range(substance: Substance, route: Route | None, mass: Mass | None, protocol: Protocol) -> bool:
    """Hydroxocobalamin into a vein in the gram range of the cyanide antidote."""
    large = mass is not None and mass.high >= protocol.timing.antidote_from.value
    return substance is Substance.HYDROXOCOBALAMIN and route is Route.INTRAVENOUS and large


def _is_antidote(order: B12Order, protocol: Protocol) -> bool:
    return order.product.antidote or in_antidote_range(order.product.substance, order.route, order.mass, protocol)


def _is_order(order: Order) -> bool:
    return order.status not in NEVER_COUNTS and order.intent not in NOT_AN_ORDER and not order.do_not_perform


def _given(doses: Sequence[tuple[Use, B12Product]], codes: CodeSets, read_sig: SigReader) -> Sequence[tuple[Use, Dose]]:
    """Each use with its dose. The reader makes a single object of an instruction that comes often: it is read once."""
    distinct = {(id(use.instruction), id(product)): (use.instruction, product) for use, product in doses}
    read = {key: _dose_of(instruction, product, codes, read_sig) for key, (instruction, product) in distinct.items()}
    return [(use, read[id(use.instruction), id(product)]) for use, product in doses]


def _dose_of(instruction: Instruction, product: B12Product, codes: CodeSets, read_sig: SigReader) -> Dose:
    step = step_of(instruction, product, codes, read_sig)
    route = step.route or (ROUTE_OF_FORM.get(product.form) if product.form else None)
    return Dose(product.substance, route, mass_of(step, product.strength), step, product.strength)


def _dose_event(use: Use, dose: Dose, today: date) -> DoseEvent | None:
    if use.when is None or not is_single_dose(use):
        return None
    return DoseEvent(_up_to(today, use.when), dose.substance, dose.route, dose.mass, use.kind, (use.ref,))


def _one_a_day(events: Iterable[DoseEvent]) -> tuple[DoseEvent, ...]:
    """
    One injection a day, however many resources tell of it, and beside it one swallowed dose.

    The strongest evidence speaks. On a day the injection comes last: it is what stands.
    """
    days: dict[tuple[date, date], list[DoseEvent]] = {}
    for event in events:
        days.setdefault((event.day.earliest, event.day.latest), []).append(event)
    merged = (_merge(same) for day in sorted(days) for same in _apart(days[day]))
    return tuple(merged)


def _apart(same_day: list[DoseEvent]) -> Iterator[list[DoseEvent]]:
    """What was swallowed, then what was injected; a dose by an unknown route is taken for the other that is told of."""
    needle = any(one.injected for one in same_day)
    tablets = {one.substance for one in same_day if one.injected is False}
    swallowed: list[DoseEvent] = []
    injected: list[DoseEvent] = []
    for one in same_day:
        unclear = one.injected is None and not needle and _may_be_of(one.substance, tablets)
        (swallowed if one.injected is False or unclear else injected).append(one)
    yield from (some for some in (swallowed, injected) if some)


def _may_be_of(substance: Substance, named: Collection[Substance]) -> bool:
    unnamed = Substance.UNSPECIFIED
    return bool(named) and (substance in named or substance is unnamed or unnamed in named)


def _last_injected(events: Iterable[DoseEvent]) -> date:
    """The last day on which an injection was given or stated."""
    known = (one for one in events if one.injected is not False and one.evidence is not Evidence.DISPENSED)
    return max((one.day.latest for one in known), default=date.min)


def _without_supplies(doses: tuple[DoseEvent, ...], days: int) -> tuple[DoseEvent, ...]:
    """A supply handed over is no dose of its own where one that may be of it was given within so many days after it."""
    used = [dose for dose in doses if dose.evidence is not Evidence.DISPENSED]
    days_of = {
        injected: [one.day.earliest for one in used if injected is None or one.injected in {injected, None}]
        for injected in (True, False, None)
    }

    def was_used(supply: DoseEvent) -> bool:
        given = days_of[supply.injected]
        following = bisect_left(given, supply.day.earliest)
        return following < len(given) and (given[following] - supply.day.latest).days <= days

    return tuple(dose for dose in doses if dose.evidence is not Evidence.DISPENSED or not was_used(dose))


def _weight(event: DoseEvent) -> tuple[int, Decimal, str, str, tuple[str, ...]]:
    """The strongest evidence first, of like evidence the larger dose; by reference only where all else is equal."""
    mass = event.mass.high if event.mass else Decimal(0)
    return event.evidence.rank, -mass, event.route or "", event.substance, event.refs


def _merge(told: list[DoseEvent]) -> DoseEvent:
    if len(told) == 1:
        return told[0]
    same_day = sorted(told, key=_weight)
    first = same_day[0]
    named = (event.substance for event in same_day if event.substance is not Substance.UNSPECIFIED)
    mass = next((event.mass for event in same_day if event.mass), None)
    route = next((event.route for event in same_day if event.route), None)
    refs = tuple(dict.fromkeys(ref for event in same_day for ref in event.refs))
    return DoseEvent(first.day, next(named, first.substance), route, mass, first.evidence, refs)


def _results(record: ClinicalRecord, protocol: Protocol, as_of: datetime) -> tuple[LabResult, ...]:
    past = (one for one in record.observations if not (one.when and in_future(one.when, as_of)))
    found = (result for one in past if (result := lab_result_of(one, protocol.magnitudes)))
    today = as_of.date()
    unique = {one.ref: _taken_by(today, one) for one in found}
    by_ref = sorted(unique.values(), key=lambda result: result.ref)
    return tuple(sorted(by_ref, key=partial(_taken_at, zone=as_of.tzinfo), reverse=True))


def _taken_by(today: date, result: LabResult) -> LabResult:
    day = result.day
    return replace(result, day=_up_to(today, day)) if day and day.latest > today else result


def _up_to(today: date, day: When) -> When:
    """An inexact date without the part of it that is still to come."""
    return day if day.latest <= today else When(min(day.earliest, today), today, day.instant)


def _taken_at(result: LabResult, zone: tzinfo | None) -> datetime:
    """The latest moment at which a sample can have been taken; one without a date is the oldest."""
    if result.day is None:
        return datetime.min.replace(tzinfo=zone)
    return result.day.instant or datetime.combine(result.day.latest, time.max, zone)
