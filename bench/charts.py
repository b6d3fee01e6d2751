"""Made-up charts for the benchmarks: order-sign requests of a given number of resources, in everyday proportions."""

from __future__ import annotations

import json
import random
from datetime import date, timedelta
from typing import Any

TODAY = date(2026, 11, 20)
MONTHLY_DOSES = 12
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
SHARES = {  # what our prefetch asks for: all problems and drugs, of the results only the B12 family and eGFR
    "conditions": 0.17,
    "procedures": 0.07,
    "allergies": 0.01,
    "familyHistory": 0.01,
    "medicationRequests": 0.27,
    "medicationAdministrations": 0.28,
    "medicationDispenses": 0.05,
    "medicationStatements": 0.03,
    "serviceRequests": 0.02,
    "carePlans": 0.01,
    "observations": 0.08,
}
CODED = {  # (type, code, words) of what there is but one of
    "allergies": ("AllergyIntolerance", "91936005", "Allergy to penicillin"),
    "familyHistory": ("FamilyMemberHistory", "38341003", "Hypertensive disorder"),
    "serviceRequests": ("ServiceRequest", "268400002", "12 lead electrocardiogram"),
    "carePlans": ("CarePlan", "698360004", "Diabetes self management plan"),
}
DRUGS = [("860975", "metformin 500 MG Oral Tablet"), ("314076", "lisinopril 10 MG Oral Tablet")]
PROBLEMS = [("38341003", "Hypertensive disorder"), ("44054006", "Diabetes mellitus type 2"), ("195967001", "Asthma")]
LABS = [("33914-3", "eGFR", "mL/min/{1.73_m2}", 82), ("2132-9", "B12", "pg/mL", 412)]


def order(unit: str = "mcg", code: str = "ug") -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "id": "draft",
        "status": "draft",
        "intent": "order",
        "subject": {"reference": "Patient/p"},
        "authoredOn": TODAY.isoformat(),
        "medicationCodeableConcept": _concept(RXNORM, "309594", "vitamin B12 1 MG/ML Injectable Solution"),
        "dosageInstruction": [
            {
                "text": f"Inject 1000 {unit} intramuscularly once a month",
                "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "mo"}},
                "route": _concept("http://snomed.info/sct", "78421000", "Intramuscular route"),
                "doseAndRate": [{"doseQuantity": _quantity(1000, unit, code)}],
            }
        ],
    }


def request(resources: int, *, slip: bool = False) -> bytes:
    """An order-sign call with about this many resources; with `slip`, the order says mg for mcg."""
    chance = random.Random(resources)  # noqa: S311 - made-up data, the same in every run
    draft = order("mg", "mg") if slip else order()
    prefetch: dict[str, Any] = {"patient": {"resourceType": "Patient", "id": "p", "birthDate": "1951-03-02"}}
    for key, share in SHARES.items():
        made = [{"resource": _type_first(_resource(key, number, chance))} for number in range(round(resources * share))]
        prefetch[key] = {"resourceType": "Bundle", "type": "searchset", "total": len(made), "entry": made}
    body = {
        "hook": "order-sign",
        "hookInstance": "4c4f6a52-1111-4d0a-9f0e-1f0f5c1c0a01",
        "context": {
            "userId": "Practitioner/1",
            "patientId": "p",
            "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": draft}]},
        },
        "prefetch": prefetch,
    }
    return json.dumps(body).encode()


def _type_first(resource: dict[str, Any]) -> dict[str, Any]:
    """As servers send it."""
    return {"resourceType": resource["resourceType"]} | resource


def _resource(key: str, number: int, chance: random.Random) -> dict[str, Any]:
    base = {
        "id": f"{key}-{number}",
        "subject": {"reference": "Patient/p"},
        "meta": {"versionId": "1", "source": "#ehr"},
    }
    day = (TODAY - timedelta(days=chance.randrange(1, 2500))).isoformat()
    if key == "observations":
        return base | _observation(number, day)
    if key in {"conditions", "procedures"}:
        return base | _finding(key, day, chance)
    if key in CODED:
        return base | _coded(key, day)
    return base | _medication(key, number, day, chance)


def _observation(number: int, day: str) -> dict[str, Any]:
    code, name, unit, value = LABS[number % 2]
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [
            _concept("http://terminology.hl7.org/CodeSystem/observation-category", "laboratory", "Laboratory")
        ],
        "code": _concept("http://loinc.org", code, name),
        "effectiveDateTime": f"{day}T08:30:00-05:00",
        "valueQuantity": _quantity(value, unit, unit),
    }


def _finding(key: str, day: str, chance: random.Random) -> dict[str, Any]:
    code, name = chance.choice(PROBLEMS)
    kind = {"resourceType": "Condition", "onsetDateTime": day} if key == "conditions" else {"resourceType": "Procedure"}
    status = {
        "clinicalStatus": _concept("http://terminology.hl7.org/CodeSystem/condition-clinical", "active", "Active")
    }
    extra = status if key == "conditions" else {"status": "completed", "performedDateTime": day}
    return kind | extra | {"code": _concept("http://snomed.info/sct", code, name)}


def _coded(key: str, day: str) -> dict[str, Any]:
    kind, code, words = CODED[key]
    concept = _concept("http://snomed.info/sct", code, words)
    said: dict[str, dict[str, Any]] = {
        "allergies": {"code": concept, "recordedDate": day},
        "familyHistory": {"condition": [{"code": concept}], "status": "completed"},
        "serviceRequests": {"code": concept, "authoredOn": day, "status": "active", "intent": "order"},
        "carePlans": {"category": [concept], "title": words, "status": "active", "intent": "plan"},
    }
    return {"resourceType": kind} | said[key]


def _medication(key: str, number: int, day: str, chance: random.Random) -> dict[str, Any]:
    """Monthly B12 among the administrations, other drugs everywhere else."""
    given = key == "medicationAdministrations" and number < MONTHLY_DOSES
    code, name = ("309594", "vitamin B12 1 MG/ML Injectable Solution") if given else chance.choice(DRUGS)
    when = (TODAY - timedelta(days=30 * (number + 1))).isoformat() if given else day
    dose = _quantity(1000, "mcg", "ug") if given else _quantity(500, "mg", "mg")
    body: dict[str, Any] = {"medicationCodeableConcept": _concept(RXNORM, code, name), "status": "completed"}
    if key == "medicationAdministrations":
        return body | {"resourceType": "MedicationAdministration", "effectiveDateTime": when, "dosage": {"dose": dose}}
    if key == "medicationDispenses":
        return body | {"resourceType": "MedicationDispense", "whenHandedOver": when}
    if key == "medicationStatements":
        return body | {"resourceType": "MedicationStatement", "effectiveDateTime": when}
    dosage = [{"text": "Take 1 tablet by mouth daily", "doseAndRate": [{"doseQuantity": dose}]}]
    return body | {
        "resourceType": "MedicationRequest",
        "intent": "order",
        "authoredOn": when,
        "dosageInstruction": dosage,
    }


def _concept(system: str, code: str, display: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


def _quantity(value: float, unit: str, code: str) -> dict[str, Any]:
    return {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": code}
