"""What the service remembers of a call: written to the spool behind the answer, feedback before it is acknowledged."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from cds_service.answer import Answer
from cds_service.b12.verdict import Finding, Silent
from cds_service.clients import DEVELOPMENT, Client
from cds_service.hooks import Card, FeedbackItem, HookRequest, OverrideReason, ReasonCoding
from cds_service.parts import read_part
from cds_service.pseudonyms import names_of
from cds_service.repeats import Held, Why, advice_key
from cds_service.settings import Settings
from cds_service.store.lines import Evaluation, Feedback, ShownCard, evaluation_line, feedback_line
from cds_service.store.spool import Spool
from cds_service.withheld import WITHHELD, kept_summary, kept_trace
from cds_service.writer import TRACE, Judged

EPIC_LIST = "com.epic.cdshooks.feedback.overrideReason"
LONGEST_WORDS, LONGEST_COMMENT = 1000, 4000
ENCODER = msgspec.json.Encoder(decimal_format="number")


class Call(Struct, frozen=True):
    """
    One call, besides its answer: when it came, which service, by which protocol, how long it took, who called.

    `told` are the answer's cards as this client took them; without them they left as they were written.
    """

    at: datetime
    service: str
    as_of: datetime
    protocol: str
    knowledge: str
    microseconds: int
    client: Client = DEVELOPMENT
    held: tuple[Held, ...] = ()
    told: tuple[Card, ...] = ()


class Recorder:
    """
    Turns answers and feedback into spool lines; `key` is the one for pseudonyms.

    What a clinician wrote in words is kept with `keep_comments` only; without, it is kept that something was written.
    """

    def __init__(self, spool: Spool, key: str = "", *, keep_comments: bool = False) -> None:
        self.spool, self._key, self._keep_comments = spool, key, keep_comments

    def keep_evaluation(self, request: HookRequest, answer: Answer, call: Call) -> None:
        """Append what was judged and shown; a full disk is counted and never delays or changes the answer."""
        names, drafts = names_of(request, call.client, self._key), answer.reading.originals
        # The pseudonym: from a key made of the patient's id, that id could be found by trying all there are.
        key = _key(call.service, request.hookInstance, call.at.isoformat(), names.patient_key)
        told = {card.uuid: card for card in call.told}
        line = Evaluation(
            id=key,
            at=call.at.isoformat(),
            service=call.service,
            hook=request.hook,
            hook_instance=request.hookInstance,
            client=call.client.id,
            as_of=call.as_of.isoformat(),
            knowledge=call.knowledge,
            protocol=call.protocol,
            microseconds=call.microseconds,
            verdicts=Raw(ENCODER.encode([_verdict(one) for one in answer.judged])),
            cards=[
                *(_card(told.get(card.uuid, card), advice_key(card, drafts)) for card in answer.cards),
                *(_card(one.card, advice_key(one.card, drafts), one.why) for one in call.held),
                *(_card(card, advice_key(card, drafts), "shadow") for card in answer.shadows),
            ],
            patient_key=names.patient_key,
            user_key=names.user_key,
            fetched=Raw(ENCODER.encode(answer.fetched)),
            protocol_version=answer.episode.protocol.version if answer.episode else "",
        )
        self.spool.append(evaluation_line(line))

    def keep_feedback(self, items: Iterable[FeedbackItem], service: str, at: datetime, client: str = "") -> None:
        """Append every item and return once all are on disk; raises StoreUnavailable. A repeat has the same key."""
        found = (_feedback(item, service, at, client) for item in items)
        lines = [feedback_line(one if self._keep_comments else _discreet(one)) for one in found]
        self.spool.append_safely(b"".join(lines))


def _key(*parts: str) -> str:
    return hashlib.blake2b(ENCODER.encode(parts), digest_size=16).hexdigest()


def _verdict(judged: Judged) -> dict[str, Any]:
    verdict, said = judged.verdict, {"rule": judged.rule, "subject": judged.subject, "shadow": judged.shadow}
    said = {name: value for name, value in said.items() if value}
    if isinstance(verdict, Finding):
        return said | {"finding": verdict.variant}
    return said | ({"silent": verdict.because} if isinstance(verdict, Silent) else {"undecided": verdict.missing})


def _card(card: Card, advice: str, held: Why | Literal["", "shadow"] = "") -> ShownCard:
    trace = (card.extension or {}).get(TRACE, {})
    return ShownCard(
        uuid=str(card.uuid),
        rule=trace.get("rule", card.source.topic.code),
        subject=(trace.get("evidence") or [""])[0],
        indicator=card.indicator,
        summary=kept_summary(trace, card.summary),
        trace=Raw(ENCODER.encode(kept_trace(trace))),
        suggestions=[str(suggestion.uuid) for suggestion in card.suggestions],
        advice=advice,
        held=held,
    )


class EpicReason(Struct, frozen=True, rename=lambda name: f"{EPIC_LIST}.reason{name.title()}"):
    """Epic's own way to name an override reason, chosen from the site's list."""

    display: str | None = None
    title: str | None = None
    category: str | None = None


EPIC_REASON = msgspec.json.Decoder(EpicReason)


def _epic_reason(override: OverrideReason) -> str:
    if not bytes(override.extension):
        return ""
    try:
        found = read_part(override.extension, EPIC_REASON)
    except msgspec.ValidationError:
        return ""
    return found.display or found.title or found.category or ""


def _override(item: FeedbackItem) -> OverrideReason:
    """Epic sends it under the plural name, where others may send a list; its first item counts."""
    sent = item.overrideReason or item.overrideReasons
    if isinstance(sent, list):
        return sent[0] if sent else OverrideReason()
    return sent or OverrideReason()


def _feedback(item: FeedbackItem, service: str, at: datetime, client: str) -> Feedback:
    override = _override(item)
    reason = override.reason or ReasonCoding()
    chosen = "" if reason.code or reason.display else _epic_reason(override)
    accepted = [one.id for one in item.acceptedSuggestions or ()]
    return Feedback(
        id=_key(client, item.card, item.outcome, *accepted, item.outcomeTimestamp),
        at=at.isoformat(),
        service=service,
        client=client,
        card=item.card,
        outcome=item.outcome,
        outcome_timestamp=item.outcomeTimestamp,
        suggestions=accepted,
        reason_code=(reason.code or "")[:LONGEST_WORDS],
        reason_system=(EPIC_LIST if chosen else reason.system or "")[:LONGEST_WORDS],
        reason_display=(reason.display or chosen)[:LONGEST_WORDS],
        comment=(override.userComment or "")[:LONGEST_COMMENT],
    )


def _discreet(feedback: Feedback) -> Feedback:
    """Without free text: the comment, and a reason that is not chosen from a list and so may be words as well."""
    chosen = feedback.reason_code or feedback.reason_system
    display = feedback.reason_display if chosen else WITHHELD if feedback.reason_display else ""
    return replace(feedback, reason_display=display, comment=WITHHELD if feedback.comment else "")


def recorder_of(settings: Settings) -> Recorder:
    """The recorder as it is set."""
    spool = Spool(settings.spool_dir, most_bytes=settings.spool_bytes)
    return Recorder(spool, settings.pseudonym_key.get_secret_value(), keep_comments=settings.keep_comments)
