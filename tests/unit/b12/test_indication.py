"""Why the patient needs vitamin B12, by problems and procedures that count today."""

from __future__ import annotations

from datetime import date

import pytest

from cds_service.b12.concept import Code, Concept
from cds_service.b12.indication import Background, background_of
from cds_service.b12.record import ClinicalRecord, Condition
from cds_service.b12.words import Indication, SpecialTherapy
from cds_service.knowledge import Knowledge
from tests.helpers.reading import NOON, standing


def background(record: str, as_of: str = "2026-11-20") -> Background:
    return standing(record, as_of).background


INDICATIONS = {
    "": Indication.UNKNOWN,
    "hypertension": Indication.UNKNOWN,
    "B12 deficiency": Indication.UNKNOWN,
    "PA": Indication.PERMANENT_MALABSORPTION,
    "total gastrectomy": Indication.PERMANENT_MALABSORPTION,
    "bariatric surgery": Indication.REVERSIBLE_MALABSORPTION,
    "coeliac disease": Indication.REVERSIBLE_MALABSORPTION,
    "drug-induced B12 deficiency": Indication.DRUG_INDUCED,
    "dietary B12 deficiency": Indication.DIETARY,
    "dietary B12 deficiency; PA": Indication.PERMANENT_MALABSORPTION,
    "PA refuted; dietary B12 deficiency": Indication.DIETARY,
    "PA entered-in-error": Indication.UNKNOWN,
    "PA resolved": Indication.PERMANENT_MALABSORPTION,
    "PA since 2026-11-20": Indication.PERMANENT_MALABSORPTION,
    "PA since 2026-11-21": Indication.UNKNOWN,
    "PA since 2026-11": Indication.PERMANENT_MALABSORPTION,
    "PA of another patient": Indication.UNKNOWN,
    "done 2026-11-20 total gastrectomy": Indication.PERMANENT_MALABSORPTION,
    "done 2026-11-21 total gastrectomy": Indication.UNKNOWN,
    "done 2026-11 total gastrectomy": Indication.PERMANENT_MALABSORPTION,
    "done total gastrectomy": Indication.PERMANENT_MALABSORPTION,
    "done 2020 total gastrectomy not-done": Indication.UNKNOWN,
}


@pytest.mark.parametrize(("record", "indication"), INDICATIONS.items())
def test_the_cause_that_lasts_is_taken_before_one_that_passes(record: str, indication: Indication) -> None:
    found = background(record)

    assert found.indication is indication
    assert bool(found.cause) is (indication is not Indication.UNKNOWN)


DEFICIENT = {
    "B12 deficiency": True,
    "B12 deficiency unconfirmed": True,
    "B12 deficiency resolved": False,
    "B12 deficiency until 2026-11-20": False,
    "B12 deficiency until 2026-11-21": True,
    "B12 deficiency until 2026-11": False,
    "B12 deficiency inactive": False,
    "B12 deficiency refuted": False,
    "PA": True,
    "PA resolved": True,
    "dietary B12 deficiency": True,
    "unspecific B vitamin deficiency": False,
    "hypertension": False,
}


@pytest.mark.parametrize(("record", "deficient"), DEFICIENT.items())
def test_a_deficiency_counts_while_it_stands_and_pernicious_anaemia_for_life(record: str, *, deficient: bool) -> None:
    assert bool(background(record).deficiency) is deficient


CORRECTED = {
    "coeliac disease resolved": True,
    "coeliac disease": False,
    "coeliac disease resolved; bariatric surgery": False,
    "done 2020 bariatric surgery": False,
    "": False,
}


@pytest.mark.parametrize(("record", "corrected"), CORRECTED.items())
def test_a_cause_is_corrected_where_all_of_it_is_over_and_an_operation_never_is(
    record: str, *, corrected: bool
) -> None:
    found = background(record)

    assert found.corrected == (found.cause if corrected else ())


def test_neurological_signs_count_while_active_and_diabetic_ones_are_weak() -> None:
    found = background("neuropathy; diabetic neuropathy; cord degeneration resolved; diabetic neuropathy resolved")

    assert found.neuro == ("Condition/Condition-1",)
    assert found.neuro_weak == ("Condition/Condition-2",)
    assert found.neuro_past == ("Condition/Condition-3",)


def test_a_neuropathy_whose_words_lay_it_to_diabetes_is_weak(knowledge: Knowledge) -> None:
    code = Code("http://snomed.info/sct", "386033004", "Neuropathy")
    conditions = (
        Condition("Condition/a", Concept((code,))),
        Condition("Condition/b", Concept((code,), "Diabetic neuropathy")),
    )
    found = background_of(ClinicalRecord(conditions=conditions), knowledge.codes, NOON)

    assert (found.neuro, found.neuro_weak) == (("Condition/a",), ("Condition/b",))


SPECIAL = {
    "cobalamin C": SpecialTherapy.INBORN_ERROR,
    "Leber": SpecialTherapy.LEBER,
    "cyanide poisoning": SpecialTherapy.ANTIDOTE,
    "dialysis": SpecialTherapy.DIALYSIS,
}


@pytest.mark.parametrize(("record", "therapy"), SPECIAL.items())
def test_other_therapies_are_told_apart(record: str, therapy: SpecialTherapy) -> None:
    assert therapy in background(record).special


FINDINGS = {
    "pregnancy": "pregnant",
    "palliative care": "palliative",
    "breastfeeding": "breastfeeding",
    "injections stopped on purpose": "stopped_on_purpose",
    "total gastrectomy": "total_gastrectomy",
}


@pytest.mark.parametrize(("record", "field"), FINDINGS.items())
def test_what_changes_the_advice_is_found(record: str, field: str) -> None:
    assert getattr(background(record), field) == ("Condition/Condition-1",)
    assert getattr(background("hypertension"), field) == ()


@pytest.mark.parametrize("record", ["pregnancy", "palliative care", "breastfeeding"])
def test_some_of_it_counts_only_while_it_lasts(record: str) -> None:
    assert getattr(background(f"{record} resolved"), FINDINGS[record]) == ()


@pytest.mark.parametrize(("record", "kin"), [("kin PA", True), ("kin Crohn", False), ("PA", False)])
def test_pernicious_anaemia_of_a_relative_is_known(record: str, *, kin: bool) -> None:
    assert bool(background(record).pernicious_kin) is kin


def test_the_day_on_which_it_began_is_told_where_it_is_on_record() -> None:
    found = background("PA since 2019; B12 deficiency; done 2020-03-02 total gastrectomy; done bariatric surgery")

    assert {ref: when.latest for ref, when in found.since.items()} == {
        "Condition/Condition-1": date(2019, 12, 31),
        "Procedure/Procedure-1": date(2020, 3, 2),
    }
