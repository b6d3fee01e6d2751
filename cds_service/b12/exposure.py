"""Drugs other than B12 that bear on it: what the patient takes or took, and what is being ordered now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime

from msgspec import Struct

from cds_service.b12.codes import CodeSets
from cds_service.b12.concept import When
from cds_service.b12.record import ClinicalRecord, Order, Product, Use
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


class Exposure(Struct, frozen=True):
    """
    One record that a patient takes or took a drug.

    `start` and `end` are the first and last day known of; `end` None: it goes on; `start` None: not known.
    """

    drug: RiskDrug
    ref: str
    start: When | None
    end: When | None
    once: bool = False

    def on(self, day: date) -> bool:
        """Taken on that day, as far as is known."""
        begun = self.start is None or self.start.earliest <= day
        return begun and (self.end is None or self.end.latest >= day)


class DrugDraft(Struct, frozen=True):
    """An order being written for a drug that bears on B12, with the order as it was read."""

    drug: RiskDrug
    order: Order

    @property
    def ref(self) -> str:
        """Reference of the order."""
        return self.order.ref


def drugs_of(product: Product, codes: CodeSets) -> frozenset[RiskDrug]:
    """Which of the drugs a product is or contains."""
    ideas = codes.ideas_of(product.concept).union(*(codes.ideas_of(one) for one in product.ingredients))
    return frozenset(drug for idea, drug in DRUG_SETS.items() if idea in ideas)


def exposures_of(record: ClinicalRecord, codes: CodeSets, as_of: datetime) -> tuple[Exposure, ...]:
    """Every record of such a drug that counts, in no order."""
    today = as_of.date()
    used = (found for use in record.uses for found in _used(use, codes, today))
    ordered = (found for order in record.orders for found in _ordered(order, codes, today))
    return (*used, *ordered)


def drug_drafts_of(drafts: Iterable[Order], codes: CodeSets) -> tuple[DrugDraft, ...]:
    """The drafts for such drugs, in the order in which they came."""
    return tuple(DrugDraft(drug, order) for order in drafts for drug in sorted(drugs_of(order.product, codes)))


def _used(use: Use, codes: CodeSets, today: date) -> Iterator[Exposure]:
    if use.status in NEVER or (use.when and use.when.earliest > today):
        return
    single = use.until is None and use.status not in GOES_ON
    for drug in drugs_of(use.product, codes):
        yield Exposure(drug, use.ref, use.when, use.when if single else use.until, once=single)


def _ordered(order: Order, codes: CodeSets, today: date) -> Iterator[Exposure]:
    never = order.status in NEVER or order.intent in NOT_AN_ORDER or order.do_not_perform
    start = order.starts or order.authored
    if never or (start and start.earliest > today):
        return
    end = order.ends if order.status in GOES_ON else order.ends or start
    for drug in drugs_of(order.product, codes):
        yield Exposure(drug, order.ref, start, end)
