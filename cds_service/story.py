"""A patient's B12 story: what the picture and the table show, as values with units, dates and sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from math import ceil

from msgspec import Struct

from cds_service.b12.concept import When
from cds_service.b12.course import grace_of, loading_gap
from cds_service.b12.courses import StatedCourse
from cds_service.b12.episode import Episode, comparable
from cds_service.b12.history import covered_by, loading_state
from cds_service.b12.labs import CANONICAL, LabResult
from cds_service.b12.phase import broken_open_loading, next_loading
from cds_service.b12.policy import Figure
from cds_service.b12.record import ClinicalRecord
from cds_service.b12.results import anaemia_below
from cds_service.b12.timeline import DoseEvent
from cds_service.b12.words import Analyte, Evidence, Route, Substance

SHOWN = (Analyte.B12, Analyte.ACTIVE_B12, Analyte.MMA, Analyte.HOMOCYSTEINE, Analyte.HAEMOGLOBIN, Analyte.MCV)
LOW_IS_BAD = frozenset({Analyte.B12, Analyte.ACTIVE_B12, Analyte.HAEMOGLOBIN})


class Stretch(StrEnum):
    """What a stretch of time between doses was."""

    LOADING = "loading"
    MAINTENANCE = "maintenance"
    GAP = "gap"


class Threshold(Struct, frozen=True):
    """A limit of the protocol in the lane's unit, what lies beyond it, and where it was read."""

    value: Decimal
    words: str
    source: str


class Point(Struct, frozen=True):
    """
    One result. `value` is in the lane's unit, or None where it came without a number or in an unknown unit.

    `beyond` is what the protocol says of it, or ""; `written` how it came.
    """

    day: When | None
    value: Decimal | None
    comparator: str
    written: str
    beyond: str
    ref: str


class Lane(Struct, frozen=True):
    """One measurement over time, oldest first, with the protocol's thresholds."""

    analyte: Analyte
    unit: str
    points: tuple[Point, ...]
    thresholds: tuple[Threshold, ...]


class Given(Struct, frozen=True):
    """One dose of B12: micrograms from `low` to `high` (None: not said), and what the record rests on."""

    day: When
    substance: Substance
    route: Route | None
    low: Decimal | None
    high: Decimal | None
    evidence: Evidence
    refs: tuple[str, ...]


class Band(Struct, frozen=True):
    """A stretch of time; a gap begins when the next dose was due."""

    kind: Stretch
    start: date
    end: date


class Due(Struct, frozen=True):
    """
    When the next dose is due, how many days ago that was, and where the interval was read.

    `late` is beyond grace; `broken`: it is a dose of a loading that was broken off.
    """

    day: date
    overdue: int
    late: bool
    interval_from: str
    broken: bool = False


class Story(Struct, frozen=True):
    """
    The whole of it. `due` is None where nothing is due or not known; `covered` says why a late dose is no gap.

    `unseen` are types of which nothing was sent, `partial` those of which a part was, in a reader's words.
    """

    as_of: date
    lanes: tuple[Lane, ...]
    doses: tuple[Given, ...]
    courses: tuple[StatedCourse, ...]
    bands: tuple[Band, ...]
    due: Due | None
    covered: str
    unseen: tuple[str, ...]
    partial: tuple[str, ...]
    unread: int

    @property
    def first(self) -> date | None:
        """The first day of anything shown."""
        dated = [point.day.earliest for lane in self.lanes for point in lane.points if point.day]
        begun = [course.start for course in self.courses if course.start]
        return min([*dated, *begun, *(dose.day.earliest for dose in self.doses)], default=None)


def story_of(episode: Episode, record: ClinicalRecord, names: Mapping[str, str]) -> Story:
    """The story of an episode; `names` are a reader's words for FHIR types."""
    return Story(
        as_of=episode.as_of,
        lanes=tuple(_lanes(episode)),
        doses=tuple(_given(dose) for dose in episode.timeline.doses),
        courses=episode.timeline.courses,
        bands=tuple(_bands(episode)),
        due=_due(episode),
        covered=covered_by(episode),
        unseen=tuple(names.get(kind, kind) for kind in sorted(episode.not_sent)),
        partial=tuple(names.get(kind, kind) for kind in sorted(episode.partial - episode.not_sent)),
        unread=len(record.unread),
    )


def _lanes(episode: Episode) -> Iterator[Lane]:
    """Active B12 only where it was measured; the others always, so that what is missing is seen to be missing."""
    for analyte in SHOWN:
        found = [one for one in reversed(episode.timeline.results) if one.analyte is analyte]
        if found or analyte is not Analyte.ACTIVE_B12:
            thresholds = tuple(thresholds_of(analyte, episode))
            points = tuple(_point(one, thresholds) for one in found)
            yield Lane(analyte, CANONICAL[analyte], points, thresholds)


