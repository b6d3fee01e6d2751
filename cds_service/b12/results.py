"""What laboratory results say of today: their band, how old they are, what was measured since, what is awaited."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from cds_service.b12.chart import LabOrder
from cds_service.b12.concept import When
from cds_service.b12.episode import Episode, comparable, is_deficient
from cds_service.b12.labs import UNIT_ALIASES, LabResult
from cds_service.b12.policy import Figure
from cds_service.b12.protocol import Protocol
from cds_service.b12.words import Analyte, RiskDrug, SpecialTherapy

LEVELS = frozenset({Analyte.B12, Analyte.ACTIVE_B12})
SECOND_LINE = frozenset({Analyte.MMA, Analyte.HOMOCYSTEINE})
B12_TESTS = LEVELS | SECOND_LINE
BLOOD_COUNT = frozenset({Analyte.BLOOD_COUNT, Analyte.HAEMOGLOBIN, Analyte.MCV})
COUNTS_FOR: dict[Analyte, frozenset[Analyte]] = {
    Analyte.BLOOD_COUNT: BLOOD_COUNT,
    Analyte.B12: LEVELS,
    Analyte.FOLATE: frozenset({Analyte.FOLATE, Analyte.RED_CELL_FOLATE}),
}
"""What else answers the question of a test: any part of a blood count is taken as the count."""
OVER = frozenset({"completed", "stopped", "aborted"})
"""Orders of tests that nothing more comes of."""


class Standing(StrEnum):
    """Where a level lies by the protocol's limits."""

    DEFICIENT = "deficient"
    UNCLEAR = "unclear"
    ADEQUATE = "adequate"


def standing_of(result: LabResult, protocol: Protocol) -> Standing | None:
    """The standing of a level; None where the protocol gives no limit, or the result no usable value."""
    band = next((one for one in protocol.bands if one.analyte is result.analyte), None)
    floor = comparable(band.deficient_below, result.analyte) if band else None
    if result.value is None or band is None or floor is None:
        return None
    if is_deficient(result, protocol):
        return Standing.DEFICIENT
    top = comparable(band.indeterminate_to, result.analyte) if band.indeterminate_to else floor
    above = result.comparator.startswith(">")
    if top is None or (above and result.value < top):
        return None
    return Standing.ADEQUATE if result.value > top or above else Standing.UNCLEAR


def limit_for(result: LabResult, protocol: Protocol) -> Figure | None:
    """The protocol's limit of deficiency in the result's own unit, else in the first unit that it gives."""
    bands = [one for one in protocol.bands if one.analyte is result.analyte]
    alike = (one for one in bands if one.deficient_below.unit == sent_unit(result))
    band = next(alike, bands[0] if bands else None)
    return band.deficient_below if band else None


def sent_unit(result: LabResult) -> str:
    """The UCUM unit in which a result came, or ""."""
    return UNIT_ALIASES.get(result.written.partition(" ")[2].lower(), "")


def number_sent(result: LabResult) -> str:
    """The number of a result as it came, without its unit."""
    return result.written.partition(" ")[0]


def newest(episode: Episode, *analytes: Analyte) -> LabResult | None:
    """The newest result of these tests, usable or not."""
    return next((one for one in episode.timeline.results if one.analyte in analytes), None)


def level(episode: Episode) -> LabResult | None:
    """
    The B12 level that counts: the newest of the newest total and the newest active B12 that have a standing.

    Of two on one day a deficient one counts, else active B12.
    """
    found = [(one, standing) for one in episode.newest_results if (standing := _standing_of_level(one, episode))]
    ranked = sorted(found, key=lambda pair: _weight(*pair))
    return ranked[-1][0] if ranked else None


def _standing_of_level(result: LabResult, episode: Episode) -> Standing | None:
    return standing_of(result, episode.protocol) if result.analyte in LEVELS else None


def _weight(result: LabResult, standing: Standing) -> tuple[date, bool, bool]:
    day = result.day.latest if result.day else date.min
    return day, standing is Standing.DEFICIENT, result.analyte is Analyte.ACTIVE_B12


