"""The pipeline: a hook request in, cards out. Read this page first."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from cds_service.b12.chart import LabOrder
from cds_service.b12.dose import B12Order
from cds_service.b12.episode import Episode, Stage
from cds_service.b12.episode_of import episode_of
from cds_service.b12.exposure import DrugDraft
from cds_service.b12.offering import within_allergies, within_what_was_seen
from cds_service.b12.record import ClinicalRecord
from cds_service.b12.verdict import Finding, Indicator, Undecided, Verdict
from cds_service.clients import UNCHANGED, RuleChanges
from cds_service.errors import DataMissing
from cds_service.fhir.fetching import Fetch, no_fetch
from cds_service.fhir.prefetch import FetchNote, Prefetched, read_prefetch
from cds_service.fhir.proposals import desk_of
from cds_service.fhir.read import Reading, read_record
from cds_service.fhir.reread import Yardstick
from cds_service.fhir.templates import missing_keys, types_asked_for
from cds_service.hooks import Card, HookRequest
from cds_service.knowledge import Knowledge
from cds_service.rules import About, Rule
from cds_service.texts import LANGUAGE
from cds_service.writer import Judged, Page, write_all
from cds_service.written import for_clinician, read_written

LOG = logging.getLogger(__name__)
CHART = frozenset({"Patient", "MedicationRequest"})
REQUIRED = {
    "patient-view": CHART,
    "encounter-start": CHART,
    "encounter-discharge": CHART,
    "allergyintolerance-create": frozenset({"MedicationRequest"}),
}
FAILED = "the check itself: it failed inside the service"


Mark = Callable[[str], None]
"""Called with the name of a phase as it ends."""


def unmarked(phase: str) -> None:
    """Nobody measures."""


class Asked(Struct, frozen=True):
    """What one call is answered by: knowledge, protocol, instant, the site's own changes, limits, and language."""

    knowledge: Knowledge
    protocol_id: str
    as_of: datetime
    most_cards: int
    most_resources: int
    all_clear: bool = False
    changes: RuleChanges = UNCHANGED
    language: str = LANGUAGE


class Answer(Struct, frozen=True):
    """The cards, and everything that explains them. `shadows` are the cards of rules in shadow: never shown."""

    cards: tuple[Card, ...]
    judged: tuple[Judged, ...]
    reading: Reading
    episode: Episode | None = None
    shadows: tuple[Card, ...] = ()
    fetched: tuple[FetchNote, ...] = ()


def answer(request: HookRequest, asked: Asked, fetch: Fetch = no_fetch, mark: Mark = unmarked) -> Answer:
    """
    The cards for one call: a pure function of the request, what `fetch` brings, the knowledge and the instant.

    Raises MalformedRequest (wrong hook or context), WrongPatient, RequestTooLarge, DataMissing.
    """
    knowledge = asked.knowledge
    written = read_written(request, asked.most_resources, knowledge.matters)
    if written.unrelated or not for_clinician(request):
        return Answer((), (), Reading(ClinicalRecord(), {}))
    sent = read_prefetch(request.prefetch or {}, asked.most_resources, knowledge.matters)
    mark("read")
    prefetched = fetch(request.hook, sent, written.sent)
    mark("fetch")
    reading = read_record(request.patient_id, prefetched, written.sent, knowledge.codes)
    moment = written.moment(asked.as_of, reading)
    episode = episode_of(reading.record, knowledge.guidance(asked.protocol_id, asked.as_of.date()), moment)
    mark("read")
    if not episode.concerned:
        return Answer((), (), reading, episode, fetched=prefetched.fetched)
    check_required(request.hook, prefetched)
    judged = tuple(judge_all(request.hook, episode, knowledge, asked.changes))
    mark("judge")
    cards, shadows = write_all(judged, page_of(request, episode, reading, asked))
    mark("write")
    return Answer(cards, judged, reading, episode, shadows, prefetched.fetched)


def check_required(hook: str, prefetched: Prefetched) -> None:
    """Raises DataMissing naming the prefetch keys without which nothing true could be said."""
    if missing := REQUIRED.get(hook, frozenset()) - prefetched.seen:
        keys = ", ".join(sorted(missing_keys(missing)))
        raise DataMissing(f"expected prefetch {keys}, got neither it nor a way to fetch it", "$.prefetch")


def judge_all(hook: str, episode: Episode, knowledge: Knowledge, changes: RuleChanges = UNCHANGED) -> Iterator[Judged]:
    """Every rule of this hook that is not off over all that it judges; one that breaks does not silence the others."""
    subjects, beside = _subjects(episode), _once(episode.timeline.drug_drafts)
    for rule in knowledge.rules.values():
        if hook in rule.hooks and rule.id not in changes.off:
            for subject in subjects[rule.about] or (beside if rule.beside else ()):
                one = _judged(rule, episode, subject)
                yield replace(one, shadow=True) if rule.id in changes.shadow else one


Subject = B12Order | DrugDraft | LabOrder | None


def _subjects(episode: Episode) -> Mapping[About, Sequence[Subject]]:
    """What each kind of rule judges. While ordering the patient is judged only if B12 is ordered or withdrawn."""
    return {
        About.PATIENT: _once(not episode.stage.ordering or episode.drafts or episode.timeline.withdrawn),
        About.ORDER: episode.asked_about,
        About.DRUG: episode.timeline.drug_drafts,
        About.TEST: episode.test_drafts,
        About.CALL: (None,),
    }


def _once(asked: object) -> tuple[None, ...]:
    return (None,) if asked else ()


def _judged(rule: Rule, episode: Episode, judged: Subject) -> Judged:
    subject = judged.ref if judged else ""
    try:
        verdict = _offering(rule, episode, rule.judge(episode, judged) if judged else rule.judge(episode))
    except Exception as fault:  # noqa: BLE001 - whatever a rule raises, the others must still speak
        LOG.error("rule failed", extra={"rule": rule.id, "fault": type(fault).__name__})  # noqa: TRY400 - a traceback may hold patient values
        return Judged(rule.id, Undecided(FAILED), subject, failed=True)
    return Judged(rule.id, verdict, subject)


def _offering(rule: Rule, episode: Episode, verdict: Verdict) -> Verdict:
    """What no rule has to think of: nothing is offered against an allergy, or where therapy may go on unseen."""
    promised = rule.says[verdict.variant] if isinstance(verdict, Finding) else ""
    return within_what_was_seen(within_allergies(verdict, episode, promised), episode, promised)


def page_of(request: HookRequest, episode: Episode, reading: Reading, asked: Asked) -> Page:
    """What the cards of this answer share."""
    due = episode.course.due if asked.all_clear and episode.stage is Stage.VIEW and not asked.changes.off else None
    yardstick = Yardstick(asked.knowledge.codes, episode.protocol.timing)
    return Page(
        knowledge=asked.knowledge,
        protocol=episode.protocol,
        instance=request.hookInstance,
        as_of=asked.as_of,
        desk=desk_of(reading.originals, episode.drafts, request.patient_id, yardstick),
        unseen=(episode.not_sent | reading.record.partial) & types_asked_for(request.hook),
        complete=episode.complete_drafts,
        most=asked.most_cards,
        clear_until=due.day if due else None,
        by_text=episode.by_text,
        indicators={rule: Indicator(word) for rule, word in asked.changes.indicators.items()},
        language=asked.language,
    )
