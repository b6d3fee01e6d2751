"""Hereditary diseases that decide which cobalamin may be given, where their codes alone are too broad to say so."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cds_service.b12.record import Condition

LEBER = re.compile(r"\bleber|\bLHON\b", re.IGNORECASE)
COBALAMIN_ERROR = re.compile(r"\b(?:cobalamin|cbl)[\s-]?[a-gjx]\b", re.IGNORECASE)


def certain(
    refs: Iterable[str], proper: Iterable[str], conditions: Iterable[Condition], name: re.Pattern[str]
) -> tuple[str, ...]:
    """
    Of the problems `refs` those that are certainly the disease.

    Either their code means nothing else (`proper`), or a broad code comes with words that name it, as "Leber" beside
    ICD-10-CM H47.22 or "cobalamin C" beside E71.120.
    """
    sure = {*proper, *(one.ref for one in conditions if _says(one, name))}
    return tuple(ref for ref in refs if ref in sure)


def _says(condition: Condition, name: re.Pattern[str]) -> bool:
    concept = condition.concept
    return any(name.search(words) for words in (concept.text, *(code.display for code in concept.codes)))
