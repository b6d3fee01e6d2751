"""The value sets and product codes: well formed, complete, and free of contradictions."""

import ast
import json
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.codesystem import CodeSystem
from fhir.resources.R4B.valueset import ValueSet

from cds_service.b12.ideas import CONTRADICTING, PARTS, PROBLEMS, contradiction
from cds_service.b12.phrases import normal
from cds_service.b12.words import AmountKind, Form, Substance
from cds_service.fhir.terminology import TEXT_FALLBACK

SOURCE = Path(__file__).parents[2] / "cds_service"
PROFILES = Path(__file__).parents[2] / "fhir_profiles"
VALUE_SETS = {path.stem: path for path in sorted((PROFILES / "valuesets").glob("*.json"))}
CODE_SYSTEMS = {path.stem: path for path in sorted((PROFILES / "codesystems").glob("*.json"))}
CANONICAL = "https://cobalamin-cds.org/fhir"
LOINC = "http://loinc.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
SNOMED = frozenset({"http://snomed.info/sct", "https://dmd.nhs.uk"})  # dm+d codes are SNOMED CT identifiers
SYSTEMS = SNOMED | {
    LOINC,
    RXNORM,
    "http://www.whocc.no/atc",
    "http://hl7.org/fhir/sid/icd-10-cm",
    "http://hl7.org/fhir/sid/icd-10",
    "http://hl7.org/fhir/sid/ndc",
    "http://fdasis.nlm.nih.gov",
    "http://terminology.hl7.org/CodeSystem/v3-RouteOfAdministration",
}
NOT_ASKED_FOR = {
    "b-vitamin-deficiency-nonspecific": "E53.8 may be of folate or biotin: it is read, and no rule counts it",
}
# Codes that public software takes for one of our tests, and which are another one.
MISTAKEN_FOR_OURS = {
    "16695-9": "B12 in whole blood",
    "2170-9": "true cyanocobalamin, deprecated",
    "2171-7": "B12 binding capacity",
    "15052-4": "B12 binding capacity",
    "72157-1": "apo-transcobalamin II",
    "3030-4": "transcobalamin II",
    "32341-0": "transcobalamin II",
    "2430-7": "homocystine",
    "20646-6": "homocystine",
    "22673-8": "homocystine, deprecated",
    "17820-2": "albumin fraction in body fluid",
    "2630-2": "methylmalonic acid in urine",
    "25116-5": "methylmalonic acid per creatinine in urine",
    "15152-2": "conjugated bilirubin",
    "2278-0": "fibrinopeptide B",
    "2285-5": "follitropin in semen",
    "14241-4": "parietal cell antibodies",
    "8087-9": "parietal cell antibodies",
}
# Dihedral group D5 and the position permutation of Verhoeff's check digit.
D5 = ("0123456789", "1234067895", "2340178956", "3401289567", "4012395678")
D5 += ("5987604321", "6598710432", "7659821043", "8765932104", "9876543210")
TURN = ("0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258")


def verhoeff_holds(digits: str) -> bool:
    check = 0
    for place, digit in enumerate(reversed(digits)):
        check = int(D5[check][int(TURN[place % 8][int(digit)])])
    return check == 0


def loinc_holds(code: str) -> bool:
    number, check = code.split("-")
    doubled = (int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(number)))
    return (10 - sum(sum(divmod(one, 10)) for one in doubled) % 10) % 10 == int(check)


