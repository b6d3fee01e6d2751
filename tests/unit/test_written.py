"""What is being written as a hook asks, and whether it bears on B12."""

from __future__ import annotations

import json

import pytest

from cds_service.fhir.relevance import relevance
from cds_service.hooks import read_request
from cds_service.knowledge import Knowledge
from cds_service.written import Written, for_clinician, read_written
from tests.helpers.patients import request_of
from tests.helpers.reading import MOST, Json, answered

SIGN, PROBLEM, ALLERGY = "order-sign", "problem-list-item-create", "allergyintolerance-create"


def written(knowledge: Knowledge, hook: str, draft: str) -> Written:
    """What is read of a DRAFT."""
    request = read_request(json.dumps(request_of(hook, "", draft)).encode())
    return read_written(request, MOST, relevance(knowledge.codes))


RELATED = [
    (SIGN, "1000 mcg IM monthly"),
    (SIGN, '"Vitamin B12 injection" 1 mL'),
    (SIGN, "contained 10 mg/2 mL 1 mg IM"),
    (SIGN, "[folic acid 5 mg] 5 mg oral daily"),
    (SIGN, "test B12"),
    (SIGN, "lisinopril 10 mg oral daily & 1000 mcg IM monthly"),
    (SIGN, 'lisinopril 10 mg oral daily text "with B12"'),
    (SIGN, "not sent"),
    (SIGN, "garbled"),
    ("patient-view", ""),
    ("encounter-discharge", ""),
    (PROBLEM, "Crohn"),
    (PROBLEM, "hypertension unreadable"),
    (ALLERGY, "allergic to cobalt"),
]
UNRELATED = [
    (SIGN, ""),
    (SIGN, "lisinopril 10 mg oral daily"),
    (SIGN, "lisinopril 10 mg oral daily unreadable"),
    ("medication-refill", "lisinopril 10 mg oral daily"),
    (PROBLEM, "hypertension"),
    (PROBLEM, "not sent"),
    (ALLERGY, "allergic to penicillin"),
    (ALLERGY, "not sent"),
]


@pytest.mark.parametrize(("hook", "draft"), RELATED)
def test_the_chart_is_read_where_it_may_matter(knowledge: Knowledge, hook: str, draft: str) -> None:
    assert not written(knowledge, hook, draft).unrelated


@pytest.mark.parametrize(("hook", "draft"), UNRELATED)
def test_the_chart_is_not_read_where_it_cannot_matter(knowledge: Knowledge, hook: str, draft: str) -> None:
    assert written(knowledge, hook, draft).unrelated


def test_nothing_of_the_chart_is_read_for_an_unrelated_order(knowledge: Knowledge) -> None:
    found = answered(knowledge, request_of(SIGN, "born 1951; PA; ordered 1000 mcg IM monthly", "lisinopril"))

    assert (found.cards, found.episode, found.reading.record.seen) == ((), None, frozenset())


@pytest.mark.parametrize(
    ("hook", "draft", "expected"),
    [
        (SIGN, "not sent", (True, False)),
        (SIGN, "garbled", (False, True)),
        (SIGN, "", (False, False)),
        (SIGN, "1000 mcg IM unreadable", (False, False)),
        (PROBLEM, "not sent", (False, False)),
        (PROBLEM, "garbled", (False, False)),
        ("patient-view", "", (False, False)),
    ],
)
def test_what_did_not_come_of_the_orders(
    knowledge: Knowledge, hook: str, draft: str, expected: tuple[bool, bool]
) -> None:
    found = written(knowledge, hook, draft)

    assert (found.missing, found.unreadable) == expected


USERS = {
    "Practitioner/1": True,
    "PractitionerRole/1": True,
    "https://ehr.example.org/fhir/Practitioner/1": True,
    "1": True,
    "": True,
    "Patient/1": False,
    "https://ehr.example.org/fhir/Patient/1": False,
    "RelatedPerson/1": False,
}


@pytest.mark.parametrize(("user", "clinician"), USERS.items())
def test_whom_the_words_are_for(user: str, *, clinician: bool) -> None:
    body: Json = request_of("patient-view", "", "")
    body["context"]["userId"] = user

    assert for_clinician(read_request(json.dumps(body).encode())) is clinician
