"""The tables in tests/rules: read, judged by the real pipeline, and compared."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from msgspec.structs import replace

from cds_service.answer import Answer, Asked, answer, page_of
from cds_service.b12.verdict import (
    AddLoading,
    CorrectDose,
    CorrectInterval,
    CorrectRoute,
    CorrectSupply,
    CorrectText,
    CorrectVolume,
    Finding,
    OrderLoading,
    OrderMaintenance,
    OrderRegimen,
    OrderTests,
    RecordPlan,
    RemoveDraft,
    ReplaceWithRegimen,
    Silent,
    Undecided,
    Verdict,
)
from cds_service.hooks import Card, HookRequest, read_request
from cds_service.rules import About
from cds_service.wording import plain_facts
from cds_service.writer import Judged, write_cards
from tests.helpers.patients import judged_draft, knowledge, request_of

FOLDER = Path(__file__).parent.parent / "rules"
COLUMNS = ("as of", "hook", "protocol", "record", "draft", "verdict")
DITTO = '"'
HOOKS = {
    "view": "patient-view",
    "start": "encounter-start",
    "select": "order-select",
    "sign": "order-sign",
    "refill": "medication-refill",
    "discharge": "encounter-discharge",
    "problem": "problem-list-item-create",
    "allergy": "allergyintolerance-create",
}
NOT_ASKED = "not asked"
OFFERS = {
    CorrectDose: "dose",
    CorrectVolume: "volume",
    CorrectRoute: "route",
    AddLoading: "loading",
    ReplaceWithRegimen: "regimen",
    OrderMaintenance: "maintenance",
    OrderRegimen: "start",
    OrderLoading: "rest",
    CorrectInterval: "interval",
    CorrectSupply: "supply",
    CorrectText: "text",
    OrderTests: "tests",
    RemoveDraft: "removal",
    RecordPlan: "plan",
}


@dataclass(frozen=True)
class Expected:
    """A verdict cell: its kind, what follows the kind, and the facts that are named."""

    kind: str
    words: str
    indicator: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """One row of a table; `cells` as written, the fields with ditto marks resolved."""

    rule: str
    line: int
    as_of: str
    hook: str
    protocol: str
    record: str
    draft: str
    verdict: str
    note: str
    section: str
    cells: tuple[str, ...]

    @property
    def name(self) -> str:
        """A readable id for a test."""
        return f"{self.rule}:{self.line} {self.verdict.split(':')[0]}{f' ({self.note})' if self.note else ''}"

    @property
    def expected(self) -> Expected:
        """What the row says should come."""
        head, _, tail = self.verdict.partition(": ")
        words = head.split()
        if words[0] != "finding":
            return Expected(head, tail)
        facts = dict(part.split("=", 1) for part in shlex.split(tail))
        return Expected("finding", words[1], words[2], facts)


def tables() -> list[Path]:
    """Every table, in order of rule."""
    return sorted(FOLDER.glob("*.txt"))


@cache
def rows_of(path: Path) -> tuple[Row, ...]:
    """The rows of a table; a line that starts with # begins a section, those before the columns are for the reader."""
    rows: list[Row] = []
    section = ""
    above = ("",) * len(COLUMNS)
    for line, text in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if text.startswith("#"):
            section = text.removeprefix("#").strip()
        if not text.strip() or text.startswith("#"):
            continue
        body, _, note = text.partition(" <- ")
        cells = tuple(cell.strip() for cell in body.split("|"))
        if cells == COLUMNS:
            continue
        if len(cells) != len(COLUMNS):
            raise ValueError(f"{path.name}:{line}: expected {len(COLUMNS)} cells, got {len(cells)}")
        above = tuple(old if cell == DITTO else cell for cell, old in zip(cells, above, strict=True))
        as_of, hook, protocol, record, draft, verdict = above
        rows.append(Row(path.stem, line, as_of, hook, protocol, record, draft, verdict, note.strip(), section, cells))
    return tuple(rows)


@dataclass(frozen=True)
class Case:
    """A row's call: the request, what it is answered by, and the answer, as the service gives it."""

    row: Row
    request: HookRequest
    asked: Asked
    answered: Answer

    @property
    def subject(self) -> str:
        """The draft that the verdict is about, or "" for the patient."""
        about = knowledge().rules[self.row.rule].about
        return "" if about in {About.PATIENT, About.CALL} else judged_draft(HOOKS[self.row.hook], self.row.draft)

    @property
    def verdict(self) -> Verdict | None:
        """The rule's verdict on that subject; None if it was not asked."""
        judged = (
            one.verdict for one in self.answered.judged if (one.rule, one.subject) == (self.row.rule, self.subject)
        )
        return next(judged, None)

    @property
    def card(self) -> Card:
        """The card of this finding alone."""
        return self.card_in("en")

    def card_in(self, language: str) -> Card:
        """The same in another language."""
        if self.answered.episode is None or self.verdict is None:
            raise ValueError("expected a finding")
        asked = replace(self.asked, language=language)
        page = page_of(self.request, self.answered.episode, self.answered.reading, asked)
        return write_cards([Judged(self.row.rule, self.verdict, self.subject)], page)[0]


def case_of(row: Row) -> Case:
    """A row sent through the pipeline."""
    request = read_request(json.dumps(request_of(HOOKS[row.hook], row.record, row.draft)).encode())
    asked = Asked(knowledge(), row.protocol, instant(row.as_of), most_cards=20, most_resources=1000)
    return Case(row, request, asked, answer(request, asked))


def instant(text: str) -> datetime:
    """A day means its noon in UTC."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(hour=12, tzinfo=UTC)


def said(verdict: Verdict | None, row: Row) -> Expected:
    """A verdict in the words of a table; of a finding's facts those that the row names."""
    if verdict is None:
        return Expected(NOT_ASKED, "")
    if isinstance(verdict, Silent):
        return Expected("silent", verdict.because)
    if isinstance(verdict, Undecided):
        return Expected("undecided", verdict.missing)
    indicator = verdict.indicator or knowledge().texts[row.rule].indicator
    facts = {name: str(value) for name, value in plain_facts(verdict.facts).items()} | beside_facts(verdict)
    named = {name: facts.get(name, "nothing") for name in row.expected.facts}
    return Expected("finding", verdict.variant, indicator.value, named)


def beside_facts(finding: Finding) -> Mapping[str, str]:
    """What a row may name like a fact: what is offered, how many loading doses that leaves, evidence and subject."""
    left = (one.remaining for one in finding.proposals if isinstance(one, AddLoading | OrderLoading))
    return {
        "offers": offers_of(finding),
        "remaining": str(next(left, None) or "all"),
        "evidence": " ".join(finding.evidence),
        "about": finding.about,
    }


def offers_of(finding: Finding) -> str:
    """What a finding offers to do, in a word."""
    return " ".join(OFFERS[type(one)] for one in finding.proposals) or "nothing"
