"""
Advice that this user has seen, or has answered with a reason: what is held back, and what never is.

The same advice is the same words on the same grounds: rule, variant, indicator, facts, evidence and what is offered,
of everything on the card, under the same protocol, with the same kinds of data not seen. Left out is what moves with
the calendar alone (the number of days overdue) and what an order being written is called. Whatever else differs is a
change, and the card is shown.

- A repeat is held back when a chart is opened (patient-view, encounter-start) and this user was shown the same advice
  on this patient, when a chart was opened, within `repeat_hours`. In all other hooks something is being written or
  finished: clients drop a service's earlier cards at the next call, so a card held back would look like an order that
  has become right.
- An override with a reason (coded, in words, or a comment) mutes the same advice for this user and patient in every
  hook for `mute_days`, unless a suggestion of it was accepted later. An override without a reason does not.
- Never held back: critical cards; cards that say that an order was not seen, not read or not checked; cards that one
  answer holds twice, because an answer to one is no answer to the other. A card whose last line names kinds of data
  that were not seen is like any other: it is held back only after one that named the same kinds. Many EHRs never send
  some of them, and would else repeat every card at every opening of the chart.
- Another user sees everything, and so does a call without a user. A call asked again (the same hookInstance) gets the
  same cards again.

What is not known is shown: cards and reactions of the last seconds, which are still on their way to the database;
everything while the database is away; everything without a key for pseudonyms, and in demo mode.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
from msgspec import Struct

from cds_service.answer import Answer
from cds_service.b12.episode import Stage
from cds_service.b12.verdict import Indicator
from cds_service.clients import Client
from cds_service.hooks import Card, HookRequest
from cds_service.pseudonyms import names_of
from cds_service.rules import About, Rule
from cds_service.store.shown import Question, Showing
from cds_service.writer import TRACE
from cds_service.written import STAGES

SINCE = frozenset({"days"})
MOVING: Mapping[str, frozenset[str]] = dict.fromkeys(
    ("maintenance_overdue", "loading_dose_overdue", "lapse_reload", "interval_too_short"), SINCE
)
"""Facts by rule that differ tomorrow though nothing has changed."""
CHART_HOOKS = frozenset(hook for hook, stage in STAGES.items() if stage is Stage.VIEW)
FEEDBACK_DELAY = timedelta(days=7)
"""Clients may send feedback in batches: how old a card may be when its feedback comes and still be found."""
ENCODER = msgspec.json.Encoder(order="sorted", decimal_format="number")

Why = Literal["repeat", "muted"]
Ask = Callable[[Question], Sequence[Showing] | None]


class Held(Struct, frozen=True):
    """A card that was not shown, and why."""

    card: Card
    why: Why


class Shown(Struct, frozen=True):
    """The cards to show, and those held back. `unknown`: the database did not say what was shown before."""

    cards: tuple[Card, ...]
    held: tuple[Held, ...] = ()
    unknown: bool = False


class Limits(Struct, frozen=True):
    """For how long a repeat is held back, and an override with a reason mutes; zero: not at all."""

    repeat: timedelta
    mute: timedelta


class RepeatsOnRecord:
    """Asks what was shown, if there is anything to hold back; `key` is the one for pseudonyms."""

    def __init__(self, ask: Ask, limits: Limits, rules: Mapping[str, Rule], key: str) -> None:
        self._ask, self._limits, self._rules, self._key = ask, limits, rules, key

    def __call__(self, request: HookRequest, client: Client, found: Answer, now: datetime) -> Shown:
        """What to show of an answer; everything, if what was shown before cannot be known."""
        keys = holdable(found, self._rules)
        names = names_of(request, client, self._key)
        if not keys or not names.patient_key or not names.user_key:
            return Shown(found.cards)
        oldest = now - self._limits.repeat - self._limits.mute - FEEDBACK_DELAY
        advice = tuple(sorted(keys.values()))
        question = Question(client.id, names.patient_key, names.user_key, advice, oldest, now)
        showings = self._ask(question)
        if showings is None:
            return Shown(found.cards, unknown=True)
        return parted(request, found.cards, keys, showings, (now, self._limits))


def advice_key(card: Card, drafts: Collection[str] = ()) -> str:
    """
    32 hex characters, the same for the same advice in whatever language; `drafts` are what is being written.

    Words are left out: rule, variant, facts and what is offered decide them.
    """
    trace: Mapping[str, Any] = (card.extension or {}).get(TRACE, {})
    said = [_said(one, drafts) for one in (trace, *trace.get("also", ()))]
    grounds = [trace.get("protocol"), trace.get("protocolVersion"), trace.get("notSeen", [])]
    advice = [card.indicator, said, trace.get("offers"), grounds]
    return hashlib.blake2b(ENCODER.encode(advice), digest_size=16).hexdigest()


def _said(finding: Mapping[str, Any], drafts: Collection[str]) -> list[Any]:
    rule = finding.get("rule", "")
    facts = {name: value for name, value in finding.get("facts", {}).items() if name not in MOVING.get(rule, ())}
    evidence = sorted("draft" if ref in drafts else ref for ref in finding.get("evidence", ()))
    return [rule, finding.get("variant"), facts, evidence]


def holdable(found: Answer, rules: Mapping[str, Rule]) -> Mapping[str, str]:
    """Advice by card (uuid) of those that may be held back at all."""
    keys = {str(card.uuid): advice_key(card, found.reading.originals) for card in found.cards}
    times = Counter(keys.values())
    may = (card for card in found.cards if _may_be_held(card, rules))
    return {uuid: keys[uuid] for uuid in (str(card.uuid) for card in may) if times[keys[uuid]] == 1}


def _may_be_held(card: Card, rules: Mapping[str, Rule]) -> bool:
    """Only a rule's own words: the service's cards, and those about the call, say that something was not checked."""
    rule = rules.get(card.source.topic.code)
    if card.indicator == Indicator.CRITICAL.value or rule is None or rule.about is About.CALL:
        return False
    return not (card.extension or {}).get(TRACE, {}).get("notChecked")


def parted(
    request: HookRequest,
    cards: Iterable[Card],
    keys: Mapping[str, str],
    showings: Sequence[Showing],
    when: tuple[datetime, Limits],
) -> Shown:
    """The cards, parted into those to show and those to hold back."""
    shown, held = [], []
    for card in cards:
        key = keys.get(str(card.uuid))
        known = [one for one in showings if one.advice == key]
        why = why_held(request, known, *when)
        if why:
            held.append(Held(card, why))
        else:
            shown.append(card)
    return Shown(tuple(shown), tuple(held))


def why_held(request: HookRequest, known: Sequence[Showing], now: datetime, limits: Limits) -> Why | None:
    """Why one piece of advice is held back, from what this user was shown of it on this patient before."""
    if any(one.instance == request.hookInstance for one in known):
        return None
    if _is_muted(known, now, limits.mute):
        return "muted"
    seen = (one.at for one in known if one.hook in CHART_HOOKS)
    if request.hook in CHART_HOOKS and _lately(seen, now, limits.repeat):
        return "repeat"
    return None


def _is_muted(known: Iterable[Showing], now: datetime, limit: timedelta) -> bool:
    reactions = [(one.reacted_at, one.outcome, one.reasoned) for one in known if one.reacted_at]
    accepted = max((at for at, outcome, _ in reactions if outcome == "accepted"), default=None)
    reasons = (at for at, outcome, reasoned in reactions if outcome == "overridden" and reasoned)
    return _lately((at for at in reasons if accepted is None or at >= accepted), now, limit)


def _lately(instants: Iterable[datetime], now: datetime, limit: timedelta) -> bool:
    """Whether one of them is less than `limit` ago; one to come is of a clock that is wrong."""
    return any(timedelta(0) <= now - at < limit for at in instants)


def limits_of(repeat_hours: float, mute_days: float) -> Limits:
    """The limits as they are set."""
    return Limits(timedelta(hours=repeat_hours), timedelta(days=mute_days))
