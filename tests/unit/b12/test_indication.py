"""Why the patient needs vitamin B12, by problems and procedures that count today."""

from __future__ import annotations

import pytest

from cds_service.b12.indication import Background
from cds_service.b12.words import Indication, SpecialTherapy
from tests.helpers.reading import standing


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


def test_neurological_signs_count_while_active_and_diabetic_ones_are_weak() -> None:
    found = background("neuropathy; diabetic neuropathy; cord degeneration resolved")

    assert found.neuro == ("Condition/Condition-1",)
    assert found.neuro_weak == ("Condition/Condition-2",)


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
    "injections stopped on purpose": "stopped_on_purpose",
    "total gastrectomy": "total_gastrectomy",
}


@pytest.mark.parametrize(("record", "field"), FINDINGS.items())
def test_what_changes_the_advice_is_found(record: str, field: str) -> None:
    assert getattr(background(record), field) == ("Condition/Condition-1",)
    assert getattr(background("hypertension"), field) == ()