def thresholds_of(analyte: Analyte, episode: Episode) -> Iterator[Threshold]:
    """What the protocol says of this measurement, in its canonical unit, the worst first."""
    protocol, safety = episode.protocol, episode.protocol.safety
    for band in protocol.bands:
        if band.analyte is analyte:
            yield from _threshold(band.deficient_below, analyte, "deficient below")
            if band.indeterminate_to:
                yield from _threshold(band.indeterminate_to, analyte, "unclear up to")
            return
    raised = {
        Analyte.MMA: (safety.mma_high, "raised above"),
        Analyte.HOMOCYSTEINE: (safety.homocysteine_high, "raised above"),
        Analyte.HAEMOGLOBIN: (_anaemia(episode), "anaemia below"),
        Analyte.MCV: (safety.macrocytosis, "large above"),
    }
    if analyte in raised:
        yield from _threshold(raised[analyte][0], analyte, raised[analyte][1])


def _anaemia(episode: Episode) -> Figure:
    safety, limit = episode.protocol.safety, anaemia_below(episode)
    known = (safety.anaemia_pregnant, safety.anaemia_female, safety.anaemia_male)
    if episode.background.pregnant:
        return known[0]
    return next(one for one in known[1:] if one.value == limit)


def _threshold(figure: Figure, analyte: Analyte, words: str) -> Iterator[Threshold]:
    value = comparable(figure, analyte)
    if value is not None:
        yield Threshold(value, words, figure.source)


def _point(result: LabResult, thresholds: tuple[Threshold, ...]) -> Point:
    beyond = _beyond(result, thresholds)
    return Point(result.day, result.value, result.comparator, result.written, beyond, result.ref)


def _beyond(result: LabResult, thresholds: tuple[Threshold, ...]) -> str:
    """What the first threshold says that the result lies beyond; of a bound only what is certain."""
    value, bound = result.value, result.comparator[:1]
    low = result.analyte in LOW_IS_BAD
    if value is None or bound == (">" if low else "<"):
        return ""
    for one in thresholds:
        past = value < one.value if low else value > one.value
        if past or (value == one.value and (bound or one.words == "unclear up to")):
            return one.words.split(" ", 1)[0]
    return ""


def _given(dose: DoseEvent) -> Given:
    low, high = (dose.mass.low, dose.mass.high) if dose.mass else (None, None)
    return Given(dose.day, dose.substance, dose.route, low, high, dose.evidence, dose.refs)


def _bands(episode: Episode) -> Iterator[Band]:
    """What lies between one injection and the next, and between the last and today; alike neighbours are one."""
    doses = [one for one in episode.timeline.doses if one.route is None or one.route.parenteral]
    pieces = [piece for before, after in pairwise(doses) for piece in _between(before, after.day.earliest, episode)]
    if doses:
        pieces += _between(doses[-1], episode.as_of, episode, open_end=True)
    current: Band | None = None
    for piece in pieces:
        if current and current.kind is piece.kind and current.end == piece.start:
            current = Band(piece.kind, current.start, piece.end)
            continue
        if current:
            yield current
        current = piece
    if current:
        yield current


def _between(dose: DoseEvent, until: date, episode: Episode, *, open_end: bool = False) -> list[Band]:
    start, timing = dose.day.latest, episode.protocol.timing
    days = (until - start).days
    if days <= 0:
        return []
    if open_end and (broken := _broken_loading(episode)):
        return [Band(Stretch.LOADING, start, broken), Band(Stretch.GAP, broken, until)]
    if days <= loading_gap(episode.regimen, timing) and not (open_end and episode.course.loading_complete):
        return [Band(Stretch.LOADING, start, until)]
    interval = _interval(episode)
    if interval is None or days <= interval + grace_of(interval, timing):
        return [Band(Stretch.MAINTENANCE, start, until)]
    due = start + timedelta(days=interval)
    return [Band(Stretch.MAINTENANCE, start, due), Band(Stretch.GAP, due, until)]


def _broken_loading(episode: Episode) -> date | None:
    """The day on which the next dose of a loading that was broken off fell due; None where none was."""
    state, last, regimen = loading_state(episode), episode.course.last, episode.regimen
    broken = (state and state.broken) or broken_open_loading(episode)
    if not broken or last is None or regimen is None or regimen.loading_interval is None:
        return None
    return last.day.latest + timedelta(days=ceil(regimen.loading_interval))


def _interval(episode: Episode) -> int | None:
    """Days between maintenance doses: the patient's own plan, else the protocol's longest."""
    kept = episode.regimen.maintenance if episode.regimen else None
    longest = int(kept.interval.high) if kept else None
    due = episode.course.due
    own = due.interval if due and due.interval > loading_gap(episode.regimen, episode.protocol.timing) else None
    return own or longest


def _due(episode: Episode) -> Due | None:
    """Nothing is due where the patient's schedule is none of ours."""
    if episode.out_of_scope or covered_by(episode):
        return None
    if broken := _broken_loading(episode):
        return Due(broken, (episode.as_of - broken).days, late=True, interval_from="protocol", broken=True)
    if loading := next_loading(episode):
        return Due(loading.day, loading.overdue, loading.late, "protocol")
    due = episode.course.due
    return Due(due.day, due.overdue, due.late, due.interval_from) if due else None
