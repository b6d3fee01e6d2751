"""Which records are known by their words alone, because no code of ours tells what they are."""

from __future__ import annotations

from collections.abc import Iterator

from cds_service.b12.codes import CodeSets
from cds_service.b12.record import ClinicalRecord


def refs_in_words(record: ClinicalRecord, codes: CodeSets) -> frozenset[str]:
    """References of problems, operations and allergies that were read from words."""
    return frozenset((*_problems(record, codes), *_allergies(record, codes)))


def _problems(record: ClinicalRecord, codes: CodeSets) -> Iterator[str]:
    conditions = (*record.conditions, *record.relatives)
    yield from (one.ref for one in conditions if codes.by_text(one.concept))
    yield from (one.ref for one in record.procedures if codes.by_text(one.concept))


def _allergies(record: ClinicalRecord, codes: CodeSets) -> Iterator[str]:
    return (one.ref for one in record.allergies if not any(codes.knows(concept) for concept in one.substances))
