"""
One meaning written in many English ways, and what becomes of each (`python -m tests.helpers.sig_paraphrases`).

A text that is refused costs a reading; a text that is read as something else could cost a patient. So every text is
made from its meaning, and the reading is compared with that.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from random import Random

from msgspec import Struct
from msgspec.structs import replace

from cds_service.b12.record import Schedule, SigPhase, SigReading, SigRefused
from cds_service.b12.sig import read_sig
from cds_service.b12.words import AmountKind, Route, TimeUnit

HOW_MANY = 4000
SEED = 12
SECOND_STEPS = 0.35  # share of texts with a second step


class Step(Struct, frozen=True):
    """
    What one step means: micrograms, route, `doses` every `low` to `high` `unit`s, and how long.

    Without micrograms or route the step says nothing of them.
    """

    mcg: tuple[Decimal, Decimal] | None
    route: Route | None
    doses: int
    low: int
    high: int
    unit: TimeUnit
    count: int | None = None
    days: Decimal | None = None
    open_ended: bool = False

    @property
    def interval(self) -> tuple[Decimal, Decimal]:
        """Days between doses, shortest and longest."""
        return Schedule(Decimal(self.doses), Decimal(self.low), Decimal(self.high), self.unit).interval


Meaning = tuple[Step, ...]
NUMBERS = (
    "no one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen twenty"
).split()
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
FREQUENCIES: tuple[tuple[tuple[int, int, int, TimeUnit], str], ...] = (
    (
        (1, 1, 1, TimeUnit.DAY),
        "daily|once daily|once a day|every day|q day|qd|q.d.|OD|each day|every 24 hours|q24h|1x daily|1x/day|per day"
        "|one time per day|a day|every morning|at bedtime|nightly|every one day|QDay|/day|1 time daily|each morning",
    ),
    (
        (1, 2, 2, TimeUnit.DAY),
        "on alternate days|every other day|qod|q.o.d.|every 2 days|every two days|q2d|q 2 days|every second day"
        "|every 48 hours|q48h|alternate days|every 2nd day|once every two days|every 2 (two) days|on every other day",
    ),
    (
        (2, 1, 1, TimeUnit.WEEK),
        "twice a week|twice weekly|two times a week|2 times per week|2x/week|2x weekly|2 x week|twice per week|2x/wk"
        "|2 (two) times a week|two times weekly|twice each week|twice every week|2 times every week|x2/week|x2 weekly",
    ),
    (
        (3, 1, 1, TimeUnit.WEEK),
        "three times a week|three times weekly|3 times a week|3x/week|3x a week|thrice weekly|three times per week|TIW"
        "|3 times/week|3 (three) times weekly|3 x per week|three times each week|3x weekly|x3/week|3 times every week",
    ),
    (
        (1, 1, 1, TimeUnit.WEEK),
        "weekly|once weekly|once a week|every week|q week|qwk|q1wk|every 7 days|every seven days|q7d|each week|1x/week"
        "|one time a week|per week|every 1 week|QWEEK|/week|once per week|one time weekly|every 7 (seven) days",
    ),
    (
        (1, 2, 2, TimeUnit.WEEK),
        "fortnightly|every fortnight|every 2 weeks|every two weeks|q2wk|q2weeks|every other week|every 14 days|q14d"
        "|once every 2 weeks|every second week|once a fortnight|every 2 wks|alternate weeks|every fourteen days|q 2 wk",
    ),
    (
        (1, 4, 4, TimeUnit.WEEK),
        "every 4 weeks|q 4 wks|q4w|every four weeks|4-weekly|every 28 days|every 4 wk|once every four weeks|q4wks"
        "|every 28 (twenty-eight) days|every 4 (four) weeks|q 28 days|every twenty-eight days|every twenty eight days",
    ),
    (
        (1, 1, 1, TimeUnit.MONTH),
        "monthly|once monthly|once a month|every month|q month|qmonth|q1mo|q 1 month|each month|1x/month|per month"
        "|one time per month|every 1 month|once per month|every calendar month|/month|every one month|1 time a month",
    ),
    (
        (1, 30, 30, TimeUnit.DAY),
        "every 30 days|every thirty days|q30d|every 30 (thirty) days|q 30 days|once every 30 days|q30 days",
    ),
    (
        (1, 2, 2, TimeUnit.MONTH),
        "every 2 months|every two months|q2mo|every other month|q 2 months|every second month|once every 2 months"
        "|every 2 (two) months|alternate months|every 2 mths|every 2nd month|q2 months|two-monthly|2-monthly",
    ),
    (
        (1, 3, 3, TimeUnit.MONTH),
        "every 3 months|every three months|3-monthly|3 monthly|three monthly|q3mo|q3months|quarterly|every 3 mths"
        "|once every three months|every third month|every 3rd month|once every 3 months|three-monthly|q 3 mo|q3mos",
    ),
    (
        (1, 12, 12, TimeUnit.WEEK),
        "every 12 weeks|q12w|q12 weeks|every twelve weeks|12-weekly|every 84 days|once every 12 weeks|q 12 wks|q84d",
    ),
    (
        (1, 2, 3, TimeUnit.MONTH),
        "every 2-3 months|every 2 to 3 months|every two to three months|every 2 or 3 months|q2-3 months"
        "|every 2\u20133 months|every two or three months|every 2 - 3 months|q 2-3 mo|once every 2 to 3 months",
    ),
    ((1, 6, 6, TimeUnit.MONTH), "every 6 months|every six months|6-monthly|q6mo|6 monthly|once every 6 months"),
    ((1, 1, 1, TimeUnit.YEAR), "yearly|annually|once a year|every year|once yearly|every 12 months|each year"),
)
COUNTS = (
    " x {n} doses", " x{n} doses", " x {n}", " for {n} doses", " for {word} doses", " x{n}", " \u00d7 {n}", ", {n} doses",
    " for a total of {n} doses", " ({n} doses)", " for {n} injections", " {n} times in total", " for {n} ({word}) doses",
    " until {n} doses are given", " {n} doses in total", " x {word} doses", ": {n} doses",
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
    "", "", "hydroxocobalamin", "Hydroxocobalamin injection", "cyanocobalamin", "vitamin B12", "vit. B12", "B-12", "B12",
    "Vitamin B-12", "hydroxycobalamin", "methylcobalamin", "cobalamin",
)  # fmt: skip
VERBS = ("", "", "Inject", "Give", "Administer", "Take", "To be given:", "Please give", "inject", "Use", "Dose:")
ENDS = (
    "", "", ".", " as directed", ", as directed.", " (rotate injection sites)", " per protocol.",
    " for pernicious anaemia", " for pernicious anemia", " for B12 deficiency.", " - as charted",
)  # fmt: skip
TWO_WAYS = ("biweekly", "bi-monthly", "bimonthly", "bi-weekly", "BIW", "2 monthly", "semimonthly", "4 weekly x 4")


def written(number: Decimal, unit: str, dice: Random) -> str:
    """A number with its unit: "1,000 mcg", "one mg", "0.5mg"."""
    plain = format(number.normalize(), "f")
    forms = [plain, plain, f"{number:,f}"]
    if number == number.to_integral_value() and number < len(NUMBERS):
        forms += [NUMBERS[int(number)], f"{plain} ({NUMBERS[int(number)]})"]
    if number < 1:
        forms.append(plain.removeprefix("0"))
    return dice.choice(forms) + dice.choice([" ", " ", "", "-"]) + unit


def mass(mcg: Decimal, dice: Random) -> str:
    """A mass in micrograms or milligrams, or in both."""
    small = written(mcg, dice.choice(MICROGRAMS), dice)
    large = written(mcg / 1000, dice.choice(MILLIGRAMS), dice)
    return dice.choice([small, large, small, large, f"{small} ({large})", f"{large} ({small})"])


def amount(low: Decimal, high: Decimal, dice: Random) -> str:
    """A dose: a mass, a range of masses, or a mass beside the volume that holds it."""
    if low != high:
        unit, factor = dice.choice([("mcg", 1), ("micrograms", 1), ("mg", 1000)])
        joint = dice.choice(["{}-{} {}", "{} to {} {}", "{}\u2013{} {}", "between {} and {} {}", "{}{unit} to {} {}"])
        parts = [format((one / factor).normalize(), "f") for one in (low, high)]
        return joint.format(*parts, unit, unit=unit)
    volume = format((low / 1000).normalize(), "f")
    said = mass(low, dice)
    beside = (f"{said} ({volume} mL)", f"{volume} mL ({said})", f"{volume} mL of 1 mg/mL", f"{said} as {volume} mL")
    return said if dice.random() < 0.85 else dice.choice([*beside, f"{volume} mL of 1,000 mcg/mL solution"])


def lasting(step: Step, dice: Random) -> str:
    """How long a step goes on."""
    if step.count:
        return dice.choice(COUNTS).format(n=step.count, word=NUMBERS[step.count])
    if step.days:
        weeks = int(step.days / 7)
        return dice.choice(DURATIONS).format(n=weeks, word=NUMBERS[weeks], days=step.days)
    return dice.choice(OPEN) if step.open_ended else ""


def words_of(step: Step, dice: Random) -> str:
    """A step in words: its parts in some order."""
    key = (step.doses, step.low, step.high, step.unit)
    often = dice.choice(next(words for one, words in FREQUENCIES if one == key).split("|"))
    dose = amount(*step.mcg, dice) if step.mcg else ""
    drug = dice.choice(DRUGS)
    dose = dice.choice([f"{drug} {dose}", f"{dose} {drug}", f"{dose} of {drug}" if drug else dose]) if dose else ""
    parts = [dose, dice.choice(ROUTES[step.route]), often + lasting(step, dice)]
    if dice.random() < 0.3:
        dice.shuffle(parts)
    return dice.choice([" ", " ", " ", ", "]).join(part.strip() for part in parts if part.strip())


def text_of(meaning: Meaning, dice: Random) -> str:
    """A whole text for a meaning, in some of the ways that people write."""
    text = words_of(meaning[0], dice)
    for step in meaning[1:]:
        text += dice.choice(JOINTS).format(words_of(step, dice))
    text = f"{dice.choice(VERBS)} {text}".strip() + dice.choice(ENDS)
    return dice.choice([str, str, str, str, str.upper, str.lower, str.capitalize])(text)


def step_of(dice: Random, *, second: bool = False) -> Step:
    """A step with some meaning; a second one may leave dose and route unsaid."""
    low = Decimal(dice.choice([100, 250, 500, 1000, 1000, 1000, 1500, 2000, 5000]))
    high = low if dice.random() < 0.9 else low * dice.choice([2, 4])
    route = dice.choice([Route.INTRAMUSCULAR, Route.INTRAMUSCULAR, *ROUTES])
    often = dice.choice([key for key, _ in FREQUENCIES])
    step = Step((low, high), route, *often)
    if second and dice.random() < 0.5:
        step = replace(step, mcg=None, route=dice.choice([route, None]))
    how = dice.random()
    if how < 0.3:
        return replace(step, count=dice.randint(2, 12))
    if how < 0.5:
        return replace(step, days=Decimal(7 * dice.randint(1, 8)))
    return replace(step, open_ended=how < 0.6)


def meanings(dice: Random) -> Iterator[Meaning]:
    """Meanings without end."""
    while True:
        first = step_of(dice)
        yield (first, step_of(dice, second=True)) if dice.random() < SECOND_STEPS else (first,)


def paraphrases(how_many: int = HOW_MANY, seed: int = SEED) -> dict[str, Meaning]:
    """So many different texts, with their meanings; always the same."""
    dice, found = Random(seed), dict[str, Meaning]()  # noqa: S311 - no secret, but a sample that stays
    for meaning in meanings(dice):
        found.setdefault(text_of(meaning, dice), meaning)
        if len(found) == how_many:
            break
    return found


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


def slips(how_many: int = 400, seed: int = SEED) -> Iterator[tuple[str, str, Meaning | None]]:
    """
    (What went wrong, the text, what it means now) of texts that somebody got wrong.

    None: it must be refused, because it means nothing certain any more.
    """
    dice = Random(seed)  # noqa: S311 - no secret, but a sample that stays
    for _ in range(how_many):
        step = step_of(dice)
        if step.mcg and step.mcg[0] == step.mcg[1]:
            yield from _slips(step, step.mcg[0], dice)


def _slips(step: Step, mcg: Decimal, dice: Random) -> Iterator[tuple[str, str, Meaning | None]]:
    rest = words_of(replace(step, mcg=None), dice)
    number, unit = format(mcg, "f"), dice.choice(["mcg", "micrograms"])
    plain = f"{number} {unit} {rest}"
    yield "unit left out", f"{number} {rest}", None
    yield "zero for a letter O", f"{number.replace('0', 'O')} {unit} {rest}", None
    yield "comma for a point", f"{number[0]},{number[1:]}0 mg {rest}", None
    yield "number cut in two", f"{number[0]} {number[1:]} {unit} {rest}", None
    yield "taken back before", f"{dice.choice(BEFORE)} {plain}", None
    yield "taken back after", f"{plain} {dice.choice(AFTER)}", None
    yield "said again, otherwise", f"{plain} {CONTRARY[step.unit]}", None
    yield "two doses", f"{plain} {number}0 {unit}", None
    for digits in (number[0] + number, number + "0"):
        yield "digit doubled", f"{digits} {unit} {rest}", (_with_dose(step, Decimal(digits)),)
    yield "mg for mcg", f"{number} mg {rest}", (_with_dose(step, mcg * 1000),)
    if step.unit in EVERY:
        skipped = replace(step, doses=1, low=2, high=2, count=None, days=None, open_ended=False)
        route = dice.choice(ROUTES[step.route])
        yield "every other", f"{number} {unit} {route} every other {EVERY[step.unit]}", (skipped,)


def _with_dose(step: Step, mcg: Decimal) -> Step:
    return replace(step, mcg=(mcg, mcg))


def heard(reading: SigReading) -> tuple[tuple[object, ...], ...]:
    """What a reading says of each step, to be compared with `meant`."""
    return tuple(_heard(phase, reading) for phase in reading.phases)


def _heard(phase: SigPhase, reading: SigReading) -> tuple[object, ...]:
    dose, often, strength = phase.amount, phase.schedule, reading.strength
    mcg: object = dose and dose.written
    if dose and dose.kind is AmountKind.MASS:
        mcg = (dose.low, dose.high)
    elif dose and strength and dose.kind is strength.per:
        mcg = (dose.low * strength.mcg, dose.high * strength.mcg)
    if often is None:
        return mcg, phase.route, None
    lasts = (often.count_low, often.count_high, often.duration_low, often.duration_high, often.open_ended)
    return mcg, phase.route, often.interval, lasts, reading.as_needed


def meant(meaning: Meaning) -> tuple[tuple[object, ...], ...]:
    """What a right reading of each step says."""
    return tuple(
        (one.mcg, one.route, one.interval, (one.count, one.count, one.days, one.days, one.open_ended), False)
        for one in meaning
    )


class Figures(Struct, frozen=True):
    """What became of a sample of texts."""

    read: int
    refused: Counter[str]
    wrong: tuple[str, ...]

    @property
    def texts(self) -> int:
        """How many there were."""
        return self.read + self.refused.total() + len(self.wrong)


def figures(texts: dict[str, Meaning]) -> Figures:
    """Every text read and compared with its meaning."""
    read, refused, wrong = 0, Counter[str](), []
    for text, meaning in texts.items():
        reading = read_sig(text)
        if isinstance(reading, SigRefused):
            refused[reading.reason] += 1
        elif heard(reading) == meant(meaning):
            read += 1
        else:
            wrong.append(text)
    return Figures(read, refused, tuple(wrong))


def report() -> str:
    """The share read, and why the others were refused."""
    found = figures(paraphrases())
    refused = found.refused.total()
    head = f"{found.texts} texts: {found.read} read ({100 * found.read // found.texts} %), {refused} refused"
    reasons = (f"  {count:5} {reason}" for reason, count in found.refused.most_common())
    return "\n".join((f"{head}, {len(found.wrong)} wrong", *reasons, *(f"  WRONG {text}" for text in found.wrong)))


if __name__ == "__main__":
    sys.stdout.write(report() + "\n")
