"""An answer explained: the facts, every rule's verdict, and what was not read; for people, in plain values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cds_service.answer import Answer
from cds_service.b12.episode import Episode
from cds_service.b12.verdict import Finding, Silent
from cds_service.wording import plain_facts
from cds_service.writer import Judged


def explanation_of(answer: Answer) -> dict[str, Any]:
    """All of it, ready to be written as JSON."""
    return {
        "facts": [{"fact": fact, "value": value} for fact, value in facts_of(answer.episode)],
        "verdicts": [verdict_of(one) for one in answer.judged],
        "unread": [{"where": note.where, "reason": note.reason} for note in answer.reading.record.unread],
    }


def verdict_of(judged: Judged) -> dict[str, Any]:
    """One rule's verdict: its kind, why, and what it rests on."""
    verdict, said = judged.verdict, {"rule": judged.rule, "subject": judged.subject}
    if isinstance(verdict, Finding):
        facts = {name: str(value) for name, value in plain_facts(verdict.facts).items()}
        return said | {"kind": "finding", "why": verdict.variant, "facts": facts, "evidence": list(verdict.evidence)}
    if isinstance(verdict, Silent):
        return said | {"kind": "silent", "why": verdict.because}
    return said | {"kind": "undecided", "why": verdict.missing}


def facts_of(episode: Episode | None) -> Iterator[tuple[str, str]]:
    """What the rules saw of the patient; nothing, where the call was none of B12's business."""
    if episode is None:
        return
    course, background = episode.course, episode.background
    yield "as of", episode.as_of.isoformat()
    yield "protocol", f"{episode.protocol.id} {episode.protocol.version}"
    yield "regimen", episode.regimen.title if episode.regimen else "none: a gap of the protocol"
    yield "age", str(episode.age) if episode.age is not None else "not known"
    yield "indication", f"{background.indication} {' '.join(background.cause)}".strip()
    yield "neurological signs", " ".join(background.neuro) or "none"
    yield "pregnancy", " ".join(background.pregnant) or "none"
    yield "kidney disease", " ".join(background.renal) or "none"
    yield "kidney function", episode.kidney_function.written if episode.kidney_function else "not known"
    yield "other therapy", ", ".join(sorted(episode.special)) or "none"
    yield "phase", course.phase
    yield "doses in this course", f"{course.given} ({course.evidence or 'no evidence'})"
    yield (
        "loading",
        f"{'complete' if course.loading_complete else 'not complete'}, needs {course.needed or 'no number'}",
    )
    yield "last dose", course.last.day.latest.isoformat() if course.last else "none"
    yield "next due", course.due.day.isoformat() if course.due else "not known"
    yield "days overdue", f"{course.due.overdue} (grace {course.due.grace})" if course.due else "not known"
    yield "covered by mouth", " ".join(episode.oral_cover) or "no"
    yield "results", "; ".join(f"{one.analyte}: {one.written}" for one in episode.timeline.results) or "none"
    yield "types not seen", ", ".join(sorted(episode.unseen)) or "none"
