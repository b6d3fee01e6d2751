"""ValueSet and CodeSystem files as code sets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from cds_service.b12.codes import CodeSets, ProductFacts
from cds_service.b12.labs import LAB_SETS
from cds_service.b12.words import AmountKind, Form, Substance
from cds_service.errors import KnowledgeFault


class SetConcept(Struct, frozen=True):
    """One code of a value set."""

    code: str
    display: str = ""


class Include(Struct, frozen=True):
    """The codes of one system."""

    system: str
    concept: tuple[SetConcept, ...]


class Compose(Struct, frozen=True):
    """What a value set is made of."""

    include: tuple[Include, ...]


class ValueSet(Struct, frozen=True):
    """A FHIR ValueSet that lists its codes."""

    id: str
    url: str
    title: str
    compose: Compose


class SupplementProperty(Struct, frozen=True):
    """One property of a product code."""

    code: str
    valueString: str | None = None
    valueDecimal: Decimal | None = None
    valueBoolean: bool | None = None


class SupplementConcept(Struct, frozen=True):
    """A product code with what it says."""

    code: str
    property: tuple[SupplementProperty, ...]


class CodeSystem(Struct, frozen=True):
    """A FHIR CodeSystem supplement."""

    id: str
    supplements: str
    concept: tuple[SupplementConcept, ...]


File = TypeVar("File", ValueSet, CodeSystem)


def load_code_sets(folder: Path) -> CodeSets:
    """All value sets and product supplements under `folder`; raises KnowledgeFault naming the file."""
    sets = [_load(path, ValueSet) for path in sorted((folder / "valuesets").glob("*.json"))]
    supplements = [_load(path, CodeSystem) for path in sorted((folder / "codesystems").glob("*.json"))]
    ideas = _ideas(sets)
    labs = {code: LAB_SETS[idea] for code, found in ideas.items() for idea in found if idea in LAB_SETS}
    return CodeSets(ideas, dict(_products(supplements)), labs)


def _load(path: Path, kind: type[File]) -> File:
    try:
        loaded = msgspec.json.decode(path.read_bytes(), type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
        message, _, key = str(fault).partition(" - at `")
        raise KnowledgeFault(path.name, key.rstrip("`") or "$", message) from None
    if loaded.id != path.stem:
        raise KnowledgeFault(path.name, "id", f"expected the file's stem {path.stem}, got {loaded.id}")
    return loaded


def _ideas(sets: Iterable[ValueSet]) -> Mapping[tuple[str, str], frozenset[str]]:
    ideas: dict[tuple[str, str], set[str]] = {}
    for one in sets:
        for include in one.compose.include:
            for concept in include.concept:
                ideas.setdefault((include.system, concept.code), set()).add(one.id)
    return {code: frozenset(found) for code, found in ideas.items()}


def _products(supplements: Iterable[CodeSystem]) -> Iterable[tuple[tuple[str, str], ProductFacts]]:
    for supplement in supplements:
        for concept in supplement.concept:
            yield (supplement.supplements, concept.code), _facts(supplement.id, concept)


def _facts(file: str, concept: SupplementConcept) -> ProductFacts:
    said = {one.code: one for one in concept.property}
    try:
        return ProductFacts(
            substance=Substance(said["substance"].valueString or ""),
            form=Form(said["form"].valueString or "") if "form" in said else None,
            mcg=said["mcg"].valueDecimal if "mcg" in said else None,
            per=AmountKind(said["per"].valueString or "") if "per" in said else None,
            container_ml=said["containerMl"].valueDecimal if "containerMl" in said else None,
            single="single" not in said or said["single"].valueBoolean is not False,
        )
    except (KeyError, ValueError) as fault:
        raise KnowledgeFault(f"{file}.json", concept.code, f"expected known properties, got {fault}") from None
