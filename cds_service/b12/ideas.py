"""How ideas bear on each other: which exclude each other, and which are a part of another."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

CAUSES = frozenset({
    "bariatric-surgery", "dietary-deficiency", "drug-induced-deficiency", "permanent-malabsorption",
    "reversible-malabsorption",
})  # fmt: skip
SPECIAL = frozenset({"cyanide-exposure", "dialysis", "inborn-error-cobalamin", "leber"})
EVIDENCE = frozenset({
    "b-vitamin-deficiency-nonspecific", "b12-deficiency", "history-b12-injections-stopped", "vegan-diet",
})  # fmt: skip
PREFIXES = (("b12-", "drug-"), ("route-",), ("lab-",), ("allergen-",))
"""Ideas of one kind exclude each other: a code is of one drug, route, test or allergen."""
PROBLEMS = frozenset({"b12-deficiency", "drug-induced-deficiency"})
"""Named like drugs, and none."""
CONTRADICTING: tuple[frozenset[str], ...] = (
    CAUSES,
    SPECIAL,
    EVIDENCE,
    frozenset({"neurological-signs", "diabetic-neuropathy"}),
    frozenset({"history-b12-injections-started", "history-b12-injections-stopped"}),
    frozenset({"anaemia", "polycythaemia-vera"}),
    frozenset({"breastfeeding", "pregnancy"}),
)
PARTS: tuple[tuple[str, str], ...] = (
    ("total-gastrectomy", "gastric-surgery"),
    ("gastric-surgery", "permanent-malabsorption"),
    ("ileal-resection", "permanent-malabsorption"),
    ("pernicious-anaemia", "permanent-malabsorption"),
    ("pernicious-anaemia", "b12-deficiency"),
    ("dietary-deficiency", "b12-deficiency"),
    ("drug-induced-deficiency", "b12-deficiency"),
    ("coeliac-disease", "reversible-malabsorption"),
    ("crohns-disease", "reversible-malabsorption"),
    ("leber-proper", "leber"),
    ("cobalamin-metabolism-error", "inborn-error-cobalamin"),
)
"""(part, whole): whatever means the part means the whole as well; a part of a part comes first."""


def implied(ideas: Iterable[str]) -> frozenset[str]:
    """The ideas and all that they are a part of."""
    found = set(ideas)
    for part, whole in PARTS:
        if part in found:
            found.add(whole)
    return frozenset(found)


def contradiction(ideas: Iterable[str]) -> tuple[str, str] | None:
    """Two of the ideas that exclude each other, or None."""
    pairs = combinations(sorted(ideas), 2)
    return next(((one, other) for one, other in pairs if _exclude(one, other)), None)


def of_drug(idea: str) -> bool:
    """The idea is of a drug other than B12."""
    return idea.startswith("drug-") and idea not in PROBLEMS


def _exclude(one: str, other: str) -> bool:
    if any(one in group and other in group for group in CONTRADICTING):
        return True
    return _kind(one) is not None and _kind(one) == _kind(other)


def _kind(idea: str) -> tuple[str, ...] | None:
    return next((kind for kind in PREFIXES if idea.startswith(kind) and idea not in PROBLEMS), None)
