"""What may be ordered in place of a draft that must not be given as it stands."""

from __future__ import annotations

from cds_service.b12.dose import B12Order
from cds_service.b12.episode import Episode
from cds_service.b12.protocol import Regimen
from cds_service.b12.verdict import ReplaceWithRegimen
from cds_service.b12.words import Substance


def instead_of(draft: B12Order, regimen: Regimen, episode: Episode) -> ReplaceWithRegimen:
    """The regimen in place of the draft: only its maintenance where loading is complete."""
    return ReplaceWithRegimen(draft.ref, regimen, episode.course.loading_complete and regimen.maintenance is not None)


def regimen_with(substance: Substance, episode: Episode) -> Regimen | None:
    """The patient's regimen, if it is with this cobalamin; None: the protocol gives this patient none."""
    regimen = episode.regimen
    return regimen if regimen and regimen.substance is substance else None
