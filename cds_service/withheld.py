"""
What is said on a card and not kept: words of the chart itself, which may be anybody's free text.

Every other fact of every rule is a number, a day or a word of ours. The evidence names the resource in which the
chart's words can be read again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cds_service.b12.labs import UNIT_ALIASES
from cds_service.b12.units import unit_named

WITHHELD = "[not kept]"
QUOTED: Mapping[str, frozenset[str]] = {
    "allergy_conflict": frozenset({"allergy"}),
    "dose_unreadable": frozenset({"product"}),
}
"""By rule, the facts that are the chart's words."""
MEASURED = frozenset(
    {"before", "haemoglobin", "level", "now", "potassium", "rate", "structured", "text", "unit", "written"}
)
"""Facts of any rule that may hold a number as the chart has it, with the text of its unit, or that text alone."""
NUMBER = re.compile(
    r"(?P<number>(?:[<>]=?|ad)?-?[\d.,]+(?:E[+-]?\d+)?(?:-[\d.,]+(?:E[+-]?\d+)?)?)(?: (?P<unit>.*))?", re.DOTALL
)
"""With a comparator as FHIR has them, and with an exponent as Decimal writes one."""


def kept_trace(trace: Mapping[str, Any]) -> dict[str, Any]:
    """A card's trace without the words of the chart, in its own facts and in those of the findings that joined it."""
    also = [_kept(finding) for finding in trace.get("also", ())]
    return _kept(trace) | ({"also": also} if also else {})


def kept_summary(trace: Mapping[str, Any], summary: str) -> str:
    """The summary, unless it may quote what is not kept: it can be written again from rule, variant and evidence."""
    return summary if _kept(trace) == trace else WITHHELD


def _kept(finding: Mapping[str, Any]) -> dict[str, Any]:
    quoted = QUOTED.get(finding.get("rule", ""), frozenset())
    facts = {name: _fact(name, value, quoted) for name, value in finding.get("facts", {}).items()}
    return dict(finding) | ({"facts": facts} if facts else {})


def _fact(name: str, value: object, quoted: frozenset[str]) -> object:
    if name in quoted:
        return WITHHELD
    return _measure(name, value) if name in MEASURED and isinstance(value, str) else value


def _measure(name: str, text: str) -> str:
    """A number stays, whatever its unit; a unit stays if it is one that we know. Else only words of ours stay."""
    if name == "unit":
        return text if _known(text) else WITHHELD
    found = NUMBER.fullmatch(text)
    if found is None:
        return text if text[:1].isalpha() else WITHHELD
    return text if not found["unit"] or _known(found["unit"]) else f"{found['number']} {WITHHELD}"


def _known(unit: str) -> bool:
    return unit.lower() in UNIT_ALIASES or unit_named(unit) is not None