def content(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def codes_in(stem: str) -> list[tuple[str, str]]:
    include = content(VALUE_SETS[stem])["compose"]["include"]
    return [(part["system"], concept["code"]) for part in include for concept in part["concept"]]


def phrases_in(stem: str) -> list[str]:
    return [one["valueString"] for one in content(VALUE_SETS[stem]).get("extension", [])]


def products() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(supplemented system, code, properties) of every product."""
    for path in CODE_SYSTEMS.values():
        whole = content(path)
        for concept in whole["concept"]:
            held = {
                one["code"]: next(value for key, value in one.items() if key.startswith("value"))
                for one in concept["property"]
            }
            yield whole["supplements"], concept["code"], held


def every_code() -> set[tuple[str, str]]:
    return {pair for stem in VALUE_SETS for pair in codes_in(stem)} | {(system, code) for system, code, _ in products()}


def test_verhoeff_tells_a_typing_error() -> None:
    assert verhoeff_holds("84027009")
    assert not verhoeff_holds("84027008")
    assert not verhoeff_holds("84072009")


def test_loinc_tells_a_typing_error() -> None:
    assert loinc_holds("2132-9")
    assert not loinc_holds("2132-8")
    assert not loinc_holds("2312-9")


def asked_for() -> set[str]:
    """The ideas that the code asks for."""
    found: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            found |= {one.value for one in ideas_named(node) if isinstance(one, ast.Constant)}
    return {idea for idea in found if isinstance(idea, str)}


def ideas_named(node: ast.AST) -> Iterable[ast.AST | None]:
    """Where code names ideas: `having("pregnancy")`, `"leber" in ideas`, the keys of `ROUTE_SETS`."""
    match node:
        case ast.Call(func=ast.Name(id="having" | "_of_relatives")):
            return node.args
        case ast.Compare(left=left, ops=[ast.In()], comparators=[right]) if "ideas" in ast.unparse(right):
            return [left]
        case (
            ast.Assign(targets=[ast.Name(id=name)], value=value) | ast.AnnAssign(target=ast.Name(id=name), value=value)
        ):
            if value and (name.endswith("_SETS") or name in {"SPECIAL", "CAUSES", "DEFICIENCY", "EXCLUDED"}):
                return value.keys if isinstance(value, ast.Dict) else ast.walk(value)
    return []


def test_every_idea_that_the_code_asks_for_is_a_file_and_every_file_is_asked_for() -> None:
    assert asked_for() - VALUE_SETS.keys() == set()
    assert VALUE_SETS.keys() - asked_for() == NOT_ASKED_FOR.keys()


def test_every_idea_that_excludes_or_implies_another_is_a_file() -> None:
    named = {idea for group in CONTRADICTING for idea in group} | {idea for pair in PARTS for idea in pair} | PROBLEMS

    assert named <= VALUE_SETS.keys()


@pytest.mark.parametrize("stem", VALUE_SETS)
def test_a_value_set_is_valid_fhir_named_like_its_file_and_not_empty(stem: str) -> None:
    whole = content(VALUE_SETS[stem])
    ValueSet.model_validate(whole)
    assert whole["id"] == stem
    assert whole["url"] == f"{CANONICAL}/ValueSet/{stem}"
    assert (whole["status"], whole["experimental"]) == ("active", False)
    assert whole["title"]
    assert whole["description"]
    codes = codes_in(stem)
    assert codes
    assert len(codes) == len(set(codes))
    assert all(concept["display"] for part in whole["compose"]["include"] for concept in part["concept"])
    assert {one["url"] for one in whole.get("extension", [])} <= {TEXT_FALLBACK}
    spelt = [normal(phrase) for phrase in phrases_in(stem)]
    assert all(spelt)
    assert len(spelt) == len(set(spelt))


@pytest.mark.parametrize("stem", CODE_SYSTEMS)
def test_a_product_file_is_a_valid_supplement_named_like_its_file(stem: str) -> None:
    whole = content(CODE_SYSTEMS[stem])
    CodeSystem.model_validate(whole)
    assert whole["id"] == stem
    assert whole["url"] == f"{CANONICAL}/CodeSystem/{stem}"
    assert whole["content"] == "supplement"
    assert whole["supplements"] in SYSTEMS
    declared = {one["code"]: one["type"] for one in whole["property"]}
    used = {(one["code"], key) for concept in whole["concept"] for one in concept["property"] for key in one}
    assert used - {(code, "code") for code in declared} == {
        (code, f"value{kind.capitalize()}") for code, kind in declared.items()
    }
    codes = [concept["code"] for concept in whole["concept"]]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("path", [*VALUE_SETS.values(), *CODE_SYSTEMS.values()], ids=lambda path: path.stem)
def test_a_file_is_written_in_one_way(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == json.dumps(content(path), indent=2, ensure_ascii=False) + "\n"


def test_every_system_is_known() -> None:
    assert {system for system, _ in every_code()} <= SYSTEMS


def test_every_loinc_code_has_its_check_digit() -> None:
    assert [code for system, code in every_code() if system == LOINC and not loinc_holds(code)] == []


def test_every_snomed_code_has_its_check_digit() -> None:
    assert [code for system, code in every_code() if system in SNOMED and not verhoeff_holds(code)] == []


def test_every_rxnorm_code_is_a_number() -> None:
    assert all(re.fullmatch(r"[1-9]\d*", code) for system, code in every_code() if system == RXNORM)


def meanings(entries: Callable[[str], Iterable[Any]]) -> dict[Any, set[str]]:
    """Every idea of each code or phrase."""
    found: dict[Any, set[str]] = {}
    for stem in VALUE_SETS:
        for entry in entries(stem):
            found.setdefault(entry, set()).add(stem)
    return found


@pytest.mark.parametrize("entries", [codes_in, phrases_in], ids=["codes", "phrases"])
def test_nothing_says_two_contradicting_things(entries: Callable[[str], Iterable[Any]]) -> None:
    found = {entry: contradiction(ideas) for entry, ideas in meanings(entries).items()}

    assert {entry: both for entry, both in found.items() if both} == {}


@pytest.mark.parametrize(("part", "whole"), PARTS)
def test_what_is_meant_as_a_part_is_one(part: str, whole: str) -> None:
    assert set(codes_in(part)) <= set(codes_in(whole))


@pytest.mark.parametrize("code", MISTAKEN_FOR_OURS)
def test_tests_often_mistaken_for_ours_are_in_no_set(code: str) -> None:
    assert (LOINC, code) not in every_code()


def test_a_product_says_what_it_holds_in_our_words() -> None:
    for system, code, held in products():
        assert held["substance"] in set(Substance), (system, code)
        assert held.get("form", Form.ORAL) in set(Form), (system, code)
        assert held.get("per", AmountKind.COUNT) in {AmountKind.VOLUME, AmountKind.COUNT}, (system, code)
        assert ("mcg" in held) == ("per" in held), (system, code)
        assert held.get("mcg", 1) > 0, (system, code)
        assert "containerMl" not in held or held["per"] == AmountKind.VOLUME, (system, code)


def test_products_of_several_ingredients_are_the_multi_ingredient_set() -> None:
    several = {(system, code) for system, code, held in products() if not held["single"]}
    assert several == {pair for pair in codes_in("b12-multi-ingredient") if pair[0] == RXNORM}


def test_the_same_package_holds_the_same_under_either_spelling_of_its_ndc() -> None:
    packages = {code: held for system, code, held in products() if system.endswith("/ndc")}
    hyphened = [code for code in packages if "-" in code]
    assert hyphened
    for code in hyphened:
        labeller, product, package = code.split("-")
        assert packages[f"{labeller:0>5}{product:0>4}{package:0>2}"] == packages[code]
