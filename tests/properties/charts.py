"""Charts and orders of every kind that the shorthand can say, as strategies; dates lie before and around TODAY."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from copy import deepcopy
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from cds_service.answer import Asked, answer
from cds_service.b12.verdict import Finding, Silent, Verdict
from cds_service.hooks import read_request
from cds_service.writer import Judged
from tests.helpers.jotted import ALLERGENS, DRUGS, PROBLEMS, UNSEEN
from tests.helpers.patients import knowledge, request_of
from tests.helpers.tables import HOOKS, instant

Json = dict[str, Any]
TODAY = date(2026, 3, 10)
FEW = settings(max_examples=40, deadline=None, derandomize=True)
PROTOCOLS = st.sampled_from(sorted(knowledge().protocols))
DAY = re.compile(r"\b20\d\d-\d\d-\d\d\b")


def judge(request: Json, protocol: str, as_of: date = TODAY) -> tuple[Judged, ...]:
    """Every verdict of a call."""
    asked = Asked(knowledge(), protocol, instant(as_of.isoformat()), most_cards=20, most_resources=1000)
    return answer(read_request(json.dumps(request).encode()), asked).judged


def kinds(judged: tuple[Judged, ...]) -> list[tuple[str, str, str, str]]:
    """(rule, subject, kind, variant) of every verdict."""
    return sorted((one.rule, one.subject, type(one.verdict).__name__, variant_of(one.verdict)) for one in judged)


def variant_of(verdict: Verdict) -> str:
    """What a verdict says in a word: variant and indicator, or its reason."""
    if isinstance(verdict, Finding):
        return f"{verdict.variant} {verdict.indicator}"
    return verdict.because if isinstance(verdict, Silent) else verdict.missing


def ago(days: int) -> date:
    """So many days before TODAY."""
    return TODAY - timedelta(days=days)


def shifted(text: str, by: int) -> str:
    """A record with every full date moved."""
    return DAY.sub(lambda found: (date.fromisoformat(found[0]) + timedelta(days=by)).isoformat(), text)


def changed(request: Json, change: Callable[[list[Json]], list[Json]]) -> Json:
    """The request with the entries of every Bundle in its prefetch changed."""
    copy = deepcopy(request)
    for value in copy["prefetch"].values():
        if value["resourceType"] == "Bundle":
            value["entry"] = change(value["entry"])
    return copy


PATTERN = "{} {}".format
often = st.integers(0, 900) | st.integers(-20, 0)
days = often.map(ago)
doses = st.sampled_from(
    [
        "100 mcg IM", "1000 mcg IM", "1 mg SC", "hydroxocobalamin 1 mg IM", "IM", "1000 mcg oral", "500 mcg nasal",
        "hydroxocobalamin contained 500 mcg/mL 2 mL IM", "[cyanocobalamin 1 mg/mL] 1 mL SC", "1500 mcg IM",
        "[hydroxocobalamin 10 mg/2 mL ampoule] 1 ampoule IM", "mecobalamin 500 mcg IM",
        "vitamin B12 1000 mcg sublingual",
        "[cyanocobalamin 5 mg/mL]", "[Cyanokit] 5 g IV", "[multivitamin with B12] 1 tablet oral",
        "1000 mcg intradermal",
        '"Vitamin B12 1000 mcg/mL" 1 mL IM', '1 "shot" IM', "[cyanocobalamin 1 mg tablet] 1 tablet", "1 mg IV",
        "10 mg IM",
    ]
)  # fmt: skip
schedules = st.sampled_from(
    [
        "monthly", "every 3 months", "daily x 7", "3 times a week x 6", "weekly", "", "every 2 days",
        "every 2-3 months", "once",
        "daily x 7 then 1000 mcg IM weekly x 4 then 1000 mcg IM monthly", "every 9 weeks", "daily", "as needed",
        "3 times a week for 2 weeks then hydroxocobalamin 1 mg IM every 2-3 months", "weekly for 4 weeks",
        "twice daily",
    ]
)  # fmt: skip
extras = st.sampled_from(
    ["", "", "", "", 'text "1 mg IM monthly"', "supply 10 mL refills 1", "supply for 90 days", 'because "shortage"']
)
states = st.sampled_from(["", "", "", "completed", "stopped", "cancelled", "entered-in-error", "plan", "on-hold"])
drugs = st.sampled_from(sorted(DRUGS))
births = st.sampled_from(["born 1951-04-02", "born 1990-03-10", "born 2020-01-15", "born 1951", "born 2026-02-20"])
people = st.sampled_from(["female", "male", "deceased"]) | births
problems = st.sampled_from(sorted(PROBLEMS))
problem_states = st.sampled_from(["", "", "", "resolved", "refuted", "inactive", "entered-in-error"])
conditions = st.one_of(
    st.builds(PATTERN, problems, problem_states),
    st.builds("{} since {}".format, problems, days),
    st.builds("done {} {}".format, days, problems),
    st.builds("kin {}".format, problems),
)
givens = st.builds("given {} {}".format, days, doses)
loadings = st.builds(
    "given {} times from {} every {} days {}".format, st.integers(2, 12), days, st.integers(1, 8), doses
)
orders = st.builds("ordered {} {} {} {} {}".format, days, doses, schedules, extras, states)
medications = st.one_of(
    givens,
    loadings,
    orders,
    orders,
    st.builds("dispensed {} {}".format, days, doses),
    st.builds("immunized {} 1000 mcg IM".format, days),
    st.builds("stated since {} {} {}".format, days, doses, schedules),
    st.builds("stated {} {}".format, doses, schedules),
    st.builds("takes {} since {}".format, drugs, days),
    st.builds("ordered {} {} 1 mg oral daily".format, days, drugs),
)


def between(low: int, high: int, unit: str, tenths: int = 1) -> st.SearchStrategy[str]:
    """A value with its unit, in steps of a share of it."""
    return st.integers(low, high).map(lambda value: f"{Decimal(value) / tenths:f} {unit}".strip())


MEASURED = {
    "B12": between(40, 1200, "pg/mL"),
    "B12 molar": between(30, 900, "pmol/L"),
    "active B12": between(5, 150, "pmol/L"),
    "MMA": between(5, 300, "umol/L", 100),
    "homocysteine": between(4, 90, "umol/L"),
    "haemoglobin": between(45, 170, "g/L"),
    "MCV": between(70, 125, "fL"),
    "eGFR": between(10, 110, "mL/min/{1.73_m2}"),
    "potassium": between(25, 55, "mmol/L", 10),
    "folate": between(1, 20, "ng/mL"),
    "ferritin": between(3, 300, "ng/mL"),
    "creatinine": between(4, 40, "mg/dL", 10),
    "blood count": st.just(""),
    "IF antibody": st.sampled_from(["positive", "negative"]),
}
lab_states = st.sampled_from(["", "", "", "", "preliminary", "corrected", "cancelled"])
labs = st.one_of(
    *(st.builds("lab {} {} {} {}".format, days, st.just(name), value, lab_states) for name, value in MEASURED.items())
)
faults = st.sampled_from(
    ["lab 2026-02-01 B12 145 pmol/L", "lab 2026-02-01 B12 molar 200 pg/mL", "lab 2026-02-01 MMA 0.4"]
)
allergies = st.builds(
    "allergic to {} {}".format,
    st.sampled_from(sorted(ALLERGENS)),
    st.sampled_from(["", "refuted", "mild", "intolerance", "resolved", "severe"]),
)
others = st.one_of(
    st.builds(
        "test ordered {} {} {}".format, days, st.sampled_from(sorted(MEASURED)), st.sampled_from(["", "completed"])
    ),
    allergies,
    st.builds("plan B12 since {}".format, days),
    st.builds("unseen {}".format, st.sampled_from(sorted(set(UNSEEN) - {"patient", "orders"}))),
    faults,
)
entries = st.one_of(medications, medications, conditions, labs, labs, others, people)
records = st.lists(entries, max_size=9).map("; ".join)
b12_drafts = st.builds("{} {} {}".format, doses, schedules, extras)
drafts = st.one_of(
    b12_drafts,
    b12_drafts,
    st.builds("{} & {}".format, b12_drafts, b12_drafts),
    st.builds("{} & selected: {}".format, b12_drafts, b12_drafts),
    st.builds("{} stopped".format, b12_drafts),
    st.builds("{} 1 mg oral daily".format, drugs),
    st.builds("test {}".format, st.sampled_from(sorted(MEASURED))),
)
WRITTEN = {"problem": problems, "allergy": allergies, "select": drafts, "sign": drafts, "refill": drafts}


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, str, str]:
    """(hook, record, draft): a call of any hook."""
    hook = draw(st.sampled_from(["view", "view", *HOOKS]))
    return HOOKS[hook], draw(records), draw(WRITTEN.get(hook, st.just("")))


requests = calls().map(lambda call: request_of(*call))
