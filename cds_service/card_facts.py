"""Which facts of the cards are words of ours, with translations (cards/phrases.toml). The others are the chart's."""

from __future__ import annotations

OURS = frozenset(
    {
        *(
            "allergic_to",
            "analyte",
            "cause",
            "condition",
            "drug",
            "established",
            "form",
            "labelled",
            "missing",
            "other",
        ),
        *("route", "route_structured", "route_text", "shown", "signs", "substance", "tests"),
    }
)
"""In every card."""
OURS_HERE = {
    ("dose_text_conflict", "route"): frozenset({"structured", "text"}),
    ("result_unit_mismatch", "property"): frozenset({"expected"}),
}
"""In these variants: (rule, variant)."""
