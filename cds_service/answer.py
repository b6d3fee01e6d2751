"""The pipeline: a hook request in, cards out. Read this page first."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from msgspec import Raw, Struct

from cds_service.b12.chart import TestOrder
from cds_service.b12.dose import B12Order
from cds_service.b12.episode import Episode, Stage
from cds_service.b12.episode_of import Moment, episode_of
from cds_service.b12.exposure import DrugDraft
from cds_service.b12.verdict import Undecided
from cds_service.errors import DataMissing, MalformedRequest
from cds_service.fhir.elements import is_nothing
from cds_service.fhir.prefetch import Prefetched, missing_keys, read_bundle, read_prefetch
from cds_service.fhir.read import Reading, read_record
from cds_service.hooks import Card, HookRequest
from cds_service.knowledge import Knowledge
from cds_service.rules import About, Rule
from cds_service.writer import Judged, Page, desk_of, write_cards

LOG = logging.getLogger(__name__)
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
CHART = frozenset({"Patient", "MedicationRequest"})
REQUIRED = {"patient-view": CHART, "encounter-start": CHART, "encounter-discharge": CHART}
FAILED = "the check itself: it failed inside the service"


class Asked(Struct, frozen=True):
    """What one call is answered by: knowledge, protocol, instant, and the limits of the settings."""

    knowledge: Knowledge
    protocol_id: str
    as_of: datetime
    most_cards: int
    most_resources: int
    all_clear: bool = False


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
    if moment.stage.ordering and not episode.ordered and not reading.lost_drafts:
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
    name = DRAFTS.get(request.hook, "")
    drafts = getattr(request.context, name) if name else Raw()
    return Prefetched() if is_nothing(drafts) else read_bundle(drafts, f"context.{name}", asked.most_resources)


def check_required(hook: str, prefetched: Prefetched) -> None:
    """Raises DataMissing naming the prefetch keys without which nothing true could be said."""
    if missing := REQUIRED.get(hook, frozenset()) - prefetched.seen:
        keys = ", ".join(sorted(missing_keys(missing)))
        raise DataMissing(f"expected prefetch {keys}, got neither it nor a way to fetch it", "$.prefetch")


def judge_all(hook: str, episode: Episode, knowledge: Knowledge) -> Iterator[Judged]:
    """Every rule of this hook over all that it judges; one that breaks does not silence the others."""
    for rule in knowledge.rules.values():
        if hook in rule.hooks:
            yield from (_judged(rule, episode, subject) for subject in SUBJECTS[rule.about](rule, episode))


def _patient(rule: Rule, episode: Episode) -> tuple[None, ...]:
    """Once; while ordering only if B12 is being ordered, or another drug where the rule is asked beside that."""
    asked = not episode.stage.ordering or episode.drafts or episode.timeline.withdrawn
    return (None,) if asked or (rule.beside and episode.timeline.drug_drafts) else ()


Subject = B12Order | DrugDraft | TestOrder | None
SUBJECTS: Mapping[About, Callable[[Rule, Episode], tuple[Subject, ...]]] = {
    About.PATIENT: _patient,
    About.ORDER: lambda _, episode: episode.asked_about,
    About.DRUG: lambda _, episode: episode.timeline.drug_drafts,
    About.TEST: lambda _, episode: episode.test_drafts,
}


def _judged(rule: Rule, episode: Episode, judged: Subject) -> Judged:
    subject = judged.ref if judged else ""
    try:
        verdict = rule.judge(episode, judged) if judged else rule.judge(episode)
    except Exception as fault:  # noqa: BLE001 - whatever a rule raises, the others must still speak
        LOG.error("rule failed", extra={"rule": rule.id, "fault": type(fault).__name__})  # noqa: TRY400 - a traceback may hold patient values
        return Judged(rule.id, Undecided(FAILED), subject, failed=True)
    return Judged(rule.id, verdict, subject)


def page_of(request: HookRequest, episode: Episode, reading: Reading, asked: Asked) -> Page:
    """What the cards of this answer share."""
    due = episode.course.due if asked.all_clear and episode.stage is Stage.VIEW else None
    return Page(
        knowledge=asked.knowledge,
        protocol=episode.protocol,
        instance=request.hookInstance,
        as_of=asked.as_of,
        desk=desk_of(reading.originals, episode.drafts, request.patient_id),
        unseen=episode.unseen | reading.record.partial,
        complete=episode.complete_drafts,
        most=asked.most_cards,
        clear_until=due.day if due else None,
    )
