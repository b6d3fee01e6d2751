"""The episode that a record, a protocol and an instant make."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from msgspec import Struct

from cds_service.b12.allergies import sensitivities_of
from cds_service.b12.codes import CodeSets
from cds_service.b12.course import Course, Therapy, course_of
from cds_service.b12.courses import StatedCourse
from cds_service.b12.dose import B12Order, SigReader
from cds_service.b12.episode import DOSE_TYPES, SWALLOWED, Episode, Stage, daily_mcg
from cds_service.b12.in_force import is_unended, orders_in_force
from cds_service.b12.in_words import refs_in_words
from cds_service.b12.indication import background_of
from cds_service.b12.protocol import Protocol, Regimen, RegimenFor
from cds_service.b12.record import ClinicalRecord
from cds_service.b12.regimen_for import accepted_for, age_group, regimen_for
from cds_service.b12.timeline import Timeline, timeline_of

READ_TYPES = DOSE_TYPES | {"Patient", "Condition", "MedicationRequest", "Observation"}
ALL_TYPES = READ_TYPES | {"Procedure", "AllergyIntolerance", "ServiceRequest", "CarePlan", "FamilyMemberHistory"}


class Guidance(Struct, frozen=True):
    """
    What a record is read by.

    `accepted` are the regimens of every protocol known: a loading completed by any of them is complete.
    """

    codes: CodeSets
    protocol: Protocol
    accepted: tuple[Regimen, ...]
    read_sig: SigReader


class Moment(Struct, frozen=True):
    """
    When and at what stage the question is asked. `as_of` knows its zone: its date is the patient's day.

    `drafts_missing`, `drafts_unreadable`, `drafts_lost` and `drafts_nameless` say what did not come of what the call is
    about; the last of them counts those that could not be read either.
    """

    as_of: datetime
    stage: Stage
    selected: frozenset[str] = frozenset()
    drafts_missing: bool = False
    drafts_unreadable: bool = False
    drafts_lost: int = 0
    drafts_nameless: int = 0


def episode_of(record: ClinicalRecord, guidance: Guidance, moment: Moment) -> Episode:
    """The episode that a record, a protocol and an instant make."""
    protocol, today = guidance.protocol, moment.as_of.date()
    timeline = timeline_of(record, guidance.codes, protocol, guidance.read_sig, moment.as_of)
    background = background_of(record, guidance.codes, moment.as_of)
    group = age_group(record.patient, protocol, today)
    regimen = regimen_for(background, timeline, protocol, group)
    accepted = accepted_for(guidance.accepted, group)
    orders = orders_in_force(timeline, int(protocol.timing.stale_order.value), today)
    injections = [order for order in orders if order.route is None or order.route.parenteral]
    therapy = Therapy(timeline.doses, injections, _supplies(timeline, protocol))
    course = course_of(therapy, regimen, accepted, protocol.timing, today)
    return Episode(
        as_of=today,
        stage=moment.stage,
        protocol=protocol,
        timeline=timeline,
        background=background,
        course=course,
        regimen=regimen,
        standard=protocol.regimen(RegimenFor.STANDARD),
        orders=orders,
        oral_cover=_oral_cover(timeline, orders, protocol, today),
        oral_doubt=_oral_doubt(timeline, orders, course, protocol, today),
        unseen=frozenset(READ_TYPES - record.seen),
        selected=moment.selected,
        accepted=accepted,
        patient=record.patient,
        allergies=sensitivities_of(record.allergies, guidance.codes) if _allergies_seen(record) else None,
        tests=tuple(test for test in record.tests if test.counts(today)),
        test_drafts=record.draft_tests,
        plans=record.plans,
        added=record.added,
        not_sent=frozenset(ALL_TYPES - record.seen),
        partial=record.partial,
        incomplete=record.incomplete,
        drafts_missing=moment.drafts_missing,
        drafts_unreadable=moment.drafts_unreadable,
        drafts_lost=moment.drafts_lost,
        drafts_nameless=moment.drafts_nameless + sum(order.product.nameless for order in record.drafts),
        by_text=refs_in_words(record, guidance.codes) | timeline.in_words,
    )


def _allergies_seen(record: ClinicalRecord) -> bool:
    return bool(record.allergies) or "AllergyIntolerance" in record.seen


def _supplies(timeline: Timeline, protocol: Protocol) -> tuple[StatedCourse, ...]:
    """B12 that was handed over and lasts until a known day; to swallow, in a full dose only."""
    supplies = (one for one in timeline.courses if one.supply)
    return tuple(one for one in supplies if one.route not in SWALLOWED or _is_full(one.daily_mcg, protocol))


def _oral_cover(timeline: Timeline, orders: Sequence[B12Order], protocol: Protocol, today: date) -> tuple[str, ...]:
    stated = (
        course.ref
        for course in timeline.courses
        if course.route in SWALLOWED
        and (course.end is None or course.end >= today)
        and _is_full(course.daily_mcg, protocol)
    )
    ordered = (order.ref for order in orders if _is_full_oral(order, protocol))
    return tuple(sorted({*stated, *ordered}))


def _oral_doubt(
    timeline: Timeline, orders: Sequence[B12Order], course: Course, protocol: Protocol, today: date
) -> tuple[B12Order, ...]:
    """Stale orders to swallow a full dose, newest first, by which therapy may have gone on after the last injection."""
    standing = {one.ref for one in orders}
    stale = (one for one in timeline.orders if one.ref not in standing and is_unended(one, today))
    last = course.last.day.earliest if course.last else date.min
    found = [(one.order.authored.latest, one) for one in stale if one.order.authored and _is_full_oral(one, protocol)]
    newest_first = sorted(found, key=lambda pair: pair[0], reverse=True)
    return tuple(one for day, one in newest_first if day >= last)


def _is_full_oral(order: B12Order, protocol: Protocol) -> bool:
    return order.route in SWALLOWED and _is_full(daily_mcg(order), protocol)


def _is_full(daily: Decimal | None, protocol: Protocol) -> bool:
    return daily is not None and daily >= protocol.oral.minimum.value
