"""A plan as an iCalendar file: one all-day event for each dose and check, and nothing that tells whose it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from uuid import UUID

from icalendar import Calendar, Event

from cds_service.b12.protocol import Protocol
from cds_service.b12.words import Phase
from cds_service.fhir.tests_ordered import words_of_test
from cds_service.language import Language
from cds_service.plan_dates import PlannedStep
from cds_service.planned import Plan

PRODUCT = "-//Cobalamin CDS//B12 plan//EN"


def calendar_of(
    plan: Plan, protocol: Protocol, language: Language, now: datetime, new_uid: Callable[[], UUID]
) -> bytes:
    """
    The calendar (RFC 5545). Its words come from the protocol alone: neither name, id nor finding of the patient.

    `new_uid` gives every event an id of its own; made from the plan, two patients with one plan would share them.
    """
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    for day, summary, description in _entries(plan, protocol, language):
        event = Event()
        event.add("uid", str(new_uid()))
        event.add("dtstamp", now)
        event.add("dtstart", day)
        event.add("dtend", day + timedelta(days=1))
        event.add("summary", summary)
        event.add("description", description)
        event.add("class", "PRIVATE")
        event.add("transp", "TRANSPARENT")
        calendar.add_component(event)
    body: bytes = calendar.to_ical()
    return body


def _entries(plan: Plan, protocol: Protocol, language: Language) -> Iterator[tuple[date, str, str]]:
    source = f"{language.words(protocol.title)}, {protocol.version}"
    loading = sum(len(step.days) for step in plan.steps if step.phase is Phase.LOADING and not step.until)
    number = 0
    for step in plan.steps:
        said = f"{_dose(step, language)}. {source}."
        for day in step.days:
            number += 1
            yield day, _which(step.phase, number, loading, language), said
    for one in plan.checks:
        tests = ", ".join(language.words(words_of_test(test)) for test in one.check.tests)
        yield one.day, language.words("Blood test"), f"{tests}. {source}."


def _which(phase: Phase, number: int, loading: int, language: Language) -> str:
    if phase is not Phase.LOADING:
        return language.words("Vitamin B12 injection: maintenance")
    if not loading:
        return language.words("Vitamin B12 injection: loading")
    return language.words("Vitamin B12 injection: loading, {number} of {of}").format(number=number, of=loading)


def _dose(step: PlannedStep, language: Language) -> str:
    dose = f"{language.range(step.dose.low, step.dose.high)} {language.grammar.mcg}"
    said = language.words("{dose} by the protocol").format(dose=dose)
    return f"{said}, {language.words(step.until)}" if step.until else said
