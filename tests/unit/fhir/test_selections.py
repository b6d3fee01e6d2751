"""Which drafts were just chosen, however a client refers to them."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.fhir.selections import selected_of
from tests.helpers.reading import raw

WHERE = "context.draftOrders"
B12 = {"fullUrl": "urn:uuid:77", "resource": {"resourceType": "MedicationRequest", "id": "a"}}
OTHER = {"resource": {"resourceType": "MedicationRequest", "id": "b"}}
LAB = {"resource": {"resourceType": "ServiceRequest", "id": "c"}}
FOOD = {"resource": {"resourceType": "NutritionOrder", "id": "d"}}
NAMELESS = {"fullUrl": "urn:uuid:88", "resource": {"resourceType": "MedicationRequest"}}
ALL = [B12, OTHER, LAB, FOOD, NAMELESS]


def chosen(*selections: str, entries: Any = ALL) -> frozenset[str]:
    return selected_of(selections, raw({"resourceType": "Bundle", "entry": entries}), WHERE)


A, B, C, D, FIFTH = "MedicationRequest/a", "MedicationRequest/b", "ServiceRequest/c", "NutritionOrder/d", "entry[4]"
WAYS = {
    A: {A},
    "a": {A},
    f"{A}/": {A},
    f"/{A}": {A},
    f" {A} ": {A},
    f"{A}/_history/1": {A},
    f"https://ehr.example.org/fhir/{A}": {A},
    f"https://ehr.example.org/fhir/{A}/_history/3": {A},
    "urn:uuid:a": {A},
    "urn:uuid:77": {A},
    "77": {A},
    "urn:uuid:88": {f"{WHERE}.{FIFTH}"},
    "MedicationRequest/88": {f"{WHERE}.{FIFTH}"},
    B: {B},
    C: {C},
    "c": {C},
    D: {D},
}


@pytest.mark.parametrize(("selection", "expected"), WAYS.items())
def test_a_draft_is_known_by_every_way_to_refer_to_it(selection: str, expected: set[str]) -> None:
    assert chosen(selection) == expected


@pytest.mark.parametrize(
    "selections",
    [
        (),
        ("",),
        (" ",),
        ("MedicationRequest/x",),
        ("x",),
        ("urn:uuid:x",),
        (B, "MedicationRequest/x"),
        ("MedicationOrder/a0",),
    ],
)
def test_it_is_not_known_which_was_chosen_where_a_selection_names_no_draft(selections: tuple[str, ...]) -> None:
    assert chosen(*selections) == frozenset()


@pytest.mark.parametrize("selection", ["ServiceRequest/x", "https://e.org/fhir/NutritionOrder/x", "Medication/m"])
def test_a_selection_of_another_type_is_none_of_the_medications(selection: str) -> None:
    assert chosen(selection).isdisjoint({A, B})
    assert chosen(selection)
    assert chosen(selection, A) >= {A}


def test_a_single_draft_in_place_of_a_bundle_is_known_too() -> None:
    assert selected_of(["a"], raw(B12["resource"]), WHERE) == {A}
    assert selected_of(["urn:uuid:1"], raw({"resourceType": "MedicationRequest"}), WHERE) == frozenset()


@pytest.mark.parametrize("entries", ["x", [{}, {"resource": 7}, {"resource": None}, {"resource": {"id": 7}}], None])
def test_what_is_no_list_of_drafts_names_none(entries: Any) -> None:
    assert chosen(A, entries=entries) == frozenset()
    assert selected_of([A], raw("?"), WHERE) == frozenset()
