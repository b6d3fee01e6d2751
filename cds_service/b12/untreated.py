"""Whether a deficiency is on record to which nobody has answered with B12. Several cards keep to one answer."""

from __future__ import annotations

from msgspec import Struct

from cds_service.b12.continuity import stopped_without_need
from cds_service.b12.episode import Episode, Stage
from cds_service.b12.history import covered_by, earlier_therapy, no_longer_treated
from cds_service.b12.response import treated_since
from cds_service.b12.results import LEVELS, SECOND_LINE, awaited, not_judged
from cds_service.b12.shortage import Shortage, last_shortage, shortage_of
from cds_service.b12.words import Phase


class Untreated(Struct, frozen=True):
    """
    A deficiency without B12 since: by a result, else (None) by the problem list alone.

    `old`: the result is older than one that tells of today, and nothing vouches for it.
    """

    shortage: Shortage | None = None
    old: bool = False


class NoneFound(Struct, frozen=True):
    """No untreated deficiency: why there is none to speak of, or else what is missing to tell."""

    because: str = ""
    missing: str = ""


def untreated_of(episode: Episode) -> Untreated | NoneFound:
    """
    The deficiency that nobody has treated, or why none is found.

    Neurological signs and a deficiency of a lasting cause vouch for an old result: no time makes it good.
    """
    if because := episode.out_of_scope or no_longer_treated(episode):
        return NoneFound(because)
    current = shortage_of(episode)
    shortage = current or last_shortage(episode)
    if shortage is None or (shortage.kind == "marker" and isinstance(_documented(episode), Untreated)):
        return _documented(episode)
    return _shown(episode, shortage, old=current is None and not is_vouched_for(episode))


def is_vouched_for(episode: Episode) -> bool:
    """Neurological signs are documented, or a deficiency whose cause lasts."""
    background = episode.background
    return bool(background.neuro or (background.deficiency and episode.lifelong))


def told_as_untreated(episode: Episode) -> bool:
    """The card on an untreated deficiency speaks: it does where a chart is opened."""
    return episode.stage is Stage.VIEW and isinstance(untreated_of(episode), Untreated)


def told_as_lapsed(episode: Episode) -> bool:
    """The card on overdue maintenance speaks of a therapy that has lapsed: it does where a chart is opened."""
    course, due = episode.course, episode.course.due
    if episode.stage is not Stage.VIEW or course.phase is not Phase.MAINTENANCE or due is None or not due.lapsed:
        return False
    return not (due.maybe_late or episode.out_of_scope or covered_by(episode) or stopped_without_need(episode))


def _shown(episode: Episode, shortage: Shortage, *, old: bool) -> Untreated | NoneFound:
    day = shortage.result.day
    if because := treated_since(episode, day) if day else "":
        return NoneFound(because)
    if episode.doses_unseen:
        return NoneFound(missing="a record of doses given")
    waits = day and not episode.background.neuro and awaited(episode, (*LEVELS, *SECOND_LINE), day.latest)
    return NoneFound("a repeated or a second test is awaited") if waits else Untreated(shortage, old)


def _documented(episode: Episode) -> Untreated | NoneFound:
    if not episode.background.deficiency or not is_vouched_for(episode):
        return _nothing_shown(episode)
    if because := earlier_therapy(episode):
        return NoneFound(because)
    return NoneFound(missing="a record of doses given") if episode.doses_unseen else Untreated()


def _nothing_shown(episode: Episode) -> NoneFound:
    if "Observation" in episode.unseen:
        return NoneFound(missing="laboratory results")
    if "Condition" in episode.unseen:
        return NoneFound(missing="the problem list")
    missing = not_judged(episode)
    return NoneFound(missing=missing) if missing else NoneFound("no untreated deficiency is on record")
