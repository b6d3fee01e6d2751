"""From verdicts to cards: one card for one subject, the most urgent first, at most as many as a screen bears."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

from msgspec import Struct
from msgspec.structs import replace

from cds_service.b12.offering import IN_PART, TOLD
from cds_service.b12.protocol import Protocol
from cds_service.b12.verdict import Fact, Finding, Indicator, Silent, Undecided, Verdict
from cds_service.card_facts import OURS
from cds_service.fhir.proposals import Actions, Desk, ProposedAction, actions_of
from cds_service.hooks import Action, Card, Coding, Source, Suggestion, filled
from cds_service.knowledge import Knowledge
from cds_service.language import ENGLISH, Language
from cds_service.texts import LANGUAGE, CardText, Text, Words
from cds_service.urgency import most_urgent
from cds_service.wording import plain_facts, write_detail, write_line

LOG = logging.getLogger(__name__)
NAMESPACE = UUID("6f0d5b0e-6e2b-5c2e-9a4e-0b12c0ba1a31")
TOPICS = "https://cobalamin-cds.org/fhir/CodeSystem/rules"
TRACE = "org.cobalamin-cds.trace"
LONGEST_SUMMARY, LONGEST_LABEL = 139, 120
MOST_LINES, FEWEST_ALSO = 5, 2


class Judged(Struct, frozen=True):
    """
    One rule's verdict; `subject` is the draft it is about, or "" for the patient.

    `failed`: the rule broke. `shadow`: the client's site has the rule judged but not shown.
    """

    rule: str
    verdict: Verdict
    subject: str = ""
    failed: bool = False
    shadow: bool = False


class Page(Struct, frozen=True):
    """What all cards of one answer share."""

    knowledge: Knowledge
    protocol: Protocol
    instance: str
    as_of: datetime
    desk: Desk
    unseen: frozenset[str]
    complete: frozenset[str]
    most: int
    clear_until: date | None = None
    by_text: frozenset[str] = frozenset()
    indicators: Mapping[str, Indicator] = {}
    language: str = LANGUAGE

    @property
    def words(self) -> Words:
        """Everything that is said in the language of this answer."""
        return self.knowledge.words[self.language]

    def words_of(self, text: Text) -> Words:
        """Everything that is said in the language of this text: a card that fell back to English is all English."""
        return self.knowledge.words[text.language.code]


Cards = tuple[Card, ...]


def write_all(judged: Sequence[Judged], page: Page) -> tuple[Cards, Cards]:
    """
    The cards to show, and those of rules in shadow.

    Neither knows of the other, but where a rule in shadow did not stay silent, no card says that all is on schedule.
    """
    shown = tuple(one for one in judged if not one.shadow)
    hidden = tuple(one for one in judged if one.shadow and isinstance(one.verdict, Finding))
    doubt = any(one.shadow and not isinstance(one.verdict, Silent) for one in judged)
    page = replace(page, clear_until=None) if doubt else page
    return write_cards(shown, page), write_cards(hidden, replace(page, clear_until=None, most=len(hidden)))


def write_cards(judged: Sequence[Judged], page: Page) -> tuple[Card, ...]:
    """
    The most urgent cards, and all that say that something was not checked.

    With `page.clear_until`, the day of the next dose, a card says that all is on schedule, if nothing else is said
    and every rule could look.
    """
    subjects: dict[str, list[tuple[Judged, Finding]]] = {}
    for one in judged:
        if isinstance(one.verdict, Finding):
            subjects.setdefault(one.verdict.about, []).append((one, one.verdict))
    unchecked = _unchecked(judged)
    written = [_written(found, unchecked.pop(about, ()), page) for about, found in subjects.items()]
    cards = [card for card in written if card]
    left = {about: "; ".join(points) for about, points in unchecked.items() if about in page.complete}
    cards += [_system_card("not_checked", {"missing": missing}, page, about) for about, missing in left.items()]
    broken = sum(one.failed for one in judged) + written.count(None)
    cards += [_system_card("check_failed", {"failed": broken, "asked": len(judged)}, page)] if broken else []
    if page.clear_until and not cards and not any(isinstance(one.verdict, Undecided) for one in judged):
        cards = [_system_card("all_clear", {"due": page.clear_until}, page)]
    return most_urgent(cards, page.most)


def _unchecked(judged: Iterable[Judged]) -> dict[str, tuple[str, ...]]:
    """What could not be looked at, for each draft; what is missing for the patient is told in the cards' last line."""
    missing: dict[str, list[str]] = {}
    for one in judged:
        if isinstance(one.verdict, Undecided) and one.subject and not one.failed:
            missing.setdefault(one.subject, []).append(one.verdict.missing)
    return {subject: tuple(dict.fromkeys(points)) for subject, points in missing.items()}


