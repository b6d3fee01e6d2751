"""Laboratory orders: every test that we know can be ordered, and is understood when it comes back."""

from __future__ import annotations

import pytest

from cds_service.b12.labs import LAB_SETS
from cds_service.b12.words import Analyte
from cds_service.fhir.tests_ordered import LOINC, TESTS, order_of_test, words_of_test
from cds_service.fhir.valid import check
from cds_service.knowledge import Knowledge
from tests.helpers.reading import read


@pytest.mark.parametrize("analyte", Analyte)
def test_an_order_is_a_draft_for_the_patient(analyte: Analyte) -> None:
    order = check(order_of_test(analyte, "p1"))

    assert (order["status"], order["intent"], order["subject"]) == ("draft", "order", {"reference": "Patient/p1"})
    assert order["code"]["text"] == words_of_test(analyte)
    assert order["category"][0]["coding"][0]["code"] == "108252007"


@pytest.mark.parametrize("analyte", Analyte)
def test_its_codes_are_those_by_which_results_of_it_are_known(knowledge: Knowledge, analyte: Analyte) -> None:
    for code, _ in TESTS[analyte][1]:
        found = {LAB_SETS[idea][0] for idea in knowledge.codes.ideas[LOINC, code] if idea in LAB_SETS}
        assert found == {analyte}


@pytest.mark.parametrize("analyte", Analyte)
def test_an_order_that_comes_back_is_read_as_that_test(knowledge: Knowledge, analyte: Analyte) -> None:
    sent = order_of_test(analyte, "p1") | {"id": "t1", "status": "active"}
    [found] = read(knowledge, sent).record.tests

    assert (found.ref, found.analytes) == ("ServiceRequest/t1", (analyte,))
