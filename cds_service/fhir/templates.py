"""What we ask a client to send, or its FHIR server for: one query for each key, and the keys of each hook."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

# The LOINC codes of the laboratory value sets; a test holds the two together.
LAB_CODES = (
    "2132-9", "14685-2", "15039-1", "72160-5", "13964-2", "2629-4", "13965-9", "2428-1", "718-7", "20509-6",
    "30313-1", "30350-3", "59260-0", "787-2", "30428-7", "58410-2", "57021-8", "17849-1", "4679-7", "60474-4",
    "14196-0", "40665-2", "2284-8", "14732-2", "2283-0", "14731-4", "2282-2", "25415-1", "2276-4", "20567-4",
    "24373-3", "3016-3", "11580-8", "11579-0", "2823-3", "6298-4", "2160-0", "14682-9", "62238-1", "33914-3",
    "48642-3", "48643-1", "98979-8", "30530-0", "24383-2", "5233-2", "11564-2", "56539-0",
)  # fmt: skip
PATIENT = "{{context.patientId}}"
TEMPLATES: Mapping[str, tuple[str, str]] = {
    "patient": ("Patient", f"Patient/{PATIENT}"),
    "conditions": ("Condition", f"Condition?patient={PATIENT}"),
    "procedures": ("Procedure", f"Procedure?patient={PATIENT}"),
    "allergies": ("AllergyIntolerance", f"AllergyIntolerance?patient={PATIENT}"),
    "familyHistory": ("FamilyMemberHistory", f"FamilyMemberHistory?patient={PATIENT}"),
    "medicationRequests": ("MedicationRequest", f"MedicationRequest?patient={PATIENT}"),
    "medicationAdministrations": ("MedicationAdministration", f"MedicationAdministration?patient={PATIENT}"),
    "medicationDispenses": ("MedicationDispense", f"MedicationDispense?patient={PATIENT}"),
    "medicationStatements": ("MedicationStatement", f"MedicationStatement?patient={PATIENT}"),
    "serviceRequests": ("ServiceRequest", f"ServiceRequest?patient={PATIENT}"),
    "carePlans": ("CarePlan", f"CarePlan?patient={PATIENT}"),
    "observations": (
        "Observation",
        f"Observation?patient={PATIENT}&code=" + ",".join(f"http://loinc.org|{code}" for code in LAB_CODES),
    ),
}
"""Key -> (resource type, query). Only simple tokens: richer ones come back as bogus empty Bundles from real clients."""

DRUG_KEYS = ("medicationRequests", "medicationAdministrations", "medicationDispenses", "medicationStatements")
HISTORY = ("patient", "conditions", "procedures", "allergies", *DRUG_KEYS, "observations")
WHOLE_CHART = tuple(TEMPLATES)
ASKED_FOR: Mapping[str, tuple[str, ...]] = {
    "patient-view": WHOLE_CHART,
    "encounter-start": WHOLE_CHART,
    "order-select": WHOLE_CHART,
    "order-sign": WHOLE_CHART,
    "medication-refill": WHOLE_CHART,
    "encounter-discharge": HISTORY,
    "problem-list-item-create": (*HISTORY, "serviceRequests", "familyHistory"),
    "allergyintolerance-create": ("patient", "conditions", "allergies", "medicationRequests"),
}
"""Hook -> the keys that its rules can use."""


def expected_type(key: str) -> str:
    """The type that we ask for under a key; empty for a key that is none of ours."""
    return TEMPLATES[key][0] if key in TEMPLATES else ""


def types_asked_for(hook: str) -> frozenset[str]:
    """The types that we ask a client of this hook to send."""
    return frozenset(TEMPLATES[key][0] for key in ASKED_FOR[hook])


def missing_keys(types: frozenset[str]) -> Iterator[str]:
    """The keys of our templates for these types."""
    return (key for key, (kind, _) in TEMPLATES.items() if kind in types)
