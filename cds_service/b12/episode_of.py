"""The episode that a record, a protocol and an instant make."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from msgspec import Struct

from cds_service.b12.codes import CodeSets
from cds_service.b12.course import course_of
from cds_service.b12.dose import B12Order, SigReader
from cds_service.b12.episode import DOSE_TYPES, SWALLOWED, Episode, Stage, daily_mcg, is_child
from cds_service.b12.indication import Background, background_of
from cds_service.b12.protocol import Protocol, Regimen, RegimenFor
from cds_service.b12.record import ClinicalRecord
from cds_service.b12.timeline import Timeline, timeline_of
from cds_service.b12.words import Indication

ACTIVE = frozenset({"active", "unknown", ""})
READ_TYPES = DOSE_TYPES | {"Patient", "Condition", "MedicationRequest", "Observation"}


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
    """When and at what stage the question is asked. `as_of` knows its zone: its date is the patient's day."""

    as_of: datetime
    stage: Stage
    selected: frozenset[str] = frozenset()


def episode_of(record: ClinicalRecord, guidance: Guidance, moment: Moment) -> Episode:
    """The episode that a record, a protocol and an instant make."""
    protocol, today = guidance.protocol, moment.as_of.date()
    timeline = timeline_of(record, guidance.codes, protocol, guidance.read_sig, moment.as_of)
    background = background_of(record, guidance.codes, moment.as_of)
    regimen = None if is_child(record.patient, protocol, today) else regimen_for(background, protocol)
    orders = tuple(order for order in timeline.orders if _active(order, protocol, today))
    injections = [order for order in orders if order.route is None or order.route.parenteral]
    return Episode(
        as_of=today,
        stage=moment.stage,
        protocol=protocol,
        timeline=timeline,
        background=background,
        course=course_of(timeline.doses, injections, regimen, guidance.accepted, protocol.timing, today),
        regimen=regimen,
        standard=protocol.regimen(RegimenFor.STANDARD),
        orders=orders,
        oral_cover=_oral_cover(timeline, orders, protocol, today),
        unseen=frozenset(READ_TYPES - record.seen),
        selected=moment.selected,
        patient=record.patient,
        allergies=record.allergies,
        tests=record.tests,
        test_drafts=record.draft_tests,
        plans=record.plans,
        added=record.added,
    )


def regimen_for(background: Background, protocol: Protocol) -> Regimen | None:
    """
    The protocol's regimen for this patient: neurological before dietary before standard.

    Where it gives none of its own for them, its standard regimen holds; never another protocol's.
    """
    whom = RegimenFor.STANDARD
    if background.neuro:
        whom = RegimenFor.NEUROLOGICAL
    elif background.indication is Indication.DIETARY:
        whom = RegimenFor.DIETARY
    return protocol.regimen(whom) or protocol.regimen(RegimenFor.STANDARD)


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
