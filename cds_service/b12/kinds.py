"""What each medication of a record is, told once: B12, another drug that bears on it, or neither."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from cds_service.b12 import names
from cds_service.b12.codes import CodeSets
from cds_service.b12.exposure import drugs_of
from cds_service.b12.product import B12Product, b12_product_of
from cds_service.b12.record import ClinicalRecord, Order, Product, Use
from cds_service.b12.words import RiskDrug

ANTIFOLATE = "drug-antifolate"


class Kind(Struct, frozen=True, gc=False):
    """
    What one product is.

    `drugs` are those that bear on B12 which it is or contains; `antifolate` one with a B12 schedule of its own;
    `in_words`: no code of ours tells, its words alone do.
    """

    b12: B12Product | None
    drugs: tuple[RiskDrug, ...]
    antifolate: bool
    in_words: bool


Kinds = Mapping[int, Kind]


def kinds_of(record: ClinicalRecord, codes: CodeSets) -> Kinds:
    """The kind of each product by its identity: the reader makes a single object of a product that comes often."""
    told: tuple[Use | Order, ...] = (*record.uses, *record.orders, *record.drafts)
    products = {id(one.product): one.product for one in told}
    return {key: kind_of(product, codes) for key, product in products.items()}


def kind_of(product: Product, codes: CodeSets) -> Kind:
    """What a product is."""
    b12, drugs = b12_product_of(product, codes), drugs_of(product, codes)
    return Kind(b12, tuple(sorted(drugs)), _is_antifolate(product, codes), _in_words(product, codes))


def _is_antifolate(product: Product, codes: CodeSets) -> bool:
    concept = product.concept
    return ANTIFOLATE in codes.ideas_of(concept) or names.mentions_antifolate(concept.label[: names.LONGEST_NAME])


def _in_words(product: Product, codes: CodeSets) -> bool:
    concepts = (product.concept, *product.ingredients)
    if any(codes.knows(one) for one in concepts):
        return False
    return any(names.of_interest(one.label[: names.LONGEST_NAME]) or codes.by_text(one) for one in concepts)
