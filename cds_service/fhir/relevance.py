"""Which resources of a chart matter to B12 therapy. Most do not, and are passed over at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cds_service.b12.codes import CodeSets
from cds_service.b12.names import of_interest
from cds_service.b12.words import Analyte, Property
from cds_service.fhir import elements as fhir

Matters = Callable[[fhir.Known], bool]


def everything(_: fhir.Known) -> bool:
    """No resource is passed over."""
    return True


def relevance(codes: CodeSets) -> Matters:
    """A filter by these code sets: a known code, or in a drug's case a name of interest."""
    coded, drug = _coded(codes), _drug(codes)
    drugs = (
        fhir.MedicationRequest,
        fhir.MedicationOrder,
        fhir.MedicationAdministration,
        fhir.MedicationDispense,
        fhir.MedicationStatement,
        fhir.Immunization,
    )
    kinds: Mapping[type, Callable[[Any], bool]] = {
        fhir.Condition: coded,
        fhir.Procedure: coded,
        fhir.Observation: lambda body: lab_of(body.code, codes) is not None,
        **dict.fromkeys(drugs, drug),
    }
    return lambda body: kinds.get(body.__class__, everything)(body)


def _coded(codes: CodeSets) -> Callable[[Any], bool]:
    ideas = codes.ideas

    def matters(body: Any) -> bool:  # noqa: ANN401 - whichever struct has a `code`
        for one in codings(body.code):  # noqa: SIM110 - asked of every resource; a generator costs as much again
            if (one.system, one.code) in ideas:
                return True
        return False

    return matters


def _drug(codes: CodeSets) -> Callable[[fhir.MedicationUse], bool]:
    known = frozenset(codes.ideas) | frozenset(codes.products)

    def matters(body: fhir.MedicationUse) -> bool:
        concept = body.medicationCodeableConcept or body.vaccineCode
        if concept is None:
            return body.medicationReference is not None
        text = concept.text
        for one in codings(concept):
            if (one.system, one.code) in known:
                return True
            display = one.display
            if display and display != text and of_interest(display):
                return True
        return text is not None and of_interest(text)

    return matters


def codings(concept: fhir.CodeableConcept | fhir.LabConcept | None) -> list[Any]:
    """The codings, also where a client sends one of them without a list."""
    if concept is None or concept.coding is None:
        return []
    coding = concept.coding
    return coding if coding.__class__ is list else [coding]


def lab_of(concept: fhir.LabConcept | None, codes: CodeSets) -> tuple[Analyte, Property] | None:
    """What a laboratory code measures, if it matters."""
    for one in codings(concept):
        if found := codes.labs.get((one.system, one.code)):
            return found
    return None
