"""What a chart holds beside therapy, problems and results: allergies, tests ordered, care plans, supplies."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from msgspec import Struct

from cds_service.b12.concept import Concept, When
from cds_service.b12.words import Analyte


class Allergy(Struct, frozen=True, gc=False):
    """
    An AllergyIntolerance. `substances` are its code and the substances of its reactions.

    `kind` is "allergy", "intolerance" or ""; `severity` the worst of its reactions: "mild", "moderate", "severe", "".
    """

    ref: str
    substances: tuple[Concept, ...]
    clinical_status: str = ""
    verification: str = ""
    kind: str = ""
    criticality: str = ""
    severity: str = ""


NOT_ORDERED = frozenset({
    "draft", "proposed", "planned", "on-hold", "suspended", "revoked", "cancelled", "rejected", "failed",
    "entered-in-error",
})  # fmt: skip
NOT_AN_ORDER = frozenset({"proposal", "plan", "option"})


class LabOrder(Struct, frozen=True, gc=False):
    """A ServiceRequest for laboratory tests that matter here. `analytes` are what it measures; never empty."""

    ref: str
    analytes: tuple[Analyte, ...]
    status: str
    intent: str = ""
    authored: When | None = None
    due: When | None = None

    def counts(self, today: date) -> bool:
        """It was ordered by then and stands: what is to come of it may be awaited, or has come."""
        ordered = self.status not in NOT_ORDERED and self.intent not in NOT_AN_ORDER
        return ordered and not (self.authored and self.authored.earliest > today)


class Plan(Struct, frozen=True, gc=False):
    """A CarePlan that speaks of vitamin B12."""

    ref: str
    status: str
    period: tuple[When | None, When | None] = (None, None)


class Supply(Struct, frozen=True, gc=False):
    """
    What an order asks the pharmacy to hand over.

    `quantity` is a number of `unit` as written (mL, vials, tablets ...), `repeats` the refills after the first
    supply, `days` the days that one supply is meant to last.
    """

    quantity: Decimal | None = None
    unit: str = ""
    unit_code: str = ""
    repeats: int | None = None
    days: Decimal | None = None
    starts: When | None = None
    ends: When | None = None