def _indicator(found: tuple[Judged, Finding], page: Page) -> Indicator:
    """What the client's site says goes before what the finding says, and that before what the card says."""
    one, finding = found
    return page.indicators.get(one.rule) or finding.indicator or page.knowledge.texts[one.rule].indicator


def _written(found: list[tuple[Judged, Finding]], missing: tuple[str, ...], page: Page) -> Card | None:
    """The card, or None if its words break: the other cards must still leave."""
    try:
        return _card(found, missing, page)
    except Exception as fault:  # noqa: BLE001 - whatever a template raises
        kind, rule = type(fault).__name__, found[0][0].rule
        LOG.error("card failed", extra={"rule": rule, "fault": kind})  # noqa: TRY400 - a traceback may hold patient values
        return None


def _card(found: list[tuple[Judged, Finding]], missing: tuple[str, ...], page: Page) -> Card:
    """The most urgent finding leads; the others add a line each, the missing points the last."""
    texts = page.words.texts
    found = sorted(found, key=lambda pair: (_indicator(pair, page).rank, texts[pair[0].rule].rank))
    (lead, finding), rest = found[0], found[1:]
    text = texts[lead.rule].variants[finding.variant]
    card_text = page.words_of(text).texts[lead.rule]
    uuid = _uuid(page, lead.rule, finding.about)
    offers = _offers(finding, text, page)
    suggestions = tuple(_suggestion(offer, index, text, finding, uuid) for index, offer in enumerate(offers))
    trace = _trace(lead.rule, finding, page) | _offered(offers) | _joined(rest, missing)
    return Card(
        uuid=uuid,
        summary=_summary(text, finding.facts),
        detail=_detail(text, finding, rest, missing, page),
        indicator=_indicator((lead, finding), page).value,
        source=_source(lead.rule, page),
        suggestions=suggestions,
        selectionBehavior="at-most-one" if suggestions else None,
        overrideReasons=_reasons(card_text, page),
        extension={TRACE: filled(trace | _language(text) | _attribution(card_text, page))},
    )


def _summary(text: Text, facts: Mapping[str, Fact]) -> str:
    return write_line(text.summary, text.language.facts(facts, text.ours), LONGEST_SUMMARY)


def _detail(
    text: Text, finding: Finding, rest: list[tuple[Judged, Finding]], missing: tuple[str, ...], page: Page
) -> str:
    words = page.words_of(text)
    lines, language = words.lines, words.language
    parts = [write_detail(text.detail, language.facts(finding.facts, text.ours))]
    parts += _told([finding, *(other for _, other in rest)], words)
    room = max(FEWEST_ALSO, MOST_LINES - sum(bool(line.strip()) for line in parts[0].split("\n")))
    for one, other in rest[:room]:
        also = page.words.texts[one.rule].variants[other.variant]
        parts.append(write_detail(lines.also, {"summary": _summary(also, other.facts)}))
    if len(rest) > room:
        parts.append(write_detail(lines.more, {"more": len(rest) - room}))
    if missing:
        parts.append(write_detail(lines.unchecked, {"missing": language.words("; ".join(missing))}))
    return "\n\n".join([*parts, *_closing(words, page)])


def _told(found: list[Finding], words: Words) -> list[str]:
    """The lines on an allergy for which nothing is offered, and on what was seen in part: each once on a card."""
    facts = {name: fact for one in reversed(found) for name, fact in one.facts.items()}
    lines = [line for told, line in ((TOLD, words.lines.allergy), (IN_PART, words.lines.in_part)) if told in facts]
    return [write_detail(line, words.language.facts(facts, OURS)) for line in lines]


def _closing(words: Words, page: Page) -> list[str]:
    names = dict.fromkeys(words.types.get(one, one) for one in sorted(page.unseen))
    unseen = [write_detail(words.lines.partial, {"unseen": ", ".join(names)})] if names else []
    return [*unseen, write_detail(words.lines.source, {"protocol": words.language.words(page.protocol.title)})]


