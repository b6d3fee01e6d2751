"""That nothing from the data acts as Markdown or HTML, and what the trace holds."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from jinja2 import TemplateError
from jinja2.exceptions import SecurityError, UndefinedError

from cds_service import wording
from cds_service.b12.record import Schedule, Strength
from cds_service.b12.words import AmountKind, TimeUnit
from cds_service.knowledge import Knowledge

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
    assert detail(Decimal("1000.0"), "{{ x | mcg }}") == "1000 mcg"
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
    ("{{ x | capitalize }}", {"x": "vitamin B12 and Crohn's"}, 99, "Vitamin B12 and Crohn's"),
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
        "whole": Decimal("1000.0"),
        "part": Decimal("0.50"),
        "number": 5,
        "day": date(2026, 3, 1),
        "schedule": Schedule(Decimal(1), Decimal(1), Decimal(1), TimeUnit.MONTH),
        "strength": Strength(Decimal(1000), AmountKind.VOLUME, "x"),
        "regimen": regimen,
    }

    assert wording.plain_facts(facts) == {
        "text": "a",
        "whole": 1000,
        "part": Decimal("0.5"),
        "number": 5,
        "day": "2026-03-01",
        "schedule": "every month",
        "strength": "1000 mcg per mL",
        "regimen": "uk-standard",
    }


# A template shown to people


PLAIN = {
    "{{ days }} days since {{ last_dose | day }}": "[days] days since [last dose]",
    "{{ 'point' if more == 1 else 'points' }}": "point/points",
    "ended{% if ordered is defined %} ({{ ordered | day }}){% endif %}": "ended ([ordered])",
    "{% if a is undefined %}Held?{% elif a == 'b' %}Holds it.{% else %}May hold it.{% endif %} Ask": (
        "Held? / Holds it. / May hold it. Ask"
    ),
}


@pytest.mark.parametrize(("template", "plain"), PLAIN.items())
def test_a_template_is_told_without_its_code(template: str, plain: str) -> None:
    assert wording.plain_text(template) == plain


def test_no_rule_shows_code_to_a_reader(knowledge: Knowledge) -> None:
    for code, words in knowledge.words.items():
        for rule, card in words.texts.items():
            for name, text in card.variants.items():
                told = wording.plain_text(text.words, text.language)
                assert not set("{}") & set(told), f"{code} {rule}.{name}"
