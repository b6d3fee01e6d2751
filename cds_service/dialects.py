"""
Cards as each kind of client can take them. What a client cannot take is never dropped: it is told in words.

A suggestion leaves as it is or not at all. Half of it (the order deleted, its replacement not created) would be
worse than none, and so would a button that seems to correct a dose and does not. Where the suggestion that we
recommend has to stay behind, its alternatives do too, because a button left alone looks like the advice.

| profile  | buttons                                   | card                                                       |
|----------|-------------------------------------------|------------------------------------------------------------|
| standard | all                                       | as written                                                 |
| epic     | one deletion, or test orders one by one   | `any`, nothing ticked beforehand, topic without underscore |
| oracle   | no deletions                              | CDS Hooks 1.0, shorter; pop-up only while ordering         |
| sandbox  | no deletion together with something else  | as written                                                 |
| inferno  | deletions only with a creation alike      | as written; `systemActions: []` where the suite wants it   |

Why, by profile:

- epic: takes one action in a suggestion and only `any`, which lets a user accept several suggestions at once: so
  no alternatives. It creates and deletes unsigned orders but does not update them, and gives an order that it
  creates the dose of its own list: so no order of a drug. A test is found by the key of the site's preference
  list, which the file of clients gives for LOINC codes. A recommended suggestion would be ticked when the card
  opens; accepting has to be an act. A topic may hold letters and digits only.
- oracle: known from notes on a beta of CDS Hooks 1.0 (patient-view alone, a narrow panel, critical as a pop-up).
  1.0 has no feedback and writes a deletion otherwise. `uuid`, `topic` and `extension` are members more, which a
  reader of JSON passes over, and the record of what was shown hangs on them. The source is in the card's `source`.
- sandbox: a deletion ends its handling of a suggestion, so that what should take the order's place never comes.
- inferno: the suite takes a deletion for one half of a replacement.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from uuid import uuid5

from msgspec import Struct
from msgspec.structs import replace

from cds_service.clients import Client, Profile
from cds_service.fhir.tests_ordered import from_preference_list
from cds_service.hooks import Action, Card, HookResponse, Link, Suggestion
from cds_service.texts import LANGUAGE, Words
from cds_service.wording import write_detail
from cds_service.writer import TRACE

EPIC_DELETES = ("MedicationRequest", "ServiceRequest")
WITH_SYSTEM_ACTIONS = frozenset({"appointment-book", "order-sign", "order-dispatch"})
WHILE_ORDERING = frozenset({"order-select", "order-sign", "medication-refill", "allergyintolerance-create"})
NOT_ALPHANUMERIC = re.compile(r"[^A-Za-z0-9]")
PARAGRAPH = "\n\n"
TO_APP = "B12 story and plan"


class Told(Struct, frozen=True):
    """
    To whom the cards of one call are told, and the shared lines in each language.

    `app` is where the SMART app is opened; "" where this client's users may not.
    """

    hook: str
    client: Client
    words: Mapping[str, Words]
    app: str = ""


Takes = Callable[[Suggestion], bool]


def response_for(cards: Sequence[Card], told: Told) -> HookResponse:
    """The answer as this client can take it."""
    dialect, profile = DIALECTS[told.client.profile], told.client.profile
    empty = profile == "inferno" and told.hook in WITH_SYSTEM_ACTIONS
    return HookResponse(tuple(_linked(card, dialect(card, told), told) for card in cards), () if empty else None)


def _linked(card: Card, written: Card, told: Told) -> Card:
    """
    The card with the way to the SMART app; it hands on which card it was, the rule and the protocol.

    Oracle passes no appContext on, and shows links among others only.
    """
    if not told.app or told.client.profile == "oracle":
        return written
    trace = (card.extension or {}).get(TRACE, {})
    words = told.words[trace.get("language", LANGUAGE)].language
    said = {"card": str(card.uuid), "rule": card.source.topic.code, "protocol": trace.get("protocol", "")}
    link = Link(words.words(TO_APP), told.app, "smart", json.dumps(said))
    return replace(written, links=(link,))


def _standard(card: Card, _: Told) -> Card:
    return card


def _epic(card: Card, told: Told) -> Card:
    first, rest = card.suggestions[:1], card.suggestions[1:]
    offered = tuple(part for one in first for part in _apart(one, told.client))
    topic = replace(card.source.topic, code=NOT_ALPHANUMERIC.sub("", card.source.topic.code))
    card = _by_hand(card, rest if offered else card.suggestions, told)
    return replace(
        card,
        source=replace(card.source, topic=topic),
        suggestions=tuple(replace(one, isRecommended=False) for one in offered),
        selectionBehavior="any" if offered else None,
    )


def _apart(suggestion: Suggestion, client: Client) -> tuple[Suggestion, ...]:
    """The suggestion itself, or one for each test of it; none if Epic could not do the whole of it."""
    actions = suggestion.actions
    if len(actions) == 1 and (actions[0].resourceId or "").partition("/")[0] in EPIC_DELETES:
        return (suggestion,)
    tests = [_test(one, client) for one in actions]
    parts = [part for part in tests if part]
    if not parts or len(parts) < len(tests):
        return ()
    if len(parts) == 1:
        return (replace(suggestion, actions=(parts[0],)),)
    named = [replace(part, description=_name(part, suggestion)) for part in parts]
    return tuple(
        Suggestion(part.description, uuid5(suggestion.uuid, str(index)), actions=(part,))
        for index, part in enumerate(named)
    )


def _test(action: Action, client: Client) -> Action | None:
    order = from_preference_list(action.resource or {}, client.preference_list)
    return replace(action, resource=order) if order else None


def _oracle(card: Card, told: Told) -> Card:
    """A site that set the rule's indicator itself keeps it."""
    chosen = card.source.topic.code in told.client.rules.indicators
    loud = card.indicator == "critical" and (told.hook in WHILE_ORDERING or chosen)
    card = _without(replace(card, detail=card.detail.rpartition(PARAGRAPH)[0] or card.detail), _deletes, told)
    return replace(
        card,
        indicator="warning" if card.indicator == "critical" and not loud else card.indicator,
        suggestions=tuple(replace(one, isRecommended=False) for one in card.suggestions),
        overrideReasons=(),
    )


