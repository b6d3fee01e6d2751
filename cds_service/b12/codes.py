"""What a code means here: the ideas it belongs to and, for a product, what is in it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct

from cds_service.b12.concept import Concept
from cds_service.b12.phrases import NO_IDEAS, Phrases
from cds_service.b12.words import AmountKind, Analyte, Form, Property, Substance


class ProductFacts(Struct, frozen=True):
    """
    What a product code says: substance, form, and micrograms per mL or per piece (None: not known).

    `single` is False for a product with other active ingredients, which is no B12 replacement.
    """

    substance: Substance
    form: Form | None = None
    mcg: Decimal | None = None
    per: AmountKind | None = None
    container_ml: Decimal | None = None
    single: bool = True


class CodeSets(Struct, frozen=True):
    """
    The value sets turned inside out, so that one look-up tells all the ideas of a code.

    An idea is the file stem of a ValueSet in fhir_profiles/valuesets, for example `pregnancy`. `labs` tells of a
    laboratory code what it measures and as which kind of quantity, `phrases` of words without a code what they mean.
    """

    ideas: Mapping[tuple[str, str], frozenset[str]]
    products: Mapping[tuple[str, str], ProductFacts]
    labs: Mapping[tuple[str, str], tuple[Analyte, Property]]
    phrases: Phrases = Phrases()

    def ideas_of(self, concept: Concept) -> frozenset[str]:
        """Every idea that any coding of the concept belongs to; of a concept without a code, what its words mean."""
        codes = concept.codes
        if len(codes) == 1:
            return self.ideas.get((codes[0].system, codes[0].code), NO_IDEAS)
        if not codes:
            return self.phrases.ideas_in(concept.text)
        return NO_IDEAS.union(*(self.ideas.get((code.system, code.code), NO_IDEAS) for code in codes))

    def product_of(self, concept: Concept) -> ProductFacts | None:
        """The first coding of the concept that is a known product."""
        known = (self.products.get((code.system, code.code)) for code in concept.codes)
        return next((facts for facts in known if facts is not None), None)

    def by_text(self, concept: Concept) -> bool:
        """The concept has no code, and its words alone tell what it means."""
        return not concept.codes and bool(self.ideas_of(concept))

    def knows(self, concept: Concept) -> bool:
        """A code of the concept is one of ours."""
        codes = ((code.system, code.code) for code in concept.codes)
        return any(code in self.ideas or code in self.products for code in codes)
