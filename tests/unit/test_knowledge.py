"""Broken knowledge stops the start, and the fault says where it is and what was expected."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from cds_service.errors import KnowledgeFault
from cds_service.knowledge import Knowledge, Roots, load_knowledge, roots

UK = "protocols/uk-nice-bnf.toml"
CARD = "cards/dose_unreadable.toml"
SWAP = "cards/dose_unit_mismatch.toml"
WORDS = "cards/words.toml"
PHRASES = "cards/phrases.toml"
PRODUCTS = "fhir_profiles/codesystems/b12-products-rxnorm.json"
SET = "fhir_profiles/valuesets/pregnancy.json"


@pytest.fixture
def copied(tmp_path: Path) -> Roots:
    """The real knowledge in a place where it may be broken."""
    real = roots()
    shutil.copytree(real.cards, tmp_path / "cards")
    shutil.copytree(real.protocols, tmp_path / "protocols")
    for name in ("valuesets", "codesystems"):
        shutil.copytree(real.fhir_profiles / name, tmp_path / "fhir_profiles" / name)
    return Roots(tmp_path / "cards", tmp_path / "fhir_profiles", tmp_path / "protocols")


def edit(where: Roots, file: str, old: str, new: str) -> None:
    path = where.cards.parent / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


# (what is wrong): file, what is replaced, by what, and the fault's key and words
FAULTS: dict[str, tuple[str, str, str, str, str]] = {
    "an unknown key of a protocol": (UK, 'country = "GB"', 'country = "GB"\nflag = 1', "$", "flag"),
    "a missing key of a protocol": (UK, 'country = "GB"\n', "", "$", "country"),
    "a source misspelt": (UK, 'source = "NICE NG239 as', 'sauce = "NICE NG239 as', "oral.minimum", "sauce"),
    "a missing source": (UK, ', source = "BNF, hydroxocobalamin." }', " }", "maintenance.dose", "source"),
    "an empty source": (UK, '"BNF, hydroxocobalamin."', '" "', "maintenance.dose.source", "expected a source"),
    "a wrong unit of a dose": (
        UK, 'value = 1000, unit = "ug"', 'value = 1000, unit = "mg"', "oral.minimum.unit", "expected ug or ug/d, got",
    ),
    "a wrong unit of an interval": (
        UK, 'high = 92, unit = "d"', 'high = 92, unit = "mo"', "maintenance.interval.unit", "expected d, got mo",
    ),
    "a text for a number": (UK, "value = 1000,", 'value = "many",', "oral.minimum.value", ""),
    "no date": (UK, "since = 2024-06-13", 'since = "soon"', "oral.minimum.since", ""),
    "an unknown word": (UK, 'whom = "dietary"', 'whom = "anybody"', "whom", "anybody"),
    "another id": (UK, 'id = "uk-nice-bnf"', 'id = "uk"', "id", "expected the file's stem uk-nice-bnf, got uk"),
    "broken TOML of a protocol": (UK, "gaps = [", "gaps = ", "$", "at line"),
    "broken TOML of a card": (CARD, "rank = 4", "rank = = 4", "$", "at line 2"),
    "an unknown key of a card": (CARD, "rank = 4", "rank = 4\nrunk = 4", "$", "runk"),
    "a title in an unknown language": (CARD, "titles = { es", "titles = { fr = 'Oui', es", "titles", "got fr"),
    "an unknown indicator": (CARD, '"warning"', '"alarm"', "indicator", "alarm"),
    "an unknown override reason": (CARD, '["intended"]', '["because"]', "override_reasons", "got because"),
    "a broken template": (CARD, "{% if regimen is defined %}", "{% if regimen is %}", "en.no_dose", "a template"),
    "an unknown filter": (SWAP, "usual_high | mcg }}. Unit", "usual_high | mgc }}. Unit", "en.too_high", "mgc"),
    "an unknown filter where it is seldom reached": (
        CARD, "{{ regimen | regimen }}", "{{ regimen | regiment }}", "en.no_dose", "known filters, got regiment",
    ),
    "a variable without a fact": (
        SWAP, "{{ written }} ({{", "{{ writen }} ({{", "en.too_high", "known facts, got writen",
    ),
    "words for what the rule never says": (CARD, "[en.vial]", "[en.phial]", "en.phial", "words for it only"),
    "a range the wrong way round": (UK, "low = 56, high = 92", "low = 93, high = 92", "interval.low", "at most 92"),
    "a band in an unknown unit": (
        UK, 'deficient_below = { value = 180, unit = "ng/L"', 'deficient_below = { value = 180, unit = "ng"',
        "bands[0].unit", "got ng",
    ),
    "bands that cross": (
        UK, 'indeterminate_to = { value = 350, unit = "ng/L"', 'indeterminate_to = { value = 35, unit = "ng/L"',
        "indeterminate_to", "at least 180",
    ),
    "an override reason without words": (
        WORDS, 'intended = { en = "Dose and unit are as intended", ', "intended = { ", "intended", "words in en",
    ),
    "an unknown language of an override reason": (
        WORDS, "intended = { en", "intended = { fr = 'Oui', en", "intended", "expected one of en, es, de, got fr",
    ),
    "a variable without a fact in another language": (
        SWAP, "dice {{ written | measured }} ({{", "dice {{ escrito }} ({{", "es.too_high", "known facts, got escrito",
    ),
    "words in another language for what the rule never says": (
        CARD, "[es.vial]", "[es.ampolla]", "es.ampolla", "words for it only",
    ),
    "no words for a button in another language": (
        SWAP, 'suggestion = "Cambiar la dosis a {{ meant_mcg | mcg }}"\n', "", "es.too_high", "a suggestion, as in",
    ),
    "a phrase in an unknown language": (PHRASES, '"metformin" = { es', '"metformin" = { fr', "metformin", "got fr"),
    "a language without all shared lines": (WORDS, 'also = "Además', 'olso = "Además', "es", "olso"),
    "a broken shared line": (WORDS, "{{ unseen }}", "{{ unseen", "partial", "a template"),
    "a broken template of the service itself": (WORDS, "{{ failed }} of", "{{ failed of", "check_failed", "template"),
    "a missing shared line": (WORDS, "also = ", "olso = ", "en", "olso"),
    "a value set of another id": (SET, '"id": "pregnancy"', '"id": "other"', "id", "got other"),
    "broken JSON": (SET, "{", "", "$", ""),
    "a code that is a number": (SET, '"code": "', '"code": 5, "c": "', "code", ""),
    "a product of an unknown substance": (PRODUCTS, '"cyanocobalamin"', '"cobalt"', "", "cobalt"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_what_is_broken_is_named(copied: Roots, fault: tuple[str, str, str, str, str]) -> None:
    file, old, new, key, words = fault
    edit(copied, file, old, new)

    with pytest.raises(KnowledgeFault) as found:
        load_knowledge(copied)
    assert found.value.file == Path(file).name
    assert key in found.value.key
    assert words in str(found.value)


def test_a_broken_house_default_is_found_in_every_protocol(copied: Roots) -> None:
    edit(copied, "protocols/house.toml", 'unit = "d"', 'unit = "h"')

    with pytest.raises(KnowledgeFault, match=r"timing\.grace\.unit: expected d, got h"):
        load_knowledge(copied)


LINES: list[tuple[str, str, str]] = [
    (UK, 'country = "GB"', 'country = "GB"\nflag = 1'),
    (UK, "value = 1000,", 'value = "many",'),
    (CARD, "rank = 4", "rank = = 4"),
    (CARD, '"warning"', '"alarm"'),
    (CARD, '["intended"]', '["because"]'),
]


@pytest.mark.parametrize(("file", "old", "new"), LINES)
def test_a_fault_in_a_text_file_names_the_line(copied: Roots, file: str, old: str, new: str) -> None:
    edit(copied, file, old, new)

    with pytest.raises(KnowledgeFault) as fault:
        load_knowledge(copied)
    assert fault.value.line
    assert str(fault.value).startswith(f"{fault.value.file}:{fault.value.line}: ")


def test_a_card_without_a_rule_and_a_rule_without_a_card_are_named(copied: Roots) -> None:
    card = copied.cards / "dose_unreadable.toml"
    card.rename(copied.cards / "zebra.toml")

    with pytest.raises(KnowledgeFault, match=r"dose_unreadable\.toml: \$: .* got no card"):
        load_knowledge(copied)
    shutil.copy(copied.cards / "zebra.toml", card)
    with pytest.raises(KnowledgeFault, match=r"zebra\.toml: \$: .* got no rule"):
        load_knowledge(copied)


# The version


CHANGES: dict[str, Callable[[Path], object]] = {
    "a protocol": lambda base: (base / UK).write_bytes((base / UK).read_bytes() + b"\n"),
    "a card": lambda base: (base / CARD).write_bytes((base / CARD).read_bytes() + b"\n"),
    "a value set": lambda base: (base / SET).write_bytes((base / SET).read_bytes() + b"\n"),
    "a product": lambda base: (base / "fhir_profiles/codesystems/b12-products-ndc.json").write_text(
        (base / "fhir_profiles/codesystems/b12-products-ndc.json").read_text("utf-8") + " ", "utf-8"
    ),
    "the house defaults": lambda base: (base / "protocols/house.toml").write_text(
        (base / "protocols/house.toml").read_text("utf-8") + "#", "utf-8"
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_version_changes_with_any_byte(
    copied: Roots, knowledge: Knowledge, change: Callable[[Path], object]
) -> None:
    assert load_knowledge(copied).version == knowledge.version
    change(copied.cards.parent)
    assert load_knowledge(copied).version != knowledge.version


def test_the_version_changes_with_nothing_else(copied: Roots, knowledge: Knowledge) -> None:
    (copied.cards / "README.md").write_text("other", "utf-8")
    for path in copied.cards.glob("*.toml"):
        path.touch()

    assert load_knowledge(copied).version == knowledge.version
    assert re.fullmatch("[0-9a-f]{12}", knowledge.version)


def test_every_protocol_accepts_the_loading_of_all(knowledge: Knowledge) -> None:
    guidance = knowledge.guidance("us-label", date(2026, 11, 1))

    assert guidance.protocol.id == "us-label"
    assert {one.id for one in guidance.accepted} >= {"uk-standard", "us-label-standard"}


def test_a_record_is_read_by_the_protocol_of_the_day(knowledge: Knowledge) -> None:
    guidance = knowledge.guidance("uk-nice-bnf", date(2018, 8, 31))

    assert guidance.protocol == knowledge.protocol("uk-nice-bnf", date(2018, 8, 31))
    assert guidance.protocol != knowledge.protocols["uk-nice-bnf"]
    assert {one for one in guidance.accepted if one.id == "uk-standard"} == {guidance.protocol.regimens[0]}


@pytest.mark.parametrize("name", ["cards/words.toml", "protocols/house.toml"])
def test_a_missing_file_is_named(copied: Roots, name: str) -> None:
    (copied.cards.parent / name).unlink()

    with pytest.raises(KnowledgeFault, match=Path(name).name):
        load_knowledge(copied)
