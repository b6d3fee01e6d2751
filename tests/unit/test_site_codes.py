"""A clinic's own codes count as ours do, and a folder that cannot be right stops the start."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cds_service.answer import Asked, answer
from cds_service.b12.concept import Code, Concept
from cds_service.b12.verdict import Finding, Silent, Verdict
from cds_service.b12.words import Analyte, Property
from cds_service.cli import main
from cds_service.errors import KnowledgeFault
from cds_service.fhir.terminology import TEXT_FALLBACK, load_code_sets
from cds_service.hooks import read_request
from cds_service.knowledge import Knowledge, load_knowledge, roots
from tests.helpers.patients import request_of
from tests.helpers.tables import instant

Json = dict[str, Any]
LOCAL = "urn:oid:1.2.3.4"
PERNICIOUS = ("pernicious-anaemia", "PA-01")


def site_set(idea: str, *codes: str, phrases: tuple[str, ...] = ()) -> Json:
    return {
        "resourceType": "ValueSet",
        "id": idea,
        "url": f"https://clinic.example/{idea}",
        "title": "Ours",
        "status": "active",
        "extension": [{"url": TEXT_FALLBACK, "valueString": one} for one in phrases],
        "compose": {"include": [{"system": LOCAL, "concept": [{"code": code} for code in codes]}]},
    }


def write(folder: Path, content: Json | str, name: str = "clinic.json") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return folder


def verdict_of(knowledge: Knowledge, problem: Json) -> Verdict:
    """Of `oral_in_malabsorption` on B12 by mouth for a patient with one problem."""
    request = request_of("order-sign", "born 1951", "cyanocobalamin 1000 mcg oral daily")
    condition = {"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/pat"}, "code": problem}
    request["prefetch"]["conditions"]["entry"] = [{"resource": condition}]
    asked = Asked(knowledge, "us-label", instant("2026-03-10"), most_cards=20, most_resources=100)
    judged = answer(read_request(json.dumps(request).encode()), asked).judged
    return next(one.verdict for one in judged if one.rule == "oral_in_malabsorption")


def test_a_local_code_changes_a_verdict(tmp_path: Path, knowledge: Knowledge) -> None:
    own = load_knowledge(roots(str(write(tmp_path, site_set(*PERNICIOUS)))))
    problem = {"coding": [{"system": LOCAL, "code": "PA-01"}], "text": "Addison-Biermer"}

    assert isinstance(verdict_of(knowledge, problem), Silent)
    found = verdict_of(own, problem)
    assert isinstance(found, Finding)
    assert found.variant == "malabsorption"
    assert own.version != knowledge.version


def test_a_local_phrase_changes_a_verdict(tmp_path: Path, knowledge: Knowledge) -> None:
    own = load_knowledge(roots(str(write(tmp_path, site_set("pernicious-anaemia", phrases=("Morbus Biermer",))))))
    problem = {"text": "morbus biermer"}

    assert isinstance(verdict_of(knowledge, problem), Silent)
    assert isinstance(verdict_of(own, problem), Finding)


def test_a_local_code_means_what_its_idea_is_a_part_of_and_ours_stay(tmp_path: Path) -> None:
    codes = load_code_sets(roots().fhir_profiles, write(tmp_path, site_set("total-gastrectomy", "OP-7")))
    ours = Concept((Code("http://snomed.info/sct", "84027009"),))

    assert codes.ideas_of(Concept((Code(LOCAL, "OP-7"),))) == {
        "total-gastrectomy", "gastric-surgery", "permanent-malabsorption",
    }  # fmt: skip
    assert "pernicious-anaemia" in codes.ideas_of(ours)


def test_one_idea_may_come_in_several_files_and_a_local_test_is_measured(tmp_path: Path) -> None:
    write(tmp_path, site_set("lab-b12-mass", "B12"), "a.json")
    write(tmp_path, site_set("lab-b12-mass", "VITB12"), "b.json")
    codes = load_code_sets(roots().fhir_profiles, tmp_path)

    assert codes.labs[LOCAL, "B12"] == codes.labs[LOCAL, "VITB12"] == (Analyte.B12, Property.MASS)


FAULTS: dict[str, tuple[Json | str, str]] = {
    "an unknown id": (site_set("pernicious-anemia", "1"), r"clinic\.json: id: expected .* got pernicious-anemia"),
    "broken JSON": ("{", r"clinic\.json: \$: "),
    "a code that is a number": (
        site_set("pregnancy") | {"compose": {"include": [{"system": LOCAL, "concept": [{"code": 1}]}]}},
        r"clinic\.json: .*include\[0\]\.concept\[0\]\.code: ",
    ),
    "a code that contradicts ours": (
        site_set("diabetic-neuropathy")
        | {"compose": {"include": [{"system": "http://snomed.info/sct", "concept": [{"code": "386033004"}]}]}},
        r"clinic\.json: 386033004: .*diabetic-neuropathy and neurological-signs",
    ),
    "a code that contradicts through what its idea is a part of": (
        site_set("bariatric-surgery")
        | {"compose": {"include": [{"system": "http://snomed.info/sct", "concept": [{"code": "26452005"}]}]}},
        r"clinic\.json: 26452005: .*bariatric-surgery and permanent-malabsorption",
    ),
    "a phrase that contradicts ours": (
        site_set("breastfeeding", phrases=("Pregnant",)), r"clinic\.json: pregnant: .*breastfeeding and pregnancy",
    ),
    "a phrase that is a question": (
        site_set("pregnancy", phrases=("pregnant?",)), r"clinic\.json: extension: .*phrase",
    ),
    "a phrase without words": (
        site_set("pregnancy") | {"extension": [{"url": TEXT_FALLBACK}]}, r"clinic\.json: extension: .*phrase",
    ),
    "a phrase for a test": (site_set("lab-mcv", phrases=("MCV",)), r"clinic\.json: extension: .*by code only"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "message"), FAULTS.values(), ids=FAULTS)
def test_a_folder_that_cannot_be_right_is_refused(tmp_path: Path, content: Json | str, message: str) -> None:
    with pytest.raises(KnowledgeFault, match=message):
        load_code_sets(roots().fhir_profiles, write(tmp_path, content))


def test_two_local_files_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    write(tmp_path, site_set("pregnancy", "X"), "a.json")
    write(tmp_path, site_set("breastfeeding", "X"), "b.json")

    with pytest.raises(KnowledgeFault, match=r"b\.json: X: "):
        load_code_sets(roots().fhir_profiles, tmp_path)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeFault, match=r"none: \$: expected a folder"):
        load_knowledge(roots(str(tmp_path / "none")))


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.json").mkdir()

    with pytest.raises(KnowledgeFault, match=r"folder\.json: \$: expected a file that can be read"):
        load_code_sets(roots().fhir_profiles, tmp_path)


def test_extensions_of_others_are_none_of_ours(tmp_path: Path) -> None:
    theirs = {"extension": [{"url": "https://clinic.example/owner", "valueString": "?"}]}

    load_code_sets(roots().fhir_profiles, write(tmp_path, site_set("pregnancy", "1") | theirs))


def test_the_version_changes_with_any_byte_of_the_folder(tmp_path: Path) -> None:
    first = load_knowledge(roots(str(write(tmp_path, site_set(*PERNICIOUS))))).version
    write(tmp_path, json.dumps(site_set(*PERNICIOUS)) + "\n")

    assert load_knowledge(roots(str(tmp_path))).version != first


def test_the_example_of_the_readme_holds(tmp_path: Path) -> None:
    text = (roots().fhir_profiles / "README.md").read_text("utf-8")
    example = text.partition("```json\n")[2].partition("```")[0]
    codes = load_code_sets(roots().fhir_profiles, write(tmp_path, example))

    assert "b12-deficiency" in codes.ideas_of(Concept((Code(LOCAL, "PA-01"),)))


def test_the_command_line_checks_a_folder_before_it_is_used(tmp_path: Path) -> None:
    check = ["knowledge", "check", "--site"]
    good = CliRunner().invoke(main, [*check, str(write(tmp_path / "good", site_set(*PERNICIOUS)))])
    bad = CliRunner().invoke(main, [*check, str(write(tmp_path / "bad", site_set("else", "1")))])

    assert (good.exit_code, bad.exit_code) == (0, 1)
    assert "clinic.json: id: expected" in bad.output


def test_the_export_holds_the_codes_of_the_folder_beside_ours(tmp_path: Path) -> None:
    site, out = write(tmp_path / "site", site_set(*PERNICIOUS)), tmp_path / "out"
    told = CliRunner().invoke(main, ["knowledge", "export", str(out)], env={"COBALAMIN_SITE_CODES": str(site)})
    exported = json.loads((out / "ValueSet" / "pernicious-anaemia.json").read_text("utf-8"))
    systems = [one["system"] for one in exported["compose"]["include"]]

    assert told.exit_code == 0, told.output
    assert LOCAL in systems
    assert len(systems) > 1
