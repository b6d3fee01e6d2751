"""What the service remembers of a call: written to the spool behind the answer, feedback before it is acknowledged."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Raw, Struct

from cds_service.answer import Answer
from cds_service.b12.verdict import Finding, Silent, Verdict
from cds_service.hooks import Card, FeedbackItem, HookRequest, OverrideReason, ReasonCoding
from cds_service.store.lines import Evaluation, Feedback, ShownCard, evaluation_line, feedback_line
from cds_service.store.spool import Spool
from cds_service.writer import TRACE

EPIC_DISPLAY = "com.epic.cdshooks.feedback.overrideReason.reasonDisplay"
ENCODER = msgspec.json.Encoder(decimal_format="number")


class Call(Struct, frozen=True):
    """One call, besides its answer: when it came, which service, by which protocol, how long it took, who called."""

    at: datetime
    service: str
    as_of: datetime
    protocol: str
    knowledge: str
    microseconds: int
    client: str = ""


class Recorder:
    """Turns answers and feedback into spool lines."""

    def __init__(self, spool: Spool) -> None:
        self.spool = spool

    def keep_evaluation(self, request: HookRequest, answer: Answer, call: Call) -> None:
        """Append what was judged and shown; a full disk is counted and never delays or changes the answer."""
        key = _key(call.service, request.hookInstance, call.at.isoformat(), request.patient_id)
        line = Evaluation(
            id=key,
            at=call.at.isoformat(),
            service=call.service,
            hook=request.hook,
            hook_instance=request.hookInstance,
            client=call.client,
            as_of=call.as_of.isoformat(),
            knowledge=call.knowledge,
            protocol=call.protocol,
            microseconds=call.microseconds,
            verdicts=Raw(ENCODER.encode([_verdict(one.rule, one.subject, one.verdict) for one in answer.judged])),
            cards=[_shown(card) for card in answer.cards],
        )
        self.spool.append(evaluation_line(line))

    def keep_feedback(self, items: Iterable[FeedbackItem], service: str, at: datetime, client: str = "") -> None:
        """Append every item and return once all are on disk; raises StoreUnavailable. A repeat has the same key."""
        lines = [feedback_line(_feedback(item, service, at, client)) for item in items]
        self.spool.append_safely(b"".join(lines))


def _key(*parts: str) -> str:
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()


def _verdict(rule: str, subject: str, verdict: Verdict) -> dict[str, Any]:
    said = {"rule": rule, "subject": subject} if subject else {"rule": rule}
    if isinstance(verdict, Finding):
        return said | {"finding": verdict.variant}
    return said | ({"silent": verdict.because} if isinstance(verdict, Silent) else {"undecided": verdict.missing})


def _shown(card: Card) -> ShownCard:
    trace = (card.extension or {}).get(TRACE, {})
    return ShownCard(
        uuid=str(card.uuid),
        rule=card.source.topic.code,
        subject=(trace.get("evidence") or [""])[0],
        indicator=card.indicator,
        summary=card.summary,
        trace=Raw(ENCODER.encode(trace)),
        suggestions=[str(suggestion.uuid) for suggestion in card.suggestions],
    )


class EpicReason(Struct, frozen=True, rename={"display": EPIC_DISPLAY}):
    """Epic's own way to name an override reason."""

    display: str | None = None


def _epic_reason(override: OverrideReason | None) -> ReasonCoding | None:
    if override is None or not bytes(override.extension):
        return None
    try:
        return ReasonCoding(display=msgspec.json.decode(override.extension, type=EpicReason).display)
    except msgspec.ValidationError:
        return None


def _feedback(item: FeedbackItem, service: str, at: datetime, client: str) -> Feedback:
    override = item.overrideReason or item.overrideReasons
    reason = (override.reason if override else None) or _epic_reason(override) or ReasonCoding()
    accepted = [one.id for one in item.acceptedSuggestions or ()]
    return Feedback(
        id=_key(item.card, item.outcome, *accepted, item.outcomeTimestamp),
        at=at.isoformat(),
        service=service,
        client=client,
        card=item.card,
        outcome=item.outcome,
        outcome_timestamp=item.outcomeTimestamp,
        suggestions=accepted,
        reason_code=reason.code or "",
        reason_system=reason.system or "",
        reason_display=reason.display or "",
        comment=(override.userComment or "") if override else "",
    )
