"""Writes the clinicians' manual, cards/README.md and cards/cases: `python -m tests.manual`; `--check`: is it stale?"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import groupby
from pathlib import Path

from cds_service.rules import About, Rule
from tests.helpers import patients
from tests.helpers.patients import knowledge
from tests.helpers.tables import COLUMNS, DITTO, FOLDER, Case, Row, case_of, rows_of
from tests.helpers.used import numbers_of
from tests.manual_numbers import numbers, table

MANUAL = Path(__file__).parent.parent / "cards" / "README.md"
CASES = Path("cases")
GENERATED = (
    "<!-- Written by `python -m tests.manual`. Change the rules, texts, tables and protocols, not this page. -->"
)
TRAPS = {
    "F1": "the cyanide antidote",
    "F2": "an inborn error, or a specialist's high dose",
    "F3": "a product with other ingredients, or an infusion",
    "F4": "a dose in millilitres or ampoules",
    "F5": "a strength that is not known",
    "F6": "the patient is covered by mouth",
    "F7": "something dated in the future",
    "F8": "cancelled, mistaken, stopped, on hold, a draft or a plan",
    "F9": "several orders or steps that belong together",
    "F10": "a child, or a dose by weight",
    "F11": "pemetrexed or pralatrexate",
    "F12": "another country's label",
    "F13": "doses or results from elsewhere",
    "F14": "one thing told by several resources",
    "F15": "a result with the wrong unit or code",
    "F18": "a result that is preliminary, cancelled or corrected",
    "F19": "a diagnostic dose of 1 mcg",
    "F20": "an old order that was never closed",
    "F21": "a patient who has died, or is dying",
    "F22": "a multi-dose vial read as a dose",
    "F24": "100 mcg is on label",
    "F25": "a result that is a limit",
    "F26": "inexact dates and time zones",
    "F27": "an order not to give",
}
INTRO = """\
This is everything that the service can say about vitamin B12, when it says it, and every number that it goes by. It is
written from the same files that the service runs on, and every case in it is a test: what stands here is what happens.

## How to read it

A **rule** looks at one thing. It answers in one of three ways:

- **finding**: there is something to say. A card shows it, with one of three signs: *info* (worth knowing), *warning*
  (should be looked at), *critical* (look before going on).
- **silent**: the rule looked, and there is nothing to say.
- **undecided**: the rule could not look, because something was missing. For an order that is being signed, a quiet card
  says so. Undecided never passes for silent.

*When* and *Then* say in words what the rule does. The **cards** show what a clinician reads, with the numbers of one
of the cases. The **cases**, a page for each rule, are one patient, one order and one day a row, and the verdict that
follows; a lone ″ means "as in the row above". Under *card* stands what a clinician reads first. *Numbers it reads*
are the protocol's numbers that the rule itself looks at; where the patient stands (loading, maintenance, overdue,
lapsed) is reckoned before, by the numbers under "When a dose is late". Notes say what is easily got wrong; F and a
number name one of these kinds of false alarm:

{traps}

A **hook** is the moment of asking: *view* when a chart is opened, *select* when an order is chosen, *sign* when it is
about to be signed. A **protocol** is the guideline or label that a site has chosen; its numbers are at the end of this
page. A number that no guideline gives is called a house default, and says so.

If a row is wrong, change it in `tests/rules/` and the tests will show what has to follow. If a word is wrong, change it
in `cards/`; a number, in `cds_service/protocols/`.

## How a case is written

