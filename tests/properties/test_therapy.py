"""What holds for every patient: the unit of a dose, the order of resources and the calendar change no advice."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.answer import Asked, answer
from cds_service.b12.verdict import Finding, Silent, Verdict
from cds_service.hooks import read_request
from cds_service.writer import Judged
from tests.helpers.patients import knowledge, request_of
from tests.helpers.tables import instant

Json = dict[str, Any]
TODAY = date(2026, 3, 10)
FEW = settings(max_examples=40, deadline=None, derandomize=True)
PROTOCOLS = st.sampled_from(sorted(knowledge().protocols))


def judge(request: Json, protocol: str, as_of: date) -> tuple[Judged, ...]:
    asked = Asked(knowledge(), protocol, instant(as_of.isoformat()), most_cards=20, most_resources=1000)
    return answer(read_request(json.dumps(request).encode()), asked).judged


def kinds(judged: tuple[Judged, ...]) -> list[tuple[str, str, str, str]]:
    """(rule, subject, kind, variant) of every verdict."""
    return sorted((one.rule, one.subject, type(one.verdict).__name__, variant_of(one.verdict)) for one in judged)


def variant_of(verdict: Verdict) -> str:
    if isinstance(verdict, Finding):
        return f"{verdict.variant} {verdict.indicator}"
    return verdict.because if isinstance(verdict, Silent) else verdict.missing


def of_rule(judged: tuple[Judged, ...], rule: str) -> Verdict:
    return next(one.verdict for one in judged if one.rule == rule)


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


days = st.integers(0, 900)
doses = st.sampled_from(["100 mcg IM", "1000 mcg IM", "1 mg SC", "hydroxocobalamin 1 mg IM", "IM", "1000 mcg oral"])
schedules = st.sampled_from(["monthly", "every 3 months", "daily x 7", "3 times a week x 6", "weekly", ""])
givens = st.builds("given {} {}".format, days.map(ago), doses)
dispenses = st.builds("dispensed {} {}".format, days.map(ago), doses)
loadings = st.builds(
    "given {} times from {} every {} days {}".format, st.integers(2, 10), days.map(ago), st.integers(1, 4), doses
)
orders = st.builds("ordered {} {} {}".format, days.map(ago), doses, schedules)
statements = st.builds("stated since {} {} {}".format, days.map(ago), doses, schedules)
problems = st.sampled_from(["PA", "neuropathy", "B12 deficiency", "dietary B12 deficiency", "total gastrectomy"])
labs = st.builds("lab {} B12 {} pg/mL".format, days.map(ago), st.integers(10, 900))
entries = st.one_of(givens, dispenses, loadings, orders, statements, problems, labs)
records = st.lists(entries, max_size=6).map("; ".join)
drafts = st.builds("{} {}".format, doses, schedules)
hooks = st.sampled_from(["patient-view", "order-select", "order-sign"])
requests = st.builds(request_of, hooks, records, drafts)


def changed(request: Json, change: Callable[[list[Json]], list[Json]]) -> Json:
    """The request with every Bundle's entries changed."""
    copy = deepcopy(request)
    for value in copy["prefetch"].values():
        if value["resourceType"] == "Bundle":
            value["entry"] = change(value["entry"])
    return copy


def of_another(entry: Json) -> Json:
    """The same resource of another patient, under another id."""
    copy = deepcopy(entry)
    body = copy["resource"]
    body["id"] += "-other"
    body["patient" if "patient" in body else "subject"] = {"reference": "Patient/another"}
    return copy


def shifted(text: str, by: int) -> str:
    """A record with every date moved."""
    words = text.split(" ")
    return " ".join(
        (date.fromisoformat(word) + timedelta(days=by)).isoformat() if word[:2] == "20" and "-" in word else word
        for word in words
    )


@FEW
@given(mcg=st.integers(1, 3_000_000), protocol=PROTOCOLS, record=records)
def test_a_dose_means_the_same_in_every_unit_of_mass(mcg: int, protocol: str, record: str) -> None:
    written = [f"{mcg} mcg", f"{Decimal(mcg) / 1000:f} mg", f"{Decimal(mcg) / 1_000_000:f} g"]
    found = [kinds(judge(request_of("order-sign", record, f"{dose} IM monthly"), protocol, TODAY)) for dose in written]
    assert found[0] == found[1] == found[2]


