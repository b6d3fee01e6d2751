"""ValueSet and CodeSystem files as code sets."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from cds_service.b12.codes import CodeSets, ProductFacts
from cds_service.b12.ideas import contradiction, implied, of_drug
from cds_service.b12.labs import LAB_SETS
from cds_service.b12.phrases import Phrases, drug_words, normal
from cds_service.b12.words import AmountKind, Form, Substance
from cds_service.errors import KnowledgeFault

TEXT_FALLBACK = "https://cobalamin-cds.org/fhir/StructureDefinition/text-fallback"


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


class Extension(Struct, frozen=True):
    """An extension of a value set; ours carries a phrase."""

    url: str
    valueString: str | None = None


class ValueSet(Struct, frozen=True):
    """A FHIR ValueSet that lists its codes, and the phrases that mean the same where a record has no code."""

    id: str
    url: str
    title: str
    compose: Compose
    extension: tuple[Extension, ...] = ()


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
Entry = TypeVar("Entry", bound=Hashable)


def load_code_sets(folder: Path, site: Path | None = None) -> CodeSets:
    """
    All value sets and product supplements under `folder`; raises KnowledgeFault naming the file.

    `site` is a folder of value sets whose ids are among ours: their codes and phrases are added.
    """
    sets = _value_sets(folder / "valuesets")
    for path, one in sets.items():
        _same_id(path, one.id)
    sets |= _of_site(site, {one.id for one in sets.values()}) if site else {}
    ideas = _meant(sets, _codes)
    labs = {code: LAB_SETS[idea] for code, found in ideas.items() for idea in found if idea in LAB_SETS}
    phrases = Phrases(_meant(sets, _phrases_of_problems), _meant(sets, _phrases_of_drugs))
    return CodeSets(ideas, dict(_products(folder / "codesystems")), labs, phrases)


def _load(path: Path, kind: type[File]) -> File:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
        message, _, key = str(fault).partition(" - at `")
        raise KnowledgeFault(path.name, key.rstrip("`") or "$", message) from None
    except OSError as fault:
        raise KnowledgeFault(path.name, "$", f"expected a file that can be read, got {type(fault).__name__}") from None


def _same_id(path: Path, found: str) -> None:
    if found != path.stem:
        raise KnowledgeFault(path.name, "id", f"expected the file's stem {path.stem}, got {found}")


def _value_sets(folder: Path) -> dict[Path, ValueSet]:
    return {path: _load(path, ValueSet) for path in sorted(folder.glob("*.json"))}


def _of_site(folder: Path, known: set[str]) -> dict[Path, ValueSet]:
    if not folder.is_dir():
        raise KnowledgeFault(folder.name, "$", "expected a folder of ValueSet files (*.json), got none")
    added = _value_sets(folder)
    for path, one in added.items():
        if one.id not in known:
            raise KnowledgeFault(path.name, "id", f"expected the id of one of our value sets, got {one.id}")
    return added


def _meant(
    sets: Mapping[Path, ValueSet], entries: Callable[[Path, ValueSet], Iterable[Entry]]
) -> Mapping[Entry, frozenset[str]]:
    """Every idea of each entry; raises KnowledgeFault where two of them exclude each other."""
    found: dict[Entry, frozenset[str]] = {}
    for path, one in sets.items():
        for entry in entries(path, one):
            ideas = found[entry] = implied({one.id, *found.get(entry, ())})
            if both := contradiction(ideas):
                said = entry if isinstance(entry, str) else entry[-1]  # type: ignore[index] # a system and a code
                raise KnowledgeFault(path.name, said, f"expected what cannot be {both[0]} and {both[1]} at once")
    return found


def _codes(_: Path, one: ValueSet) -> Iterator[tuple[str, str]]:
    return ((include.system, concept.code) for include in one.compose.include for concept in include.concept)


def _phrases_of_problems(path: Path, one: ValueSet) -> Iterator[str]:
    return (normal(said) for said in _phrases(path, one) if not of_drug(one.id))


def _phrases_of_drugs(path: Path, one: ValueSet) -> Iterator[str]:
    return (" ".join(drug_words(said.lower())) for said in _phrases(path, one) if of_drug(one.id))


def _phrases(path: Path, one: ValueSet) -> Iterator[str]:
    for extension in one.extension:
        if extension.url != TEXT_FALLBACK:
            continue
        said = extension.valueString or ""
        if one.id in LAB_SETS:
            raise KnowledgeFault(path.name, "extension", "expected no phrase: results are known by code only")
        if not normal(said):
            raise KnowledgeFault(path.name, "extension", f"expected a phrase of plain words, got {said!r}")
        yield said


def _products(folder: Path) -> Iterable[tuple[tuple[str, str], ProductFacts]]:
    for path in sorted(folder.glob("*.json")):
        supplement = _load(path, CodeSystem)
        _same_id(path, supplement.id)
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