"""


ASKED = {
    About.PATIENT: "once for the patient",
    About.ORDER: "for each B12 order",
    About.DRUG: "for each order of another drug that bears on B12",
    About.TEST: "for each test being ordered",
    About.CALL: "once for the call",
}


@cache
def manual() -> str:
    """The whole page."""
    parts = [GENERATED, "# Clinicians' manual", INTRO.format(traps=_traps()) + _shorthand(), _contents()]
    parts += [_chapter(rule) for rule in knowledge().rules.values()]
    parts += ["# Numbers", *numbers()]
    return "\n\n".join(parts) + "\n"


def _traps() -> str:
    return "\n".join(f"- {code}: {words}" for code, words in TRAPS.items())


def _shorthand() -> str:
    """The notation, as its reader documents it."""
    return f"```text\n{(patients.__doc__ or '').strip()}\n```"


def _contents() -> str:
    lines = [f"- [{_title(rule)}](#{_anchor(rule)}) `{rule.id}`" for rule in knowledge().rules.values()]
    return "\n".join(["## Rules", "", *lines])


def _title(rule: Rule) -> str:
    return (sys.modules[rule.judge.__module__].__doc__ or "").strip().removesuffix(".")


def _chapter(rule: Rule) -> str:
    text = knowledge().texts[rule.id]
    rows = rows_of(FOLDER / f"{rule.id}.txt")
    says = textwrap.dedent(rule.speaks).strip()
    reasons = "; ".join(words for _, words in text.override_reasons)
    asked = ASKED[rule.about]
    return "\n\n".join([
        f'<a id="{_anchor(rule)}"></a>\n\n## {_title(rule)}',
        f"```text\n{says}\n```",
        f"Rule `{rule.id}`, asked {asked} at {', '.join(sorted(rule.hooks))}. Default: {text.indicator.value}.",
        _rests_on(rule),
        "### Cards",
        *_cards(rows),
        f"Reasons offered for overriding: {reasons}.",
        f"[All {len(rows)} cases of this rule, with the card of each finding and the traps]({CASES.name}/{rule.id}.md)",
    ])  # fmt: skip


@cache
def cases() -> dict[str, str]:
    """A page for each rule with all its cases, by the name of its file."""
    return {f"{rule.id}.md": _cases_page(rule) for rule in knowledge().rules.values()}


def _cases_page(rule: Rule) -> str:
    parts = [
        GENERATED,
        f"# {_title(rule)}",
        f"[What the rule does, its cards and its numbers](../README.md#{_anchor(rule)})",
    ]
    return "\n\n".join([*parts, _cases(rows_of(FOLDER / f"{rule.id}.txt"))]) + "\n"


def _anchor(rule: Rule) -> str:
    return rule.id.replace("_", "-")


def _rests_on(rule: Rule) -> str:
    """Where the advice comes from, the numbers that the rule reads, and what it uses of the patient's person."""
    text = knowledge().texts[rule.id]
    sources = f"{text.citation}; and the protocol in force" if text.citation else "the protocol in force"
    read = "; ".join(numbers_of(rule.id)) or "none of its own"
    person = ", ".join(text.demographics) or "nothing"
    return f"- Sources: {sources}.\n- Numbers it reads: {read}.\n- Of the patient's person it uses: {person}."


def _cards(rows: Iterable[Row]) -> Iterator[str]:
    """The card of the first case of each variant."""
    shown: set[str] = set()
    for row in rows:
        expected = row.expected
        if expected.kind == "finding" and expected.words not in shown:
            shown.add(expected.words)
            yield _card(case_of(row), expected.words)


def _card(case: Case, variant: str) -> str:
    card = case.card
    offers = [f"**[ {one.label} ]**" for one in card.suggestions]
    body = [f"**{card.summary}**", *card.detail.split("\n"), *(["", *offers] if offers else [])]
    quoted = "\n".join(f"> {line}".rstrip() for line in [body[0], "", *body[1:]])
    return f"`{variant}`, {card.indicator}:\n\n{quoted}"


def _cases(rows: Iterable[Row]) -> str:
    """One table for each section; its first row spells out what ditto marks stand for."""
    parts = []
    for section, found in groupby(rows, key=lambda row: row.section):
        first, *others = found
        spelled = (first.as_of, first.hook, first.protocol, first.record, first.draft, first.verdict)
        lines = [[*spelled, _said(first), first.note], *([*_marked(row), _said(row), row.note] for row in others)]
        parts += [f"**{section}**", table([*COLUMNS, "card", "note"], lines)]
    return "\n\n".join(parts)


def _said(row: Row) -> str:
    """What the card of a finding says first."""
    return case_of(row).card.summary if row.expected.kind == "finding" else ""


def _marked(row: Row) -> list[str]:
    return ["″" if cell == DITTO else cell for cell in row.cells]


def pages() -> dict[Path, str]:
    """Every page of the manual by its file."""
    return {MANUAL: manual()} | {MANUAL.parent / CASES / name: page for name, page in cases().items()}


def main(arguments: list[str]) -> int:
    """Write the manual; with --check only say whether it is stale."""
    fresh = pages()
    known = {MANUAL, *(MANUAL.parent / CASES).glob("*.md")}
    if "--check" in arguments:
        stale = known != set(fresh) or any(path.read_text("utf-8") != page for path, page in fresh.items())
        if stale:
            sys.stderr.write("cards/README.md or cards/cases is stale: run python -m tests.manual\n")
        return int(stale)
    for path in known - set(fresh):
        path.unlink()
    for path, page in fresh.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(page, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
