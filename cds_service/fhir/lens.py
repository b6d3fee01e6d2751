"""What resources are read with, and what was read once in a call because it comes over and over."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from msgspec import Raw, Struct

from cds_service.b12.codes import CodeSets
from cds_service.b12.exposure import is_other_drug
from cds_service.b12.record import Instruction, Product
from cds_service.fhir import elements as fhir
from cds_service.fhir.dosage import read_dosages
from cds_service.fhir.medication import Medications, read_product
from cds_service.parts import read_part

DOSAGES = msgspec.json.Decoder(list[fhir.Dosage] | fhir.Dosage | None, strict=False)
CONTAINED = msgspec.json.Decoder(list[Raw] | None)
UNSAID = Instruction()
Part = TypeVar("Part")


class Lens(Struct, frozen=True):
    """
    What a resource is read with: the Medications that came beside it, and the codes that matter.

    `products` keeps each coded product that was read, and whether it is a drug other than B12, and `doses` what was
    read from the same bytes: in a chart the same few come over and over.
    """

    medications: Medications
    codes: CodeSets
    products: dict[tuple[str | None, ...], tuple[Product, bool]] = {}
    doses: dict[bytes, Instruction] = {}


def part(raw: Raw, decoder: msgspec.json.Decoder[Part]) -> Part | None:
    """A part that was left as bytes; raises msgspec.ValidationError if it is of the wrong type."""
    return None if fhir.is_nothing(raw) else read_part(raw, decoder)


def product_and_dose(body: fhir.MedicationUse, dosage: Raw, lens: Lens) -> tuple[Product, Instruction]:
    """What was given, and how much at a time; of another drug that is never asked."""
    product, other = product_of(body, lens)
    if other or fhir.is_nothing(dosage):
        return product, UNSAID
    said = bytes(dosage)
    dose = lens.doses.get(said)
    if dose is None:
        dose = lens.doses[said] = next(iter(read_dosages(part(dosage, DOSAGES))), UNSAID)
    return product, dose


def product_of(body: fhir.MedicationUse, lens: Lens) -> tuple[Product, bool]:
    """The product, and whether it is a drug other than B12."""
    concept = body.medicationCodeableConcept
    one = concept.coding[0] if concept and isinstance(concept.coding, list) and len(concept.coding) == 1 else None
    if concept is None or one is None:
        return _read_product(body, lens)
    key = (one.system, one.code, one.display, concept.text)
    found = lens.products.get(key)
    if found is None:
        found = lens.products[key] = _read_product(body, lens)
    return found


def _read_product(body: fhir.MedicationUse, lens: Lens) -> tuple[Product, bool]:
    contained = part(body.contained, CONTAINED)
    product = read_product(body.medicationCodeableConcept, body.medicationReference, contained, lens.medications)
    return product, is_other_drug(product, lens.codes)
