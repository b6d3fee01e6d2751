"""Sections 1.5, 3.2 and 4.1: the shapes in which real clients send an order. Each is 1000 mg of cyanocobalamin IM."""

from __future__ import annotations

import json

import pytest
from flask.testing import FlaskClient

from tests.helpers import wire

LONG_ID = "e" * 194
MEDICATION = {"resourceType": "Medication", "id": "m1", "code": {"text": "cyanocobalamin 1000 mcg/mL injection"}}
CODED = [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "309594"}]
TEXT = {"coding": [{"system": "http://example.org/local", "code": "4711"}]}


def dosage(**changes: object) -> wire.Json:
    """The dosage with the mix-up; a change to None leaves an element out."""
    merged = wire.milligrams_for_micrograms() | changes
    return {name: value for name, value in merged.items() if value is not None}


def referring(reference: str, **fields: object) -> wire.Json:
    """A draft whose product is only referred to."""
    return wire.draft(medicationCodeableConcept=None, medicationReference={"reference": reference}, **fields)


def rows(*kinds: tuple[str, float]) -> list[wire.Json]:
    """Parallel doseAndRate rows, as Epic sends them."""
    system = "http://epic.com/CodeSystem/dose-rate-type"
    return [
        {"type": {"coding": [{"system": system, "code": code}]}, "doseQuantity": wire.quantity(value, "mg")}
        for code, value in kinds
    ]


DSTU2 = {
    "resourceType": "MedicationOrder",
    "id": "order-123",
    "status": "draft",
    "dateWritten": "2026-11-20",
    "patient": {"reference": "Patient/p1"},
    "medicationCodeableConcept": {"text": "cyanocobalamin injection"},
    "reasonCodeableConcept": {"text": "fatigue"},
    "dosageInstruction": [
        {
            "doseQuantity": wire.quantity(1000, "mg"),
            "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnits": "mo"}},
            "route": {"text": "IM"},
        }
    ],
}

