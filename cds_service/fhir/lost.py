"""What is being written and could not be read: whether it bears on B12, as far as can be told without reading it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from msgspec import Raw, Struct

from cds_service.b12.allergies import is_culprit
from cds_service.b12.codes import CodeSets
from cds_service.b12.concept import Code, Concept
from cds_service.b12.names import mentions_b12
from cds_service.b12.product import b12_product_of
from cds_service.b12.record import Product
from cds_service.fhir import elements as fhir
from cds_service.fhir.bundles import type_of
from cds_service.fhir.lens import CONTAINED, Lens, part
from cds_service.fhir.medication import read_product
from cds_service.parts import read_part


class Drug(Struct, frozen=True, gc=False, rename="camel"):
    """All of an order that says of what it is; `medication` is that of newer FHIR."""

    medication_codeable_concept: Raw = Raw()
    medication_reference: Raw = Raw()
    medication: Raw = Raw()
    contained: Raw = Raw()


class NewerDrug(Struct, frozen=True, gc=False):
    """The same as newer FHIR has it."""

    concept: Raw = Raw()
    reference: fhir.Reference | None = None


ANY = msgspec.json.Decoder(float_hook=str)
DRUG = msgspec.json.Decoder(Drug)
REFERENCE = msgspec.json.Decoder(fhir.Reference | None)
NEWER = msgspec.json.Decoder(NewerDrug | None)


def orders_b12(raw: Raw, lens: Lens) -> bool:
    """
    A name of a cobalamin, a code of a B12 product, or a reference to a Medication that is one, wherever it stands.

    True also of what is nested too deeply to be told.
    """
    return _is_any(raw, lambda one: _is_coded(one, lens.codes) or _refers(one, lens))


def bears_on_b12(raw: Raw, lens: Lens) -> bool:
    """The same of a problem or an allergy: also what else B12 injections hold, and for a problem any code of ours."""
    allergy, codes = type_of(raw) == "AllergyIntolerance", lens.codes

    def bears(node: dict[str, Any]) -> bool:
        concepts = tuple(_concepts(node))
        known = not allergy and any(codes.knows(one) or codes.by_text(one) for one in concepts)
        return known or any(is_culprit(one, codes) for one in concepts)

    return orders_b12(raw, lens) or _is_any(raw, bears)


def is_nameless(raw: Raw, lens: Lens) -> bool:
    """The drug of an order is a reference to what was not seen, and nothing names it."""
    try:
        drug = read_part(raw, DRUG)
        reference, contained = part(drug.medication_reference, REFERENCE), part(drug.contained, CONTAINED)
        newer = part(drug.medication, NEWER) or NewerDrug()
    except msgspec.ValidationError:
        return False
    nothing = fhir.is_nothing(drug.medication_codeable_concept) and fhir.is_nothing(newer.concept)
    return nothing and read_product(None, reference or newer.reference, contained, lens.medications).nameless


def _is_any(raw: Raw, test: Callable[[dict[str, Any]], bool]) -> bool:
    """It names a cobalamin, or an object in it passes the test, or it is nested too deeply to be told."""
    if mentions_b12(bytes(raw).decode("utf-8", "replace")):
        return True
    try:
        whole = read_part(raw, ANY)
    except msgspec.DecodeError:
        return True
    return any(test(one) for one in _objects(whole))


def _objects(node: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - any JSON
    """Every object, however deep."""
    left = [node]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            yield one
            left.extend(one.values())
        elif isinstance(one, list):
            left.extend(one)


def _is_coded(node: dict[str, Any], codes: CodeSets) -> bool:
    """A coding of a B12 product."""
    coded = _code_of(node)
    return bool(coded) and b12_product_of(Product(Concept(coded)), codes) is not None


def _code_of(node: dict[str, Any]) -> tuple[Code, ...]:
    """A coding; its code may be a number."""
    system, code = node.get("system"), node.get("code")
    return (Code(system, str(code)),) if isinstance(system, str) and isinstance(code, str | int) else ()


def _concepts(node: dict[str, Any]) -> Iterator[Concept]:
    """What an object says if it is a concept or a coding."""
    coded = _code_of(node)
    yield from (Concept(coded, said) for name in ("text", "display") if isinstance(said := node.get(name), str))
    if coded:
        yield Concept(coded)


def _refers(node: dict[str, Any], lens: Lens) -> bool:
    """A reference to a Medication that came along and is B12."""
    said = node.get("reference")
    if not isinstance(said, str):
        return False
    product = read_product(None, fhir.Reference(said), None, lens.medications)
    return mentions_b12(product.concept.label) or b12_product_of(product, lens.codes) is not None
