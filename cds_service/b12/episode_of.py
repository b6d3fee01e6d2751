"""The episode that a record, a protocol and an instant make."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from msgspec import Struct

from cds_service.b12.allergies import sensitivities_of
from cds_service.b12.codes import CodeSets
from cds_service.b12.course import course_of
from cds_service.b12.dose import B12Order, SigReader
from cds_service.b12.episode import DOSE_TYPES, SWALLOWED, Episode, Stage, daily_mcg
from cds_service.b12.in_words import refs_in_words
from cds_service.b12.indication import background_of
from cds_service.b12.protocol import Protocol, Regimen, RegimenFor
from cds_service.b12.record import ClinicalRecord
from cds_service.b12.regimen_for import accepted_for, age_group, regimen_for
from cds_service.b12.timeline import Timeline, timeline_of

ACTIVE = frozenset({"active", "unknown", ""})
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

    `drafts_missing`, `drafts_unreadable` and `drafts_lost` say what did not come of what the call is about.
    """

    as_of: datetime
    stage: Stage
    selected: frozenset[str] = frozenset()
    drafts_missing: bool = False
    drafts_unreadable: bool = False
    drafts_lost: int = 0


def episode_of(record: ClinicalRecord, guidance: Guidance, moment: Moment) -> Episode:
    """The episode that a record, a protocol and an instant make."""
    protocol, today = guidance.protocol, moment.as_of.date()
    timeline = timeline_of(record, guidance.codes, protocol, guidance.read_sig, moment.as_of)
    background = background_of(record, guidance.codes, moment.as_of)
    group = age_group(record.patient, protocol, today)
    regimen = regimen_for(background, timeline, protocol, group)
    accepted = accepted_for(guidance.accepted, group)
    orders = tuple(order for order in timeline.orders if _active(order, protocol, today))
    injections = [order for order in orders if order.route is None or order.route.parenteral]
    return Episode(
        as_of=today,
        stage=moment.stage,
        protocol=protocol,
        timeline=timeline,
        background=background,
        course=course_of(timeline.doses, injections, regimen, accepted, protocol.timing, today),
        regimen=regimen,
        standard=protocol.regimen(RegimenFor.STANDARD),
        orders=orders,
        oral_cover=_oral_cover(timeline, orders, protocol, today),
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
        drafts_missing=moment.drafts_missing,
        drafts_unreadable=moment.drafts_unreadable,
        drafts_lost=moment.drafts_lost,
        drafts_nameless=sum(order.product.nameless for order in record.drafts),
        by_text=refs_in_words(record, guidance.codes) | timeline.in_words,
    )


def _allergies_seen(record: ClinicalRecord) -> bool:
    return bool(record.allergies) or "AllergyIntolerance" in record.seen


def _active(order: B12Order, protocol: Protocol, today: date) -> bool:
    """In force today. An order that names no end is stale after the protocol's time and then says nothing."""
    body = order.order
    if body.status not in ACTIVE or (body.ends and body.ends.latest < today):
        return False
    if body.authored is None or body.ends:
        return True
    return (today - body.authored.latest).days <= protocol.timing.stale_order.value


def _oral_cover(timeline: Timeline, orders: Sequence[B12Order], protocol: Protocol, today: date) -> tuple[str, ...]:
    enough = protocol.oral.minimum.value
    stated = (
        course.ref
        for course in timeline.courses
        if course.route in SWALLOWED
        and (course.end is None or course.end >= today)
        and course.daily_mcg is not None
        and course.daily_mcg >= enough
    )
    ordered = (order.ref for order in orders if order.route in SWALLOWED and (daily_mcg(order) or 0) >= enough)
    return tuple(sorted({*stated, *ordered}))
