"""Drugs other than B12 that bear on it: what the patient takes or took, and what is being ordered now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache

from msgspec import Struct

from cds_service.b12.codes import CodeSets
from cds_service.b12.concept import When
from cds_service.b12.record import Order, Product, Use
from cds_service.b12.words import RiskDrug

DRUG_SETS = {
    "drug-metformin": RiskDrug.METFORMIN,
    "drug-acid-suppression": RiskDrug.ACID_SUPPRESSION,
    "drug-nitrous-oxide": RiskDrug.NITROUS_OXIDE,
    "drug-folic-acid": RiskDrug.FOLIC_ACID,
    "drug-methotrexate": RiskDrug.METHOTREXATE,
    "drug-antifolate": RiskDrug.ANTIFOLATE,
    "drug-digoxin": RiskDrug.DIGOXIN,
    "drug-potassium-losing-diuretic": RiskDrug.POTASSIUM_LOSING_DIURETIC,
}
NEVER = frozenset({
    "entered-in-error", "not-done", "not-taken", "cancelled", "declined", "intended", "preparation", "draft",
    "nullified",
})  # fmt: skip
GOES_ON = frozenset({"active", "in-progress", "unknown", ""})
NOT_AN_ORDER = frozenset({"proposal", "plan", "option"})


class Exposure(Struct, frozen=True, gc=False):
    """
    One record that a patient takes or took a drug.

    `start` and `end` are the first and last day known of; `end` None: it goes on; `start` None: not known.
    `once`: a single dose; `ordered`: only an order tells of it.
    """

    drug: RiskDrug
    ref: str
    start: When | None
    end: When | None
    once: bool = False
    ordered: bool = False

    def on(self, day: date) -> bool:
        """Taken on that day, as far as is known."""
        begun = self.start is None or self.start.earliest <= day
        return begun and (self.end is None or self.end.latest >= day)


class DrugDraft(Struct, frozen=True, gc=False):
    """An order being written for a drug that bears on B12, with the order as it was read."""

    drug: RiskDrug
    order: Order

    @property
    def ref(self) -> str:
        """Reference of the order."""
        return self.order.ref


def drugs_of(product: Product, codes: CodeSets) -> frozenset[RiskDrug]:
    """Which of the drugs a product is or contains."""
    ideas = codes.ideas_of(product.concept)
    if product.ingredients:
        ideas = ideas.union(*(codes.ideas_of(one) for one in product.ingredients))
    return _drugs_among(ideas)


@cache
def _drugs_among(ideas: frozenset[str]) -> frozenset[RiskDrug]:
    return frozenset(drug for idea, drug in DRUG_SETS.items() if idea in ideas)


def is_other_drug(product: Product, codes: CodeSets) -> bool:
    """By its code a drug that bears on B12, and no B12: how much was taken is never asked, only whether and when."""
    concept = product.concept
    ideas = codes.ideas_of(concept)
    alone = bool(concept.codes) and not product.ingredients
    return alone and bool(ideas) and ideas <= DRUG_SETS.keys() and codes.product_of(concept) is None


def exposures_of_use(use: Use, drugs: Sequence[RiskDrug], today: date) -> list[Exposure]:
    """What a use of these drugs tells; nothing where it does not count."""
    if use.status in NEVER or (use.when and use.when.earliest > today):
        return []
    single = use.until is None and use.status not in GOES_ON
    end = use.when if single else use.until
    return [Exposure(drug, use.ref, use.when, end, once=single) for drug in drugs]


def exposures_of_order(order: Order, drugs: Sequence[RiskDrug], today: date) -> list[Exposure]:
    """What an order of these drugs tells; nothing where it does not count."""
    never = order.status in NEVER or order.intent in NOT_AN_ORDER or order.do_not_perform
    start = order.starts or order.authored
    if never or (start and start.earliest > today):
        return []
    end = order.ends if order.status in GOES_ON else order.ends or start
    return [Exposure(drug, order.ref, start, end, ordered=True) for drug in drugs]
