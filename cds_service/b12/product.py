"""What a medication is, as far as B12 therapy cares: substance, form, strength; or that it is no B12 replacement."""

from __future__ import annotations

from msgspec import Struct

from cds_service.b12 import names
from cds_service.b12.codes import CodeSets, ProductFacts
from cds_service.b12.record import Product, Strength
from cds_service.b12.words import AmountKind, Form, Substance

SUBSTANCE_SETS = {
    "b12-cyanocobalamin": Substance.CYANOCOBALAMIN,
    "b12-hydroxocobalamin": Substance.HYDROXOCOBALAMIN,
    "b12-mecobalamin": Substance.MECOBALAMIN,
    "b12-cobamamide": Substance.COBAMAMIDE,
    "b12-unspecified": Substance.UNSPECIFIED,
}
EXCLUDED = frozenset({"b12-multi-ingredient", "b12-diagnostic"})


class B12Product(Struct, frozen=True, gc=False):
    """A product whose only active ingredient is a cobalamin. `antidote` marks the gram-range cyanide antidote."""

    name: str
    substance: Substance
    form: Form | None
    strength: Strength | None
    antidote: bool = False


def b12_product_of(product: Product, codes: CodeSets) -> B12Product | None:
    """
    The B12 product that a medication is, or None: it is something else, or B12 is one ingredient among others.

    Codings decide where one of them is known; the name decides only where none is.
    """
    concept = product.concept
    ideas = codes.ideas_of(concept)
    facts = codes.product_of(concept)
    substance = _substance(ideas, facts) or _substance_of_ingredients(product, codes)
    name = concept.label
    if substance is None and not codes.knows(concept):
        substance = names.substance_of_name(name)
    if substance is None or not _single(product, ideas, facts, name):
        return None
    antidote = "b12-antidote" in ideas or bool(names.ANTIDOTE.search(name))
    return B12Product(name, substance, _form(product, facts, name), _strength(product, facts, name), antidote)


def _single(product: Product, ideas: frozenset[str], facts: ProductFacts | None, name: str) -> bool:
    if facts is not None:
        return facts.single
    if ideas & EXCLUDED or not names.single_ingredient(name):
        return False
    active = [one for one in product.ingredients if not names.EXCIPIENT.search(one.label)]
    return len(active) <= 1


def _substance(ideas: frozenset[str], facts: ProductFacts | None) -> Substance | None:
    if facts is not None:
        return facts.substance
    named = [substance for idea, substance in SUBSTANCE_SETS.items() if idea in ideas]
    if not named and "b12-antidote" in ideas:
        return Substance.HYDROXOCOBALAMIN
    return named[0] if named else None


def _substance_of_ingredients(product: Product, codes: CodeSets) -> Substance | None:
    active = [one for one in product.ingredients if not names.EXCIPIENT.search(one.label)]
    if len(active) != 1:
        return None
    ingredient = active[0]
    return _substance(codes.ideas_of(ingredient), None) or names.substance_of_name(ingredient.label)


def _form(product: Product, facts: ProductFacts | None, name: str) -> Form | None:
    if facts is not None and facts.form is not None:
        return facts.form
    stated = product.form.label if product.form else ""
    return names.form_of_name(stated) or names.form_of_name(name)


def _strength(product: Product, facts: ProductFacts | None, name: str) -> Strength | None:
    """The ingredient's own strength is surest, then the product code's, then the name's."""
    if product.strength is not None:
        return product.strength
    if facts is not None and facts.mcg is not None:
        return Strength(facts.mcg, facts.per or AmountKind.VOLUME, "product code", facts.container_ml)
    spoken = (name, *(code.display for code in product.concept.codes))
    return next((strength for text in spoken if (strength := names.strength_of_name(text))), None)
