"""The pipeline: a hook request in, cards out. Read this page first."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from cds_service.b12.dose import B12Order
from cds_service.b12.episode import Episode, Moment, Stage, episode_of
from cds_service.b12.verdict import Undecided
from cds_service.errors import DataMissing, MalformedRequest
from cds_service.fhir.elements import is_nothing
from cds_service.fhir.prefetch import Prefetched, missing_keys, read_bundle, read_prefetch
from cds_service.fhir.read import Reading, read_record
from cds_service.hooks import Card, HookRequest
from cds_service.knowledge import Knowledge
from cds_service.rules import Rule
from cds_service.writer import Judged, Page, desk_of, write_cards

LOG = logging.getLogger(__name__)
STAGES = {"patient-view": Stage.VIEW, "order-select": Stage.SELECT, "order-sign": Stage.SIGN}
REQUIRED = {"patient-view": frozenset({"Patient", "MedicationRequest"})}
FAILED = "the check itself: it failed inside the service"


class Asked(Struct, frozen=True):
    """What one call is answered by: knowledge, protocol, instant, and the limits of the settings."""

    knowledge: Knowledge
    protocol_id: str
    as_of: datetime
    most_cards: int
    most_resources: int


class Answer(Struct, frozen=True):
    """The cards, and everything that explains them."""

    cards: tuple[Card, ...]
    judged: tuple[Judged, ...]
    reading: Reading
    episode: Episode | None = None


def answer(request: HookRequest, asked: Asked) -> Answer:
    """
    The cards for one call: a pure function of the request, the knowledge and the instant.

    Raises MalformedRequest (wrong hook or context), WrongPatient, RequestTooLarge, DataMissing.
    """
    drafts = read_drafts(request, asked)
    prefetched = read_prefetch(request.prefetch or {}, asked.most_resources, asked.knowledge.matters)
    reading = read_record(request.patient_id, prefetched, drafts, asked.knowledge.codes)
    check_required(request.hook, prefetched)
    moment = Moment(asked.as_of, STAGES[request.hook], selected(request))
    episode = episode_of(reading.record, asked.knowledge.guidance(asked.protocol_id), moment)
    if moment.stage is not Stage.VIEW and not episode.drafts and not reading.lost_drafts:
        return Answer((), (), reading, episode)
    judged = tuple(judge_all(request.hook, episode, asked.knowledge))
    cards = write_cards(judged, len(reading.lost_drafts), page_of(request, episode, reading, asked))
    return Answer(cards, judged, reading, episode)


def selected(request: HookRequest) -> frozenset[str]:
    """The chosen drafts as `Type/id`, however they were referred to."""
    return frozenset("/".join(one.split("/")[-2:]) for one in request.context.selections or ())


def read_drafts(request: HookRequest, asked: Asked) -> Prefetched:
    """The orders being written; none in hooks without orders, and none where the client stripped them."""
    if request.hook not in STAGES:
        raise MalformedRequest(f"expected one of {', '.join(STAGES)}, got another hook", "$.hook")
    if not request.patient_id:
        raise MalformedRequest("expected a patient id, got an empty one", "$.context.patientId")
    if request.hook == "patient-view" or is_nothing(request.context.draftOrders):
        return Prefetched()
    return read_bundle(request.context.draftOrders, "context.draftOrders", asked.most_resources)


def check_required(hook: str, prefetched: Prefetched) -> None:
    """Raises DataMissing naming the prefetch keys without which nothing true could be said."""
    if missing := REQUIRED.get(hook, frozenset()) - prefetched.seen:
        keys = ", ".join(sorted(missing_keys(missing)))
        raise DataMissing(f"expected prefetch {keys}, got neither it nor a way to fetch it", "$.prefetch")


def judge_all(hook: str, episode: Episode, knowledge: Knowledge) -> Iterator[Judged]:
    """Every rule of this hook over the patient or over each draft; one that breaks does not silence the others."""
    for rule in knowledge.rules.values():
        if hook not in rule.hooks:
            continue
        if rule.of_draft:
            yield from (_judged(rule, episode, draft) for draft in episode.asked_about)
        else:
            yield _judged(rule, episode, None)


def _judged(rule: Rule, episode: Episode, draft: B12Order | None) -> Judged:
    subject = draft.ref if draft else ""
    try:
        verdict = rule.judge(episode, draft) if draft else rule.judge(episode)
    except Exception as fault:  # noqa: BLE001 - whatever a rule raises, the others must still speak
        LOG.error("rule failed", extra={"rule": rule.id, "fault": type(fault).__name__})  # noqa: TRY400 - a traceback may hold patient values
        return Judged(rule.id, Undecided(FAILED), subject, failed=True)
    return Judged(rule.id, verdict, subject)


def page_of(request: HookRequest, episode: Episode, reading: Reading, asked: Asked) -> Page:
    """What the cards of this answer share."""
    return Page(
        knowledge=asked.knowledge,
        protocol=episode.protocol,
        instance=request.hookInstance,
        as_of=asked.as_of,
        desk=desk_of(reading.originals, episode.drafts, request.patient_id),
        unseen=episode.unseen | reading.record.partial,
        complete=episode.complete_drafts,
        most=asked.most_cards,
    )
