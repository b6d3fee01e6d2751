"""A dosage text uses a form that is easily misread."""

from __future__ import annotations

from cds_service.b12.abbreviations import safe_texts, written_in
from cds_service.b12.dose import B12Order
from cds_service.b12.episode import Episode
from cds_service.b12.verdict import CorrectText, Fact, Finding, Silent, Verdict
from cds_service.rules import SELECT, SIGN, draft_rule

SAYS = {
    "form": "written safe",
}


@draft_rule(*SELECT, *SIGN, says=SAYS)
def judge(episode: Episode, draft: B12Order) -> Verdict:
    """
    When the dosage text of a B12 order uses a form that stands on the list of error-prone ones,
      such as a zero after the point, a number that begins with the point, or a short form of a unit, route or time
    Then say its safe spelling and offer the text with it.
    """
    texts = safe_texts(draft, tuple(episode.protocol.abbreviations.values()))
    if not texts:
        return Silent("no dosage text uses an error-prone form")
    written, safe = written_in(texts)
    facts: dict[str, Fact] = {"written": written, "safe": safe}
    fix = CorrectText(draft.ref, tuple((one.step, one.text) for one in texts))
    return Finding("form", facts, (draft.ref,), (fix,), about=draft.ref)
