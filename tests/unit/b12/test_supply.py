"""A supply counted in doses: by volume, by piece and by container, against schedules that end and that go on."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cds_service.b12.dose import B12Order
from cds_service.b12.supply import Portion, mismatch_of, portions_of, says_how_long, supplied_of, uncountable
from cds_service.knowledge import Knowledge
from tests.helpers.reading import RXNORM, Json, read, resource, standing, timeline, ucum

D = Decimal
DMD, NDC = "https://dmd.nhs.uk", "http://hl7.org/fhir/sid/ndc"
WEEKLY = {"frequency": 1, "period": 1, "periodUnit": "wk"}
TABLET = {"coding": [{"system": RXNORM, "code": "309593", "display": "vitamin B12 1 MG oral tablet"}]}


def order(knowledge: Knowledge, dose: Json, quantity: Json | None, *repeats: Json, **fields: Any) -> B12Order:
    steps = [
        {"sequence": number, "timing": {"repeat": repeat}, "doseAndRate": [{"doseQuantity": dose}]}
        for number, repeat in enumerate(repeats or (WEEKLY | {"count": 6},), start=1)
    ]
    request = {"quantity": quantity} if quantity else {}
    own = {"id": "d", "dosageInstruction": steps, "dispenseRequest": request}
    draft = resource("MedicationRequest", **(own | fields))
    [found] = timeline(knowledge, read(knowledge, drafts=(draft,)).record).drafts
    return found


def portions(found: B12Order) -> tuple[Portion, ...]:
    supplied = supplied_of(found)
    assert supplied
    return portions_of(found, supplied.amount)


UNUSABLE = [
    None,
    ucum(0, "mL"),
    {"value": 1},
    ucum(1, "box"),
    ucum(3, "1"),
    ucum(30, "mg"),
    ucum(3000, "ug"),
    ucum(1, "L"),
]


@pytest.mark.parametrize("quantity", UNUSABLE)
def test_a_quantity_that_cannot_be_counted_is_none(knowledge: Knowledge, quantity: Json | None) -> None:
    assert supplied_of(order(knowledge, ucum(1, "mL"), quantity)) is None


def test_refills_come_on_top_of_the_first_supply(knowledge: Knowledge) -> None:
    request = {"quantity": ucum(2, "mL"), "numberOfRepeatsAllowed": 3}
    found = supplied_of(order(knowledge, ucum(1, "mL"), None, dispenseRequest=request))

    assert found
    assert (found.total, found.times, found.unit) == (8, 4, "mL")


@pytest.mark.parametrize(
    ("quantity", "unit"),
    [
        ({"value": 3, "code": "{tbl}", "system": "http://unitsofmeasure.org"}, "tablet"),
        ({"value": 3, "code": "mL", "system": "http://unitsofmeasure.org"}, "mL"),
        (ucum(3, "tablets", "{tbl}"), "tablets"),
    ],
)
def test_the_unit_is_told_in_words(knowledge: Knowledge, quantity: Json, unit: str) -> None:
    found = supplied_of(order(knowledge, ucum(1, "mL"), quantity))

    assert found
    assert found.unit == unit


DOSES = [
    (ucum(1, "mL"), ucum(10, "mL"), D(1)),
    (ucum(1000, "mcg", "ug"), ucum(10, "mL"), D(1)),
    (ucum(0.5, "mg"), ucum(10, "mL"), D("0.5")),
]


@pytest.mark.parametrize(("dose", "quantity", "takes"), DOSES)
def test_a_dose_takes_so_much_of_the_quantity(knowledge: Knowledge, dose: Json, quantity: Json, takes: Decimal) -> None:
    [portion] = portions(order(knowledge, dose, quantity))

    assert (portion.low, portion.high) == (takes, takes)


AMPOULE = {"coding": [{"system": DMD, "code": "24856311000001103", "display": "Hydroxocobalamin 10mg/2ml ampoules"}]}
VIAL = {"coding": [{"system": NDC, "code": "0143-9620-10", "display": "Cyanocobalamin 1000 mcg/mL, 10 mL vial"}]}
CONTAINERS = [
    (AMPOULE, ("5", "15"), ucum(6, "ampoule", "{ampoule}"), ("1", "2")),
    (VIAL, ("5", "15"), ucum(1, "vial", "{vial}"), ("0.5", "1.5")),
    (VIAL, ("10", "15"), ucum(1, "vial", "{vial}"), ("1", "2")),
]


@pytest.mark.parametrize(("product", "dose", "quantity", "takes"), CONTAINERS)
def test_what_is_left_in_a_container_is_used_only_from_a_vial_that_holds_more_than_a_dose(
    knowledge: Knowledge, product: Json, dose: tuple[str, str], quantity: Json, takes: tuple[str, str]
) -> None:
    low, high = (ucum(float(one), "mg") for one in dose)
    step = {"timing": {"repeat": WEEKLY}, "doseAndRate": [{"doseRange": {"low": low, "high": high}}]}
    [portion] = portions(order(knowledge, low, quantity, dosageInstruction=[step], medicationCodeableConcept=product))

    assert (portion.low, portion.high) == tuple(D(one) for one in takes)


def test_tablets_are_counted_by_piece_or_by_strength(knowledge: Knowledge) -> None:
    for dose in (ucum(2, "tablets", "{tbl}"), ucum(2000, "mcg", "ug")):
        found = order(knowledge, dose, ucum(30, "tablets", "{tbl}"), medicationCodeableConcept=TABLET)
        assert [one.low for one in portions(found)] == [2]


def test_what_cannot_be_counted_in_the_quantitys_unit_gives_no_portions(knowledge: Knowledge) -> None:
    assert portions(order(knowledge, ucum(1, "mL"), ucum(1, "vial", "{vial}"))) == ()
    assert portions(order(knowledge, ucum(1, "shot"), ucum(1, "mL"))) == ()
    assert portions(order(knowledge, ucum(1, "mL"), ucum(1, "mL"), {"count": 1, "period": 0})) == ()


def test_a_supply_is_told_to_last_by_the_schedule_the_order_or_its_own_days(knowledge: Knowledge) -> None:
    quantity = ucum(1, "mL")
    goes_on = order(knowledge, ucum(1, "mL"), quantity, WEEKLY)
    bounded = order(
        knowledge, ucum(1, "mL"), quantity, WEEKLY | {"boundsPeriod": {"start": "2026-01-01", "end": "2026-02-01"}}
    )
    valid = {"quantity": quantity, "validityPeriod": {"end": "2027-01-01"}}
    lasting = {"quantity": quantity, "expectedSupplyDuration": ucum(30, "d")}

    assert not says_how_long(goes_on, portions(goes_on))
    assert says_how_long(bounded, portions(bounded))
    for request in (valid, lasting):
        found = order(knowledge, ucum(1, "mL"), quantity, WEEKLY, dispenseRequest=request)
        assert says_how_long(found, portions(found))


def test_steps_that_run_at_one_time_are_not_counted(knowledge: Knowledge) -> None:
    steps = [{"timing": {"repeat": WEEKLY}, "doseAndRate": [{"doseQuantity": ucum(1, "mL")}]}] * 2
    for numbered in (steps, [step | {"sequence": 1} for step in steps]):
        found = order(knowledge, ucum(1, "mL"), ucum(1, "mL"), dosageInstruction=numbered)
        assert uncountable(standing(""), found) == "the steps do not follow each other"


BOUNDED = WEEKLY | {"boundsPeriod": {"start": "2026-01-01", "end": "2026-02-01"}}
BRIEF = WEEKLY | {"boundsPeriod": {"start": "2026-01-01", "end": "2026-01-04"}}


@pytest.mark.parametrize(
    ("repeat", "millilitres", "needed"),
    [(BOUNDED, 4, 5), (BOUNDED, 5, None), (BRIEF, 0.5, 1), (BRIEF, 1, None)],
    ids=["a month, short", "a month", "three days, short", "three days: one dose"],
)
def test_a_schedule_between_two_days_needs_what_falls_into_them(
    knowledge: Knowledge, repeat: Json, millilitres: float, needed: int | None
) -> None:
    assert needs(order(knowledge, ucum(1, "mL"), ucum(millilitres, "mL"), repeat)) == needed


@pytest.mark.parametrize(
    ("start", "millilitres", "needed"),
    [("2026-03-03", 9, None), ("2026-03-03", 8, 10), ("2026-03", 9, 11), ("2026-03", 10, None)],
)
def test_an_order_is_valid_from_the_first_day_that_its_start_may_mean(
    knowledge: Knowledge, start: str, millilitres: float, needed: int | None
) -> None:
    request = {"quantity": ucum(millilitres, "mL"), "validityPeriod": {"start": start, "end": "2026-05-12"}}
    assert needs(order(knowledge, ucum(1, "mL"), None, WEEKLY, dispenseRequest=request)) == needed


def needs(found: B12Order) -> Decimal | None:
    """What the schedule needs where the supply is clearly wrong."""
    supplied = supplied_of(found)
    assert supplied
    mismatch = mismatch_of(standing(""), found, supplied, portions_of(found, supplied.amount))
    return mismatch.needed if mismatch else None
