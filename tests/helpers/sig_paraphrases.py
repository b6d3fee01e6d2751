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
from tests.helpers.sig_ways import (
    AFTER,
    BEFORE,
    CONTRARY,
    COUNTS,
    DRUGS,
    DURATIONS,
    ENDS,
    EVERY,
    FREQUENCIES,
    JOINTS,
    MICROGRAMS,
    MILLIGRAMS,
    NUMBERS,
    OPEN,
    ROUTES,
    VERBS,
)

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
    often = dice.choice(dict(FREQUENCIES)[key])
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
    yield "comma for a point", f"{number[0]},5 mg {rest}", None
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