def _offers(finding: Finding, text: Text, page: Page) -> tuple[Actions, ...]:
    """What is offered; nothing where the card has no words for it."""
    found = (actions_of(proposal, page.desk) for proposal in finding.proposals)
    return tuple(actions for actions in found if actions and text.suggestion)


def _suggestion(actions: Actions, index: int, text: Text, finding: Finding, card: UUID) -> Suggestion:
    facts = text.language.facts(finding.facts, text.ours)
    label = write_line(text.suggestion, facts, LONGEST_LABEL) if text.suggestion else ""
    wire = tuple(_action(one, label, text.language) for one in actions)
    return Suggestion(label, uuid5(card, str(index)), isRecommended=index == 0, actions=wire)


def _action(one: ProposedAction, label: str, language: Language) -> Action:
    names = one.names(language)
    described = f"{label}: {names}" if names else label
    return Action(one.type, described, one.resource, one.resource_id)  # type: ignore[arg-type] # it is one of the three


def _offered(offers: Sequence[Actions]) -> dict[str, Any]:
    """What is offered, for the trace: the same in every language."""
    told = [[" ".join(filter(None, (one.type, one.names(ENGLISH)))) for one in actions] for actions in offers]
    return {"offers": told} if told else {}


def _language(text: Text) -> dict[str, Any]:
    """In which language the card is, where it is not English; lines that start with "Also" may be in another."""
    return {} if text.language.code == LANGUAGE else {"language": text.language.code}


def _source(rule: str, page: Page) -> Source:
    cited = page.protocol.source
    topic = Coding(TOPICS, rule, rule.replace("_", " "))
    return Source(f"{cited.label} ({page.protocol.id} {page.protocol.version})", topic, cited.url or None)


def _reasons(card_text: CardText, page: Page) -> tuple[Coding, ...]:
    return tuple(Coding(page.knowledge.reason_system, code, display) for code, display in card_text.override_reasons)


def _uuid(page: Page, rule: str, about: str) -> UUID:
    """The same for the same call and advice on one day, also if it is sent again; another hookInstance is another."""
    day = page.as_of.date().isoformat()
    return uuid5(NAMESPACE, f"{page.instance}|{rule}|{about}|{day}|{page.knowledge.version}|{page.protocol.id}")


def _trace(rule: str, finding: Finding, page: Page) -> dict[str, Any]:
    return {
        "rule": rule,
        "variant": finding.variant,
        "protocol": page.protocol.id,
        "protocolVersion": page.protocol.version,
        "knowledge": page.knowledge.version,
        "asOf": page.as_of.isoformat(),
        "facts": plain_facts(finding.facts),
        "evidence": list(finding.evidence),
        "readFromWords": sorted(page.by_text.intersection(finding.evidence)),
        "notSeen": sorted(page.unseen),
    }


def _joined(rest: list[tuple[Judged, Finding]], missing: tuple[str, ...]) -> dict[str, Any]:
    """What the other findings on the card are, and what they rest on; what could not be checked."""
    also = [
        {
            "rule": one.rule,
            "variant": other.variant,
            "facts": plain_facts(other.facts),
            "evidence": list(other.evidence),
        }
        for one, other in rest
    ]
    return ({"also": also} if also else {}) | ({"notChecked": list(missing)} if missing else {})


def _attribution(card_text: CardText, page: Page) -> dict[str, Any]:
    """The source attributes that evidence-based decision support has to tell its users."""
    cited, by = page.protocol.source, page.knowledge.attribution
    return {
        "source": {
            "citation": "; ".join(filter(None, (card_text.citation, cited.label))),
            "developer": by.developer,
            "funding": by.funding,
            "released": by.released.isoformat(),
            "revised": page.protocol.version,
            "demographics": list(card_text.demographics),
        }
    }


def _system_card(name: str, facts: Mapping[str, Fact], page: Page, about: str = "") -> Card:
    words = page.words
    card = words.system[name]
    text = card.variants[name]
    finding = Finding(name, facts, (about,) if about else (), about=about)
    said = words.language.facts(facts, text.ours)
    return Card(
        uuid=_uuid(page, name, about),
        summary=write_line(text.summary, said, LONGEST_SUMMARY),
        detail="\n\n".join([write_detail(text.detail, said), *_closing(words, page)]),
        indicator=card.indicator.value,
        source=_source(name, page),
        extension={TRACE: filled(_trace(name, finding, page) | _language(text))},
    )
