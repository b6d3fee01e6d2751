"""What a medication is, as far as B12 therapy cares: substance, form, strength; or that it is no B12 replacement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import combinations

from msgspec import Struct
from msgspec.structs import replace

from cds_service.b12 import names
from cds_service.b12.codes import CodeSets, ProductFacts
from cds_service.b12.concept import Concept
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
NEARLY_ALIKE = Decimal("1.1")  # a salt beside its base, a rounded number


class B12Product(Struct, frozen=True, gc=False):
    """
    A product whose only active ingredient is a cobalamin. `antidote` marks the gram-range cyanide antidote.

    `strength` is None where none is stated, and where those stated contradict each other: `contradictory` holds them.
    """

    name: str
    substance: Substance
    form: Form | None
    strength: Strength | None
    antidote: bool = False
    contradictory: tuple[Strength, ...] = ()


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
    stated = tuple(_strengths(product, codes))
    return B12Product(
        name, substance, _form(product, facts, name), _strength(stated, product), antidote, _contradictory(stated)
    )


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


def _strength(stated: Sequence[Sequence[Strength]], product: Product) -> Strength | None:
    """The surest of those stated; none where they contradict each other. A name may tell how much a container holds."""
    if not stated or _contradictory(stated):
        return None
    surest = stated[0][0]
    if surest.per is not AmountKind.VOLUME or surest.container_ml is not None:
        return surest
    return replace(surest, container_ml=next(filter(None, map(names.one_dose_ml, _words(product.concept))), None))


def _strengths(product: Product, codes: CodeSets) -> Iterator[tuple[Strength, ...]]:
    """What each source states: the ingredient itself is surest, then product codes, then names."""
    if product.strength is not None:
        yield (product.strength,)
    for code in product.concept.codes:
        facts = codes.products.get((code.system, code.code))
        if facts is not None and facts.mcg is not None:
            yield (Strength(facts.mcg, facts.per or AmountKind.VOLUME, "product code", facts.container_ml),)
    yield from filter(None, map(names.strengths_of_name, _words(product.concept)))


def _words(concept: Concept) -> Iterator[str]:
    yield concept.label
    yield from (code.display for code in concept.codes)


def _contradictory(stated: Sequence[Sequence[Strength]]) -> tuple[Strength, ...]:
    """One of each of two sources that cannot both be true; a mass per mL and one per spray can."""
    pairs = ((one, other) for one, other in combinations(stated, 2) if _differ(one, other))
    return next(((one[0], other[0]) for one, other in pairs), ())


def _differ(stated: Sequence[Strength], others: Sequence[Strength]) -> bool:
    """Both say how much is in the same measure, and nothing of the one is as much as anything of the other."""
    pairs = [sorted((one.mcg, other.mcg)) for one in stated for other in others if one.per is other.per]
    return bool(pairs) and all(more > less * NEARLY_ALIKE for less, more in pairs)