def _deletes(suggestion: Suggestion) -> bool:
    return any(one.type == "delete" for one in suggestion.actions)


def _sandbox(card: Card, told: Told) -> Card:
    return _without(card, lambda one: _deletes(one) and len(one.actions) > 1, told)


def _inferno(card: Card, told: Told) -> Card:
    return _without(card, _deletes_alone, told)


def _deletes_alone(suggestion: Suggestion) -> bool:
    deleted = {(one.resourceId or "").partition("/")[0] for one in suggestion.actions if one.type == "delete"}
    created = {one.resource["resourceType"] for one in suggestion.actions if one.type == "create" and one.resource}
    return not deleted <= created


def _without(card: Card, refuses: Takes, told: Told) -> Card:
    """The card with the suggestions that the client does not refuse; with none, if it refuses the first."""
    offered = tuple(one for one in card.suggestions if not refuses(one) and not refuses(card.suggestions[0]))
    if len(offered) == len(card.suggestions):
        return card
    left = [one for one in card.suggestions if one not in offered]
    behavior = card.selectionBehavior if offered else None
    return replace(_by_hand(card, left, told), suggestions=offered, selectionBehavior=behavior)


def _by_hand(card: Card, left: Sequence[Suggestion], told: Told) -> Card:
    """The card with what its user has to do without a button at the end of its words."""
    if not left:
        return card
    words = told.words[(card.extension or {}).get(TRACE, {}).get("language", LANGUAGE)]
    choices = words.language.any_of([_in_words(one) for one in left])
    line = write_detail(words.lines.by_hand, {"choices": choices})
    return replace(card, detail=PARAGRAPH.join([card.detail, line]))


def _in_words(suggestion: Suggestion) -> str:
    """The label, and what the actions say beyond it."""
    label = suggestion.label
    more = [name for name in (_name(one, suggestion) for one in suggestion.actions) if name not in label]
    return f"{label} ({'; '.join(more)})" if more else label


def _name(action: Action, suggestion: Suggestion) -> str:
    """What this action is about, without the label of its suggestion."""
    return action.description.removeprefix(f"{suggestion.label}: ")


DIALECTS: Mapping[Profile, Callable[[Card, Told], Card]] = {
    "standard": _standard,
    "epic": _epic,
    "oracle": _oracle,
    "sandbox": _sandbox,
    "inferno": _inferno,
}
