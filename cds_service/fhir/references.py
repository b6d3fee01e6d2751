"""References to Medications: what they say of a drug where they were sent, and which of them to ask the server for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import ValidationError
from msgspec.structs import replace

from cds_service.addresses import lies_below
from cds_service.b12.names import of_interest
from cds_service.fhir import elements as fhir
from cds_service.fhir.chart_elements import Known
from cds_service.fhir.lens import CONTAINED, part
from cds_service.fhir.medication import Medications, medications_of, resolved
from cds_service.fhir.prefetch import Prefetched, Sent
from cds_service.fhir.relevance import Matters, does_matter

LOCAL = re.compile(r"(?P<base>https?://.+/)?Medication/(?P<id>[A-Za-z0-9._-]{1,255})")
DOTS = re.compile(r"\.+")


def dangling(sent: Prefetched, drafts: Prefetched, base: str) -> tuple[str, ...]:
    """
    Ids of the Medications to ask the server at `base` for, each once, those first that nothing else names.

    A reference whose display names a drug that is no concern of ours is left alone, as the same words in a concept are.
    """
    nameless, named = set[str](), set[str]()
    medications = medications_of((*sent.resources, *drafts.resources))
    for reference in _references((*drafts.resources, *sent.resources)):
        wanted = _id_of(reference.reference or "", base, medications)
        if wanted and not reference.display:
            nameless.add(wanted)
        elif wanted and of_interest(reference.display or ""):
            named.add(wanted)
    return (*sorted(nameless), *sorted(named - nameless))


def _references(sent: Iterable[Sent]) -> Iterator[fhir.Reference]:
    for one in sent:
        body = one.body
        if isinstance(body, fhir.MedicationUse) and not body.medicationCodeableConcept and body.medicationReference:
            yield body.medicationReference


def _id_of(reference: str, base: str, medications: Medications) -> str:
    """The id of a Medication of this server that was not sent; empty for one that was, and for those elsewhere."""
    bare = reference.split("/_history/", 1)[0]
    found = LOCAL.fullmatch(bare)
    if found is None or DOTS.fullmatch(found["id"]) or resolved(bare, (), medications) is not None:
        return ""
    elsewhere = found["base"] and not (lies_below(found["base"], base) and lies_below(base, found["base"]))
    return "" if elsewhere else found["id"]


def may_matter(body: Known, medications: Medications, matters: Matters) -> bool:
    """Whether a resource matters, by the Medication that it refers to where that came with it."""
    reference = body.medicationReference if isinstance(body, fhir.MedicationUse) else None
    if not isinstance(body, fhir.MedicationUse) or body.medicationCodeableConcept or reference is None:
        return does_matter(body, matters)
    named = () if of_interest(reference.display or "") else _concepts(body, reference, medications)
    return not named or any(does_matter(replace(body, medicationCodeableConcept=one), matters) for one in named)


def _concepts(
    body: fhir.MedicationUse, reference: fhir.Reference, medications: Medications
) -> tuple[fhir.CodeableConcept, ...]:
    """All that says which drug it is; nothing where a part of that was not sent, or cannot be read."""
    try:
        contained = part(body.contained, CONTAINED) or ()
    except ValidationError:
        return ()
    found = resolved(reference.reference or "", contained, medications)
    ingredients = [one.itemCodeableConcept for one in (found.ingredient or () if found else ())]
    named = [found.code if found else None, *ingredients]
    return () if None in ingredients else tuple(one for one in named if one is not None)
