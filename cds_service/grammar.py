"""
How the languages that we write in put numbers, days and schedules: what Babel does not know, and nothing clinical.

Masses. A thousand is the slip that this service looks for, so no number may read as a thousand times itself:

- The decimal sign is the language's own (Babel). A dot between thousands is never written: 1.000 is one to some readers
  and a thousand to others. From 10,000 up a space that does not break stands there (ISO 80000-1, 7.3.1; RAE and
  Fundéu for Spanish, DIN 1333 and DIN 5008 for German); below that nothing. English keeps its comma.
- No zero ends a decimal (ISMP's list of error-prone abbreviations; ISMP-España, Farm Hosp 2004;28:141-4).
- Micrograms are "mcg" in English and Spanish: ISMP and ISMP-España take "µg" for a misread "mg". In German they are
  "Mikrogramm" in full, as Austria asks of labels (Kennzeichnungsverordnung 2008, section 7); "mcg" is not used there.

Days. A day is written so that day and month cannot change places: 2026-03-10 in English, whose readers disagree;
"10 mar 2026" in Spanish and "10.03.2026" in German, which have one order each (CLDR's medium form).
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from cds_service.b12.words import TimeUnit

NO_BREAK = "\N{NO-BREAK SPACE}"
H, D, W, M, Y = TimeUnit.HOUR, TimeUnit.DAY, TimeUnit.WEEK, TimeUnit.MONTH, TimeUnit.YEAR


class Grammar(Struct, frozen=True):
    """
    One language, by its ISO 639-1 code. `group` stands between thousands; `iso_days`: days as year-month-day.

    `units` are one and many of each unit, `parts_of_hour` how many minutes and seconds make an hour, one and many of
    them, and one of them as an interval; `each` one of it as an interval, `within` one of it in which something is
    done several times. `conjunctions` are by the English ones; `softened` are those that another takes the place of
    before some sounds: (conjunction, beginning of the next word, the other).
    """

    code: str
    group: str
    iso_days: bool
    mcg: str
    units: Mapping[TimeUnit, tuple[str, str]]
    each: Mapping[TimeUnit, str]
    within: Mapping[TimeUnit, str]
    parts_of_hour: tuple[tuple[int, tuple[str, str], str], ...]
    dose: tuple[str, str]
    times: Mapping[int, str]
    conjunctions: Mapping[str, str]
    often: str = "{times} times"
    every: str = "every {span}"
    within_many: str = "in {span}"
    span: str = "{low} to {high}"
    per: str = "{mass} per {unit}"
    millilitre: str = "mL"
    piece: str = "piece"
    by_route: str = "{drug} {routes}"
    then: str = "then {next}"
    alternative: str = "; or "
    softened: tuple[tuple[str, str, str], ...] = ()


ENGLISH = Grammar(
    code="en",
    group=",",
    iso_days=True,
    mcg="mcg",
    units={
        H: ("hour", "hours"),
        D: ("day", "days"),
        W: ("week", "weeks"),
        M: ("month", "months"),
        Y: ("year", "years"),
    },
    each={H: "every hour", D: "every day", W: "every week", M: "every month", Y: "every year"},
    within={H: "an hour", D: "a day", W: "a week", M: "a month", Y: "a year"},
    parts_of_hour=((60, ("minute", "minutes"), "every minute"), (3600, ("second", "seconds"), "every second")),
    dose=("dose", "doses"),
    times={1: "once", 2: "twice"},
    conjunctions={" and ": " and ", " or ": " or "},
)
SPANISH = Grammar(
    code="es",
    group=NO_BREAK,
    iso_days=False,
    mcg="mcg",
    units={
        H: ("hora", "horas"),
        D: ("día", "días"),
        W: ("semana", "semanas"),
        M: ("mes", "meses"),
        Y: ("año", "años"),
    },
    each={H: "cada hora", D: "cada día", W: "cada semana", M: "cada mes", Y: "cada año"},
    within={H: "cada hora", D: "al día", W: "a la semana", M: "al mes", Y: "al año"},
    parts_of_hour=((60, ("minuto", "minutos"), "cada minuto"), (3600, ("segundo", "segundos"), "cada segundo")),
    dose=("dosis", "dosis"),
    times={1: "una vez", 2: "dos veces"},
    often="{times} veces",
    every="cada {span}",
    within_many="cada {span}",
    span="{low} a {high}",
    per="{mass} por {unit}",
    piece="unidad",
    by_route="{drug} por vía {routes}",
    then="después {next}",
    alternative="; o bien ",
    conjunctions={" and ": " y ", " or ": " o "},
    softened=((" y ", r"h?i(?![ae])", " e "), (" o ", r"h?[oó]", " u ")),
)
GERMAN = Grammar(
    code="de",
    group=NO_BREAK,
    iso_days=False,
    mcg="Mikrogramm",
    units={
        H: ("Stunde", "Stunden"),
        D: ("Tag", "Tage"),
        W: ("Woche", "Wochen"),
        M: ("Monat", "Monate"),
        Y: ("Jahr", "Jahre"),
    },
    each={H: "jede Stunde", D: "jeden Tag", W: "jede Woche", M: "jeden Monat", Y: "jedes Jahr"},
    within={H: "pro Stunde", D: "pro Tag", W: "pro Woche", M: "pro Monat", Y: "pro Jahr"},
    parts_of_hour=((60, ("Minute", "Minuten"), "jede Minute"), (3600, ("Sekunde", "Sekunden"), "jede Sekunde")),
    dose=("Gabe", "Gaben"),
    times={1: "einmal", 2: "zweimal"},
    often="{times}-mal",
    every="alle {span}",
    within_many="alle {span}",
    span="{low} bis {high}",
    per="{mass} pro {unit}",
    millilitre="ml",
    piece="Stück",
    then="dann {next}",
    alternative="; oder ",
    conjunctions={" and ": " und ", " or ": " oder "},
)
GRAMMARS: Mapping[str, Grammar] = {one.code: one for one in (ENGLISH, SPANISH, GERMAN)}
"""Every language that there may be words in."""
