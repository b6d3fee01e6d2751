"""The entries of a RECORD as tests.helpers.patients says them, each made into resources."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, timedelta

from tests.helpers.jotted import (
    ALLERGENS,
    DATE,
    DRUGS,
    LABS,
    NUMBER,
    PATIENT,
    PROBLEMS,
    STATUSES,
    UCUM,
    Json,
    Words,
    concept,
    longest,
    number,
)
from tests.helpers.jotted_drugs import order_of, read_medication, use_of


def _given(words: Words) -> Iterable[Json]:
    days: list[str] = []
    if found := words.take(r"(\d+) times from (\d{4}-\d\d-\d\d) every (\d+) days?"):
        first = date.fromisoformat(found[2])
        days = [(first + timedelta(days=int(found[3]) * step)).isoformat() for step in range(int(found[1]))]
    while found := words.take(DATE):
        days.append(found[0])
    line = read_medication(words)
    step = dict(line.step)
    rows = step.pop("doseAndRate", None)
    step.pop("timing", None)
    dosage = {"dosage": step | ({"dose": rows[0]["doseQuantity"]} if rows else {})} if step or rows else {}
    for day in days or [""]:
        when = {"effectiveDateTime": day} if day else {}
        yield from [use_of("MedicationAdministration", line, "completed", **when, **dosage)] * line.copies


def _dispensed(words: Words) -> Iterable[Json]:
    day = words.take(DATE)
    line = read_medication(words)
    when = {"whenHandedOver": day[0]} if day else {}
    names = {"quantity": "quantity", "daysSupply": "expectedSupplyDuration"}
    handed = {name: line.dispense[key] for name, key in names.items() if key in line.dispense}
    yield use_of("MedicationDispense", line, "completed", dosageInstruction=line.instructions, **handed, **when)


def _immunized(words: Words) -> Iterable[Json]:
    day = words.take(DATE)
    line = read_medication(words)
    rows = line.step.get("doseAndRate")
    body = use_of("Immunization", line, "completed", occurrenceDateTime=day[0] if day else None)
    body["patient"] = body.pop("subject")
    body["vaccineCode"] = body.pop("medicationCodeableConcept")
    yield body | ({"doseQuantity": rows[0]["doseQuantity"]} if rows else {})


def _stated(words: Words) -> Iterable[Json]:
    day, since = words.take(DATE), words.take(rf"since ({DATE})")
    line = read_medication(words)
    period = ({"start": since[1]} if since else {}) | ({"end": line.until} if line.until else {})
    when: Json = {"effectivePeriod": period} if period else {}
    when |= {"effectiveDateTime": day[0]} if day else {}
    status = "completed" if day else "active"
    yield use_of("MedicationStatement", line, status, dosage=line.instructions, **when)


def _ordered(words: Words) -> Iterable[Json]:
    day = words.take(DATE)
    line = read_medication(words)
    authored = {"authoredOn": day[0]} if day else {}
    yield from [order_of(line, "active", **authored)] * line.copies


def _lab(words: Words) -> Iterable[Json]:
    day = words.take(DATE)
    name = words.take(longest(LABS))
    if name is None:
        raise words.fault()
    lab: Json = {
        "resourceType": "Observation",
        "status": "final",
        "subject": {"reference": f"Patient/{PATIENT}"},
        "code": concept("http://loinc.org", LABS[name[0]], name[0]),
    } | _measured(words)
    if day:
        lab["effectiveDateTime"] = day[0]
    if found := words.take(rf"range ({NUMBER})-({NUMBER})(?: (\S*/\S+))?"):
        low, high, of = found.groups()
        words_of = {"unit": of} if of else {}
        lab["referenceRange"] = [{"low": {"value": number(low)} | words_of, "high": {"value": number(high)} | words_of}]
    if found := words.take(r"preliminary|cancelled|corrected|entered-in-error"):
        lab["status"] = found[0]
    if words.take("of another patient"):
        lab["subject"] = {"reference": "Patient/another"}
    copies = 2 if words.take("sent twice") else 1
    yield from [lab] * copies


def _measured(words: Words) -> Json:
    if said := words.take(r'positive|negative|"[^"]*"'):
        return {"valueCodeableConcept": {"text": said[0].strip('"')}}
    found = words.take(rf"([<>]=?)?({NUMBER})(?: (?!range|preliminary|cancelled|corrected)(\S+))?")
    if found is None:
        return {}
    comparator, value, unit = found.groups()
    measured: Json = {"value": number(value)} | ({"unit": unit, "system": UCUM, "code": unit} if unit else {})
    return {"valueQuantity": measured | ({"comparator": comparator} if comparator else {})}


Ways = tuple[tuple[str, Callable[[Json, re.Match[str]], None]], ...]


def _modified(body: Json, words: Words, ways: Ways) -> Json:
    """The resource with what the rest of the entry says of it."""
    while words.rest:
        for pattern, change in ways:
            if found := words.take(pattern):
                change(body, found)
                break
        else:
            raise words.fault()
    return body


def _of_another(body: Json, _: re.Match[str]) -> None:
    body["subject" if "subject" in body else "patient"] = {"reference": "Patient/another"}


OF_ANOTHER = ("of another patient", _of_another)
TEST_WORDS: Ways = (
    (rf"due ({DATE})", lambda body, found: body.update(occurrenceDateTime=found[1])),
    (f"{STATUSES}|revoked", lambda body, found: body.update(status=found[0])),
    ("plan|proposal", lambda body, found: body.update(intent=found[0])),
    ("do not perform", lambda body, _: body.update(doNotPerform=True)),
    OF_ANOTHER,
)
PLAN_WORDS: Ways = (
    (rf"since ({DATE})", lambda body, found: body.setdefault("period", {}).update(start=found[1])),
    (rf"until ({DATE})", lambda body, found: body.setdefault("period", {}).update(end=found[1])),
    (f"{STATUSES}|revoked", lambda body, found: body.update(status=found[0])),
    OF_ANOTHER,
)


def lab_order_of(words: Words) -> Iterable[Json]:
    words.take("ordered")
    day = words.take(DATE)
    name = words.take(longest(LABS))
    if name is None:
        raise words.fault()
    order: Json = {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "order",
        "subject": {"reference": f"Patient/{PATIENT}"},
        "code": concept("http://loinc.org", LABS[name[0]], name[0]),
    } | ({"authoredOn": day[0]} if day else {})
    yield _modified(order, words, TEST_WORDS)


def _takes(words: Words) -> Iterable[Json]:
    name = words.take("|".join(DRUGS))
    if name is None:
        raise words.fault()
    words.rest = f"{words.rest} {name[0]}".strip()
    yield from _stated(words)


def _rash(severity: str) -> list[Json]:
    return [{"manifestation": [{"text": "rash"}], "severity": severity}]


def _says(field: str, system: str) -> Callable[[Json, re.Match[str]], None]:
    return lambda body, found: body.update({field: concept(system, found[0], found[0])})


CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFIED = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
ALLERGY_CLINICAL = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
ALLERGY_VERIFIED = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
ALLERGY_WORDS: Ways = (
    ("resolved|inactive", _says("clinicalStatus", ALLERGY_CLINICAL)),
    ("refuted|entered-in-error|unconfirmed", _says("verificationStatus", ALLERGY_VERIFIED)),
    ("intolerance", lambda body, _: body.update(type="intolerance")),
    ("(high|low) criticality", lambda body, found: body.update(criticality=found[1])),
    ("mild|moderate|severe", lambda body, found: body.update(reaction=_rash(found[0]))),
    ("unreadable", lambda body, _: body.update(reaction="?")),
    OF_ANOTHER,
)
PROBLEM_WORDS: Ways = (
    (rf"since ({DATE})", lambda body, found: body.update(onsetDateTime=found[1])),
    (rf"until ({DATE})", lambda body, found: body.update(abatementDateTime=found[1])),
    ("resolved|inactive|remission", _says("clinicalStatus", CLINICAL)),
    ("refuted|entered-in-error|unconfirmed", _says("verificationStatus", VERIFIED)),
    ("unreadable", lambda body, _: body.update(onsetDateTime=7)),
    OF_ANOTHER,
)


def allergy_of(words: Words) -> Iterable[Json]:
    named = words.take(longest(ALLERGENS))
    quoted = None if named else words.take(r'"([^"]*)"')
    if named is None and quoted is None:
        raise words.fault()
    allergy: Json = {
        "resourceType": "AllergyIntolerance",
        "patient": {"reference": f"Patient/{PATIENT}"},
        "clinicalStatus": concept(ALLERGY_CLINICAL, "active", "Active"),
        "verificationStatus": concept(ALLERGY_VERIFIED, "confirmed", "Confirmed"),
        "type": "allergy",
        "code": concept(*ALLERGENS[named[0]]) if named else {"text": quoted and quoted[1]},
    }
    yield _modified(allergy, words, ALLERGY_WORDS)


def _plan(words: Words) -> Iterable[Json]:
    quoted = words.take(r'"([^"]*)"') or words.take("(B12)")
    if quoted is None:
        raise words.fault()
    title = "Vitamin B12 replacement" if quoted[1] == "B12" else quoted[1]
    plan: Json = {
        "resourceType": "CarePlan",
        "status": "active",
        "intent": "plan",
        "subject": {"reference": f"Patient/{PATIENT}"},
        "title": title,
    }
    yield _modified(plan, words, PLAN_WORDS)


def _kin(words: Words) -> Iterable[Json]:
    name = words.take(longest(PROBLEMS))
    status = words.take("entered-in-error")
    if name is None or words.rest:
        raise words.fault()
    yield {
        "resourceType": "FamilyMemberHistory",
        "status": status[0] if status else "completed",
        "patient": {"reference": f"Patient/{PATIENT}"},
        "relationship": {"text": "mother"},
        "condition": [{"code": concept(*PROBLEMS[name[0]])}],
    }


def _done(words: Words) -> Iterable[Json]:
    day = words.take(DATE)
    name = words.take(longest(PROBLEMS))
    if name is None:
        raise words.fault()
    status = words.take(STATUSES)
    yield {
        "resourceType": "Procedure",
        "status": status[0] if status else "completed",
        "subject": {"reference": f"Patient/{PATIENT}"},
        "code": concept(*PROBLEMS[name[0]]),
    } | ({"performedDateTime": day[0]} if day else {})


def problem_of(words: Words) -> Iterable[Json]:
    name = words.take(longest(PROBLEMS))
    if name is None:
        raise words.fault()
    problem: Json = {
        "resourceType": "Condition",
        "subject": {"reference": f"Patient/{PATIENT}"},
        "code": concept(*PROBLEMS[name[0]]),
        "clinicalStatus": concept(CLINICAL, "active", "Active"),
        "verificationStatus": concept(VERIFIED, "confirmed", "Confirmed"),
    }
    yield _modified(problem, words, PROBLEM_WORDS)


ENTRIES = {
    "done": _done,
    "given": _given,
    "dispensed": _dispensed,
    "immunized": _immunized,
    "stated": _stated,
    "ordered": _ordered,
    "lab": _lab,
    "test": lab_order_of,
    "takes": _takes,
    "allergic to": allergy_of,
    "plan": _plan,
    "kin": _kin,
}
