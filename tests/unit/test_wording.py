"""How numbers, schedules and regimens read, and that nothing from the data acts as Markdown or HTML."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from jinja2 import TemplateError
from jinja2.exceptions import SecurityError, UndefinedError

from cds_service import wording
from cds_service.b12.protocol import RegimenFor
from cds_service.b12.record import Schedule, Strength
from cds_service.b12.words import AmountKind, TimeUnit
from cds_service.knowledge import Knowledge

D = Decimal
NUMBERS = {
    "0": "0", "1": "1", "1.0": "1", "1.50": "1.5", "0.10": "0.1", "1000": "1000", "9999": "9999", "10000": "10,000",
    "1E+6": "1,000,000", "-10000": "-10,000", "0.0004": "0", "0.3333333": "0.333", "1234.5": "1234.5",
}  # fmt: skip


@pytest.mark.parametrize(("value", "written"), NUMBERS.items())
def test_a_number_has_no_trailing_zero(value: str, written: str) -> None:
    assert wording.number(D(value)) == written


def test_a_mass_is_in_mcg_and_a_day_reads_the_same_everywhere() -> None:
    assert wording.mcg(D("1000.0")) == "1000 mcg"
    assert (wording.day(date(2026, 3, 1)), wording.day("unknown")) == ("2026-03-01", "unknown")


def schedule(doses: str, low: str, high: str, unit: TimeUnit, count: int | None = None) -> Schedule:
    return Schedule(D(doses), D(low), D(high), unit, count_high=count)


SCHEDULES = [
    (schedule("1", "1", "1", TimeUnit.DAY), "every day"),
    (schedule("1", "2", "3", TimeUnit.MONTH), "every 2 to 3 months"),
    (schedule("1", "3", "3", TimeUnit.MONTH), "every 3 months"),
    (schedule("2", "1", "1", TimeUnit.WEEK), "twice a week"),
    (schedule("3", "1", "1", TimeUnit.WEEK), "3 times a week"),
    (schedule("3", "2", "2", TimeUnit.WEEK), "3 times in 2 weeks"),
    (schedule("1", "12", "12", TimeUnit.HOUR), "every 12 hours"),
    (schedule("1", "1", "1", TimeUnit.YEAR, count=1), "once"),
]


@pytest.mark.parametrize(("value", "written"), SCHEDULES)
def test_a_schedule_is_said_in_words(value: Schedule, written: str) -> None:
    assert wording.every(value) == written


def test_a_strength_is_per_millilitre_or_piece() -> None:
    assert wording.strength(Strength(D(1000), AmountKind.VOLUME, "x")) == "1000 mcg per mL"
    assert wording.strength(Strength(D(50), AmountKind.COUNT, "x")) == "50 mcg per piece"


REGIMENS = {
    ("uk-nice-bnf", RegimenFor.STANDARD): (
        "hydroxocobalamin intramuscular, 1000 mcg every 2 to 3 days, 6 doses, then 1000 mcg every 2 to 3 months"
    ),
    ("uk-nice-bnf", RegimenFor.NEUROLOGICAL): (
        "hydroxocobalamin intramuscular, 1000 mcg every 2 days, until no further improvement, "
        "then 1000 mcg every 2 months"
    ),
    ("uk-nice-bnf", RegimenFor.DIETARY): "hydroxocobalamin intramuscular, 1000 mcg every 6 months",
    ("us-label", RegimenFor.STANDARD): (
        "cyanocobalamin intramuscular or subcutaneous, 100 mcg every day, 6 to 7 doses; "
        "then 100 mcg every 2 days, 7 doses; then 100 mcg every 3 to 4 days, 4 to 7 doses, "
        "then 100 mcg every month"
    ),
}


@pytest.mark.parametrize(("key", "written"), REGIMENS.items())
def test_a_regimen_is_said_in_words(knowledge: Knowledge, key: tuple[str, RegimenFor], written: str) -> None:
    protocol, whom = key
    regimen = knowledge.protocols[protocol].regimen(whom)

    assert regimen
    assert wording.regimen_words(regimen) == written


# What comes from the data is harmless


def detail(value: object, template: str = "{{ x }}") -> str:
    return wording.write_detail(wording.environment().from_string(template), {"x": value})  # type: ignore[dict-item] # hostile on purpose


HOSTILE = {
    "[x](javascript:alert(1))": r"\[x\](javascript:alert(1))",
    "<b>bold</b>": "‹b›bold‹/b›",
    "<img src=x onerror=alert(1)>": "‹img src=x onerror=alert(1)›",
    "![x](http://x)": r"\!\[x\](http://x)",
    "**bold** _it_ ~no~": r"\*\*bold\*\* \_it\_ \~no\~",
    "`code` | cell": r"\`code\` \| cell",
    "a\n\n# heading\n- item\t x": r"a \# heading - item x",
    "\\*": r"\\\*",
    "{{ 7 * 7 }} {% raw %}": r"{{ 7 \* 7 }} {% raw %}",
    "&lt;b&gt;": "&lt;b&gt;",
    "line\u2028separator": "line separator",
}


@pytest.mark.parametrize(("value", "written"), HOSTILE.items())
def test_nothing_from_the_data_acts_as_markdown_or_html(value: str, written: str) -> None:
    assert detail(value) == written


def test_what_is_no_text_goes_through_the_filters() -> None:
    assert detail(D("1000.0"), "{{ x | mcg }}") == "1000 mcg"
    assert detail(date(2026, 3, 1), "{{ x | day }}") == "2026-03-01"


def test_a_variable_without_a_fact_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        detail("a", "{{ y }}")


@pytest.mark.parametrize("template", ["{{ x.__class__.__mro__ }}", "{{ x.append(1) }}"])
def test_a_template_cannot_leave_its_box(template: str) -> None:
    with pytest.raises((SecurityError, TemplateError)):
        detail([], template)


LINES: list[tuple[str, dict[str, Any], int, str]] = [
    ("{{ x }}", {"x": " b12\n dose "}, 20, "B12 dose"),
    ("{{ x }}", {"x": "one two three"}, 13, "One two three"),
    ("{{ x }}", {"x": "one two three"}, 12, "One two…"),
    ("{{ x }}", {"x": "<b>"}, 12, "‹b›"),
    ("{{ x }}", {"x": "y" * 200}, 139, "Y" + "y" * 137 + "…"),
    ("{{ x }}", {"x": ""}, 12, ""),
]


@pytest.mark.parametrize(("template", "facts", "longest", "written"), LINES)
def test_a_line_is_plain_and_cut_at_a_word(template: str, facts: dict[str, Any], longest: int, written: str) -> None:
    line = wording.write_line(wording.environment().from_string(template), facts, longest)

    assert line == written
    assert len(line) <= longest


def test_facts_are_plain_in_the_trace(knowledge: Knowledge) -> None:
    regimen = knowledge.protocols["uk-nice-bnf"].regimens[0]
    facts = {
        "text": "a",
        "whole": D("1000.0"),
        "part": D("0.50"),
        "number": 5,
        "day": date(2026, 3, 1),
        "schedule": schedule("1", "1", "1", TimeUnit.MONTH),
        "strength": Strength(D(1000), AmountKind.VOLUME, "x"),
        "regimen": regimen,
    }

    assert wording.plain_facts(facts) == {
        "text": "a",
        "whole": 1000,
        "part": D("0.5"),
        "number": 5,
        "day": "2026-03-01",
        "schedule": "every month",
        "strength": "1000 mcg per mL",
        "regimen": "uk-standard",
    }
