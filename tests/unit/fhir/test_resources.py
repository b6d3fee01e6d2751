"""What is read of each resource type, in the shapes of every FHIR version that is still sent."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from cds_service.b12.concept import When
from cds_service.b12.record import Observed, Order
from cds_service.b12.words import Analyte, Evidence, Property
from cds_service.fhir.read import Reading
from cds_service.knowledge import Knowledge
from tests.helpers.reading import LOINC, PATIENT, RXNORM, SNOMED, UCUM, Json, read, resource, ucum

PA = {"coding": [{"system": SNOMED, "code": "84027009"}]}
DAY = When(date(2026, 3, 1), date(2026, 3, 1))
MARCH = When(date(2026, 3, 1), date(2026, 3, 31))
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"


def test_a_patient_is_birth_sex_and_death_and_no_name(knowledge: Knowledge) -> None:
    body = {"resourceType": "Patient", "id": PATIENT, "birthDate": "1951", "gender": "female", "name": [{"text": "x"}]}

    alive = read(knowledge, body).record.patient
    dead = read(knowledge, body | {"deceasedDateTime": "2026-01-01"}).record.patient

    assert alive
    assert dead
    assert (alive.ref, alive.sex, alive.deceased, dead.deceased) == (f"Patient/{PATIENT}", "female", False, True)
    assert alive.born == When(date(1951, 1, 1), date(1951, 12, 31))


STATUSES: list[tuple[Json, str]] = [
    ({}, ""),
    ({"clinicalStatus": {"coding": [{"system": CLINICAL, "code": "active"}]}}, "active"),
    ({"clinicalStatus": {"text": "Active"}}, "active"),
    ({"clinicalStatus": "resolved"}, "resolved"),
    ({"clinicalStatus": "active", "abatementBoolean": True}, "resolved"),
]


@pytest.mark.parametrize(("fields", "status"), STATUSES)
def test_a_problem_has_a_status_however_it_is_written(knowledge: Knowledge, fields: Json, status: str) -> None:
    [problem] = read(knowledge, resource("Condition", code=PA, **fields)).record.conditions

    assert problem.clinical_status == status


def test_a_problem_that_no_code_set_knows_is_passed_over(knowledge: Knowledge) -> None:
    unknown = [
        {},
        {"code": {"text": "Possible pernicious anaemia"}},
        {"code": {"text": "Pernicious anaemia", "coding": [{"system": "x", "code": "84027009"}]}},
    ]

    assert read(knowledge, *(resource("Condition", **fields) for fields in unknown)).record.conditions == ()


@pytest.mark.parametrize("code", [{"text": "Pernicious anaemia"}, {"coding": [{"display": "Pernicious anemia"}]}])
def test_a_problem_in_known_words_without_a_code_is_read(knowledge: Knowledge, code: Json) -> None:
    [problem] = read(knowledge, resource("Condition", code=code)).record.conditions

    assert knowledge.codes.by_text(problem.concept)


def test_a_medication_in_known_words_without_a_code_is_read(knowledge: Knowledge) -> None:
    words = {"text": "Metformin 500 mg tablet"}
    coded = words | {"coding": [{"system": "x", "code": "1"}]}
    orders = [resource("MedicationRequest", medicationCodeableConcept=one, status="active") for one in (words, coded)]
    [order] = read(knowledge, *orders).record.orders

    assert knowledge.codes.by_text(order.product.concept)


@pytest.mark.parametrize(
    ("fields", "when"),
    [
        ({"performedDateTime": "2026-03-01"}, DAY),
        ({"performedPeriod": {"start": "2026-03-01", "end": "2026-03-31"}}, MARCH),
        ({"performedPeriod": {}}, None),
        ({}, None),
    ],
)
def test_a_procedure_has_its_day_or_days(knowledge: Knowledge, fields: Json, when: When | None) -> None:
    code = {"coding": {"system": SNOMED, "code": "170826002"}}
    [found] = read(knowledge, resource("Procedure", status="completed", code=code, **fields)).record.procedures

    assert (found.when, found.status) == (when, "completed")


def observed(knowledge: Knowledge, code: str = "2132-9", **fields: Any) -> Observed | None:
    body = resource("Observation", status="final", code={"coding": [{"system": LOINC, "code": code}]}, **fields)
    found = read(knowledge, body).record.observations
    return found[0] if found else None


def test_a_result_keeps_value_unit_comparator_day_and_range(knowledge: Knowledge) -> None:
    value = ucum(145.5, "pg/mL") | {"comparator": "<"}
    low_high = {"low": {"value": 180, "unit": "ng/L"}, "high": {"value": 914, "unit": "ng/L"}}
    found = observed(knowledge, valueQuantity=value, referenceRange=[low_high], effectiveDateTime="2026-03-01")

    assert found
    assert (found.analyte, found.promised) == (Analyte.B12, Property.MASS)
    assert (found.value, found.unit, found.unit_code, found.comparator) == (Decimal("145.5"), "pg/mL", "pg/mL", "<")
    assert (found.range_low, found.range_high, found.range_unit, found.when) == (180, 914, "ng/L", DAY)


RANGES: dict[str, tuple[object, tuple[int | None, int | None]]] = {
    "none": (None, (None, None)),
    "text only": ([{"text": "180 to 914"}], (None, None)),
    "zero to zero": ([{"low": {"value": 0}, "high": {"value": 0}}], (None, None)),
    "zero to a number": ([{"low": {"value": 0}, "high": {"value": 914}}], (0, 914)),
    "the first that says anything": ([{"low": {"value": 0}}, {"low": {"value": 180}}], (180, None)),
    "not a number": ([{"high": {"value": "NaN"}}], (None, None)),
}


@pytest.mark.parametrize(("ranges", "expected"), RANGES.values(), ids=RANGES)
def test_a_range_that_says_nothing_is_none(
    knowledge: Knowledge, ranges: object, expected: tuple[int | None, int | None]
) -> None:
    found = observed(knowledge, valueQuantity=ucum(1, "pg/mL"), referenceRange=ranges)

    assert found
    assert (found.range_low, found.range_high) == expected


@pytest.mark.parametrize(
    "fields",
    [
        {"valueString": "low"},
        {"valueQuantity": {"unit": "pg/mL"}},
        {"valueQuantity": {"value": "NaN"}},
        {"valueQuantity": {"value": "1e999999"}},
    ],
)
def test_a_result_without_a_usable_number_has_none(knowledge: Knowledge, fields: Json) -> None:
    found = observed(knowledge, **fields)

    assert found
    assert found.value is None


WORDS: dict[str, tuple[Json, str]] = {
    "string": ({"valueString": "positive"}, "positive"),
    "concept": ({"valueCodeableConcept": {"text": "Positive"}}, "Positive"),
    "coding": ({"valueCodeableConcept": {"coding": [{"code": "x", "display": "Detected"}]}}, "Detected"),
    "a number beside": ({"valueQuantity": {"value": 7}, "valueString": "high"}, ""),
    "none": ({}, ""),
}


@pytest.mark.parametrize(("fields", "said"), WORDS.values(), ids=WORDS)
def test_a_result_in_words(knowledge: Knowledge, fields: Json, said: str) -> None:
    found = observed(knowledge, "30530-0", **fields)

    assert found
    assert found.said == said


def test_a_panel_without_a_value_was_measured(knowledge: Knowledge) -> None:
    found = observed(knowledge, "58410-2", hasMember=[{"reference": "Observation/hb"}])

    assert found
    assert (found.analyte, found.value, found.said) == (Analyte.BLOOD_COUNT, None, "")


SUPPLY = {
    "quantity": ucum(10, "mL"),
    "numberOfRepeatsAllowed": 2,
    "expectedSupplyDuration": {"value": 3, "unit": "months", "system": UCUM, "code": "mo"},
    "validityPeriod": {"start": "2026-01-05", "end": "2027-01-04"},
}


def test_what_the_pharmacy_is_asked_for(knowledge: Knowledge) -> None:
    [order] = read(knowledge, resource("MedicationRequest", dispenseRequest=SUPPLY)).record.orders
    supply = order.supply

    assert supply
    assert (supply.quantity, supply.unit, supply.unit_code, supply.repeats) == (10, "mL", "mL", 2)
    assert supply.days == Decimal("91.3125")
    assert supply.starts
    assert (supply.starts.earliest, supply.ends) == (date(2026, 1, 5), order.ends)


@pytest.mark.parametrize(
    "fields",
    [
        {"numberOfRepeatsAllowed": -1},
        {"numberOfRepeatsAllowed": "1e999999"},
        {"quantity": {"unit": "mL"}},
        {"expectedSupplyDuration": {"value": 3, "unit": "bottles"}},
    ],
)
def test_a_supply_that_says_nothing_usable(knowledge: Knowledge, fields: Json) -> None:
    [order] = read(knowledge, resource("MedicationRequest", dispenseRequest=fields)).record.orders

    assert order.supply
    assert (order.supply.quantity, order.supply.repeats, order.supply.days) == (None, None, None)


METFORMIN = {"medicationCodeableConcept": {"coding": [{"system": RXNORM, "code": "6809"}]}}


def test_how_much_of_another_drug_was_taken_is_not_read(knowledge: Knowledge) -> None:
    dosage = [{"doseAndRate": [{"doseQuantity": ucum(500, "mg")}]}]
    order = resource("MedicationRequest", authoredOn="2026-01-05", dosageInstruction=dosage, **METFORMIN)
    given = resource("MedicationAdministration", dosage={"dose": ucum(500, "mg")}, **METFORMIN)
    record = read(knowledge, order, given).record

    assert [one.instructions for one in record.orders] == [()]
    assert [one.instruction.amount for one in record.uses] == [None]


def test_when_another_drug_ends_is_read(knowledge: Knowledge) -> None:
    span = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d", "boundsPeriod": {"end": "2026-02-01"}}}
    [order] = read(
        knowledge, resource("MedicationRequest", dosageInstruction=[{"timing": span}], **METFORMIN)
    ).record.orders

    assert order.ends
    assert order.ends.latest == date(2026, 2, 1)


def test_the_dose_of_another_drug_being_ordered_is_read(knowledge: Knowledge) -> None:
    dosage = [{"doseAndRate": [{"doseQuantity": ucum(500, "mg")}]}]
    draft = resource("MedicationRequest", dosageInstruction=dosage, **METFORMIN)
    [order] = read(knowledge, drafts=(draft,)).record.drafts

    assert order.instructions[0].amount


def test_a_product_that_comes_often_is_one_object(knowledge: Knowledge) -> None:
    first, second = read(knowledge, *(resource("MedicationRequest", id=one, **METFORMIN) for one in "ab")).record.orders

    assert first.product is second.product


def test_a_result_that_says_why_it_is_missing_is_none(knowledge: Knowledge) -> None:
    assert observed(knowledge, dataAbsentReason={"text": "not performed"}) is None


def test_a_unit_code_of_another_system_counts_only_where_no_words_stand_beside_it(knowledge: Knowledge) -> None:
    local = {"value": 1, "system": "urn:local", "code": "pg/mL"}
    alone, beside = observed(knowledge, valueQuantity=local), observed(knowledge, valueQuantity=local | {"unit": "?"})

    assert alone
    assert beside
    assert (alone.unit_code, beside.unit_code) == ("pg/mL", "")


@pytest.mark.parametrize(
    ("fields", "when"),
    [
        ({"effectiveInstant": "2026-03-01T10:00:00Z"}, DAY.earliest),
        ({"effectivePeriod": {"start": "2026-03-01"}}, DAY.earliest),
        ({}, None),
    ],
)
def test_a_result_has_the_day_of_its_sample(knowledge: Knowledge, fields: Json, when: date | None) -> None:
    found = observed(knowledge, valueQuantity=ucum(1, "pg/mL"), **fields)

    assert found
    assert (found.when.earliest if found.when else None) == when


@pytest.mark.parametrize("code", ["16695-9", "2170-9", "2171-7", "57-5"])
def test_what_only_looks_like_a_b12_result_is_passed_over(knowledge: Knowledge, code: str) -> None:
    assert observed(knowledge, code, valueQuantity=ucum(1, "pg/mL")) is None


def test_a_result_beside_the_drafts_is_passed_over(knowledge: Knowledge) -> None:
    assert read(knowledge, drafts=(resource("Observation", code={"text": "B12"}),)).record.drafts == ()


@pytest.mark.parametrize("kind", ["MedicationRequest", "MedicationAdministration"])
def test_a_part_of_the_wrong_type_is_noted_and_no_use_is_made_of_the_rest(knowledge: Knowledge, kind: str) -> None:
    record = read(knowledge, resource(kind, id="x", dosageInstruction="x", dosage="x")).record

    assert (record.orders, record.uses) == ((), ())
    assert [one.where for one in record.unread] == ["prefetch.x.entry[0]"]
    assert kind in record.partial


# Orders


def order(knowledge: Knowledge, kind: str = "MedicationRequest", **fields: Any) -> Order:
    [found] = read(knowledge, resource(kind, id="o", **fields)).record.orders
    return found


def test_an_order_is_read(knowledge: Knowledge) -> None:
    found = order(
        knowledge,
        status="active",
        intent="order",
        authoredOn="2026-03-01",
        doNotPerform=True,
        reasonCode={"text": "anaemia"},
        dosageInstruction={"text": "monthly"},
    )

    assert (found.ref, found.status, found.intent, found.authored) == ("MedicationRequest/o", "active", "order", DAY)
    assert (found.do_not_perform, found.native, found.instructions[0].text) == (True, True, "monthly")
    assert [one.text for one in found.reasons] == ["anaemia"]


def test_an_order_of_dstu2_is_read_and_not_native(knowledge: Knowledge) -> None:
    found = order(knowledge, "MedicationOrder", dateWritten="2026-03", dateEnded="2026-04", reasonCodeableConcept=[{}])

    assert (found.ref, found.authored, found.native) == ("MedicationOrder/o", MARCH, False)
    assert found.ends == When(date(2026, 4, 1), date(2026, 4, 30))


@pytest.mark.parametrize("name", ["doseQuantity", "doseSimpleQuantity"])
def test_an_order_with_the_dose_of_stu3_is_not_native(knowledge: Knowledge, name: str) -> None:
    assert not order(knowledge, dosageInstruction=[{name: ucum(1, "mg")}]).native


def days(count: float, unit: str = "d") -> Json:
    return {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d", "boundsDuration": ucum(count, unit)}}


def period(start: str | None, end: str | None) -> Json:
    return {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d", "boundsPeriod": {"start": start, "end": end}}}


UNENDING = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "mo"}}
ENDS: dict[str, tuple[Json, str | None]] = {
    "the order's validity": ({"dispenseRequest": {"validityPeriod": {"end": "2026-05-01"}}}, "2026-05-01"),
    "an empty dispense request": ({"dispenseRequest": {}}, None),
    "no instruction": ({}, None),
    "no schedule": ({"dosageInstruction": [{"text": "x"}]}, None),
    "no end": ({"dosageInstruction": [{"timing": UNENDING}]}, None),
    "a duration from the order's day": ({"dosageInstruction": [{"timing": days(14)}]}, "2026-03-15"),
    "a duration without a first day": ({"authoredOn": None, "dosageInstruction": [{"timing": days(14)}]}, None),
    "a period": ({"dosageInstruction": [{"timing": period("2026-04-01", "2026-04-30")}]}, "2026-04-30"),
    "two at the same time": ({"dosageInstruction": [{"timing": days(14)}, {"timing": days(30)}]}, "2026-03-31"),
    "two in sequence": (
        {"dosageInstruction": [{"sequence": 2, "timing": days(30)}, {"sequence": 1, "timing": days(14)}]},
        "2026-04-14",
    ),
    "one of two without end": ({"dosageInstruction": [{"timing": days(14)}, {"timing": UNENDING}]}, None),
    "a validity that stands for none": ({"dispenseRequest": {"validityPeriod": {"end": "9999-12-31"}}}, None),
    "a validity that stands for none, a duration": (
        {
            "dispenseRequest": {"validityPeriod": {"end": "2099-12-31"}},
            "dosageInstruction": [{"timing": days(14)}],
        },
        "2026-03-15",
    ),
    "DSTU2's end that stands for none": ({"dateEnded": "2999-12-31"}, None),
    "a period that stands for one without an end": (
        {"dosageInstruction": [{"timing": period("2026-04-01", "9999-12-31")}]}, None,
    ),
    "a duration that is hardly an end": (
        {"authoredOn": "2026-01-01", "dosageInstruction": [{"timing": days(26662)}]}, "2098-12-31",
    ),
    "a duration that is no end": ({"authoredOn": "2026-01-01", "dosageInstruction": [{"timing": days(26663)}]}, None),
    "at the end of time": ({"authoredOn": "9999-12-01", "dosageInstruction": [{"timing": days(90, "a")}]}, None),
}  # fmt: skip


@pytest.mark.parametrize(("fields", "end"), ENDS.values(), ids=ENDS)
def test_an_order_ends_where_it_or_all_its_instructions_say(
    knowledge: Knowledge, fields: Json, end: str | None
) -> None:
    found = order(knowledge, **({"authoredOn": "2026-03-01"} | fields))

    assert (found.ends.latest.isoformat() if found.ends else None) == end


def test_an_order_starts_with_its_earliest_instruction(knowledge: Knowledge) -> None:
    both = [{"timing": period("2026-04-01", None)}, {"timing": period("2026-03-01", None)}, {}]

    assert order(knowledge, dosageInstruction=both).starts == DAY
    assert order(knowledge).starts is None


# Doses


USES: dict[str, tuple[str, Json, Evidence]] = {
    "an administration": ("MedicationAdministration", {"effectiveDateTime": "2026-03-01"}, Evidence.ADMINISTERED),
    "one of DSTU2": ("MedicationAdministration", {"effectiveTimeDateTime": "2026-03-01"}, Evidence.ADMINISTERED),
    "one of R5": ("MedicationAdministration", {"occurrenceDateTime": "2026-03-01"}, Evidence.ADMINISTERED),
    "one over a time": (
        "MedicationAdministration",
        {"effectivePeriod": {"start": "2026-03-01T10:00Z", "end": "2026-03-01T10:05Z"}},
        Evidence.ADMINISTERED,
    ),
    "one over a time that has no end": (
        "MedicationAdministration",
        {"effectivePeriod": {"start": "2026-03-01", "end": "9999-12-31"}},
        Evidence.ADMINISTERED,
    ),
    "a dispense": ("MedicationDispense", {"whenHandedOver": "2026-03-01"}, Evidence.DISPENSED),
    "one only prepared": ("MedicationDispense", {"whenPrepared": "2026-03-01"}, Evidence.DISPENSED),
    "a statement": ("MedicationStatement", {"effectiveDateTime": "2026-03-01"}, Evidence.STATED),
    "an immunization": (
        "Immunization",
        {"occurrenceDateTime": "2026-03-01", "vaccineCode": {"text": "vitamin B12"}, "patient": {"reference": "p1"}},
        Evidence.PROCEDURE,
    ),
}


@pytest.mark.parametrize(("kind", "fields", "evidence"), USES.values(), ids=USES)
def test_a_dose_has_its_day_and_evidence(knowledge: Knowledge, kind: str, fields: Json, evidence: Evidence) -> None:
    [use] = read(knowledge, resource(kind, id="u", status="completed", **fields)).record.uses

    assert (use.ref, use.kind, use.status) == (f"{kind}/u", evidence, "completed")
    assert use.when
    assert (use.when.earliest, use.when.latest) == (DAY.earliest, DAY.latest)


@pytest.mark.parametrize(
    ("kind", "flag"),
    [
        ("MedicationAdministration", {"wasNotGiven": True}),
        ("MedicationAdministration", {"notGiven": True}),
        ("MedicationStatement", {"wasNotTaken": True}),
        ("MedicationStatement", {"taken": "n"}),
        ("Immunization", {"wasNotGiven": True, "vaccineCode": {"text": "vitamin B12"}}),
        ("Immunization", {"notGiven": True, "vaccineCode": {"text": "vitamin B12"}}),
    ],
)
def test_a_flag_of_older_versions_says_that_nothing_was_given(knowledge: Knowledge, kind: str, flag: Json) -> None:
    [use] = read(knowledge, resource(kind, status="completed", **flag)).record.uses

    assert use.status == "not-done"


@pytest.mark.parametrize(
    ("period", "first", "until"),
    [
        ({"start": "2026-03-01"}, DAY, None),
        ({"start": "2026-03-01", "end": "2026-03"}, DAY, MARCH),
        ({"end": "2026-03"}, None, MARCH),
        ({"start": "2026-03-01", "end": "9999-12-31"}, DAY, None),
    ],
)
def test_a_statement_may_tell_of_a_stretch(
    knowledge: Knowledge, period: Json, first: When | None, until: When | None
) -> None:
    [use] = read(knowledge, resource("MedicationStatement", status="active", effectivePeriod=period)).record.uses

    assert (use.when, use.until) == (first, until)


@pytest.mark.parametrize(
    ("supply", "until"), [(30, date(2026, 3, 31)), (26603, date(2098, 12, 31)), (26604, None), (10**12, None)]
)
def test_a_supply_lasts_for_its_days(knowledge: Knowledge, supply: int, until: date | None) -> None:
    handed = resource("MedicationDispense", whenHandedOver="2026-03-01", daysSupply=ucum(supply, "d"))
    [use] = read(knowledge, handed).record.uses

    assert (use.until.latest if use.until else None) == until


@pytest.mark.parametrize(
    ("quantity", "written"), [(ucum(3, "{vial}"), "3 {vial}"), (ucum(0, "mL"), None), (None, None)]
)
def test_of_a_supply_the_quantity_is_read(knowledge: Knowledge, quantity: Json | None, written: str | None) -> None:
    handed = resource("MedicationDispense", whenHandedOver="2026-03-01", quantity=quantity)
    [use] = read(knowledge, handed).record.uses

    assert (use.supply.written if use.supply else None) == written


@pytest.mark.parametrize(("day", "abated"), [("2026-03-01", True), ("9999-12-31", False)])
def test_a_problem_is_over_on_a_day_that_may_come(knowledge: Knowledge, day: str, *, abated: bool) -> None:
    body = resource("Condition", code={"text": "Pernicious anaemia"}, abatementDateTime=day)
    [found] = read(knowledge, body).record.conditions

    assert (found.abated is not None) is abated


def test_an_immunization_keeps_dose_and_route(knowledge: Knowledge) -> None:
    body = resource("Immunization", vaccineCode={"text": "B12"}, doseQuantity=ucum(1, "mL"), route={"text": "IM"})
    [use] = read(knowledge, body).record.uses

    assert use.instruction.amount
    assert use.instruction.route
    assert (use.instruction.amount.written, use.instruction.route.text) == ("1 mL", "IM")


def test_an_administration_and_a_dispense_keep_their_dosage(knowledge: Knowledge) -> None:
    given = resource("MedicationAdministration", dosage={"dose": ucum(1, "mg")})
    handed = resource("MedicationDispense", dosageInstruction=[{"text": "monthly"}])
    first, second = read(knowledge, given, handed).record.uses

    assert first.instruction.amount
    assert (first.instruction.amount.high, second.instruction.text) == (1000, "monthly")


OTHER_DRUGS: dict[str, Json] = {
    "coded as something else": {"medicationCodeableConcept": {"coding": [{"system": "x", "code": "6809"}]}},
    "named as something else": {"medicationCodeableConcept": {"text": "amoxicillin"}},
    "without any name": {"medicationCodeableConcept": {}},
}
KINDS = [
    "MedicationRequest", "MedicationOrder", "MedicationAdministration", "MedicationDispense", "MedicationStatement",
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("drug", OTHER_DRUGS.values(), ids=OTHER_DRUGS)
def test_other_drugs_are_passed_over(knowledge: Knowledge, kind: str, drug: Json) -> None:
    found = read(knowledge, resource(kind, **drug), resource("Immunization", vaccineCode={"text": "influenza"}))

    assert nothing(found)


def nothing(reading: Reading) -> bool:
    return (reading.record.orders, reading.record.uses, reading.record.unread) == ((), (), ())


@pytest.mark.parametrize(
    "drug",
    [
        {"medicationCodeableConcept": {"coding": {"display": "Vitamin B-12"}}},
        {"medicationCodeableConcept": {"text": "Pemetrexed 500 mg"}},
        {"medicationReference": {"reference": "Medication/unknown"}},
    ],
)
def test_what_may_matter_is_kept(knowledge: Knowledge, drug: Json) -> None:
    assert len(read(knowledge, resource("MedicationRequest", **drug)).record.orders) == 1
