from __future__ import annotations

import re
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest
from icalendar import Calendar

from cds_service.b12.words import Analyte, Phase
from cds_service.errors import MalformedRequest
from cds_service.fhir.valid import Resource
from cds_service.language import ENGLISH
from cds_service.plan_calendar import calendar_of
from cds_service.plan_orders import resources_of
from cds_service.planned import Loading, Plan
from tests.helpers.patients import knowledge
from tests.helpers.telling import plan

LOW = "PA since 2019; lab 2026-02-20 B12 90 pg/mL"
NEW = f"born 1951; female; {LOW}; lab 2026-02-20 haemoglobin 9.1 g/dL"
LOADED = (
    "given 4 times from 2025-09-01 every 2 days 1000 mcg IM; given 4 times from 2025-09-14 every 7 days 1000 mcg IM"
)
UPKEEP = f"{NEW}; {LOADED}; given 5 times from 2025-10-20 every 30 days 1000 mcg IM"
BROKEN = f"{NEW}; given 4 times from 2026-02-21 every 1 days 1000 mcg IM"


@pytest.mark.parametrize(
    ("record", "loading", "start"),
    [
        (NEW, Loading.WHOLE, date(2026, 3, 10)),
        (UPKEEP, Loading.NONE, date(2026, 3, 20)),
        (BROKEN, Loading.REST, date(2026, 3, 10)),
        (f"{NEW}; given 3 times from 2026-03-05 every 2 days 1000 mcg IM", Loading.REST, date(2026, 3, 11)),
        (f"{NEW}; given 12 times from 2024-01-01 every 30 days 1000 mcg IM", Loading.WHOLE, date(2026, 3, 10)),
        (f"{NEW}; stated since 2025-01 1000 mcg IM every month", Loading.NONE, date(2026, 3, 10)),
    ],
    ids=["new", "on maintenance", "broken off", "in loading", "lapsed", "only stated"],
)
def test_the_plan_begins_where_the_patient_stands(record: str, loading: Loading, start: date) -> None:
    found = plan(record)
    assert (found.why_not, found.loading, found.choices.start) == ("", loading, start)
    assert found.steps[0].days[0] == start


def test_doses_too_small_to_count_are_planned_again() -> None:
    found = plan(f"{NEW}; given 12 times from 2026-02-20 every 1 days 100 mcg IM")

    assert found.loading is Loading.REST
    assert sum(len(step.days) for step in found.steps[:-1]) == 8


def test_nerves_that_were_never_loaded_are_owed_the_loading() -> None:
    record = f"{NEW}; cord degeneration; given 2 times from 2026-01-13 every 30 days hydroxocobalamin 1000 mcg IM"
    found = plan(record, "uk-nice-bnf")
    assert found.loading is Loading.WHOLE
    assert any("Neurological involvement" in note.words for note in found.notes)


@pytest.mark.parametrize(
    ("record", "because"),
    [
        (f"{NEW}; deceased", "the patient has died"),
        (f"{NEW}; allergic to cyanocobalamin", "allergy"),
        ("born 1951", "no deficiency"),
        (f"born 2024; {LOW}", "gives no schedule"),
        (f"{NEW}; cobalamin C", "specialist dosing"),
        (f"{NEW}; palliative care", "end of life"),
        (f"{NEW}; injections stopped on purpose", "stopped on purpose"),
    ],
)
def test_where_nothing_should_be_planned_the_plan_says_why(record: str, because: str) -> None:
    found = plan(record)
    assert because in found.why_not
    assert not found.steps
    assert not resources_of(found, "p1")


def test_the_cause_is_told_in_the_record_s_own_words() -> None:
    assert [cause.words for cause in plan(NEW).causes] == ["Pernicious anaemia"]
    assert not plan("born 1951; lab 2026-02-20 B12 90 pg/mL").causes


def test_a_check_is_planned_from_the_first_dose_until_it_is_done() -> None:
    [check] = plan(NEW).checks
    assert (check.day, check.check.tests) == (date(2026, 5, 5), (Analyte.BLOOD_COUNT,))
    [begun] = plan(BROKEN).checks
    assert begun.day == date(2026, 4, 18)
    assert not plan(f"{UPKEEP}; lab 2025-12-01 blood count").checks


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (f"{NEW}; unseen doses", "may have been given already"),
        (f"{NEW}; stated since 2025-01 2000 mcg oral daily", "covers the patient"),
        (f"{NEW}; given 12 times from 2024-01-01 every 30 days 1000 mcg IM", "No guideline says whether to load"),
        ("vegan resolved; dietary B12 deficiency resolved; lab 2026-02-20 B12 90 pg/mL", "documented as over"),
        ("lab 2026-02-20 B12 90 pg/mL", "depends on the cause"),
    ],
)
def test_what_a_reader_has_to_know_stands_beside_the_dates(record: str, words: str) -> None:
    assert any(words in f"{note.words} {note.of}" for note in plan(record).notes)


