"""The structured order and its text say different things."""

from __future__ import annotations

from cds_service.b12.conflict import conflicts_of, facts_of
from cds_service.b12.dose import B12Order
from cds_service.b12.episode import Episode
from cds_service.b12.intravenous import reads_as_antidote
from cds_service.b12.verdict import Finding, Silent, Undecided, Verdict
from cds_service.rules import SELECT, SIGN, draft_rule

SAYS = {
    "dose": "structured text route_structured? route_text? frequency_structured? frequency_text?",
    "route": "structured text frequency_structured? frequency_text?",
    "frequency": "structured text",
}


@draft_rule(*SELECT, *SIGN, says=SAYS)
def judge(episode: Episode, draft: B12Order) -> Verdict:
    """
    When the structured dose, route or frequency of an order and its dosage text both can be read
     and they still differ after units are converted
    Then quote both readings, without guessing which is meant.
    """
    steps = (conflicts_of(step, episode.protocol.timing) for step in draft.steps)
    if found := next((conflicts for conflicts in steps if conflicts), ()):
        return Finding(found[0].kind, facts_of(found), (draft.ref,), about=draft.ref)
    if draft.text_refused:
        if because := reads_as_antidote(episode, draft):
            return Silent(because)
        return Undecided("a dosage text that can be read without doubt")
    return Silent("structure and text agree, or only one of them speaks")
