"""The products that the demo's order form offers: the B12 products of the code systems whose strength is known."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import msgspec

RXNORM = "b12-products-rxnorm.json"
OFFERED = (
    "309594", "2001499", "317106", "309595", "313896", "309593", "244190", "237779", "1539820",
)  # fmt: skip
"""A short list, by form and strength; each is in the code system."""


@cache
def products_of(profiles: Path) -> list[dict[str, Any]]:
    """Each with its code, its words and what one mL or piece of it holds, in micrograms."""
    system: dict[str, Any] = msgspec.json.decode((profiles / "codesystems" / RXNORM).read_bytes())
    found = {one["code"]: one for one in system["concept"]}
    return [_product(found[code], system["supplements"]) for code in OFFERED]


def _product(concept: dict[str, Any], system: str) -> dict[str, Any]:
    said = {one["code"]: next(value for name, value in one.items() if name != "code") for one in concept["property"]}
    mcg, form, substance = int(said["mcg"]), said["form"], said["substance"]
    held = (
        f"{mcg} mcg/mL injection" if form == "injection" else f"{mcg} mcg {'' if form == 'oral' else form + ' '}tablet"
    )
    return {
        "system": system,
        "code": concept["code"],
        "display": concept["display"],
        "text": f"{substance.capitalize()} {held}",
        "form": form,
        "substance": substance,
        "mcg": mcg,
    }
