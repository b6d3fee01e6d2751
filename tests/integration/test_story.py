"""Whole answers for patients whose story one table row cannot tell."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from cds_service.answer import Answer, Asked, answer
from cds_service.hooks import read_request
from cds_service.knowledge import Knowledge
from cds_service.texts import Text
from cds_service.wording import environment

AS_OF = datetime(2026, 3, 10, 12, tzinfo=UTC)
B12 = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "309594"}]}
PA = {"coding": [{"system": "http://snomed.info/sct", "code": "84027009"}]}


def bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": one} for one in resources]}


def dispensed(day: str, supply: int | None) -> dict[str, Any]:
    body = {"resourceType": "MedicationDispense", "id": day, "status": "completed", "whenHandedOver": day}
    body |= {"medicationCodeableConcept": B12, "subject": {"reference": "Patient/p"}}
    body |= {"dosageInstruction": [{"text": "1 mL IM monthly"}]}
    return body | ({"daysSupply": {"value": supply}} if supply else {})


def view(knowledge: Knowledge, *resources: dict[str, Any]) -> Answer:
    prefetch = {
        "patient": {"resourceType": "Patient", "id": "p", "birthDate": "1950-01-01"},
        "conditions": bundle({"resourceType": "Condition", "id": "pa", "code": PA}),
        "medicationDispenses": bundle(*resources),
        "medicationAdministrations": None,
        "medicationStatements": None,
        "medicationRequests": None,
        "observations": None,
    }
    body = {
        "hook": "patient-view",
        "hookInstance": "1",
        "context": {"patientId": "p", "userId": "Practitioner/1"},
        "prefetch": prefetch,
    }
    return answer(read_request(json.dumps(body).encode()), Asked(knowledge, "us-practice", AS_OF, 5, 100))


@pytest.mark.parametrize(
    ("supply", "late"),
    [(None, True), (90, False), (69, False), (62, False), (61, True)],
    ids=["supply unknown", "covered", "covered until today", "used up a week ago", "used up before that"],
)
def test_a_supply_for_self_injection_covers_its_days(knowledge: Knowledge, supply: int | None, late: bool) -> None:  # noqa: FBT001 - a column of the table
    found = view(knowledge, dispensed("2025-12-31", supply))

    assert [card.source.topic.code for card in found.cards] == (["maintenance_overdue"] if late else [])


def test_words_that_break_silence_no_other_card(knowledge: Knowledge) -> None:
    texts = dict(knowledge.texts)
    broken = environment().from_string("{{ no_such_fact }}")
    late = {name: Text(broken, broken, None, "") for name in texts["maintenance_overdue"].variants}
    texts["maintenance_overdue"] = replace(texts["maintenance_overdue"], variants=late)

    words = {"en": replace(knowledge.words["en"], texts=texts)}
    found = view(replace(knowledge, words=words), dispensed("2025-12-01", None))

    assert [card.source.topic.code for card in found.cards] == ["check_failed"]


def test_a_slip_in_every_step_is_corrected_in_every_step(knowledge: Knowledge) -> None:
    """Ampoules of 10 mg ordered for loading and maintenance: half a correction would be worse than none."""
    name = {"text": "Hydroxocobalamin 10mg/2ml solution for injection ampoules"}
    ampoule = [{"doseQuantity": {"value": 1, "unit": "ampoule"}}]
    often = {"repeat": {"frequency": 3, "period": 1, "periodUnit": "wk", "count": 6}}
    seldom = {"repeat": {"frequency": 1, "period": 3, "periodUnit": "mo"}}
    draft = {
        "resourceType": "MedicationRequest",
        "id": "d",
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": name,
        "subject": {"reference": "Patient/p"},
        "dosageInstruction": [
            {"sequence": 1, "timing": often, "doseAndRate": ampoule},
            {"sequence": 2, "timing": seldom, "doseAndRate": ampoule},
        ],
    }
    context = {"patientId": "p", "userId": "Practitioner/1", "draftOrders": bundle(draft)}
    body = {"hook": "order-sign", "hookInstance": "1", "context": context}
    asked = Asked(knowledge, "uk-nice-bnf", AS_OF, 5, 100)

    found = answer(read_request(json.dumps(body).encode()), asked)

    [suggestion] = found.cards[0].suggestions
    resource = suggestion.actions[0].resource
    assert resource
    doses = [one["doseAndRate"][0]["doseQuantity"] for one in resource["dosageInstruction"]]
    assert [(str(dose["value"]), dose["unit"]) for dose in doses] == [("0.2", "mL"), ("0.2", "mL")]