def standing(episode: Episode) -> Standing | None:
    """Where the level that counts lies; None where none counts or it is too old."""
    found = level(episode)
    return standing_of(found, episode.protocol) if found and is_current(found, episode) else None


def grey_zone_matters(episode: Episode) -> bool:
    """The level that counts is recent, or something that a deficiency could explain is documented beside it."""
    found, background = level(episode), episode.background
    signs = background.neuro or background.neuro_weak or background.anaemia or background.macrocytosis
    recent = episode.protocol.results.recent
    return found is not None and (is_current(found, episode, recent) or bool(signs) or _blood_speaks(episode))


def _blood_speaks(episode: Episode) -> bool:
    """The newest haemoglobin is low, or the newest mean cell volume high."""
    haemoglobin, volume = newest(episode, Analyte.HAEMOGLOBIN), newest(episode, Analyte.MCV)
    limit = episode.protocol.safety.macrocytosis
    low = haemoglobin is not None and haemoglobin.value is not None and haemoglobin.value < anaemia_below(episode)
    current = (one for one in (haemoglobin if low else None, volume) if one and is_current(one, episode))
    return any(one.analyte is Analyte.HAEMOGLOBIN or is_raised(one, limit) for one in current)


def not_judged(episode: Episode) -> str:
    """Why the newest level, if it may be recent, cannot be judged; or ""."""
    if counted := level(episode):
        return "" if counted.day else "the date of a result"
    found = newest(episode, *LEVELS)
    if found is None or (found.day and not is_current(found, episode)):
        return ""
    if found.value is None:
        return "a result in a known unit"
    limited = any(band.analyte is found.analyte for band in episode.protocol.bands)
    return "an exact value: the result is only a bound" if limited else "limits for results: the protocol gives none"


def is_current(result: LabResult, episode: Episode, within: Figure | None = None) -> bool:
    """Not older than `within`, as far as its date allows (else than the protocol holds a result to count)."""
    limit = within or episode.protocol.results.current
    return result.day is not None and (episode.as_of - result.day.latest).days <= limit.value


def is_raised(result: LabResult, limit: Figure) -> bool:
    """Above the limit; a ">" result counts if its limit does, a "<" never."""
    top = comparable(limit, result.analyte)
    if result.value is None or top is None or result.comparator.startswith("<"):
        return False
    return result.value > top or (result.comparator == ">" and result.value == top)


def is_reduced(result: LabResult, limit: Figure) -> bool:
    """Below the limit; a "<" result counts if its limit does, a ">" never."""
    floor = comparable(limit, result.analyte)
    if result.value is None or floor is None or result.comparator.startswith(">"):
        return False
    return result.value < floor or (result.comparator == "<" and result.value == floor)


def raised_markers(episode: Episode) -> tuple[LabResult, ...]:
    """The newest methylmalonic acid and the newest homocysteine, each if it is raised and counts today."""
    safety = episode.protocol.safety
    limits = {Analyte.MMA: safety.mma_high, Analyte.HOMOCYSTEINE: safety.homocysteine_high}
    found = ((newest(episode, analyte), limit) for analyte, limit in limits.items())
    return tuple(one for one, limit in found if one and is_raised(one, limit) and is_current(one, episode))


def telling_marker(episode: Episode) -> LabResult | None:
    """The first of the raised markers that the kidneys do not explain."""
    return next((one for one in raised_markers(episode) if not kidneys_reduced(episode, one)), None)


def kidneys_reduced(episode: Episode, sample: LabResult) -> bool:
    """Of the day of a sample: dialysis, else the filtration rate nearest to it, else the problem list."""
    if SpecialTherapy.DIALYSIS in episode.special:
        return True
    rate = filtration_rate(episode, sample)
    return bool(reduced_rate(episode, sample) if rate else episode.background.renal)


def reduced_rate(episode: Episode, sample: LabResult) -> LabResult | None:
    """The filtration rate nearest to a sample, if it is reduced."""
    rate = filtration_rate(episode, sample)
    return rate if rate and is_reduced(rate, episode.protocol.safety.egfr_reduced) else None


