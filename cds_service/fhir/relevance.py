"""Which resources of a chart matter to B12 therapy. Most do not, and are passed over at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cds_service.b12.codes import CodeSets
from cds_service.b12.names import of_interest
from cds_service.b12.words import Analyte, Property
from cds_service.fhir import chart_elements as chart
from cds_service.fhir import elements as fhir
from cds_service.fhir.chart_elements import Known
from cds_service.fhir.dosage import read_concept

Matters = Mapping[type, Callable[[Any], bool]]
"""For each type of resource whether one of them matters; all do of a type that is not in it."""
ALLERGENS = ("cobal", "benzyl")
"""Parts of the names of what a B12 injection holds, where no cobalamin is named."""


EVERYTHING: Matters = {}


def does_matter(body: Known, matters: Matters) -> bool:
    """Whether a resource is read, or passed over."""
    test = matters.get(body.__class__)
    return test is None or test(body)


def relevance(codes: CodeSets) -> Matters:
    """A filter by these code sets: a known code, or in a drug's case a name of interest."""
    coded, drug, named = _coded(codes), _drug(codes), _named(codes)
    drugs = (
        fhir.MedicationRequest,
        fhir.MedicationOrder,
        fhir.MedicationAdministration,
        fhir.MedicationDispense,
        fhir.MedicationStatement,
    )
    return {
        fhir.Condition: coded,
        fhir.Procedure: coded,
        fhir.Observation: lambda body: lab_of(body.code, codes) is not None,
        chart.AllergyIntolerance: _allergy(codes),
        chart.FamilyMemberHistory: lambda body: any(coded(one) for one in body.condition or ()),
        **dict.fromkeys((chart.ServiceRequest, chart.ProcedureRequest, chart.DiagnosticOrder), _tests(codes)),
        **dict.fromkeys(drugs, drug),
        fhir.Immunization: lambda body: body.vaccineCode is not None and named(body.vaccineCode),
    }


def _coded(codes: CodeSets) -> Callable[[Any], bool]:
    ideas = codes.ideas

    def matters(body: Any) -> bool:  # noqa: ANN401 - whichever struct has a `code`
        bare = True
        for one in codings(body.code):
            if (one.system, one.code) in ideas:
                return True
            bare = bare and not one.code
        return bare and codes.by_text(read_concept(body.code))

    return matters


def _drug(codes: CodeSets) -> Callable[[fhir.MedicationUse], bool]:
    named = _named(codes)

    def matters(body: fhir.MedicationUse) -> bool:
        concept = body.medicationCodeableConcept
        return body.medicationReference is not None if concept is None else named(concept)

    return matters


def _named(codes: CodeSets) -> Callable[[fhir.CodeableConcept], bool]:
    """A known code or a name of interest."""
    known = frozenset(codes.ideas) | frozenset(codes.products)

    def matters(concept: fhir.CodeableConcept) -> bool:
        text, bare = concept.text, True
        for one in codings(concept):
            if (one.system, one.code) in known:
                return True
            bare = bare and not one.code
            display = one.display
            if display and display != text and of_interest(display):
                return True
        return (text is not None and of_interest(text)) or (bare and codes.by_text(read_concept(concept)))

    return matters


def _allergy(codes: CodeSets) -> Callable[[chart.AllergyIntolerance], bool]:
    def matters(body: chart.AllergyIntolerance) -> bool:
        concepts = (body.code, body.substance, *(one.substance for one in reactions_of(body)))
        return any(_allergen(one, codes) for one in concepts if one)

    return matters


def _allergen(concept: fhir.CodeableConcept, codes: CodeSets) -> bool:
    coded = codings(concept)
    names = (concept.text, *(one.display for one in coded))
    if any((one.system, one.code) in codes.ideas or (one.system, one.code) in codes.products for one in coded):
        return True
    return any(of_interest(name) or any(part in name.lower() for part in ALLERGENS) for name in names if name)


def _tests(codes: CodeSets) -> Callable[[chart.TestRequest], bool]:
    def matters(body: chart.TestRequest) -> bool:
        asked = (body.code, *(item.code for item in body.item or ()))
        return any(lab_of(one, codes) is not None for one in asked)

    return matters


def reactions_of(body: chart.AllergyIntolerance) -> Sequence[chart.Reaction]:
    """The reactions, also where a client sends one without a list."""
    reaction = body.reaction
    return [reaction] if isinstance(reaction, chart.Reaction) else reaction or []


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
