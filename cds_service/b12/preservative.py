"""Whether a B12 product holds benzyl alcohol, as far as its names, ingredients and pack size tell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum

from cds_service.b12.allergies import BENZYL_ALCOHOL
from cds_service.b12.dose import B12Order
from cds_service.b12.names import MANY_DOSES
from cds_service.b12.words import Form

FREE = re.compile(
    r"(?:preservative|benzyl\s*alcohol)[\s-]*free"
    r"|(?:without|no|free (?:of|from))\s+(?:preservatives?|benzyl\s*alcohol)",
    re.IGNORECASE,
)
MULTI_DOSE_ML = Decimal(10)  # US vials: 1 mL for one dose, 10 and 30 mL for many


class Preservative(StrEnum):
    """Benzyl alcohol in a product: named in it, as good as sure in a multi-dose vial, possible, or absent."""

    NAMED = "named"
    MULTI_DOSE = "multi-dose vial"
    POSSIBLE = "possible"
    ABSENT = "absent"


def benzyl_alcohol_in(order: B12Order) -> Preservative:
    """
    What is known of benzyl alcohol in the product ordered.

    US vials of cyanocobalamin hold 1.5 %, some of hydroxocobalamin 0.9 %, some Dutch ampoules 10.5 mg/mL and
    others none: an injection that does not say may hold it.
    """
    names = list(_names(order))
    if any(FREE.search(name) for name in names):
        return Preservative.ABSENT
    if any(BENZYL_ALCOHOL.search(name) for name in names):
        return Preservative.NAMED
    if not _injected(order):
        return Preservative.ABSENT
    container = order.product.strength.container_ml if order.product.strength else None
    large = container is not None and container >= MULTI_DOSE_ML
    multi = large or any(MANY_DOSES.search(name) for name in names)
    return Preservative.MULTI_DOSE if multi else Preservative.POSSIBLE


def _names(order: B12Order) -> Iterator[str]:
    product = order.order.product
    for concept in (product.concept, *product.ingredients, *product.excipients):
        yield concept.text
        yield from (code.display for code in concept.codes)


def _injected(order: B12Order) -> bool:
    if order.route is None:
        return order.product.form in {None, Form.INJECTION}
    return order.route.parenteral
