"""What a rule may answer: a finding, silence with its reason, or that it could not look; and what it may suggest."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from cds_service.b12.policy import Check, Span
from cds_service.b12.protocol import Regimen
from cds_service.b12.record import Schedule, Strength
from cds_service.b12.words import Analyte, Route

Fact = str | int | Decimal | date | Schedule | Strength | Regimen | Span


class Indicator(StrEnum):
    """How urgent a card is, as CDS Hooks names it."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 is the most urgent."""
        return ("critical", "warning", "info").index(self.value)


class CorrectDose(Struct, frozen=True):
    """Write other doses into steps of the draft order: (index of the step, micrograms) for each."""

    order: str
    steps: tuple[tuple[int, Decimal], ...]


class CorrectVolume(Struct, frozen=True):
    """Write other volumes into steps of the draft order: (index of the step, millilitres) for each."""

    order: str
    steps: tuple[tuple[int, Decimal], ...]


class CorrectRoute(Struct, frozen=True):
    """Write this route in every step of the draft order."""

    order: str
    route: Route


class AddLoading(Struct, frozen=True):
    """Put `remaining` loading doses of the regimen (all, if None) before the schedule of the draft order."""

    order: str
    regimen: Regimen
    remaining: int | None = None


class ReplaceWithRegimen(Struct, frozen=True):
    """Take the draft order away and order the regimen instead; `loaded`: only its maintenance."""

    order: str
    regimen: Regimen
    loaded: bool = False


class OrderMaintenance(Struct, frozen=True):
    """Create an order for the regimen's maintenance."""

    regimen: Regimen


class OrderRegimen(Struct, frozen=True):
    """Create an order for the whole regimen, loading first."""

    regimen: Regimen


class OrderLoading(Struct, frozen=True):
    """Create an order for the last `remaining` loading doses of the regimen."""

    regimen: Regimen
    remaining: int


class CorrectInterval(Struct, frozen=True):
    """Write this interval, in days, into the last step of the draft order."""

    order: str
    interval: Span


class CorrectSupply(Struct, frozen=True):
    """Write another quantity or number of refills into the draft order; None leaves what stands."""

    order: str
    quantity: Decimal | None = None
    repeats: int | None = None


class CorrectText(Struct, frozen=True):
    """Write other dosage texts into steps of the draft order: (index of the step, text) for each."""

    order: str
    steps: tuple[tuple[int, str], ...]


class RemoveDraft(Struct, frozen=True):
    """Take a draft away; `ref` may be of a medication or of a test."""

    ref: str


class OrderTests(Struct, frozen=True):
    """Create a laboratory order for each of these."""

    tests: tuple[Analyte, ...]


class RecordPlan(Struct, frozen=True):
    """Create a CarePlan with the regimen's phases and the tests of the protocol's checks."""

    regimen: Regimen
    checks: tuple[Check, ...]
    cause: tuple[str, ...] = ()


Proposal = (
    CorrectDose
    | CorrectVolume
    | CorrectRoute
    | CorrectInterval
    | CorrectSupply
    | CorrectText
    | AddLoading
    | ReplaceWithRegimen
    | OrderMaintenance
    | OrderRegimen
    | OrderLoading
    | OrderTests
    | RemoveDraft
    | RecordPlan
)

THERAPY, TESTS, CAUSE, PLAN, CALL = "therapy", "tests", "cause", "plan", "call"
"""Subjects of cards beside the orders and results themselves; findings about one subject share a card."""


class Finding(Struct, frozen=True):
    """
    Say it. `variant` picks the words in the rule's card, `facts` fill them, `evidence` names the resources.

    `indicator` overrides the card's own. `about` is the subject: findings about one subject share a card.
    """

    variant: str
    facts: Mapping[str, Fact]
    evidence: tuple[str, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    indicator: Indicator | None = None
    about: str = ""


class Silent(Struct, frozen=True):
    """Looked, and there is nothing to say. `because` is a constant phrase without patient values."""

    because: str


class Undecided(Struct, frozen=True):
    """Could not look: `missing` says what was missing."""

    missing: str


Verdict = Finding | Silent | Undecided
