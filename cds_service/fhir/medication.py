"""Which product a resource means: coded, contained, beside it in the Bundle or the prefetch, or only named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec import Raw

from cds_service.b12.concept import Concept
from cds_service.b12.record import Product, Strength
from cds_service.b12.units import amount_of
from cds_service.b12.words import AmountKind
from cds_service.fhir import elements as fhir
from cds_service.fhir.dosage import read_concept, read_quantity, usable
from cds_service.fhir.prefetch import Sent
from cds_service.parts import read_part

Medications = Mapping[str, fhir.Medication]
MEDICATION = msgspec.json.Decoder(fhir.Medication, strict=False)


def medications_of(sent: Iterable[Sent]) -> Medications:
    """Every readable Medication by its references: full URL and `Medication/id`."""
    found: dict[str, fhir.Medication] = {}
    for one in sent:
        if isinstance(one.body, fhir.Medication):
            if one.body.id:
                found[f"Medication/{one.body.id}"] = one.body
                found.setdefault(f"urn:uuid:{one.body.id}", one.body)
            if one.full_url:
                found[one.full_url] = one.body
    return found


def read_product(
    concept: fhir.CodeableConcept | None,
    reference: fhir.Reference | None,
    contained: Sequence[Raw] | None,
    medications: Medications,
) -> Product:
    """The product meant; an unresolved reference leaves its display words, or is nameless."""
    if concept is not None:
        return Product(read_concept(concept))
    if reference is None:
        return Product(Concept())
    medication = resolved(reference.reference or "", contained or (), medications)
    spoken = Concept((), reference.display or "")
    if medication is None:
        return Product(spoken, nameless=not spoken.label)
    named = read_concept(medication.code)
    active = [one for one in medication.ingredient or () if one.isActive is not False]
    return Product(
        concept=named if named.label or named.codes else spoken,
        ingredients=tuple(_ingredient(one, medications) for one in active),
        strength=_strength(active[0]) if len(active) == 1 else None,
        form=read_concept(medication.form) if medication.form else None,
        excipients=tuple(_ingredient(one, medications) for one in medication.ingredient or () if one.isActive is False),
    )


def resolved(reference: str, contained: Sequence[Raw], medications: Medications) -> fhir.Medication | None:
    """The Medication that a reference means, if it was sent."""
    if reference.startswith("#"):
        inside = (_decoded(raw) for raw in contained)
        return next((one for one in inside if one and one.id and f"#{one.id.lstrip('#')}" == reference), None)
    bare = reference.split("/_history/", 1)[0]
    if found := medications.get(bare):
        return found
    base, _, tail = bare.rpartition("Medication/")
    elsewhere = base and any(url.startswith("http") and url.endswith(f"/Medication/{tail}") for url in medications)
    return None if elsewhere else medications.get(f"Medication/{tail}")


def _decoded(raw: Raw) -> fhir.Medication | None:
    try:
        return read_part(raw, MEDICATION)
    except msgspec.ValidationError:
        return None


def _ingredient(one: fhir.Ingredient, medications: Medications) -> Concept:
    if one.itemCodeableConcept:
        return read_concept(one.itemCodeableConcept)
    reference = one.itemReference
    found = resolved(reference.reference or "", (), medications) if reference else None
    return read_concept(found.code) if found else Concept((), (reference and reference.display) or "")


def _strength(ingredient: fhir.Ingredient) -> Strength | None:
    ratio = ingredient.strength
    top, bottom = (ratio.numerator, ratio.denominator) if ratio else (None, None)
    held = usable(bottom.value) if bottom else None
    mass = read_quantity(top)
    if bottom is None or held is None or held <= 0 or mass is None:
        return None
    per = amount_of(held, bottom.unit or "", bottom.code or "1", bottom.system or "")
    if mass.kind is not AmountKind.MASS or per.kind not in {AmountKind.VOLUME, AmountKind.COUNT}:
        return None
    container = per.low if per.kind is AmountKind.VOLUME and per.low != 1 else None
    return Strength(mass.low / per.low, per.kind, "ingredient", container)
