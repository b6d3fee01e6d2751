"""How numbers, dates, schedules and regimens read in a card, in plain English."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from jinja2 import StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment

from cds_service.b12.policy import Span
from cds_service.b12.protocol import LoadingStep, Regimen, spoken
from cds_service.b12.record import Schedule, Strength
from cds_service.b12.verdict import Fact
from cds_service.b12.words import AmountKind, TimeUnit

GROUPED_FROM = 10_000
MARKDOWN = re.compile(r"([\\`*_\[\]#|~!])")
UNITS = {
    TimeUnit.HOUR: "hour",
    TimeUnit.DAY: "day",
    TimeUnit.WEEK: "week",
    TimeUnit.MONTH: "month",
    TimeUnit.YEAR: "year",
}
SPACES = re.compile(r"\s+")
PLACES = re.compile(r"\{\{-?\s*(\w+).*?\}\}")
OTHER_PLACES = re.compile(r"\{\{.*?\}\}")
CHOICES = re.compile(r"\{\{\s*'([^']*)' if .*? else '([^']*)'\s*\}\}")
TIMES = {1: "once", 2: "twice"}


def number(value: Decimal | int) -> str:
    """Digits without a trailing zero; grouped from 10,000 up."""
    value = Decimal(value)
    if value == value.to_integral_value():
        return f"{int(value):,}" if abs(value) >= GROUPED_FROM else str(int(value))
    return f"{value.quantize(Decimal('0.001')).normalize():f}"


def mcg(value: Decimal) -> str:
    """A mass in micrograms, spelled so that it cannot be read as milligrams."""
    return f"{number(value)} mcg"


def day(value: date | str) -> str:
    """A day as year-month-day, which reads the same everywhere; words stay words."""
    return value if isinstance(value, str) else value.isoformat()


def every(schedule: Schedule) -> str:
    """How often, such as "every 2 to 3 months" or "3 times a week"."""
    unit = UNITS[schedule.unit]
    if schedule.count_high == 1:
        return "once"
    if schedule.doses != 1:
        times = TIMES.get(int(schedule.doses), f"{number(schedule.doses)} times")
        span = f"a {unit}" if schedule.period_high == 1 else f"in {number(schedule.period_high)} {unit}s"
        return f"{times} {span}"
    if schedule.period_low == schedule.period_high == 1:
        return f"every {unit}"
    return f"every {_range(schedule.period_low, schedule.period_high)} {unit}s"


def strength(value: Strength) -> str:
    """Such as "1000 mcg per mL"."""
    return f"{mcg(value.mcg)} per {'mL' if value.per is AmountKind.VOLUME else 'piece'}"


def loading(regimen: Regimen) -> str:
    """The loading of a regimen, such as "1000 mcg every 2 to 3 days, 6 doses"."""
    return "; then ".join(_step(step) for step in regimen.loading)


def regimen_words(regimen: Regimen) -> str:
    """A whole regimen: drug, route, loading, maintenance."""
    routes = " or ".join(route.value for route in regimen.routes)
    upkeep = regimen.maintenance
    parts = [loading(regimen)] if regimen.loading else []
    parts += [f"{_dose(upkeep.dose)} every {days(upkeep.interval)}"] if upkeep else []
    return f"{regimen.substance.value} {routes}, {', then '.join(parts)}"


def _step(step: LoadingStep) -> str:
    doses = f"{_range(step.doses.low, step.doses.high)} doses" if step.doses else step.until
    return f"{_dose(step.dose)} every {days(step.interval)}, {doses}"


def _dose(span: Span) -> str:
    return f"{_range(span.low, span.high)} mcg"


def days(span: Span) -> str:
    """A span of days as it is spoken of, such as "2 to 3 months" or "week"."""
    said = spoken(span)
    unit = UNITS[said.unit]
    return unit if said.low == said.high == 1 else f"{_range(said.low, said.high)} {unit}s"


def _range(low: Decimal, high: Decimal) -> str:
    return number(low) if low == high else f"{number(low)} to {number(high)}"


FILTERS = {
    "number": number,
    "mcg": mcg,
    "day": day,
    "every": every,
    "strength": strength,
    "loading": loading,
    "regimen": regimen_words,
    "days": days,
}


def _escaped(value: object) -> object:
    """Nothing that came with the data can act as Markdown or HTML."""
    if not isinstance(value, str):
        return value
    clean = SPACES.sub(" ", value.replace("<", "‹").replace(">", "›"))
    return MARKDOWN.sub(r"\\\1", clean)


def plain_text(template: str) -> str:
    """A template for people: each place that a fact fills is shown as its name in brackets; choices as a slash."""
    named = PLACES.sub(lambda found: f"[{found[1].replace('_', ' ')}]", template)
    return OTHER_PLACES.sub("...", CHOICES.sub(lambda found: f"{found[1]}/{found[2]}", named))


def environment() -> ImmutableSandboxedEnvironment:
    """Templates of card texts: sandboxed, and a variable without a fact is an error."""
    texts = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
    )
    texts.filters.update(FILTERS)
    return texts


def write_detail(template: Template, facts: Mapping[str, Fact | Any]) -> str:
    """Markdown with every word from the data made harmless."""
    return template.render({name: _escaped(value) for name, value in facts.items()}).strip()


def write_line(template: Template, facts: Mapping[str, Fact | Any], longest: int) -> str:
    """One plain line, first letter large, cut at a word if it is too long."""
    line = SPACES.sub(" ", template.render(facts)).strip().replace("<", "‹").replace(">", "›")
    line = line[:1].upper() + line[1:]
    if len(line) <= longest:
        return line
    return line[: longest - 1].rsplit(" ", 1)[0] + "…"


def plain_facts(facts: Mapping[str, Fact]) -> dict[str, Any]:
    """Facts as JSON can hold them, for the trace."""
    return {name: _plain(value) for name, value in facts.items()}


def _plain(value: Fact) -> str | int | Decimal:
    if isinstance(value, Regimen):
        return value.id
    if isinstance(value, Schedule):
        return every(value)
    if isinstance(value, Strength):
        return strength(value)
    if isinstance(value, Span):
        return days(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else value.normalize()
    return value
