"""The many English ways to say a dose, a route, how often and how long: what the paraphrases are made of."""

from __future__ import annotations

from cds_service.b12.words import Route, TimeUnit

Often = tuple[int, int, int, TimeUnit]
"""Doses, in a period of so many to so many units."""

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
MICROGRAMS = ("mcg", "mcg.", "micrograms", "microgram", "ug", "\u00b5g", "\u03bcg", "MCG", "microgrammes", "mikrogram")
MILLIGRAMS = ("mg", "mg.", "milligram", "milligrams", "MG", "Mg", "milligramme")
ROUTES: dict[Route | None, tuple[str, ...]] = {
    Route.INTRAMUSCULAR: (
        "IM", "i.m.", "I.M.", "im", "intramuscularly", "intramuscular", "by intramuscular injection", "IM injection",
        "into the muscle", "deep IM", "by deep intramuscular injection", "by IM injection", "via intramuscular route",
        "IM in the deltoid", "into the left deltoid muscle IM", "(IM)", "intra-muscularly",
    ),
    Route.SUBCUTANEOUS: (
        "SC", "s.c.", "subcut", "subcutaneously", "SQ", "sub-q", "subq", "by deep subcutaneous injection",
        "under the skin", "deep SC", "subcutaneous", "(SC)", "S/C", "deep subcutaneously", "sub cut",
    ),
    Route.ORAL: ("by mouth", "PO", "p.o.", "orally", "oral", "per os", "po", "(oral)"),
    Route.SUBLINGUAL: ("under the tongue", "sublingually", "SL", "s.l."),
    None: ("",),
}  # fmt: skip
# (doses, low, high, unit) and every way to say it that comes to mind; those with two meanings are in TWO_WAYS.
SAID = """
1 every 1 d:
  daily | once daily | once a day | every day | q day | qd | q.d. | OD | each day | every 24 hours |
  q24h | 1x daily | 1x/day | per day | one time per day | a day | every morning | at bedtime | nightly
  | every one day | QDay | /day | 1 time daily | each morning
1 every 2 d:
  on alternate days | every other day | qod | q.o.d. | every 2 days | every two days | q2d | q 2 days
  | every second day | every 48 hours | q48h | alternate days | every 2nd day | once every two days |
  every 2 (two) days | on every other day
2 every 1 wk:
  twice a week | twice weekly | two times a week | 2 times per week | 2x/week | 2x weekly | 2 x week |
  twice per week | 2x/wk | 2 (two) times a week | two times weekly | twice each week | twice every
  week | 2 times every week | x2/week | x2 weekly
3 every 1 wk:
  three times a week | three times weekly | 3 times a week | 3x/week | 3x a week | thrice weekly |
  three times per week | TIW | 3 times/week | 3 (three) times weekly | 3 x per week | three times each
  week | 3x weekly | x3/week | 3 times every week
1 every 1 wk:
  weekly | once weekly | once a week | every week | q week | qwk | q1wk | every 7 days | every seven
  days | q7d | each week | 1x/week | one time a week | per week | every 1 week | QWEEK | /week | once
  per week | one time weekly | every 7 (seven) days
1 every 2 wk:
  fortnightly | every fortnight | every 2 weeks | every two weeks | q2wk | q2weeks | every other week
  | every 14 days | q14d | once every 2 weeks | every second week | once a fortnight | every 2 wks |
  alternate weeks | every fourteen days | q 2 wk
1 every 4 wk:
  every 4 weeks | q 4 wks | q4w | every four weeks | 4-weekly | every 28 days | every 4 wk | once
  every four weeks | q4wks | every 28 (twenty-eight) days | every 4 (four) weeks | q 28 days | every
  twenty-eight days | every twenty eight days
1 every 1 mo:
  monthly | once monthly | once a month | every month | q month | qmonth | q1mo | q 1 month | each
  month | 1x/month | per month | one time per month | every 1 month | once per month | every calendar
  month | /month | every one month | 1 time a month
1 every 30 d:
  every 30 days | every thirty days | q30d | every 30 (thirty) days | q 30 days | once every 30 days |
  q30 days
1 every 2 mo:
  every 2 months | every two months | q2mo | every other month | q 2 months | every second month |
  once every 2 months | every 2 (two) months | alternate months | every 2 mths | every 2nd month | q2
  months | two-monthly | 2-monthly
1 every 3 mo:
  every 3 months | every three months | 3-monthly | 3 monthly | three monthly | q3mo | q3months |
  quarterly | every 3 mths | once every three months | every third month | every 3rd month | once
  every 3 months | three-monthly | q 3 mo | q3mos
1 every 12 wk:
  every 12 weeks | q12w | q12 weeks | every twelve weeks | 12-weekly | every 84 days | once every 12
  weeks | q 12 wks | q84d
1 every 2-3 mo:
  every 2-3 months | every 2 to 3 months | every two to three months | every 2 or 3 months | q2-3
  months | every 2\u20133 months | every two or three months | every 2 - 3 months | q 2-3 mo | once every 2
  to 3 months
1 every 6 mo:
  every 6 months | every six months | 6-monthly | q6mo | 6 monthly | once every 6 months
1 every 1 a:
  yearly | annually | once a year | every year | once yearly | every 12 months | each year
"""
TWO_WAYS = ("biweekly", "bi-monthly", "bimonthly", "bi-weekly", "BIW", "2 monthly", "semimonthly", "4 weekly x 4")
COUNTS = (
    " x {n} doses", " x{n} doses", " x {n}", " for {n} doses", " for {word} doses", " x{n}", " \u00d7 {n}",
    ", {n} doses", " for a total of {n} doses", " ({n} doses)", " for {n} injections", " {n} times in total",
    " for {n} ({word}) doses", " until {n} doses are given", " {n} doses in total", " x {word} doses", ": {n} doses",
)  # fmt: skip
DURATIONS = (
    " for {n} weeks", " for {word} weeks", " x {n} weeks", " x{n}wks", " for {days} days", " for {n} ({word}) weeks",
    " x {days} days", " for {n} wk", " for the first {n} weeks", " over {n} weeks", " during {n} weeks", " {n}/52",
    " for {n}/52", " (for {n} weeks)", " for {n} weeks ({days} days)", ", {n} weeks",
)  # fmt: skip
OPEN = (" for life", " lifelong", " indefinitely", " until no further improvement", " long term", ", life long")
JOINTS = (
    ", then {}", " then {}", "; then {}", ". Then {}", ", followed by {}", "; thereafter {}", ", and then {}", "; {}",
    ". Thereafter {}", ", followed by maintenance of {}", "; maintenance: {}", ", after which {}", ", reducing to {}",
    ". Afterwards {}", ", subsequently {}", ", thereafter maintenance {}", " -> {}", ", next {}", "\nThen {}",
)  # fmt: skip
DRUGS = (
    "", "", "hydroxocobalamin", "Hydroxocobalamin injection", "cyanocobalamin", "vitamin B12", "vit. B12", "B-12",
    "B12", "Vitamin B-12", "hydroxycobalamin", "methylcobalamin", "cobalamin",
)  # fmt: skip
VERBS = ("", "", "Inject", "Give", "Administer", "Take", "To be given:", "Please give", "inject", "Use", "Dose:")
ENDS = (
    "", "", ".", " as directed", ", as directed.", " (rotate injection sites)", " per protocol.",
    " for pernicious anaemia", " for pernicious anemia", " for B12 deficiency.", " - as charted",
)  # fmt: skip
BEFORE = ("Do not give", "Stop", "Hold", "No longer", "Not", "Never", "Omit", "Half of", "Maximum", "Up to", "About")
AFTER = (
    "if symptomatic",
    "unless B12 is high",
    "except in pregnancy",
    "not now",
    "or less",
    "discontinued",
    "?",
    "+ more",
)
CONTRARY = {TimeUnit.DAY: "monthly", TimeUnit.WEEK: "daily", TimeUnit.MONTH: "weekly", TimeUnit.YEAR: "weekly"}
EVERY = {TimeUnit.DAY: "day", TimeUnit.WEEK: "week", TimeUnit.MONTH: "month"}


def _often(head: str) -> Often:
    doses, _, span, unit = head.split(" ")
    low, _, high = span.partition("-")
    return int(doses), int(low), int(high or low), TimeUnit(unit)


def _ways_by_frequency() -> tuple[tuple[Often, tuple[str, ...]], ...]:
    heads: list[tuple[Often, list[str]]] = []
    for line in SAID.strip().splitlines():
        if line.startswith(" "):
            heads[-1][1].append(line.strip())
        else:
            heads.append((_often(line.rstrip(":")), []))
    return tuple((often, tuple(" ".join(lines).split(" | "))) for often, lines in heads)


FREQUENCIES = _ways_by_frequency()
