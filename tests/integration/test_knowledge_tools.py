"""Comparing two versions of the knowledge, and exporting one, as the owner of the rules does it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from fhir.resources.R4B import get_fhir_model_class

from cds_service.comparing import Change, Said, changes
from cds_service.knowledge import Knowledge

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "fhir_profiles" / "examples"
DAY = "2026-03-10T09:00:00Z"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cds_service", "knowledge", *arguments],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """A version in which UK grace is as good as endless."""
    version = tmp_path / "changed"
    for folder in ("cds_service", "cards", "fhir_profiles"):
        shutil.copytree(ROOT / folder, version / folder, ignore=shutil.ignore_patterns("__pycache__"))
    house = version / "cds_service" / "protocols" / "house.toml"
    text = house.read_text("utf-8")
    assert 'grace = { value = 7, unit = "d"' in text
    house.write_text(text.replace('grace = { value = 7, unit = "d"', 'grace = { value = 3000, unit = "d"'), "utf-8")
    return version


def test_a_changed_number_is_told_by_the_patients_whose_advice_it_changes(changed: Path) -> None:
    told = run("diff", str(ROOT), str(changed), "--records", str(EXAMPLES), "--json")

    assert told.returncode == 0, told.stderr
    found = [one for one in json.loads(told.stdout) if one["rule"] == "maintenance_overdue"]
    assert {one["record"] for one in found} == {"patient-view-overdue.json"}
    assert all(one["old"].startswith(("late ", "lapsed ")) and one["new"] == "silent" for one in found)


def test_the_changes_are_shown_to_people_with_a_count_for_each_rule(changed: Path) -> None:
    told = run("diff", str(ROOT), str(changed), "--records", str(EXAMPLES))

    assert "Advice changes for 1 of " in told.stdout
    assert "By rule" in told.stdout


def test_a_version_does_not_differ_from_itself() -> None:
    told = run("diff", str(ROOT), str(ROOT), "--records", str(EXAMPLES), "--as-of", DAY, "--json")

    assert json.loads(told.stdout) == []


@pytest.mark.parametrize(("old", "records", "words"), [("tests", "fhir_profiles/examples", "cds_service in it"),
                                                       (".", "tests", "got none")])  # fmt: skip
def test_what_is_no_version_and_what_holds_no_records_is_named(old: str, records: str, words: str) -> None:
    told = run("diff", str(ROOT / old), str(ROOT), "--records", str(ROOT / records))

    assert told.returncode == 1
    assert words in told.stderr


def test_a_version_that_cannot_speak_is_named(changed: Path) -> None:
    (changed / "cards" / "words.toml").write_text("=", "utf-8")
    told = run("diff", str(ROOT), str(changed), "--records", str(EXAMPLES))

    assert told.returncode == 1
    assert "words.toml" in told.stderr


def test_a_refused_request_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "odd.json").write_text("{}", "utf-8")
    told = run("advice", str(tmp_path), "--as-of", DAY)

    lines = [json.loads(line) for line in told.stdout.splitlines()]
    assert {(one["rule"], one["words"].split(":")[0]) for one in lines} == {("request", "refused")}


def test_what_only_one_version_says_is_silence_in_the_other() -> None:
    one, other = Said("a", "p", "r", "", "late"), Said("b", "p", "r", "", "late")

    assert changes([one], [one, other]) == [Change("b", "p", "r", "", "silent", "late")]
    assert changes([one], []) == [Change("a", "p", "r", "", "late", "silent")]


def test_the_export_holds_every_rule_regimen_and_code_set_as_valid_fhir(tmp_path: Path, knowledge: Knowledge) -> None:
    told = run("export", str(tmp_path))

    assert told.returncode == 0, told.stderr
    found = [json.loads(path.read_text("utf-8")) for path in tmp_path.rglob("*.json")]
    for one in found:
        get_fhir_model_class(one["resourceType"]).model_validate(one)
    kinds = [one["resourceType"] for one in found]
    assert kinds.count("PlanDefinition") == len(knowledge.rules)
    assert kinds.count("ActivityDefinition") == sum(len(one.regimens) for one in knowledge.protocols.values())
    assert kinds.count("ValueSet") == len(list((ROOT / "fhir_profiles" / "valuesets").glob("*.json")))
    assert f"Wrote {len(found)} resources" in told.stdout
