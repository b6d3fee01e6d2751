"""The plan of an episode: which doses are left, when checks are due, and why the patient is treated."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from cds_service.b12.episode import Episode
from cds_service.b12.history import covered_by, earlier_therapy, loading_state, no_longer_treated
from cds_service.b12.nerves import never_loaded, stopped_short
from cds_service.b12.offering import regimen_to_offer
from cds_service.b12.phase import in_loading, next_loading
from cds_service.b12.plan import grounds, next_check
from cds_service.b12.policy import Check
from cds_service.b12.protocol import Regimen
from cds_service.b12.record import ClinicalRecord
from cds_service.b12.response import Start, due_on, reminded_until, start_of
from cds_service.b12.shortage import functional_shortage
from cds_service.b12.words import Indication
from cds_service.errors import MalformedRequest
from cds_service.plan_dates import Choices, PlannedStep, allowed_intervals, check_choices, chosen_regimen, planned_steps

BEFORE = "Before more is planned: {of}."
NO_LEVEL = "A B12 level is of no use while injections go on."
AFTER_LAPSE = "The last dose is long ago. No guideline says whether to load again: look at symptoms and blood count."
FOR_NERVES = "Neurological involvement is documented, and what was given is lighter than the protocol's loading for it."
CORRECTED = "The cause is documented as over: injections may no longer be needed."
DOSES_UNSEEN = "No record of doses given was seen: what is planned here may have been given already."
MOVED = "Doses a week or more apart are moved by a few days to fall on the weekday."
NOT_FOR_LIFE = "Whether maintenance is for life depends on the cause: look again at each check."


class Loading(StrEnum):
    """How much of the loading is planned."""

    WHOLE = "whole"
    REST = "rest"
    NONE = "none"


class Cause(Struct, frozen=True):
    """What documents why the patient is treated, in the record's own words."""

    ref: str
    words: str


class Note(Struct, frozen=True):
    """What a reader has to know beside the dates: a phrase of ours, another in its place `{of}`, and its source."""

    words: str
    of: str = ""
    source: str = ""


class CheckDay(Struct, frozen=True):
    """A check of the protocol with the tests that are still to be done, and its day."""

    check: Check
    day: date


class Plan(Struct, frozen=True):
    """
    The plan. `why_not` says why there is none; then only the causes are told.

    `loading` is what was planned of it, of `offered`; `regimen` what was chosen of the protocol's. `notes` stand
    beside the dates.
    """

    indication: Indication
    causes: tuple[Cause, ...]
    choices: Choices
    loading: Loading = Loading.NONE
    offered: tuple[Loading, ...] = (Loading.NONE,)
    regimen: Regimen | None = None
    intervals: tuple[int, int] | None = None
    steps: tuple[PlannedStep, ...] = ()
    checks: tuple[CheckDay, ...] = ()
    notes: tuple[Note, ...] = ()
    why_not: str = ""


class Wanted(Struct, frozen=True):
    """What somebody chose of a plan; None: as the plan itself would."""

    start: date | None = None
    weekday: int | None = None
    interval: int | None = None
    loading: Loading | None = None


def plan_for(episode: Episode, record: ClinicalRecord, wanted: Wanted) -> Plan:
    """
    The plan by the protocol in force; nothing is planned where it gives no schedule for this patient.

    Raises MalformedRequest for a choice outside the protocol's range.
    """
    background, regimen, timing = episode.background, episode.regimen, episode.protocol.timing
    causes = tuple(_causes(background.cause or background.deficiency, record))
    why_not = _why_not(episode)
    if why_not or regimen is None:
        return Plan(background.indication, causes, Choices(episode.as_of), why_not=why_not)
    usual, offered = _usual_loading(episode), _offered(episode)
    loading = wanted.loading or usual
    if loading not in offered:
        raise MalformedRequest(f"expected one of {', '.join(offered)}", "$.choices.loading")
    chosen = Choices(wanted.start or _usual_start(episode, loading), wanted.weekday, wanted.interval)
    choices = check_choices(chosen, regimen, episode.as_of)
    remaining = _remaining(episode) if loading is Loading.REST else None
    return Plan(
        indication=background.indication,
        causes=causes,
        choices=choices,
        loading=loading,
        offered=offered,
        regimen=chosen_regimen(_left(regimen, loading), remaining, choices),
        intervals=allowed_intervals(regimen),
        steps=planned_steps(_left(regimen, loading), remaining, choices, int(timing.loading_grace.value)),
        checks=tuple(_checks(episode, choices, loading)),
        notes=tuple(_notes(episode, loading, choices)),
    )


