"""Why the patient needs vitamin B12, and the findings that change how it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from msgspec import Struct

from cds_service.b12.codes import CodeSets
from cds_service.b12.concept import When
from cds_service.b12.hereditary import COBALAMIN_ERROR, LEBER, certain
from cds_service.b12.record import ClinicalRecord, Condition
from cds_service.b12.words import Indication, SpecialTherapy

NEVER_COUNTS = frozenset({"refuted", "entered-in-error"})
OVER = frozenset({"inactive", "resolved", "remission"})
CAUSES: tuple[tuple[Indication, tuple[str, ...]], ...] = (
    (Indication.PERMANENT_MALABSORPTION, ("permanent-malabsorption", "total-gastrectomy")),
    (Indication.REVERSIBLE_MALABSORPTION, ("reversible-malabsorption", "bariatric-surgery")),
    (Indication.DRUG_INDUCED, ("drug-induced-deficiency",)),
    (Indication.DIETARY, ("dietary-deficiency",)),
)
DEFICIENCY = frozenset({"b12-deficiency", "drug-induced-deficiency", "dietary-deficiency"})
SPECIAL = {
    "inborn-error-cobalamin": SpecialTherapy.INBORN_ERROR,
    "leber": SpecialTherapy.LEBER,
    "cyanide-exposure": SpecialTherapy.ANTIDOTE,
    "dialysis": SpecialTherapy.DIALYSIS,
}


class Background(Struct, frozen=True):
    """
    What the problem list and procedures say. Each tuple holds the references it rests on.

    `neuro` is active neurological involvement plausibly due to B12; `neuro_weak` has another usual
    cause (diabetic neuropathy), `neuro_past` is over. `corrected` is `cause` where all of it is documented as over.
    `deficiency` is a documented B12 deficiency. `total_gastrectomy` and
    `cause` may come from a procedure. `leber_certain` and `cobalamin_error` are those of `leber` and `inborn_error`
    whose code or words mean no other disease. `leber_kin` and `pernicious_kin` are of relatives. `gastric_surgery` is
    any operation that takes or bypasses the stomach, `ileal` any that takes the last part of the ileum. `since` tells
    when a problem began or an operation was done, by reference, where that is on record.
    """

    indication: Indication = Indication.UNKNOWN
    cause: tuple[str, ...] = ()
    corrected: tuple[str, ...] = ()
    deficiency: tuple[str, ...] = ()
    neuro: tuple[str, ...] = ()
    neuro_weak: tuple[str, ...] = ()
    neuro_past: tuple[str, ...] = ()
    total_gastrectomy: tuple[str, ...] = ()
    pregnant: tuple[str, ...] = ()
    renal: tuple[str, ...] = ()
    started_before: tuple[str, ...] = ()
    stopped_on_purpose: tuple[str, ...] = ()
    palliative: tuple[str, ...] = ()
    breastfeeding: tuple[str, ...] = ()
    anaemia: tuple[str, ...] = ()
    macrocytosis: tuple[str, ...] = ()
    hypokalaemia: tuple[str, ...] = ()
    polycythaemia: tuple[str, ...] = ()
    nitrous_oxide: tuple[str, ...] = ()
    nitrous_oxide_ever: tuple[str, ...] = ()
    nitrous_oxide_named: tuple[str, ...] = ()
    leber: tuple[str, ...] = ()
    leber_certain: tuple[str, ...] = ()
    leber_kin: tuple[str, ...] = ()
    pernicious_kin: tuple[str, ...] = ()
    inborn_error: tuple[str, ...] = ()
    cobalamin_error: tuple[str, ...] = ()
    gastric_surgery: tuple[str, ...] = ()
    ileal: tuple[str, ...] = ()
    crohn: tuple[str, ...] = ()
    coeliac: tuple[str, ...] = ()
    vegan: tuple[str, ...] = ()
    since: Mapping[str, When] = {}
    special: frozenset[SpecialTherapy] = frozenset()


Having = Callable[..., tuple[str, ...]]


def background_of(record: ClinicalRecord, codes: CodeSets, as_of: datetime) -> Background:
    """The background of a record. A cause that lasts is taken before one that passes."""
    having = _having(_ideas(record, codes, as_of))
    indication = next((cause for cause, sets in CAUSES if having(*sets)), Indication.UNKNOWN)
    sets = next((sets for cause, sets in CAUSES if cause is indication), ())
    weak = _diabetic(record.conditions)
    neuro, inborn = having("neurological-signs", active=True), having("inborn-error-cobalamin")
    return Background(
        indication=indication,
        cause=having(*sets),
        corrected=() if having(*sets, active=True) else having(*sets),
        deficiency=having(*DEFICIENCY, active=True) or having("pernicious-anaemia"),
        neuro=tuple(ref for ref in neuro if ref not in weak),
        neuro_weak=tuple(ref for ref in neuro if ref in weak) + having("diabetic-neuropathy", active=True),
        neuro_past=tuple(ref for ref in having("neurological-signs") if ref not in neuro),
        total_gastrectomy=having("total-gastrectomy"),
        pregnant=having("pregnancy", active=True),
        renal=having("renal-impairment", active=True),
        started_before=having("history-b12-injections-started", "history-b12-injections-stopped"),
        stopped_on_purpose=having("history-b12-injections-stopped"),
        palliative=having("palliative-care", active=True),
        breastfeeding=having("breastfeeding", active=True),
        anaemia=having("anaemia", active=True),
        macrocytosis=having("macrocytosis", active=True),
        hypokalaemia=having("hypokalaemia", active=True),
        polycythaemia=having("polycythaemia-vera"),
        nitrous_oxide=having("nitrous-oxide-use", active=True),
        nitrous_oxide_ever=having("nitrous-oxide-use"),
        nitrous_oxide_named=having("nitrous-oxide-harm", active=True),
        leber=having("leber"),
        leber_certain=certain(having("leber"), having("leber-proper"), record.conditions, LEBER),
        leber_kin=_of_relatives(record, codes, "leber"),
        pernicious_kin=_of_relatives(record, codes, "pernicious-anaemia"),
        inborn_error=inborn,
        cobalamin_error=certain(inborn, having("cobalamin-metabolism-error"), record.conditions, COBALAMIN_ERROR),
        gastric_surgery=having("gastric-surgery", "bariatric-surgery", "total-gastrectomy"),
        ileal=having("ileal-resection"),
        crohn=having("crohns-disease"),
        coeliac=having("coeliac-disease"),
        vegan=having("vegan-diet", active=True),
        since=_since(record),
        special=frozenset(therapy for idea, therapy in SPECIAL.items() if having(idea)),
    )


def _having(ideas: list[tuple[str, frozenset[str], bool]]) -> Having:
    """Give what finds the references under any of the sets that it is asked for; `active` leaves out what is over."""
    documented = frozenset[str]().union(*(found for _, found, _ in ideas))

    def having(*sets: str, active: bool = False) -> tuple[str, ...]:
        if documented.isdisjoint(sets):
            return ()
        wanted = frozenset(sets)
        return tuple(sorted({ref for ref, found, over in ideas if found & wanted and not (active and over)}))

    return having


def _ideas(record: ClinicalRecord, codes: CodeSets, as_of: datetime) -> list[tuple[str, frozenset[str], bool]]:
    """(reference, ideas, whether it is over) of everything documented that can count."""
    today = as_of.date()
    conditions = [
        (
            one.ref,
            codes.ideas_of(one.concept),
            one.clinical_status in OVER or bool(one.abated and one.abated.earliest <= today),
        )
        for one in record.conditions
        if one.verification not in NEVER_COUNTS and not (one.onset and one.onset.earliest > today)
    ]
    procedures = [
        (one.ref, codes.ideas_of(one.concept), False)
        for one in record.procedures
        if one.status in {"completed", "unknown", ""} and not (one.when and one.when.earliest > today)
    ]
    return conditions + procedures


def _of_relatives(record: ClinicalRecord, codes: CodeSets, idea: str) -> tuple[str, ...]:
    return tuple(sorted({one.ref for one in record.relatives if idea in codes.ideas_of(one.concept)}))


def _since(record: ClinicalRecord) -> Mapping[str, When]:
    began = {one.ref: one.onset for one in record.conditions if one.onset}
    return began | {one.ref: one.when for one in record.procedures if one.when}


def _diabetic(conditions: tuple[Condition, ...]) -> frozenset[str]:
    """Neuropathy that its own name lays to diabetes: weak evidence of B12 involvement."""
    return frozenset(one.ref for one in conditions if "diabet" in one.concept.label.lower())