SHAPES: dict[str, wire.Json] = {
    "R4": wire.draft(),
    "category and reasonCode as objects (sandbox)": wire.draft(category={"text": "x"}, reasonCode={"text": "fatigue"}),
    "dosageInstruction as an object": wire.draft(dosageInstruction=dosage()),
    "doseAndRate as an object": wire.draft(
        dosageInstruction=[dosage(doseAndRate={"doseQuantity": wire.quantity(1000, "mg")})]
    ),
    "coding as an object": wire.draft(
        medicationCodeableConcept={
            "coding": {"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "309594", "display": "B12"}
        }
    ),
    "doseQuantity in dosageInstruction (STU3)": wire.draft(
        dosageInstruction=[dosage(doseAndRate=None, doseQuantity=wire.quantity(1000, "mg"))]
    ),
    "MedicationOrder (DSTU2)": DSTU2,
    "the ordered row among several": wire.draft(
        dosageInstruction=[dosage(doseAndRate=rows(("calculated", 1), ("admin-amount", 1), ("ordered", 1000)))]
    ),
    "unit in words only": wire.draft(
        dosageInstruction=[dosage(doseAndRate=[{"doseQuantity": {"value": 1000, "unit": "mg"}}])]
    ),
    "dose in the text only": wire.draft(
        dosageInstruction=[{"text": "Inject 1000 mg intramuscularly once a month"}],
    ),
    "194-character id (Epic)": wire.draft(id=LONG_ID),
    "no id": wire.draft(id=None),
    "an id longer than anybody's": wire.draft(id="e" * 5000),
    "numbers and flags as strings": wire.draft(
        doNotPerform="false",
        dosageInstruction=[
            dosage(
                sequence="1",
                timing={"repeat": {"frequency": "1", "period": "1", "periodUnit": "mo"}},
                doseAndRate=[{"doseQuantity": wire.quantity(1000, "mg") | {"value": "1000"}}],
            )
        ],
    ),
    "a day of the week without a list": wire.draft(
        dosageInstruction=[
            dosage(timing={"repeat": {"frequency": 1, "period": 1, "periodUnit": "wk", "dayOfWeek": "mon"}})
        ]
    ),
    "no subject": wire.draft(subject=None),
    "subject as an absolute URL": wire.draft(subject={"reference": "https://ehr.example.org/fhir/Patient/p1"}),
    "requester absent with a reason": wire.draft(
        requester={
            "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]
        }
    ),
    "no status": wire.draft(status=None, intent=None),
    "signed again (active)": wire.draft(status="active"),
    "unknown elements": wire.draft(madeUp={"deep": [1, {"x": None}]}, implicitRules="x"),
    "extension as a list": wire.draft(extension=[{"url": "http://e.org", "valueString": "x"}]),
    "extension as an object": wire.draft(extension={"any": "thing"}),
    "extension as a string": wire.draft(extension="any"),
    "product only displayed": wire.draft(
        medicationCodeableConcept=None, medicationReference={"display": "cyanocobalamin 1000 mcg/mL injection"}
    ),
    "product on the server, displayed (older Epic)": wire.draft(
        medicationCodeableConcept=None,
        medicationReference={"reference": "Medication/unknown", "display": "CYANOCOBALAMIN INJ"},
    ),
    "product contained": referring("#med", contained=[MEDICATION | {"id": "med"}]),
    "product contained under #id": referring("#med", contained=[MEDICATION | {"id": "#med"}]),
    "several codings, the telling one last": wire.draft(
        medicationCodeableConcept={
            "coding": [
                {"system": "urn:oid:1.2.840.114350.1.13", "code": "1"},
                {"system": "urn:oid:2.16.840.1.113883.6.68", "code": "8210000000"},
                {"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "309594"},
            ]
        }
    ),
    "capital MCG beside": wire.draft(note=[{"text": "usual dose 1000 MCG"}]),
}


@pytest.mark.parametrize("order", SHAPES.values(), ids=SHAPES)
def test_the_mix_up_is_seen_in_every_shape(client: FlaskClient, order: wire.Json) -> None:
    assert wire.topics(wire.ask(client, wire.sign(order)))["dose_unit_mismatch"] == "critical"


@pytest.mark.parametrize("order", SHAPES.values(), ids=SHAPES)
def test_the_mix_up_is_seen_while_choosing(client: FlaskClient, order: wire.Json) -> None:
    request = wire.sign(order) | {"hook": "order-select"}
    request["context"]["selections"] = [f"{order['resourceType']}/{order.get('id', '')}"] if "id" in order else []
    assert wire.topics(wire.ask(client, request))["dose_unit_mismatch"] == "critical"


def entry(resource: wire.Json, url: str = "") -> wire.Json:
    return {"resource": resource} | ({"fullUrl": url} if url else {})


BESIDE = referring("Medication/m1")
URL = "https://ehr.example.org/fhir/Medication/m1"
BUNDLES: dict[str, wire.Json] = {
    "no type (sandbox)": {"resourceType": "Bundle", "entry": [entry(wire.draft())]},
    "no resourceType": {"entry": [entry(wire.draft())]},
    "link and total": wire.bundle(wire.draft()) | {"total": 1, "link": [{"relation": "self", "url": "x"}]},
    "the Medication beside it (Epic)": wire.bundle(BESIDE, MEDICATION),
    "the Medication before it": wire.bundle(MEDICATION, BESIDE),
    "by full URL": {"resourceType": "Bundle", "entry": [entry(referring(URL)), entry(MEDICATION, URL)]},
    "by urn": {"resourceType": "Bundle", "entry": [entry(referring("urn:uuid:7")), entry(MEDICATION, "urn:uuid:7")]},
    "absolute reference, relative entry": wire.bundle(referring(URL), MEDICATION),
    "with a version": wire.bundle(referring("Medication/m1/_history/2"), MEDICATION),
    "with other drafts": wire.bundle(
        {"resourceType": "ServiceRequest", "id": "s1", "code": {"coding": [{}]}, "reasonCode": [], "intent": "plan"},
        {"resourceType": "NutritionOrder", "id": "n1"},
        wire.draft(id="o2", medicationCodeableConcept={"text": "amoxicillin 500 mg capsule"}),
        wire.draft(),
    ),
    "with an order of no medication": wire.bundle(wire.draft(id="o2", medicationCodeableConcept=None), wire.draft()),
    "with entries of nothing": {
        "resourceType": "Bundle",
        "entry": [{}, {"resource": None}, {"resource": 7}, {"resource": {}}, entry(wire.draft())],
    },
}


@pytest.mark.parametrize("drafts", BUNDLES.values(), ids=BUNDLES)
def test_the_mix_up_is_seen_in_every_bundle(client: FlaskClient, drafts: wire.Json) -> None:
    request = wire.call("order-sign", wire.context(draftOrders=drafts))
    assert wire.topics(wire.ask(client, request))["dose_unit_mismatch"] == "critical"


@pytest.mark.parametrize("reference", ["Medication/m1", URL])
@pytest.mark.parametrize("wrapped", [False, True], ids=["resource", "Bundle"])
def test_the_product_may_come_by_prefetch(client: FlaskClient, reference: str, wrapped: bool) -> None:  # noqa: FBT001 - parametrised
    prefetch = {"medication": wire.bundle(MEDICATION) if wrapped else MEDICATION}
    cards = wire.ask(client, wire.sign(referring(reference), prefetch=prefetch))
    assert wire.topics(cards) == {"dose_unit_mismatch": "critical"}


def test_a_right_row_typed_ordered_is_not_blamed_for_the_others(client: FlaskClient) -> None:
    order = wire.draft(dosageInstruction=[dosage(doseAndRate=rows(("calculated", 1000), ("ordered", 1)))])
    assert "dose_unit_mismatch" not in wire.topics(wire.ask(client, wire.sign(order)))


NOT_B12 = {
    "no medication (sandbox, just opened)": wire.draft(medicationCodeableConcept=None, dosageInstruction=None),
    "another drug": wire.draft(medicationCodeableConcept={"text": "methotrexate 1000 mg"}),
    "a service": {"resourceType": "ServiceRequest", "id": "s1", "code": {"coding": [{}]}, "reasonCode": []},
    "a nutrition order": {"resourceType": "NutritionOrder", "id": "n1"},
}


@pytest.mark.parametrize("order", NOT_B12.values(), ids=NOT_B12)
@pytest.mark.parametrize("build", [wire.sign, wire.select])
def test_other_orders_are_met_with_silence(client: FlaskClient, build: object, order: wire.Json) -> None:
    assert callable(build)
    assert wire.ask(client, build(order)) == []


WRONG: dict[str, object] = {
    "words": "1000 mcg IM",
    "a list of words": ["1000 mcg IM"],
    "a Bundle of words": {"resourceType": "Bundle", "entry": "x"},
}


@pytest.mark.parametrize("drafts", WRONG.values(), ids=WRONG)
def test_what_is_no_bundle_of_orders_is_said_to_be_unchecked(client: FlaskClient, drafts: object) -> None:
    cards = wire.ask(client, wire.call("order-sign", wire.context(draftOrders=drafts)))
    assert list(wire.topics(cards)) == ["order_not_seen"]


@pytest.mark.parametrize("drafts", [wire.draft(), [wire.draft()]], ids=["one", "a list"])
def test_orders_in_place_of_a_bundle_are_checked(client: FlaskClient, drafts: object) -> None:
    cards = wire.ask(client, wire.call("order-sign", wire.context(draftOrders=drafts)))
    assert wire.topics(cards)["dose_unit_mismatch"] == "critical"


UNREADABLE = {
    "dose as words": wire.draft(dosageInstruction=[{"doseAndRate": [{"doseQuantity": {"value": "1000 mg"}}]}]),
    "dosage as a string": wire.draft(dosageInstruction="1000 mg IM monthly"),
    "for another patient": wire.draft(subject={"reference": "Patient/p2"}),
    "a code alone": wire.draft(medicationCodeableConcept={"coding": CODED}, dosageInstruction="1000 mg IM monthly"),
    "a code alone, for another patient": wire.draft(
        medicationCodeableConcept={"coding": CODED}, subject={"reference": "Patient/p2"}
    ),
}


@pytest.mark.parametrize("order", UNREADABLE.values(), ids=UNREADABLE)
def test_a_b12_order_that_cannot_be_read_is_never_silence(client: FlaskClient, order: wire.Json) -> None:
    assert wire.topics(wire.ask(client, wire.sign(order))) == {"order_not_seen": "warning"}


def test_a_draft_whose_id_nobody_can_hold_is_not_deleted_and_breaks_nothing(client: FlaskClient) -> None:
    right = dosage(doseAndRate=[{"doseQuantity": wire.quantity(1000, "ug")}])
    request = wire.sign(*(wire.draft(id=letter * 5000, dosageInstruction=[right]) for letter in "ef"))
    cards = wire.ask(client, request)
    assert "duplicate_therapy" in wire.topics(cards)
    assert [action for action in wire.actions(cards) if action["type"] == "delete"] == []


OLDER = {"STU3": SHAPES["doseQuantity in dosageInstruction (STU3)"], "DSTU2": DSTU2, "no id": SHAPES["no id"]}


@pytest.mark.parametrize("order", OLDER.values(), ids=OLDER)
def test_no_corrected_order_is_offered_where_none_can_be_written(client: FlaskClient, order: wire.Json) -> None:
    [card] = wire.ask(client, wire.sign(order))
    assert "suggestions" not in card
    assert "selectionBehavior" not in card


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1e99999999999999999999", "1e-99999999999999999999", "9" * 5000])
@pytest.mark.parametrize("place", ["priority", "repeat"])
def test_a_number_that_nobody_can_hold_is_never_sent_on(client: FlaskClient, place: str, number: str) -> None:
    odd = dosage(timing={"repeat": {"frequency": 1, "period": 1, "periodUnit": "mo", "offset": "@@"}})
    order = wire.draft(priority="@@") if place == "priority" else wire.draft(dosageInstruction=[odd])
    body = json.dumps(wire.sign(order)).replace('"@@"', number)
    response = client.post("/cds-services/b12-order-sign", data=body, content_type="application/json")
    assert response.status_code == 200
    [card] = response.get_json()["cards"]
    assert card["indicator"] == "critical"
    assert "suggestions" not in card


def test_several_drafts_are_each_judged_on_their_own(client: FlaskClient) -> None:
    right = wire.draft(id="o2", dosageInstruction=[dosage(doseAndRate=[{"doseQuantity": wire.quantity(1000, "ug")}])])
    cards = wire.ask(client, wire.sign(right, wire.draft()))
    assert [action["resource"]["id"] for action in wire.actions(cards)] == ["o1"]


OTHER = wire.draft(id="o2", medicationCodeableConcept={"text": "amoxicillin 500 mg capsule"})
LAB = {"resourceType": "ServiceRequest", "id": "s1", "code": {"coding": [{}]}}
FOOD = {"resourceType": "NutritionOrder", "id": "n1"}


@pytest.mark.parametrize(
    "selection", ["MedicationRequest/o2", "o2", "ServiceRequest/s1", "NutritionOrder/n1", "ServiceRequest/unsent"]
)
def test_only_selected_drafts_are_judged_while_choosing(client: FlaskClient, selection: str) -> None:
    request = wire.select(wire.draft(), OTHER, LAB, FOOD)
    request["context"]["selections"] = [selection]
    assert "dose_unit_mismatch" not in wire.topics(wire.ask(client, request))


CHOSEN = [
    "o1",
    "MedicationRequest/o1/_history/1",
    "https://ehr.example.org/fhir/MedicationRequest/o1",
    "urn:uuid:o1",
    "",
]
UNKNOWN = ["MedicationRequest/another", "another", "urn:uuid:another"]


@pytest.mark.parametrize("selection", CHOSEN + UNKNOWN)
@pytest.mark.parametrize("named", ["o1", None])
def test_a_draft_is_judged_that_was_chosen_or_may_have_been(
    client: FlaskClient, selection: str, named: str | None
) -> None:
    request = wire.select(wire.draft(), OTHER)
    request["context"] |= {"draftOrders": wire.bundle(wire.draft(id=named), OTHER), "selections": [selection]}
    assert wire.topics(wire.ask(client, request))["dose_unit_mismatch"] == "critical"


def test_the_correction_keeps_everything_else_of_the_draft(client: FlaskClient) -> None:
    order = wire.draft(note=[{"text": "call first"}], priority="urgent")
    [action] = wire.actions(wire.ask(client, wire.sign(order)))
    corrected = dict(action["resource"])
    [instruction] = corrected.pop("dosageInstruction")
    assert corrected == {name: value for name, value in order.items() if name != "dosageInstruction"}
    assert instruction["doseAndRate"] == [{"doseQuantity": wire.quantity(1000, "mcg", "ug")}]
