"""The timeline: what counts as a dose, on which day, by which evidence; and what never counts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from cds_service.b12.concept import When
from cds_service.b12.dose import Mass
from cds_service.b12.timeline import DoseEvent, Timeline, in_antidote_range, in_future
from cds_service.b12.words import Evidence, Route, Substance
from cds_service.knowledge import Knowledge
from tests.helpers.reading import NOON, RXNORM, Json, read, resource, standing, timeline, ucum

KINDS = {
    "MedicationAdministration": "effectiveDateTime",
    "MedicationDispense": "whenHandedOver",
    "MedicationStatement": "effectiveDateTime",
    "Immunization": "occurrenceDateTime",
}


def use(kind: str, day: str | None, status: str = "completed", **fields: Any) -> Json:
    named = {"vaccineCode": {"text": "Vitamin B12 injection"}} if kind == "Immunization" else {}
    return resource(kind, status=status, **{KINDS[kind]: day}, **named, **fields)


def of(knowledge: Knowledge, *resources: Json, as_of: datetime = NOON) -> Timeline:
    return timeline(knowledge, read(knowledge, *resources).record, as_of)


NEVER = [
    "entered-in-error", "not-done", "not-taken", "cancelled", "declined", "intended", "preparation", "draft",
    "nullified", "on-hold",
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("status", NEVER)
def test_these_never_count(knowledge: Knowledge, kind: str, status: str) -> None:
    found = of(knowledge, use(kind, "2026-03-01", status))

    assert (found.doses, found.courses) == ((), ())


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_record_tells_of_a_dose(knowledge: Knowledge, kind: str) -> None:
    [dose] = of(knowledge, use(kind, "2026-03-01", id="u")).doses

    assert dose.day.earliest == date(2026, 3, 1)
    assert dose.refs == (f"{kind}/u",)


@pytest.mark.parametrize("status", ["completed", "in-progress", "stopped", "unknown", ""])
def test_a_dose_begun_or_given_counts(knowledge: Knowledge, status: str) -> None:
    assert len(of(knowledge, use("MedicationAdministration", "2026-03-01", status)).doses) == 1


def test_a_record_without_a_day_tells_of_no_dose(knowledge: Knowledge) -> None:
    assert of(knowledge, use("MedicationAdministration", None)).doses == ()


def test_other_drugs_and_mixtures_tell_of_no_dose(knowledge: Knowledge) -> None:
    mixture = {"medicationCodeableConcept": {"text": "vitamin B12 and folic acid"}}

    assert of(knowledge, use("MedicationAdministration", "2026-03-01", **mixture)).doses == ()


# The future


EAST, WEST = timezone(timedelta(hours=14)), timezone(-timedelta(hours=12))
DATES: dict[str, tuple[str, datetime, bool]] = {
    "today": ("2026-11-20", NOON, True),
    "tomorrow": ("2026-11-21", NOON, False),
    "this month": ("2026-11", NOON, True),
    "next month": ("2026-12", NOON, False),
    "this year": ("2026", NOON, True),
    "next year": ("2027", NOON, False),
    "this instant": ("2026-11-20T12:00:00Z", NOON, True),
    "a second from now": ("2026-11-20T12:00:01Z", NOON, False),
    "a second ago, and tomorrow where it was": ("2026-11-21T01:59:59+14:00", NOON, True),
    "a second from now, and today where it is": ("2026-11-20T00:00:01-12:00", NOON, False),
    "today where the clinic is": ("2026-11-21", NOON.astimezone(EAST), True),
    "tomorrow where the clinic is": ("2026-11-21", NOON.astimezone(WEST), False),
    "later today, without a zone": ("2026-11-20T23:00:00", NOON, True),
}


@pytest.mark.parametrize(("day", "as_of", "counts"), DATES.values(), ids=DATES)
def test_what_lies_in_the_future_never_counts(knowledge: Knowledge, day: str, as_of: datetime, *, counts: bool) -> None:
    assert (len(of(knowledge, use("MedicationAdministration", day), as_of=as_of).doses) == 1) is counts


def test_a_day_never_reaches_beyond_today(knowledge: Knowledge) -> None:
    for day in ("2026-11-21T01:59:59+14:00", "2026-11", "2026-11-20"):
        [dose] = of(knowledge, use("MedicationAdministration", day)).doses
        assert dose.day.earliest <= dose.day.latest == date(2026, 11, 20)


def test_an_instant_without_zone_is_judged_by_its_day() -> None:
    naive = When(date(2026, 11, 20), date(2026, 11, 20), datetime(2026, 11, 20, 23))  # noqa: DTZ001 - the case itself

    assert not in_future(naive, datetime(2026, 11, 20, 1, tzinfo=UTC))


# One injection a day


def test_one_injection_a_day_however_many_tell_of_it_strongest_first(knowledge: Knowledge) -> None:
    told = [use(kind, "2026-03-01", id="u") for kind in reversed(KINDS)]
    [dose] = of(knowledge, *told).doses

    assert dose.evidence is Evidence.ADMINISTERED
    assert dose.refs == (
        "MedicationAdministration/u", "MedicationDispense/u", "MedicationStatement/u", "Immunization/u",
    )  # fmt: skip


def test_weaker_evidence_fills_in_dose_and_route(knowledge: Knowledge) -> None:
    given = use("MedicationAdministration", "2026-03-01T08:00:00Z")
    route = {"coding": [{"system": "http://snomed.info/sct", "code": "78421000"}]}
    dispensed = use(
        "MedicationDispense",
        "2026-03-01",
        dosageInstruction=[{"route": route, "doseAndRate": [{"doseQuantity": ucum(1, "mg")}]}],
    )
    [dose] = of(knowledge, given, dispensed).doses

    assert dose.mass
    assert (dose.mass.high, dose.route, dose.evidence) == (1000, Route.INTRAMUSCULAR, Evidence.ADMINISTERED)


def test_doses_come_oldest_first(knowledge: Knowledge) -> None:
    days = ["2026-03-02", "2026-03", "2025-12-31", "2026-03-01"]
    found = of(knowledge, *(use("MedicationAdministration", day) for day in days)).doses

    assert [dose.day.earliest.isoformat() for dose in found] == ["2025-12-31", "2026-03-01", "2026-03-01", "2026-03-02"]


def told_by(dose: DoseEvent) -> tuple[str, str]:
    return dose.day.earliest.isoformat(), dose.day.latest.isoformat()


def test_a_month_and_a_day_in_it_are_two_doses_the_day_first_where_both_begin(knowledge: Knowledge) -> None:
    for day in ("2026-02-01", "2026-02-28"):
        for days in (("2026-02", day), (day, "2026-02")):
            found = of(knowledge, *(use("MedicationAdministration", one) for one in days)).doses
            assert [told_by(dose) for dose in found] == sorted([("2026-02-01", "2026-02-28"), (day, day)])


SUPPLIES = {
    "used two weeks later": ("2026-03-01", "2026-03-15", False),
    "not used within two weeks": ("2026-03-01", "2026-03-16", True),
    "a dose that may have come before": ("2026-03-29", "2026-03", True),
    "handed over in a month, used in it": ("2026-03", "2026-03-10", False),
    "handed over in a month, used two weeks after it": ("2026-03", "2026-04-14", False),
    "handed over in a month, used later": ("2026-03", "2026-04-15", True),
}


@pytest.mark.parametrize(("supplied", "given", "counts"), SUPPLIES.values(), ids=SUPPLIES)
def test_a_supply_is_no_dose_of_its_own_where_one_is_given_soon_after(
    knowledge: Knowledge, supplied: str, given: str, *, counts: bool
) -> None:
    found = of(knowledge, use("MedicationDispense", supplied), use("MedicationAdministration", given)).doses

    assert (Evidence.DISPENSED in {dose.evidence for dose in found}) is counts
    assert Evidence.ADMINISTERED in {dose.evidence for dose in found}


@pytest.mark.parametrize(
    ("name", "route"),
    [("B12 1 mg oral tablet", Route.ORAL), ("B12 nasal spray", Route.NASAL), ("B12 injection", None), ("B12", None)],
)
def test_a_form_that_leaves_no_choice_is_a_route(knowledge: Knowledge, name: str, route: Route | None) -> None:
    [dose] = of(
        knowledge, use("MedicationAdministration", "2026-03-01", medicationCodeableConcept={"text": name})
    ).doses

    assert dose.route is route


# Statements of a course


def stated(status: str, period: Json | None = None, **fields: Any) -> Json:
    return resource("MedicationStatement", id="s", status=status, effectivePeriod=period, **fields)


YESTERDAY, JUNE = date(2026, 11, 19), date(2026, 6, 30)
COURSES: dict[str, tuple[Json, date | None]] = {
    "active since a day": (stated("active", {"start": "2026-03-01"}), None),
    "active on a day": (stated("active", effectiveDateTime="2026-03-01"), None),
    "active, no more said": (stated("active"), None),
    "active, with an end": (stated("active", {"start": "2026-03-01", "end": "2026-06"}), JUNE),
    "completed, with an end": (stated("completed", {"start": "2026-03-01", "end": "2026-06-30"}), JUNE),
    "completed, since a month": (stated("completed", {"start": "2026-03"}), YESTERDAY),
    "stopped, no more said": (stated("stopped"), YESTERDAY),
    "unknown, no more said": (stated("unknown"), None),
}


@pytest.mark.parametrize(("statement", "end"), COURSES.values(), ids=COURSES)
def test_a_statement_tells_of_a_course_that_goes_on_or_is_over(
    knowledge: Knowledge, statement: Json, end: date | None
) -> None:
    found = of(knowledge, statement)

    assert found.doses == ()
    assert [(course.ref, course.end) for course in found.courses] == [("MedicationStatement/s", end)]


def test_a_statement_that_is_over_and_names_one_day_tells_of_a_dose(knowledge: Knowledge) -> None:
    found = of(knowledge, stated("completed", effectiveDateTime="2026-03-01"))

    assert (len(found.doses), found.courses) == (1, ())


def test_a_statement_begins_with_the_first_day_that_it_may_mean(knowledge: Knowledge) -> None:
    [course] = of(knowledge, stated("active", {"start": "2026-03"})).courses

    assert course.start == date(2026, 3, 1)


def test_a_supply_for_so_many_days_tells_of_a_course_beside_its_dose(knowledge: Knowledge) -> None:
    found = of(knowledge, use("MedicationDispense", "2026-03-01", id="u", daysSupply=ucum(30, "d")))

    assert [(one.ref, one.start, one.end) for one in found.courses] == [
        ("MedicationDispense/u", date(2026, 3, 1), date(2026, 3, 31))
    ]


def test_a_supply_without_days_and_a_dose_over_some_time_are_no_course(knowledge: Knowledge) -> None:
    hours = {"start": "2026-03-01T08:00:00Z", "end": "2026-03-01T09:00:00Z"}
    given = resource("MedicationAdministration", status="completed", effectivePeriod=hours)

    for one in (use("MedicationDispense", "2026-03-01"), given):
        found = of(knowledge, one)
        assert (len(found.doses), found.courses) == (1, ())


DAILY = {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}}
AMOUNTS: dict[str, tuple[Json, int | None]] = {
    "structured": ({"timing": DAILY, "doseAndRate": [{"doseQuantity": ucum(500, "ug")}]}, 1000),
    "in words": ({"text": "1 mg by mouth daily"}, 1000),
    "a range, the smaller dose": (
        {"timing": DAILY, "doseAndRate": [{"doseRange": {"low": ucum(500, "ug"), "high": ucum(1000, "ug")}}]},
        1000,
    ),
    "without a schedule": ({"doseAndRate": [{"doseQuantity": ucum(500, "ug")}]}, None),
    "without a dose": ({"timing": DAILY}, None),
}


@pytest.mark.parametrize(("dosage", "daily"), AMOUNTS.values(), ids=AMOUNTS)
def test_a_course_gives_so_much_a_day(knowledge: Knowledge, dosage: Json, daily: int | None) -> None:
    [course] = of(knowledge, stated("active", dosage=[dosage])).courses

    assert course.daily_mcg == daily


# Orders, results, other drugs


@pytest.mark.parametrize("status", [*NEVER, "active", "stopped", "completed", "unknown"])
def test_orders_that_never_stood_are_no_history(knowledge: Knowledge, status: str) -> None:
    found = of(knowledge, resource("MedicationRequest", status=status, intent="order"))

    assert bool(found.orders) is (status not in NEVER)


@pytest.mark.parametrize(
    ("fields", "counts"),
    [
        ({"intent": "proposal"}, False),
        ({"intent": "plan"}, False),
        ({"intent": "option"}, False),
        ({"intent": "original-order"}, True),
        ({"intent": "order", "doNotPerform": True}, False),
    ],
)
def test_what_is_no_order_is_no_history(knowledge: Knowledge, fields: Json, *, counts: bool) -> None:
    assert bool(of(knowledge, resource("MedicationRequest", status="active", **fields)).orders) is counts


def lab(day: str | None, name: str = "o", code: str = "2132-9", value: float = 145) -> Json:
    coded = {"coding": [{"system": "http://loinc.org", "code": code}]}
    return resource(
        "Observation", id=name, status="final", code=coded, effectiveDateTime=day, valueQuantity=ucum(value, "pg/mL")
    )


def test_results_come_newest_first_undated_last_and_never_from_the_future(knowledge: Knowledge) -> None:
    days = {"a": "2026-01-01", "b": None, "c": "2026-11", "d": "2026-11-21", "e": "2026-11-20"}
    found = of(knowledge, *(lab(day, name) for name, day in days.items())).results

    assert [result.ref[-1] for result in found] == ["c", "e", "a", "b"]


MOMENTS = {
    "two times of a day": ["2026-03-01T06:00:00Z", "2026-03-01T11:00:00Z"],
    "two zones": ["2026-03-01T23:00:00-05:00", "2026-03-02T01:00:00-05:00"],
    "two zones, and two days where they were": ["2026-03-02T00:30:00+02:00", "2026-03-01T20:00:00-05:00"],
    "an hour of a day, and the day": ["2026-03-01T11:00:00Z", "2026-03-01"],
    "a day, and an hour of the next": ["2026-03-01", "2026-03-02T00:30:00Z"],
    "no date, and one": [None, "2026-03-01T06:00:00Z"],
    "an hour in the first year": ["0001-01-01T00:00:00+14:00", "2026-03-01T06:00:00Z"],
}


@pytest.mark.parametrize("days", MOMENTS.values(), ids=MOMENTS)
def test_of_two_results_the_later_moment_is_the_newer_whatever_their_ids(
    knowledge: Knowledge, days: list[str | None]
) -> None:
    for names in ("ab", "ba"):
        found = of(knowledge, *(lab(day, name) for day, name in zip(days, names, strict=True))).results
        assert [result.ref[-1] for result in found] == [*reversed(names)]


def test_results_of_codes_that_no_set_knows_are_left_out(knowledge: Knowledge) -> None:
    assert of(knowledge, lab("2026-01-01", code="2947-0")).results == ()


@pytest.mark.parametrize("kind", ["MedicationRequest", "MedicationAdministration"])
def test_an_antifolate_is_noticed_wherever_it_stands(knowledge: Knowledge, kind: str) -> None:
    drug = {"medicationCodeableConcept": {"text": "Pemetrexed 500 mg"}}

    assert of(knowledge, resource(kind, **drug)).antifolate
    assert not of(knowledge, resource(kind)).antifolate


def test_the_cyanide_antidote_is_no_dose_of_b12() -> None:
    found = standing("given 2026-03-01 hydroxocobalamin 5 g IV; given 2026-03-02 [Cyanokit] 5 g IV").timeline

    assert (found.doses, found.courses) == ((), ())


def test_the_cyanide_antidote_is_none_where_no_amount_is_told() -> None:
    found = standing("given 2026-03-02 [Cyanokit] IV").timeline

    assert (found.doses, found.courses) == ((), ())


@pytest.mark.parametrize(("low", "high", "antidote"), [(100, 349, False), (100, 350, True), (350, 350, True)])
def test_a_range_that_reaches_the_antidote_s_is_taken_for_it(low: int, high: int, *, antidote: bool) -> None:
    mass, protocol = Mass(Decimal(1000 * low), Decimal(1000 * high), "stated"), standing("").protocol

    assert in_antidote_range(Substance.HYDROXOCOBALAMIN, Route.INTRAVENOUS, mass, protocol) is antidote


def test_what_only_words_tell_is_known_as_such(knowledge: Knowledge) -> None:
    coded = {"coding": [{"system": RXNORM, "code": "309594", "display": "vitamin B12 1 MG/ML Injectable Solution"}]}
    found = of(
        knowledge,
        use("MedicationAdministration", "2026-03-01", id="coded", medicationCodeableConcept=coded),
        use("MedicationAdministration", "2026-03-02", id="worded", medicationCodeableConcept={"text": "Metformin"}),
    )

    assert found.in_words == {"MedicationAdministration/worded"}
