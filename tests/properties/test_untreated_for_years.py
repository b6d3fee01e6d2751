"""A low result that nobody answers, as the years go by: no card may fall silent because it believes another speaks."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from cds_service.b12.verdict import Finding, Indicator, Silent
from cds_service.writer import Judged
from tests.helpers.patients import knowledge, request_of
from tests.properties.charts import PROTOCOLS, ago, judge, records

MANY = settings(max_examples=120, deadline=None, derandomize=True)
LIMITED = st.sampled_from(sorted(one.id for one in knowledge().protocols.values() if one.bands))
BACKGROUND = (
    "", "PA", "B12 deficiency", "total gastrectomy", "gastrectomy", "bariatric surgery", "ileal resection", "Crohn",
    "coeliac disease", "vegan", "kin PA", "neuropathy", "diabetic neuropathy", "cord degeneration", "anaemia",
    "pregnancy", "nitrous oxide use", "takes metformin since 2020-01-01", "takes omeprazole since 2020-01-01",
    "kidney disease", "dialysis", "male", "born 1951-04-02",
)  # fmt: skip
LOW = ("B12 molar 60 pmol/L", "B12 90 ng/L")
NORMAL = "B12 molar 500 pmol/L"
WORSE = (
    *((low, NORMAL) for low in LOW),
    ("MMA 900 nmol/L", "MMA 200 nmol/L"),
    ("homocysteine 78 umol/L", "homocysteine 9 umol/L"),
)
TOLD_BY = {
    "an untreated deficiency, which another card tells": "deficiency_untreated",
    "a lapsed therapy, which another card tells": "maintenance_overdue",
}
PLACES = {"critical": 0, "warning": 1, "info": 2}
QUIET = 3
EDGES = (0, 1, 30, 31, 91, 92, 93, 183, 184, 364, 365, 366, 730, 731, 1000)

backgrounds = st.lists(st.sampled_from(BACKGROUND), max_size=3, unique=True).map("; ".join)
days = st.sampled_from(EDGES) | st.integers(0, 1000)


def loudness(background: str, lab: str, day: int, protocol: str) -> int:
    """The place of the most urgent card on a chart on which nothing happened since the result; QUIET without one."""
    record = "; ".join(filter(None, (background, f"lab {ago(day)} {lab}")))
    judged = judge(request_of("patient-view", record, ""), protocol)
    return min((place_of(one) for one in judged if isinstance(one.verdict, Finding)), default=QUIET)


def place_of(one: Judged) -> int:
    own = knowledge().words["en"].texts[one.rule].indicator
    said = one.verdict.indicator if isinstance(one.verdict, Finding) else None
    return Indicator(said or own).rank


@MANY
@given(background=backgrounds, lab=st.sampled_from(LOW), day=days, protocol=LIMITED)
def test_a_low_result_without_treatment_is_never_passed_over(
    background: str, lab: str, day: int, protocol: str
) -> None:
    least = PLACES["info"] if "pregnancy" in background else PLACES["warning"]
    assert loudness(background, lab, day, protocol) <= least


@MANY
@given(background=backgrounds, lab=st.sampled_from(LOW), day=days, later=days, protocol=LIMITED)
@example(background="gastrectomy; cord degeneration", lab=LOW[1], day=365, later=366, protocol="uk-nice-bnf")
def test_time_alone_makes_a_low_result_no_less_urgent(
    background: str, lab: str, day: int, later: int, protocol: str
) -> None:
    first, second = sorted((day, later))
    assert loudness(background, lab, second, protocol) <= loudness(background, lab, first, protocol)


@MANY
@given(background=backgrounds, pair=st.sampled_from(WORSE), day=days, protocol=LIMITED)
@example(background="gastrectomy; cord degeneration", pair=(LOW[1], NORMAL), day=366, protocol="uk-nice-bnf")
def test_the_worse_result_is_never_the_quieter_one(
    background: str, pair: tuple[str, str], day: int, protocol: str
) -> None:
    worse, better = (loudness(background, lab, day, protocol) for lab in pair)
    assert worse <= better


def test_a_low_result_is_followed_on_every_day_of_three_years() -> None:
    silent = [day for day in range(1001) if loudness("gastrectomy", LOW[1], day, "uk-nice-bnf") == QUIET]
    assert not silent


def left_to_others(judged: tuple[Judged, ...]) -> list[str]:
    """The reasons of the rules that are silent because another card is to tell it."""
    silent = (one.verdict.because for one in judged if isinstance(one.verdict, Silent))
    return [because for because in silent if because.endswith("which another card tells")]


@MANY
@given(record=records, background=backgrounds, lab=st.sampled_from([*LOW, NORMAL]), day=days, protocol=PROTOCOLS)
def test_where_one_card_leaves_it_to_another_that_one_speaks(
    record: str, background: str, lab: str, day: int, protocol: str
) -> None:
    chart = "; ".join(filter(None, (record, background, f"lab {ago(day)} {lab}")))
    judged = judge(request_of("patient-view", chart, ""), protocol)
    spoken = {one.rule for one in judged if isinstance(one.verdict, Finding)}
    assert all(TOLD_BY[because] in spoken if because in TOLD_BY else spoken for because in left_to_others(judged))
