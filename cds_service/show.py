"""Cards, verdicts and knowledge for people at a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from rich.console import Console, Group
from rich.markdown import Markdown
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from cds_service.answer import Answer
from cds_service.b12.verdict import Finding, Silent, Verdict
from cds_service.clients import Client, RuleChanges
from cds_service.comparing import Change
from cds_service.explained import facts_of
from cds_service.hooks import Card
from cds_service.knowledge import Knowledge
from cds_service.wording import plain_facts

COLOURS = {"critical": "red", "warning": "yellow", "info": "blue"}


def cards(shown: Sequence[Card], console: Console) -> None:
    """Each card in a frame of its urgency's colour."""
    if not shown:
        console.print("No cards.")
    for card in shown:
        offers = [Text(f"→ {suggestion.label}", style="bold") for suggestion in card.suggestions]
        reasons = ", ".join(reason.display or reason.code for reason in card.overrideReasons)
        body: list[Markdown | Text] = [Markdown(card.detail), *offers]
        body += [Text(f"Override reasons: {reasons}", style="dim")] if reasons else []
        title = f"{card.indicator.upper()}  {card.source.topic.code}"
        console.print(Text(card.summary, style="bold"))
        console.print(Panel(Group(*body), title=title, title_align="left", border_style=COLOURS[card.indicator]))


def explanation(answer: Answer, remarks: Sequence[str], console: Console) -> None:
    """The facts, every rule's verdict, what was not read, and where the request departs from the specification."""
    if answer.episode:
        _table(console, "Facts", ("fact", "value"), facts_of(answer.episode))
    rows = ((one.rule, one.subject, *_verdict(one.verdict)) for one in answer.judged)
    _table(console, "Verdicts", ("rule", "about", "verdict", "why"), rows)
    unread = answer.reading.record.unread
    _table(console, "Not read", ("where", "reason"), ((note.where, note.reason) for note in unread))
    _table(console, "Departs from CDS Hooks 2.0", ("remark",), ((remark,) for remark in remarks))
    cards(answer.cards, console)


def knowledge(loaded: Knowledge, console: Console) -> None:
    """What was loaded and found sound."""
    console.print(f"Knowledge {loaded.version} is sound: {len(loaded.rules)} rules, {len(loaded.codes.ideas)} codes.")
    rows = ((one.id, one.version, one.country, str(len(one.regimens)), one.title) for one in loaded.protocols.values())
    _table(console, "Protocols", ("id", "version", "country", "regimens", "title"), rows)


def clients(loaded: Iterable[Client], console: Console) -> None:
    """Who may call, and what each client's site changed."""
    for one in loaded:
        rows = {
            "issuer": one.issuer,
            "keys": ", ".join([*(key["kid"] for key in one.jwks.get("keys", ())), *one.jwks_urls]),
            "algorithms": ", ".join(one.algorithms),
            "tenants": ", ".join(one.tenants) or "any",
            "FHIR servers": ", ".join(one.fhir_servers) or "none",
            "profile": one.profile,
            "protocol": one.protocol or "the service's own",
            "rules changed": _rule_changes(one.rules) or "none",
        }
        _table(console, f"Client {one.id}", ("setting", "value"), list(rows.items()))


def _rule_changes(changes: RuleChanges) -> str:
    indicators = [f"{rule} {word}" for rule, word in sorted(changes.indicators.items())]
    named = {"off": sorted(changes.off), "shadow": sorted(changes.shadow), "indicators": indicators}
    return "; ".join(f"{name}: {', '.join(rules)}" for name, rules in named.items() if rules)


def changes(found: Sequence[Change], records: int, console: Console) -> None:
    """Whose advice changes and how, and a count for each rule."""
    touched = len({one.record for one in found})
    console.print(f"Advice changes for {touched} of {records} records.")
    rows = ((one.record, one.protocol, one.rule, one.subject, one.old, one.new) for one in found)
    _table(console, "Changes", ("record", "protocol", "rule", "about", "old", "new"), rows)
    counted = Counter(one.rule for one in found).most_common()
    _table(console, "By rule", ("rule", "changes"), ((rule, str(count)) for rule, count in counted))


def _table(console: Console, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    listed = list(rows)
    console.print(Text(title if listed else f"{title}: none", style="bold"))
    if not listed:
        return
    table = Table()
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in listed:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)


def _verdict(verdict: Verdict) -> tuple[str, str]:
    if isinstance(verdict, Finding):
        facts = ", ".join(f"{name}={value}" for name, value in plain_facts(verdict.facts).items())
        return f"finding: {verdict.variant}", facts
    return ("silent", verdict.because) if isinstance(verdict, Silent) else ("undecided", verdict.missing)
