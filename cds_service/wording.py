"""Card texts as templates: what they may use, and how they become Markdown and lines that nothing can break."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from jinja2 import StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment

from cds_service.b12.policy import Span
from cds_service.b12.protocol import Regimen
from cds_service.b12.record import Schedule, Strength
from cds_service.b12.verdict import Fact
from cds_service.language import ENGLISH, Language

MARKDOWN = re.compile(r"([\\`*_\[\]#|~!])")
SPACES = re.compile(r"[^\S\u00a0]+")  # a no-break space stays: a number must not break across lines
PLACES = re.compile(r"\{\{-?\s*(\w+).*?\}\}")
OTHER_PLACES = re.compile(r"\{\{.*?\}\}")
BRANCHES, ENDS = re.compile(r"\{%-?\s*(?:elif\b.*?|else)\s*-?%\}"), re.compile(r"\{%.*?%\}")
CHOICES = re.compile(r"\{\{\s*'([^']*)' if .*? else '([^']*)'\s*\}\}")


def capital(text: str) -> str:
    """The first letter large and the others as they are; Jinja's own makes "Vitamin b12" of "vitamin B12"."""
    return text[:1].upper() + text[1:]


def filters_of(language: Language) -> Mapping[str, Callable[..., str]]:
    """What card texts may pass facts through."""
    return {
        "number": language.number,
        "mcg": language.mcg,
        "measured": language.measured,
        "counted": language.counted,
        "day": language.day,
        "every": language.every,
        "days": language.days,
        "strength": language.strength,
        "loading": language.loading,
        "regimen": language.regimen,
        "capitalize": capital,
    }


def _escaped(value: object) -> object:
    """Nothing that came with the data can act as Markdown or HTML."""
    if not isinstance(value, str):
        return value
    clean = SPACES.sub(" ", value.replace("<", "‹").replace(">", "›"))
    return MARKDOWN.sub(r"\\\1", clean)


def plain_text(template: str, language: Language = ENGLISH) -> str:
    """A template for people: each place that a fact fills is shown as its name in brackets; choices by a slash."""
    straight = ENDS.sub("", BRANCHES.sub(" / ", template))
    named = PLACES.sub(lambda found: language.words(f"[{found[1].replace('_', ' ')}]"), straight)
    return OTHER_PLACES.sub("...", CHOICES.sub(lambda found: f"{found[1]}/{found[2]}", named))


def environment(language: Language = ENGLISH) -> ImmutableSandboxedEnvironment:
    """Templates of card texts in one language: sandboxed, and a variable without a fact is an error."""
    texts = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
    )
    texts.filters.update(filters_of(language))
    return texts


def write_detail(template: Template, facts: Mapping[str, Fact | Any]) -> str:
    """Markdown with every word from the data made harmless."""
    return template.render({name: _escaped(value) for name, value in facts.items()}).strip()


def write_line(template: Template, facts: Mapping[str, Fact | Any], longest: int) -> str:
    """One plain line, first letter large, cut at a word if it is too long."""
    line = capital(SPACES.sub(" ", template.render(facts)).strip().replace("<", "‹").replace(">", "›"))
    if len(line) <= longest:
        return line
    return line[: longest - 1].rsplit(" ", 1)[0] + "…"


def plain_facts(facts: Mapping[str, Fact]) -> dict[str, Any]:
    """Facts as JSON can hold them, for the trace: the same in every language."""
    return {name: _plain(value) for name, value in facts.items()}


def _plain(value: Fact) -> str | int | Decimal:
    if isinstance(value, Regimen):
        return value.id
    if isinstance(value, Schedule):
        return ENGLISH.every(value)
    if isinstance(value, Strength):
        return ENGLISH.strength(value)
    if isinstance(value, Span):
        return ENGLISH.days(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else value.normalize()
    return value