def test_a_loading_that_cannot_be_is_refused() -> None:
    with pytest.raises(MalformedRequest) as fault:
        plan(NEW, loading=Loading.REST)
    assert fault.value.path == "$.choices.loading"


def resources(found: Plan) -> tuple[Resource, ...]:
    return resources_of(found, "p1")


def test_the_resources_carry_the_dates_of_the_plan() -> None:
    found = plan(NEW, weekday=2, interval=28)
    care_plan, loading, maintenance = resources(found)
    assert care_plan["period"]["start"] == "2026-03-10"
    details = [activity["detail"] for activity in care_plan["activity"]]
    planned = [[f"{day}" for day in step.days] for step in found.steps if step.phase is Phase.LOADING]
    assert [one["scheduledTiming"].get("event") for one in details[:2]] == planned
    assert details[-1]["scheduledTiming"]["event"] == ["2026-05-05"]
    assert care_plan["addresses"] == [{"reference": "Condition/Condition-1"}]
    first = f"{found.steps[-1].days[0]}"
    [repeat] = [one["timing"]["repeat"] for one in maintenance["dosageInstruction"]]
    assert repeat == {"boundsPeriod": {"start": first}, "frequency": 1, "period": 4, "periodUnit": "wk"}
    assert [one["timing"]["repeat"]["count"] for one in loading["dosageInstruction"]] == [4, 4]
    assert {one["status"] for one in (care_plan, loading, maintenance)} == {"draft"}


def test_what_is_left_of_a_loading_is_told_as_it_is() -> None:
    care_plan, *_ = resources(plan(f"{NEW}; given 3 times from 2026-03-05 every 2 days 1000 mcg IM"))
    described = [activity["detail"]["description"] for activity in care_plan["activity"]]
    assert described[0].endswith("every 2 days, 1 dose")
    assert described[1].endswith("every week, 4 doses")


def test_maintenance_alone_is_one_order_and_after_an_open_end_it_is_part_of_the_same() -> None:
    assert [one["resourceType"] for one in resources(plan(UPKEEP))] == ["CarePlan", "MedicationRequest"]
    record = f"{NEW}; cord degeneration"
    [care_plan, order] = resources(plan(record, "uk-nice-bnf"))
    first, then = order["dosageInstruction"]
    assert first["additionalInstruction"] == [{"text": "until no further improvement"}]
    assert first["timing"]["repeat"]["boundsPeriod"] == {"start": "2026-03-10"}
    assert "boundsPeriod" not in then["timing"]["repeat"]
    assert len(care_plan["activity"]) == 3


NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


def test_the_calendar_has_an_all_day_event_for_each_dose_and_check() -> None:
    found, protocol = plan(NEW, weekday=2), knowledge().protocols["us-practice"]
    events = Calendar.from_ical(calendar_of(found, protocol, ENGLISH, NOW, uuid4)).walk("VEVENT")
    planned = [day for step in found.steps for day in step.days] + [one.day for one in found.checks]
    assert [event["dtstart"].dt for event in events] == planned
    assert all(type(event["dtstart"].dt) is date for event in events)
    assert {(event["dtend"].dt - event["dtstart"].dt).days for event in events} == {1}
    assert len({str(event["uid"]) for event in events}) == len(planned)
    assert str(events[0]["summary"]) == "Vitamin B12 injection: loading, 1 of 8"
    assert str(events[-1]["summary"]) == "Blood test"


def test_the_calendar_tells_nothing_of_the_patient() -> None:
    protocol, always = knowledge().protocols["us-practice"], UUID(int=7)
    text = calendar_of(plan(NEW), protocol, ENGLISH, NOW, lambda: always).decode()
    assert not re.search(r"Condition|Observation|pat\b|ernicious|1951|female|9\.1|Patient", text)
    another = plan(NEW.replace("90 pg", "80 pg").replace("1951", "1944"))
    assert calendar_of(another, protocol, ENGLISH, NOW, lambda: always).decode() == text


@pytest.mark.parametrize(
    ("code", "first", "check", "dose"),
    [
        ("es", "Inyección de vitamina B12: pauta inicial, 1 de 8", "Análisis de sangre", "1000 mcg según"),
        ("de", "Vitamin-B12-Injektion: Aufsättigung, 1 von 8", "Blutuntersuchung", "1000 Mikrogramm laut"),
    ],
)
def test_the_calendar_speaks_the_language_of_its_reader(code: str, first: str, check: str, dose: str) -> None:
    protocol, language = knowledge().protocols["us-practice"], knowledge().words[code].language
    events = Calendar.from_ical(calendar_of(plan(NEW), protocol, language, NOW, uuid4)).walk("VEVENT")
    assert str(events[0]["summary"]) == first
    assert str(events[0]["description"]).startswith(dose)
    assert str(events[-1]["summary"]) == check