@FEW
@given(
    mcg=st.integers(10, 1000),
    strength=st.sampled_from([250, 500, 1000, 5000]),
    protocol=PROTOCOLS,
    record=records,
    substance=st.sampled_from(["cyanocobalamin", "hydroxocobalamin"]),
)
def test_a_dose_means_the_same_as_a_volume(mcg: int, strength: int, protocol: str, record: str, substance: str) -> None:
    product = f"{substance} contained {strength} mcg/mL"
    written = [f"{mcg} mcg", f"{Decimal(mcg) / strength:f} mL"]
    found = [
        kinds(judge(request_of("order-sign", record, f"{product} {dose} IM monthly"), protocol, TODAY))
        for dose in written
    ]
    assert found[0] == found[1]


@FEW
@given(request=requests, protocol=PROTOCOLS, random=st.randoms(use_true_random=False))
def test_the_order_of_resources_does_not_matter(request: Json, protocol: str, random: Any) -> None:
    mixed = changed(request, lambda entries: random.sample(entries, len(entries)))
    keys = random.sample(sorted(mixed["prefetch"]), len(mixed["prefetch"]))
    mixed["prefetch"] = {key: mixed["prefetch"][key] for key in keys}
    assert kinds(judge(mixed, protocol, TODAY)) == kinds(judge(request, protocol, TODAY))


@FEW
@given(request=requests, protocol=PROTOCOLS)
def test_a_resource_sent_twice_counts_once(request: Json, protocol: str) -> None:
    twice = changed(request, lambda entries: [*entries, *entries])
    assert judge(twice, protocol, TODAY) == judge(request, protocol, TODAY)


@FEW
@given(request=requests, protocol=PROTOCOLS)
def test_another_patients_resources_do_not_count(request: Json, protocol: str) -> None:
    mixed = changed(request, lambda entries: [*map(of_another, entries), *entries])
    assert judge(mixed, protocol, TODAY) == judge(request, protocol, TODAY)


@FEW
@given(hook=hooks, record=records, draft=drafts, protocol=PROTOCOLS, by=st.integers(-2000, 2000))
def test_only_the_time_between_matters(hook: str, record: str, draft: str, protocol: str, by: int) -> None:
    here = judge(request_of(hook, record, draft), protocol, TODAY)
    there = judge(request_of(hook, shifted(record, by), draft), protocol, TODAY + timedelta(days=by))
    assert kinds(there) == kinds(here)


@FEW
@given(
    record=st.lists(st.one_of(givens, loadings), min_size=1, max_size=5).map("; ".join),
    problem=problems,
    protocol=PROTOCOLS,
    later=st.integers(1, 400),
)
def test_waiting_never_makes_a_dose_less_overdue(record: str, problem: str, protocol: str, later: int) -> None:
    request = request_of("patient-view", f"{record}; {problem}", "")
    start = TODAY + timedelta(days=40)  # no dose is in the future any more
    now, then = (how_late(judge(request, protocol, start + timedelta(days=wait))) for wait in (0, later))
    assert now <= then


def how_late(judged: tuple[Judged, ...]) -> tuple[int, int]:
    verdict = of_rule(judged, "maintenance_overdue")
    if not isinstance(verdict, Finding):
        return 0, 0
    late = verdict.facts["days"]
    assert isinstance(late, int)
    return ("late", "lapsed").index(verdict.variant) + 1, late


def naive(interval: int, waited: int) -> tuple[str, int]:
    """What to say after so many days of waiting, counted day by day; slow and obvious on purpose."""
    grace = 7
    while grace * 100 < interval * 15:
        grace += 1
    past_due, said = 0, "silent"
    for day in range(1, waited + 1):
        if day > interval:
            past_due += 1
        if past_due > grace:
            said = "late"
            if day > 2 * interval or day > 183:
                said = "lapsed"
    return said, past_due


@settings(max_examples=150, deadline=None, derandomize=True)
@given(interval=st.integers(15, 200), waited=st.integers(0, 500), protocol=PROTOCOLS)
def test_due_and_overdue_are_as_counted_day_by_day(interval: int, waited: int, protocol: str) -> None:
    last = ago(waited)
    record = f"given {last} 1000 mcg IM; ordered {last} 1000 mcg IM every {interval} days"
    verdict = of_rule(judge(request_of("patient-view", record, ""), protocol, TODAY), "maintenance_overdue")
    said, past_due = naive(interval, waited)
    if said == "silent":
        assert isinstance(verdict, Silent)
    else:
        assert isinstance(verdict, Finding)
        assert (verdict.variant, verdict.facts["days"]) == (said, past_due)
        assert verdict.facts["due"] == last + timedelta(days=interval)
