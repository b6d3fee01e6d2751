"""New orders for a regimen: valid FHIR R4, drafts, and nothing in them that nobody said."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cds_service.b12.protocol import Regimen, RegimenFor
from cds_service.fhir import new_orders
from cds_service.fhir.valid import Resource, check
from cds_service.knowledge import Knowledge


def regimen(knowledge: Knowledge, protocol: str = "uk-nice-bnf", whom: RegimenFor = RegimenFor.STANDARD) -> Regimen:
    found = knowledge.protocols[protocol].regimen(whom)
    assert found
    return found


WRITERS: list[Callable[[Regimen], Resource]] = [
    lambda one: new_orders.whole_order(one, "p1"),
    lambda one: new_orders.maintenance_order(one, "p1"),
    lambda one: new_orders.loading_order(one, 2, "p1"),
]


@pytest.mark.parametrize("write", WRITERS)
def test_every_regimen_of_every_protocol_makes_valid_orders(
    knowledge: Knowledge, write: Callable[[Regimen], Resource]
) -> None:
    for one in (one for protocol in knowledge.protocols.values() for one in protocol.regimens):
        order = check(write(one))
        steps = order["dosageInstruction"]
        numbers = [step.get("sequence") for step in steps]
        assert numbers == (list(range(1, len(steps) + 1)) if len(steps) > 1 else [None] * len(steps))
        assert order["medicationCodeableConcept"]["text"].endswith(" injection") is one.routes[0].parenteral


def test_a_new_order_is_a_draft_for_the_patient_to_be_signed(knowledge: Knowledge) -> None:
    order = new_orders.maintenance_order(regimen(knowledge), "p1")

    assert (order["status"], order["intent"], order["subject"]) == ("draft", "order", {"reference": "Patient/p1"})
    assert set(order) == {
        "resourceType", "status", "intent", "medicationCodeableConcept", "subject", "dosageInstruction",
    }  # fmt: skip
    [step] = order["dosageInstruction"]
    assert step["timing"]["repeat"] == {"frequency": 1, "period": 2, "periodMax": 3, "periodUnit": "mo"}


def test_a_whole_order_is_loading_then_maintenance(knowledge: Knowledge) -> None:
    loading, upkeep = new_orders.whole_order(regimen(knowledge), "p1")["dosageInstruction"]

    assert loading["timing"]["repeat"]["count"] == 6
    assert "count" not in upkeep["timing"]["repeat"]


def test_the_rest_of_loading_is_its_last_doses_and_no_maintenance(knowledge: Knowledge) -> None:
    steps = new_orders.loading_order(regimen(knowledge, "us-label"), 9, "p1")["dosageInstruction"]

    assert [one["timing"]["repeat"]["count"] for one in steps] == [5, 4]


def test_loading_without_a_number_says_until_when(knowledge: Knowledge) -> None:
    neurological = regimen(knowledge, whom=RegimenFor.NEUROLOGICAL)
    [loading, _] = new_orders.whole_order(neurological, "p1")["dosageInstruction"]

    assert loading["additionalInstruction"] == [{"text": neurological.loading[0].until}]
    assert "count" not in loading["timing"]["repeat"]
    [rest] = new_orders.loading_order(neurological, 3, "p1")["dosageInstruction"]
    assert rest["timing"]["repeat"]["count"] == 3
    assert "additionalInstruction" not in rest
