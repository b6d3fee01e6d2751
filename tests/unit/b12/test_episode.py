"""The episode: what a rule gets to see of the patient at one instant."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from cds_service.b12.episode import Stage, comparable, daily_mcg
from cds_service.b12.protocol import RegimenFor
from cds_service.b12.words import Analyte, SpecialTherapy
from cds_service.knowledge import Knowledge
from tests.helpers.reading import standing

AGES: dict[str, tuple[int | None, bool]] = {
    "": (None, False),
    "unseen patient": (None, False),
    "born 2008-11-20": (18, False),
    "born 2008-11-21": (17, True),
    "born 2008-11": (17, True),
    "born 2008": (17, True),
    "born 1951": (74, False),
    "born 2026-11-20": (0, True),
}


@pytest.mark.parametrize(("record", "expected"), AGES.items())
def test_age_is_in_whole_years_by_the_latest_birthday(record: str, expected: tuple[int | None, bool]) -> None:
    episode = standing(record)

    assert (episode.age, episode.child) == expected


REGIMENS = {
    "": RegimenFor.STANDARD,
    "PA": RegimenFor.STANDARD,
    "neuropathy": RegimenFor.NEUROLOGICAL,
    "dietary B12 deficiency": RegimenFor.DIETARY,
    "dietary B12 deficiency; neuropathy": RegimenFor.NEUROLOGICAL,
    "diabetic neuropathy": RegimenFor.STANDARD,
}


@pytest.mark.parametrize(("record", "whom"), REGIMENS.items())
def test_the_regimen_is_for_this_patient(record: str, whom: RegimenFor) -> None:
    episode = standing(record, protocol="uk-nice-bnf")

    assert episode.regimen
    assert episode.standard
    assert (episode.regimen.whom, episode.standard.whom) == (whom, RegimenFor.STANDARD)
    assert episode.usual_mcg == 1000


def test_a_protocol_without_a_regimen_for_these_patients_keeps_its_standard() -> None:
    episode = standing("dietary B12 deficiency", protocol="us-label")

    assert episode.regimen == episode.standard


def test_the_usual_dose_is_the_largest_of_the_regimen() -> None:
    british, american = standing("born 2018", protocol="uk-nice-bnf"), standing("born 2018", protocol="us-label")
    assert british.regimen
    assert american.regimen
    loading = replace(british, regimen=replace(british.regimen, maintenance=None))
    maintenance = replace(american, regimen=replace(american.regimen, loading=()))

    assert (american.usual_mcg, loading.usual_mcg, maintenance.usual_mcg) == (100, 1000, 50)


def test_a_protocol_without_any_regimen_gives_no_usual_dose() -> None:
    episode = standing("", protocol="us-label")
    without = replace(episode, regimen=None)

    assert (episode.usual_mcg, without.usual_mcg) == (100, None)


DEFICIENT = {
    "lab 2026-01-01 B12 179 ng/L": True,
    "lab 2026-01-01 B12 180 ng/L": False,
    "lab 2026-01-01 B12 molar 132 pmol/L": True,
    "lab 2026-01-01 B12 molar 133 pmol/L": False,
    "lab 2026-01-01 active B12 24 pmol/L": True,
    "lab 2026-01-01 active B12 25 pmol/L": False,
    "lab 2026-01-01 B12 <150 ng/L": True,
    "lab 2026-01-01 B12 >150 ng/L": False,
    "lab 2026-01-01 B12 145 pmol/L": False,
    "lab 2026-01-01 MMA 900 nmol/L": False,
    "lab 2026-01-01 B12 145 ng/L cancelled": False,
    "lab 2026-11-21 B12 145 ng/L": False,
}


@pytest.mark.parametrize(("record", "deficient"), DEFICIENT.items())
def test_a_result_below_the_protocols_limit_documents_a_deficiency(record: str, *, deficient: bool) -> None:
    episode = standing(record, protocol="uk-nice-bnf")

    assert bool(episode.deficient_results) is bool(episode.deficiency) is deficient


def test_a_problem_documents_a_deficiency_before_a_result() -> None:
    assert standing("B12 deficiency; lab 2026-01-01 B12 100 ng/L").deficiency == ("Condition/Condition-1",)


KIDNEYS = {
    "": None,
    "lab 2026-01-01 creatinine 1 mg/dL": Analyte.CREATININE,
    "lab 2026-01-01 creatinine 1 mg/dL; lab 2025-01-01 eGFR 80 mL/min/{1.73_m2}": Analyte.EGFR,
}


@pytest.mark.parametrize(("record", "analyte"), KIDNEYS.items())
def test_the_filtration_rate_tells_of_the_kidneys_before_the_creatinine(record: str, analyte: Analyte | None) -> None:
    found = standing(record).kidney_function

    assert (found.analyte if found else None) is analyte


def test_a_limit_in_an_unknown_unit_compares_with_nothing(knowledge: Knowledge) -> None:
    figure = knowledge.protocols["uk-nice-bnf"].bands[0].deficient_below

    assert comparable(figure, Analyte.B12) == Decimal(180)
    assert comparable(figure, Analyte.MMA) is None


@pytest.mark.parametrize(
    ("draft", "daily"),
    [
        ("[cyanocobalamin 1 mg tablet] 1-2 tablets oral daily", "1000"),
        ("[cyanocobalamin 1 mg tablet] 1 tablet oral twice daily", "2000"),
        ("[cyanocobalamin 1 mg tablet] 1 tablet oral", None),
        ("cyanocobalamin oral daily", None),
    ],
)
def test_an_order_gives_at_least_so_much_a_day(draft: str, daily: str | None) -> None:
    [order] = standing("", draft=draft).drafts

    assert daily_mcg(order) == (Decimal(daily) if daily else None)


SCOPE = {
    "": "",
    "cobalamin C": "inborn error",
    "cobalamin C; B12 deficiency": "inborn error",
    "Leber": "another therapy",
    "Leber; B12 deficiency": "",
    "Leber; bariatric surgery": "",
}


@pytest.mark.parametrize(("record", "because"), SCOPE.items())
def test_schedule_advice_keeps_out_of_other_therapies(record: str, because: str) -> None:
    found = standing(record).out_of_scope

    assert found.startswith(because)
    assert bool(found) is bool(because)


def test_an_antifolate_is_a_special_therapy() -> None:
    assert standing('ordered 2026-11-01 "Pemetrexed 500 mg"').special == {SpecialTherapy.ANTIFOLATE}


def test_lifelong_causes_are_the_protocols() -> None:
    assert standing("PA").lifelong
    assert not standing("bariatric surgery").lifelong


DRAFTS = "cyanocobalamin 1 mg IM & selected: cyanocobalamin IM"


def test_while_choosing_only_the_chosen_drafts_are_asked_about() -> None:
    sign, select = standing("", draft=DRAFTS), standing("", draft=DRAFTS, stage=Stage.SELECT)
    nothing_chosen = standing("", draft="cyanocobalamin 1 mg IM", stage=Stage.SELECT)

    assert len(sign.asked_about) == len(sign.complete_drafts) == 2
    assert len(nothing_chosen.asked_about) == len(nothing_chosen.complete_drafts) == 1
    assert len(select.drafts) == 2