def filtration_rate(episode: Episode, sample: LabResult) -> LabResult | None:
    """
    The estimated glomerular filtration rate nearest to a sample, of two as near the newer; None: none is near.

    Near is as long as the protocol holds a result to count, before or after.
    """
    near = episode.protocol.results.current.value
    rates = (one for one in episode.timeline.results if one.analyte is Analyte.EGFR and one.value is not None)
    apart = [(days, one) for one in rates if (days := _days_apart(one.day, sample.day)) is not None and days <= near]
    return min(apart, key=lambda pair: pair[0])[1] if apart else None


def _days_apart(one: When | None, other: When | None) -> int | None:
    """The fewest days that can lie between two dates, as exact as they are; None where one of them is not known."""
    if one is None or other is None:
        return None
    return max(0, (one.earliest - other.latest).days, (other.earliest - one.latest).days)


def kidneys_known(episode: Episode, sample: LabResult) -> bool:
    """Something could tell of reduced kidney function on the day of a sample."""
    return filtration_rate(episode, sample) is not None or "Condition" not in episode.unseen


def measured(episode: Episode, test: Analyte, since: date | None = None) -> bool:
    """The test, or what answers for it, was done on that day or later (at any time, if no day is given)."""
    wanted = COUNTS_FOR.get(test, frozenset({test}))
    found = (one for one in episode.timeline.results if one.analyte in wanted)
    return any(since is None or (one.day and one.day.latest >= since) for one in found)


def awaited(episode: Episode, tests: Collection[Analyte], since: date | None = None) -> bool:
    """One of the tests is being ordered now, or was ordered after that day (at any time) and can still come."""
    waiting = (one for one in episode.tests if _can_come(one, since, episode))
    wanted = frozenset[Analyte]().union(*(COUNTS_FOR.get(test, frozenset({test})) for test in tests))
    return any(wanted & set(one.analytes) for one in (*episode.test_drafts, *waiting))


def _can_come(order: LabOrder, since: date | None, episode: Episode) -> bool:
    if order.status in OVER:
        return False
    day = _latest(order.due, order.authored)
    if day is None:
        return since is None
    return (since is None or day > since) and (episode.as_of - day).days <= episode.protocol.results.awaited.value


def _latest(*dates: When | None) -> date | None:
    return max((one.latest for one in dates if one), default=None)


def still_wanted(episode: Episode, tests: Iterable[Analyte], since: date | None = None) -> tuple[Analyte, ...]:
    """Those tests that were not done since that day (ever) and are not awaited."""
    return tuple(one for one in tests if not measured(episode, one, since) and not awaited(episode, (one,)))


def known_or_awaited(episode: Episode, tests: Collection[Analyte]) -> bool:
    """One of the tests was done within the time that a result counts, or on an unknown day, or is awaited."""
    oldest = episode.as_of - timedelta(days=int(episode.protocol.results.current.value))
    undated = any(one.day is None and one.analyte in tests for one in episode.timeline.results)
    return undated or any(measured(episode, one, oldest) for one in tests) or awaited(episode, tests)


def nitrous_oxide(episode: Episode) -> bool:
    """Nitrous oxide is used, or was given within the time that a result counts."""
    begins = episode.as_of - timedelta(days=int(episode.protocol.results.current.value))
    given = (one for one in episode.timeline.exposures if one.drug is RiskDrug.NITROUS_OXIDE)
    return bool(episode.background.nitrous_oxide) or any(not one.end or one.end.latest >= begins for one in given)


def anaemia_below(episode: Episode) -> Decimal:
    """Haemoglobin in g/L below which this patient is anaemic; the lower limit where the sex is not known."""
    safety = episode.protocol.safety
    if episode.background.pregnant:
        return safety.anaemia_pregnant.value
    by_sex = {"female": safety.anaemia_female.value, "male": safety.anaemia_male.value}
    sex = episode.patient.sex if episode.patient else ""
    return by_sex.get(sex, min(by_sex.values()))


def named(tests: Iterable[Analyte]) -> str:
    """Tests as a card names them."""
    return ", ".join(one.value for one in tests)
