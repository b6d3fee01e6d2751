"""What a rule may answer: a finding, silence with its reason, or that it could not look; and what it may suggest."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from cds_service.b12.protocol import Regimen
from cds_service.b12.record import Schedule, Strength
from cds_service.b12.words import Route

Fact = str | int | Decimal | date | Schedule | Strength | Regimen


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
    """Take the draft order away and order the regimen instead."""

    order: str
    regimen: Regimen


class OrderMaintenance(Struct, frozen=True):
    """Create an order for the regimen's maintenance."""

    regimen: Regimen


Proposal = CorrectDose | CorrectVolume | CorrectRoute | AddLoading | ReplaceWithRegimen | OrderMaintenance


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
