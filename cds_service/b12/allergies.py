"""Which recorded allergies speak against B12: to a cobalamin, to cobalt, to a mixture with B12, to benzyl alcohol."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

from cds_service.b12 import names
from cds_service.b12.chart import Allergy
from cds_service.b12.codes import CodeSets
from cds_service.b12.concept import Concept
from cds_service.b12.product import EXCLUDED, SUBSTANCE_SETS
from cds_service.b12.words import Substance

NEVER_COUNTS = frozenset({"refuted", "entered-in-error"})
OVER = frozenset({"inactive", "resolved"})
COBALT = re.compile(r"\bcobalt(?:ous|ic)?\b(?![\s-]*57)(?<!57-cobalt)", re.IGNORECASE)
BENZYL_ALCOHOL = re.compile(r"benzyl\s*alcohol", re.IGNORECASE)


class Culprit(StrEnum):
    """What a sensitivity is to, beside single cobalamins."""

    COBALT = "cobalt"
    MIXTURE = "a product that holds B12 among others"
    BENZYL_ALCOHOL = "benzyl alcohol"


class Weight(StrEnum):
    """How much a sensitivity weighs, heaviest first."""

    ALLERGY = "allergy"
    INTOLERANCE = "intolerance"
    MILD = "mild intolerance"

    @property
    def rank(self) -> int:
        """0 is the heaviest."""
        return (Weight.ALLERGY, Weight.INTOLERANCE, Weight.MILD).index(self)


class Sensitivity(Struct, frozen=True):
    """An allergy or intolerance that counts and bears on B12. `to` is never empty; `name` as the chart has it."""

    ref: str
    name: str
    to: frozenset[Substance | Culprit]
    weight: Weight

    def against(self, substance: Substance) -> bool:
        """It is to this cobalamin, to B12 of any kind or to cobalt; a cobalamin of no named kind may be any."""
        cobalamins = {one for one in self.to if isinstance(one, Substance)}
        broad = Culprit.COBALT in self.to or Substance.UNSPECIFIED in cobalamins
        return broad or substance in cobalamins or (bool(cobalamins) and substance is Substance.UNSPECIFIED)

    @property
    def of_another_cobalamin(self) -> bool:
        """It is to some cobalamin."""
        return any(isinstance(one, Substance) for one in self.to)


def sensitivities_of(allergies: Iterable[Allergy], codes: CodeSets) -> tuple[Sensitivity, ...]:
    """Those that bear on B12, heaviest first; what is refuted, mistaken, resolved or inactive does not count."""
    live = (one for one in allergies if one.verification not in NEVER_COUNTS and one.clinical_status not in OVER)
    found = ((one, frozenset(to for concept in one.substances for to in _culprits(concept, codes))) for one in live)
    counted = (Sensitivity(one.ref, _name(one), to, _weight(one)) for one, to in found if to)
    return tuple(sorted(counted, key=lambda one: (one.weight.rank, one.ref)))


def is_culprit(concept: Concept, codes: CodeSets) -> bool:
    """An allergy to this bears on B12."""
    return any(True for _ in _culprits(concept, codes))


def _name(allergy: Allergy) -> str:
    return next((one.label for one in allergy.substances if one.label), "")


def _weight(allergy: Allergy) -> Weight:
    if allergy.kind != "intolerance" or allergy.criticality == "high" or allergy.severity == "severe":
        return Weight.ALLERGY
    return Weight.MILD if allergy.severity == "mild" else Weight.INTOLERANCE


def _culprits(concept: Concept, codes: CodeSets) -> Iterable[Substance | Culprit]:
    name, ideas = concept.label[: names.LONGEST_NAME], codes.ideas_of(concept)
    product = codes.product_of(concept)
    if ideas & EXCLUDED or (product and not product.single):
        yield Culprit.MIXTURE
    elif names.mentions_b12(name):
        yield _named(name)
    elif coded := [one for idea, one in SUBSTANCE_SETS.items() if idea in ideas]:
        yield coded[0]
    elif product:
        yield product.substance
    elif "allergen-cobalamin" in ideas:
        yield Substance.UNSPECIFIED
    if "allergen-cobalt" in ideas or COBALT.search(name):
        yield Culprit.COBALT
    if "allergen-benzyl-alcohol" in ideas or BENZYL_ALCOHOL.search(name):
        yield Culprit.BENZYL_ALCOHOL


def _named(name: str) -> Substance | Culprit:
    """The name goes before the code, because RxNorm's code of cyanocobalamin is named vitamin B12 and used for any."""
    single = names.single_ingredient(BENZYL_ALCOHOL.sub(" ", name))
    return names.substance_of_name(name) or Substance.UNSPECIFIED if single else Culprit.MIXTURE