def _why_not(episode: Episode) -> str:
    if because := no_longer_treated(episode) or episode.out_of_scope:
        return because
    if episode.regimen is None:
        return "the protocol in force gives no schedule for this patient"
    if regimen_to_offer(episode) is None:
        return "an allergy to the cobalamin of the protocol is on record"
    if not earlier_therapy(episode) and not (grounds(episode) or functional_shortage(episode)):
        return "no treatment is on record, and no deficiency, as far as was seen"
    return ""


def _causes(refs: tuple[str, ...], record: ClinicalRecord) -> Iterator[Cause]:
    words = {one.ref: one.concept.label for one in record.conditions}
    words |= {one.ref: one.concept.label for one in record.procedures}
    return (Cause(ref, words[ref] or ref) for ref in refs if ref in words)


def _usual_loading(episode: Episode) -> Loading:
    """Whole for a new patient, for nerves never loaded and after a lapse; the rest of one begun; else none."""
    regimen, due = episode.regimen, episode.course.due
    if regimen is None or not regimen.loading:
        return Loading.NONE
    if not earlier_therapy(episode) or (due and due.lapsed) or _owed_to_nerves(episode):
        return Loading.WHOLE
    return Loading.REST if _is_begun(episode) else Loading.NONE


def _owed_to_nerves(episode: Episode) -> bool:
    return bool(episode.background.neuro) and (never_loaded(episode) or stopped_short(episode))


def _offered(episode: Episode) -> tuple[Loading, ...]:
    if episode.regimen is None or not episode.regimen.loading:
        return (Loading.NONE,)
    return tuple(one for one in Loading if one is not Loading.REST or _is_begun(episode))


def _is_begun(episode: Episode) -> bool:
    """Doses of a loading are on record, and some are left."""
    return bool(episode.course.doses) and (bool(_remaining(episode)) or in_loading(episode))


def _remaining(episode: Episode) -> int | None:
    """Doses left of a loading that was begun; None where the protocol gives no number."""
    state = loading_state(episode)
    return state.left if state and episode.course.doses else None


def _usual_start(episode: Episode, loading: Loading) -> date:
    """The day on which the next dose is due; today, if that is over or a loading begins."""
    coming = next_loading(episode) if loading is Loading.REST else None
    due = episode.course.due if loading is Loading.NONE else None
    day = coming.day if coming else due.day if due else episode.as_of
    return max(day, episode.as_of)


def _left(regimen: Regimen, loading: Loading) -> Regimen:
    return regimen if loading is not Loading.NONE else replace(regimen, loading=())


def _checks(episode: Episode, choices: Choices, loading: Loading) -> Iterator[CheckDay]:
    """From the first dose of the course that goes on, else from the first that is planned."""
    begun = start_of(episode) if loading is not Loading.WHOLE else None
    if begun is None and loading is Loading.NONE:
        return
    route = episode.regimen.routes[0] if episode.regimen else None
    start = begun or Start(choices.start, route, ())
    check = next_check(episode, start)
    if check and episode.as_of <= reminded_until(episode, start, check.after):
        yield CheckDay(check, due_on(start, check))


def _notes(episode: Episode, loading: Loading, choices: Choices) -> Iterator[Note]:
    monitoring, due, whole = episode.protocol.monitoring, episode.course.due, loading is Loading.WHOLE
    if because := covered_by(episode):
        yield Note(BEFORE, of=because)
    if monitoring.b12_on_injections is False:
        yield Note(NO_LEVEL, source=monitoring.b12_on_injections_source)
    applies = {
        AFTER_LAPSE: bool(whole and due and due.lapsed),
        FOR_NERVES: whole and _owed_to_nerves(episode),
        CORRECTED: bool(episode.background.corrected),
        DOSES_UNSEEN: episode.doses_unseen,
        MOVED: choices.weekday is not None,
        NOT_FOR_LIFE: bool(episode.regimen and episode.regimen.maintenance and not episode.lifelong),
    }
    yield from (Note(words) for words, true in applies.items() if true)
