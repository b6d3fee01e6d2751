"""Code sets come from FHIR files, and a broken file is named."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cds_service.b12.concept import Code, Concept
from cds_service.b12.words import AmountKind, Analyte, Form, Property, Substance
from cds_service.errors import KnowledgeFault
from cds_service.fhir.terminology import load_code_sets

SET = {
    "resourceType": "ValueSet",
    "id": "a",
    "url": "https://x.example/a",
    "title": "A",
    "compose": {"include": [{"system": "s", "concept": [{"code": "1"}, {"code": "2", "display": "two"}]}]},
}
PRODUCTS = {
    "resourceType": "CodeSystem",
    "id": "p",
    "supplements": "s",
    "concept": [{"code": "9", "property": [{"code": "substance", "valueString": "cyanocobalamin"}]}],
}


def write(folder: Path, kind: str, name: str, content: Any) -> Path:
    target = folder / kind
    target.mkdir(exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content)
    (target / f"{name}.json").write_text(text, "utf-8")
    return folder


def properties(*found: dict[str, Any]) -> dict[str, Any]:
    return PRODUCTS | {"concept": [{"code": "9", "property": list(found)}]}


def test_a_code_tells_all_its_ideas(tmp_path: Path) -> None:
    write(tmp_path, "valuesets", "a", SET)
    write(tmp_path, "valuesets", "b", SET | {"id": "b"})
    codes = load_code_sets(tmp_path)

    assert codes.ideas_of(Concept((Code("s", "1"),))) == {"a", "b"}
    assert codes.ideas_of(Concept((Code("t", "1"), Code("s", "2")))) == {"a", "b"}
    assert codes.ideas_of(Concept((Code("t", "1"),))) == codes.ideas_of(Concept()) == frozenset()


def test_a_laboratory_set_says_what_its_codes_measure(tmp_path: Path) -> None:
    codes = load_code_sets(write(tmp_path, "valuesets", "lab-b12-molar", SET | {"id": "lab-b12-molar"}))

    assert codes.labs[("s", "1")] == (Analyte.B12, Property.MOLAR)


def test_a_product_code_says_what_is_in_it(tmp_path: Path) -> None:
    everything = properties(
        {"code": "substance", "valueString": "hydroxocobalamin"},
        {"code": "form", "valueString": "injection"},
        {"code": "mcg", "valueDecimal": 5000},
        {"code": "per", "valueString": "volume"},
        {"code": "containerMl", "valueDecimal": 2},
        {"code": "single", "valueBoolean": False},
    )
    write(tmp_path, "codesystems", "p", everything)
    write(tmp_path, "codesystems", "q", PRODUCTS | {"id": "q", "supplements": "t"})
    codes = load_code_sets(tmp_path)
    full, bare = (
        codes.product_of(Concept((Code("u", "9"), Code("s", "9")))),
        codes.product_of(Concept((Code("t", "9"),))),
    )

    assert full
    assert bare
    assert (full.substance, full.form, full.mcg) == (Substance.HYDROXOCOBALAMIN, Form.INJECTION, Decimal(5000))
    assert (full.per, full.container_ml, full.single) == (AmountKind.VOLUME, 2, False)
    assert (bare.form, bare.mcg, bare.per, bare.single) == (None, None, None, True)
    assert codes.product_of(Concept()) is None


FAULTS: dict[str, tuple[str, str, Any, str]] = {
    "no JSON": ("valuesets", "a", "{", r"a\.json: \$:"),
    "not UTF-8 text": ("valuesets", "a", '{"id": "\\ud800"}', r"a\.json: \$:"),
    "no codes": ("valuesets", "a", {name: kept for name, kept in SET.items() if name != "compose"}, "compose"),
    "a code that is a number": (
        "valuesets", "a", SET | {"compose": {"include": [{"system": "s", "concept": [{"code": 1}]}]}}, r"concept\[",
    ),
    "another id": ("valuesets", "a", SET | {"id": "b"}, r"a\.json: id: expected the file's stem a, got b"),
    "another id of a supplement": ("codesystems", "p", PRODUCTS | {"id": "b"}, r"p\.json: id: expected .* p, got b"),
    "a product without substance": ("codesystems", "p", properties(), r"p\.json: 9: .*substance"),
    "an unknown substance": (
        "codesystems", "p", properties({"code": "substance", "valueString": "x"}), r"p\.json: 9: .*'x'",
    ),
    "an unknown form": (
        "codesystems", "p",
        properties({"code": "substance", "valueString": "cobamamide"}, {"code": "form", "valueString": "x"}),
        r"p\.json: 9: .*'x'",
    ),
    "no form": (
        "codesystems", "p",
        properties({"code": "substance", "valueString": "cobamamide"}, {"code": "form"}),
        r"p\.json: 9:",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "name", "content", "message"), FAULTS.values(), ids=FAULTS)
def test_a_broken_file_is_named(tmp_path: Path, kind: str, name: str, content: Any, message: str) -> None:
    with pytest.raises(KnowledgeFault, match=message):
        load_code_sets(write(tmp_path, kind, name, content))
