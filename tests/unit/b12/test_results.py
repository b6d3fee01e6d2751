"""What a result says of today: its place by the protocol's limits, its age, and what answers for a test."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from cds_service.b12.results import (
    Standing,
    anaemia_below,
    awaited,
    grey_zone_matters,
    is_raised,
    is_reduced,
    kidneys_known,
    kidneys_reduced,
    known_or_awaited,
    level,
    limit_for,
    measured,
    named,
    nitrous_oxide,
    not_judged,
    number_sent,
    raised_markers,
    sent_unit,
    standing,
    standing_of,
    still_wanted,
    telling_marker,
)
from cds_service.b12.words import Analyte
from tests.helpers.reading import standing as patient

UK = "uk-nice-bnf"
STANDINGS = {
    "B12 179 ng/L": Standing.DEFICIENT,
    "B12 180 ng/L": Standing.UNCLEAR,
    "B12 350 ng/L": Standing.UNCLEAR,
    "B12 351 ng/L": Standing.ADEQUATE,
    "B12 <180 ng/L": Standing.DEFICIENT,
    "B12 <181 ng/L": Standing.UNCLEAR,
    "B12 >350 ng/L": Standing.ADEQUATE,
    "B12 >349 ng/L": None,
    "B12 >100 ng/L": None,
    "B12 300": None,
    "active B12 24 pmol/L": Standing.DEFICIENT,
    "active B12 71 pmol/L": Standing.ADEQUATE,
    "MMA 900 nmol/L": None,
}


@pytest.mark.parametrize(("lab", "expected"), STANDINGS.items())
def test_a_level_lies_in_a_band_of_the_protocol(lab: str, expected: Standing | None) -> None:
    episode = patient(f"lab 2026-11-01 {lab}", protocol=UK)

    assert standing_of(episode.timeline.results[0], episode.protocol) is expected


def test_a_protocol_without_limits_places_nothing() -> None:
    episode = patient("lab 2026-11-01 B12 100 pg/mL", protocol="us-label")

    assert (level(episode), standing(episode)) == (None, None)
    assert not_judged(episode) == "limits for results: the protocol gives none"


def test_a_protocol_whose_limit_has_no_grey_zone_knows_two_bands() -> None:
    episode = patient("lab 2026-11-01 B12 180 ng/L", protocol=UK)
    bands = tuple(type(band)(band.analyte, band.deficient_below) for band in episode.protocol.bands)
    blunt = type(episode.protocol)(
        **{name: getattr(episode.protocol, name) for name in episode.protocol.__struct_fields__} | {"bands": bands}
    )

    assert standing_of(episode.timeline.results[0], blunt) is Standing.UNCLEAR
    higher = patient("lab 2026-11-01 B12 181 ng/L", protocol=UK)
    assert standing_of(higher.timeline.results[0], blunt) is Standing.ADEQUATE


LIMITS = {
    "B12 100 ng/L": (180, "ng/L"),
    "B12 molar 100 pmol/L": (133, "pmol/L"),
    "B12 0.1 ng/mL": (180, "ng/L"),
}


@pytest.mark.parametrize(("lab", "expected"), LIMITS.items())
def test_a_limit_is_told_in_the_unit_of_the_result_if_it_can_be(lab: str, expected: tuple[int, str]) -> None:
    episode = patient(f"lab 2026-11-01 {lab}", protocol=UK)
    limit = limit_for(episode.timeline.results[0], episode.protocol)

    assert limit
    assert (limit.value, limit.unit) == expected


def test_no_limit_is_told_where_there_is_none() -> None:
    episode = patient("lab 2026-11-01 MMA 900 nmol/L", protocol=UK)

    assert limit_for(episode.timeline.results[0], episode.protocol) is None


def test_number_and_unit_are_those_that_came() -> None:
    result = patient("lab 2026-11-01 B12 <150 pg/mL").timeline.results[0]

    assert (number_sent(result), sent_unit(result)) == ("<150", "pg/mL")


COUNTS = {
    "lab 2026-11-01 B12 400 ng/L; lab 2026-10-01 B12 100 ng/L": "400 ng/L",
    "lab 2026-10-01 B12 100 ng/L; lab 2026-11-01 active B12 90 pmol/L": "90 pmol/L",
    "lab 2026-11-01 B12 100 ng/L; lab 2026-11-01 active B12 90 pmol/L": "100 ng/L",
    "lab 2026-11-01 B12 300 ng/L; lab 2026-11-01 active B12 90 pmol/L": "90 pmol/L",
    "lab 2026-10-01 B12 100 ng/L; lab 2026-11-01 B12 300": "",
    "lab B12 100 ng/L": "100 ng/L",
    "lab 2026-10 B12 100 ng/L; lab 2026-10-30 active B12 90 pmol/L": "100 ng/L",
    "lab 2026-10 B12 300 ng/L; lab 2026-10-31 active B12 90 pmol/L": "90 pmol/L",
}


@pytest.mark.parametrize(("record", "written"), COUNTS.items())
def test_the_newest_level_counts_and_of_one_day_the_deficient_or_active_one(record: str, written: str) -> None:
    found = level(patient(record, protocol=UK))

    assert (found.written if found else "") == written


@pytest.mark.parametrize(
    ("sampled", "expected"),
    [
        ("2025-11-20", Standing.DEFICIENT),
        ("2025-11-19", None),
        ("2025-11", Standing.DEFICIENT),
        ("2025-10", None),
        ("", None),
    ],
)
def test_a_level_tells_of_today_for_a_year(sampled: str, expected: Standing | None) -> None:
    assert standing(patient(f"lab {sampled} B12 100 ng/L", protocol=UK)) is expected


GREY = "lab 2026-08-19 B12 300 ng/L"
MATTERS = {
    "": False,
    "neuropathy": False,
    "lab 2026-08-20 B12 300 ng/L": True,
    GREY: False,
    f"{GREY}; neuropathy": True,
    f"{GREY}; diabetic neuropathy": True,
    f"{GREY}; anaemia": True,
    f"{GREY}; macrocytic anaemia": True,
    f"{GREY}; lab 2026-01-01 haemoglobin 119 g/L": True,
    f"{GREY}; lab 2026-01-01 haemoglobin 120 g/L": False,
    f"{GREY}; lab 2025-11-19 haemoglobin 100 g/L": False,
    f'{GREY}; lab 2026-01-01 haemoglobin "low"': False,
    f"{GREY}; lab 2026-01-01 MCV 101 fL": True,
    f"{GREY}; lab 2026-01-01 MCV 100 fL": False,
    f"{GREY}; lab 2025-11-19 MCV 101 fL": False,
    f"{GREY}; lab 2026-01-01 haemoglobin 119 g/L; lab 2026-01-01 MCV 90 fL": True,
    f"{GREY}; lab 2026-01-01 haemoglobin 120 g/L; lab 2026-01-01 MCV 101 fL": True,
}


@pytest.mark.parametrize(("record", "matters"), MATTERS.items())
def test_an_old_level_in_the_grey_zone_matters_beside_signs(record: str, *, matters: bool) -> None:
    assert grey_zone_matters(patient(record, protocol=UK)) is matters


NOT_JUDGED = {
    "": "",
    "lab 2026-11-01 B12 100 ng/L": "",
    "lab B12 100 ng/L": "the date of a result",
    "lab 2026-11-01 B12 100": "a result in a known unit",
    "lab 2025-11-19 B12 100": "",
    "lab B12 100": "a result in a known unit",
    "lab 2026-11-01 B12 >100 ng/L": "an exact value: the result is only a bound",
}


@pytest.mark.parametrize(("record", "why"), NOT_JUDGED.items())
def test_it_is_said_why_a_level_cannot_be_placed(record: str, why: str) -> None:
    assert not_judged(patient(record, protocol=UK)) == why


MARKERS = {"401": True, "400": False, ">400": True, ">=400": False, ">399": False, "<401": False}


@pytest.mark.parametrize(("value", "raised"), MARKERS.items())
def test_a_marker_is_raised_above_its_limit(value: str, *, raised: bool) -> None:
    episode = patient(f"lab 2026-11-01 MMA {value} nmol/L")

    assert is_raised(episode.timeline.results[0], episode.protocol.safety.mma_high) is raised


RATES = {"59": True, "60": False, "<60": True, "<=60": False, "<61": False, ">59": False}


@pytest.mark.parametrize(("value", "reduced"), RATES.items())
def test_a_filtration_rate_is_reduced_below_its_limit(value: str, *, reduced: bool) -> None:
    episode = patient(f"lab 2026-11-01 eGFR {value} mL/min/{{1.73_m2}}")

    [rate] = episode.timeline.results
    assert is_reduced(rate, episode.protocol.safety.egfr_reduced) is reduced
    assert kidneys_reduced(episode, rate) is reduced


KIDNEYS = {
    "": (False, True),
    "unseen problems": (False, False),
    "unseen problems; lab 2026-11-01 eGFR 80 mL/min/{1.73_m2}": (False, True),
    "kidney disease": (True, True),
    "dialysis; lab 2026-11-01 eGFR 80 mL/min/{1.73_m2}": (True, True),
    "kidney disease; lab 2025-06-01 eGFR 80 mL/min/{1.73_m2}": (False, True),
    "kidney disease; lab 2025-05-31 eGFR 80 mL/min/{1.73_m2}": (True, True),
    "kidney disease; lab 2025-05 eGFR 80 mL/min/{1.73_m2}": (True, True),
    "kidney disease; lab 2025 eGFR 80 mL/min/{1.73_m2}": (False, True),
    "kidney disease; lab eGFR 80 mL/min/{1.73_m2}": (True, True),
    "unseen problems; lab 2025-05-31 eGFR 20 mL/min/{1.73_m2}": (False, False),
    "lab 2026-05-01 eGFR 20 mL/min/{1.73_m2}; lab 2026-11-01 eGFR 80 mL/min/{1.73_m2}": (True, True),
    "lab 2026-05-01 eGFR 80 mL/min/{1.73_m2}; lab 2026-11-01 eGFR 20 mL/min/{1.73_m2}": (False, True),
    "lab 2026-05-31 eGFR 80 mL/min/{1.73_m2}; lab 2026-06-02 eGFR 20 mL/min/{1.73_m2}": (True, True),
    "lab 2026-06 eGFR 80 mL/min/{1.73_m2}; lab 2026-06-02 eGFR 20 mL/min/{1.73_m2}": (False, True),
    'kidney disease; lab 2026-11-01 eGFR "see note"': (True, True),
}


@pytest.mark.parametrize(("record", "expected"), KIDNEYS.items())
def test_the_filtration_rate_nearest_to_a_sample_goes_before_the_problem_list(
    record: str, expected: tuple[bool, bool]
) -> None:
    episode = patient(f"lab 2026-06-01 MMA 500 nmol/L; {record}")
    sample = next(one for one in episode.timeline.results if one.analyte is Analyte.MMA)

    assert (kidneys_reduced(episode, sample), kidneys_known(episode, sample)) == expected


RAISED = {
    "": (),
    "lab 2026-11-01 MMA 500 nmol/L; lab 2026-11-01 homocysteine 20 umol/L": ("500 nmol/L", "20 umol/L"),
    "lab 2026-11-01 MMA 300 nmol/L; lab 2026-11-01 homocysteine 20 umol/L": ("20 umol/L",),
    "lab 2025-11-19 MMA 500 nmol/L; lab 2026-11-01 homocysteine 20 umol/L": ("20 umol/L",),
    "lab 2026-11-01 MMA 300 nmol/L; lab 2026-10-01 MMA 500 nmol/L": (),
    "lab 2026-11-01 homocysteine 15 umol/L": (),
}


@pytest.mark.parametrize(("record", "written"), RAISED.items())
def test_methylmalonic_acid_goes_before_homocysteine(record: str, written: tuple[str, ...]) -> None:
    assert tuple(one.written for one in raised_markers(patient(record))) == written


ACID, SULPHUR = "lab 2026-03-01 MMA 500 nmol/L", "lab 2026-11-01 homocysteine 20 umol/L"
TELLING = {
    f"{ACID}; {SULPHUR}": "500 nmol/L",
    f"{ACID}; {SULPHUR}; lab 2026-03-01 eGFR 25 mL/min/{{1.73_m2}}; lab 2026-11-01 eGFR 90 mL/min/{{1.73_m2}}": (
        "20 umol/L"
    ),
    f"{ACID}; {SULPHUR}; kidney disease": "",
}


@pytest.mark.parametrize(("record", "written"), TELLING.items())
def test_a_marker_tells_where_the_kidneys_of_its_day_do_not_explain_it(record: str, written: str) -> None:
    found = telling_marker(patient(record))

    assert (found.written if found else "") == written


def test_a_limit_in_another_unit_or_a_result_without_value_decides_nothing() -> None:
    episode = patient('lab 2026-11-01 MMA "see note"')
    safety, result = episode.protocol.safety, episode.timeline.results[0]

    assert not is_raised(result, safety.mma_high)
    assert not is_reduced(result, safety.egfr_reduced)


MEASURED = [
    ("lab 2026-11-01 blood count", Analyte.BLOOD_COUNT, "2026-11-01", True),
    ("lab 2026-11-01 MCV 90 fL", Analyte.BLOOD_COUNT, "2026-11-01", True),
    ("lab 2026-11-01 MCV 90 fL", Analyte.BLOOD_COUNT, "2026-11-02", False),
    ("lab 2026-11-01 blood count", Analyte.HAEMOGLOBIN, "2026-11-01", False),
    ("lab 2026-11-01 active B12 90 pmol/L", Analyte.B12, "2026-11-01", True),
    ("lab 2026-11-01 B12 300 pg/mL", Analyte.ACTIVE_B12, "2026-11-01", False),
    ("lab 2026-11-01 red cell folate 300", Analyte.FOLATE, "2026-11-01", True),
    ("lab 2026-11 blood count", Analyte.BLOOD_COUNT, "2026-11-15", True),
    ("lab blood count", Analyte.BLOOD_COUNT, "2026-11-01", False),
    ("lab blood count", Analyte.BLOOD_COUNT, "", True),
]


@pytest.mark.parametrize(("record", "test", "since", "expected"), MEASURED)
def test_what_answers_for_a_test(record: str, test: Analyte, since: str, *, expected: bool) -> None:
    assert measured(patient(record), test, date.fromisoformat(since) if since else None) is expected


AWAITED = [
    ("test ordered 2026-11-01 blood count", "", True),
    ("test ordered 2026-11-01 haemoglobin", "", True),
    ("test ordered 2026-11-01 B12", "", False),
    ("test ordered 2026-11-01 blood count completed", "", False),
    ("test ordered 2026-10-21 blood count", "", True),
    ("test ordered 2026-10-20 blood count", "", False),
    ("test ordered 2026-10 blood count", "", True),
    ("test ordered 2026-09 blood count", "", False),
    ("test ordered 2026-10-20 blood count due 2026-12-20", "", True),
    ("test ordered blood count", "", True),
    ("test ordered blood count", "2026-11-01", False),
    ("test ordered 2026-11-01 blood count", "2026-11-01", False),
    ("test ordered 2026-11-01 blood count", "2026-10-31", True),
]


@pytest.mark.parametrize(("record", "since", "expected"), AWAITED)
def test_an_order_is_awaited_for_a_while(record: str, since: str, *, expected: bool) -> None:
    episode = patient(record)
    day = date.fromisoformat(since) if since else None

    assert awaited(episode, (Analyte.BLOOD_COUNT,), day) is expected
    assert known_or_awaited(episode, (Analyte.BLOOD_COUNT,)) is awaited(episode, (Analyte.BLOOD_COUNT,))


KNOWN = {
    "lab 2025-11-20 blood count": True,
    "lab 2025-11-19 blood count": False,
    "lab 2025-11 blood count": True,
    "lab blood count": True,
    "lab 2026-11-01 MMA 300 nmol/L": False,
    "lab MMA 300 nmol/L": False,
}


@pytest.mark.parametrize(("record", "known"), KNOWN.items())
def test_a_test_is_known_for_a_year(record: str, *, known: bool) -> None:
    assert known_or_awaited(patient(record), (Analyte.BLOOD_COUNT,)) is known


def test_a_test_that_was_done_since_is_not_wanted() -> None:
    episode = patient("lab 2026-11-01 B12 300 pg/mL; lab 2026-11-01 MMA 300 nmol/L; lab folate 5 ng/mL")
    tests = (Analyte.B12, Analyte.FOLATE)

    assert still_wanted(episode, tests) == ()
    assert still_wanted(episode, tests, date(2026, 11, 1)) == (Analyte.FOLATE,)
    assert still_wanted(episode, tests, date(2026, 11, 2)) == tests


def test_a_test_being_ordered_now_is_awaited() -> None:
    episode = patient("", draft="test B12")

    assert still_wanted(episode, (Analyte.B12, Analyte.MMA)) == (Analyte.MMA,)


LOW = {"female": 120, "male": 130, "": 120, "female; pregnancy": 110}


@pytest.mark.parametrize(("sex", "limit"), LOW.items())
def test_anaemia_begins_at_the_limit_of_the_sex(sex: str, limit: int) -> None:
    assert anaemia_below(patient(sex)) == limit
    assert anaemia_below(patient("unseen patient")) == Decimal(120)


def test_nitrous_oxide_counts_while_it_can_matter() -> None:
    assert nitrous_oxide(patient("nitrous oxide use"))
    assert nitrous_oxide(patient("takes nitrous oxide since 2020-01-01"))
    assert nitrous_oxide(patient("takes nitrous oxide since 2020-01-01 until 2025-11-20"))
    assert not nitrous_oxide(patient("takes nitrous oxide since 2020-01-01 until 2025-11-19"))
    assert nitrous_oxide(patient("takes nitrous oxide since 2020-01-01 until 2025-11"))
    assert nitrous_oxide(
        patient("takes nitrous oxide since 2020-01-01; takes nitrous oxide since 2019-01-01 until 2019-02-01")
    )
    assert not nitrous_oxide(patient("takes metformin since 2020-01-01"))


def test_tests_are_named_as_a_reader_knows_them() -> None:
    assert named((Analyte.B12, Analyte.BLOOD_COUNT)) == "total vitamin B12, blood count"
