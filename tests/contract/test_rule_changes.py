"""What a client's site changed about rules: off, in shadow, louder or quieter; and what is recorded of it."""

from __future__ import annotations

import json
from pathlib import Path

from cds_service.clients import Client, RuleChanges
from cds_service.knowledge import Knowledge
from tests.helpers import wire
from tests.helpers.profiles import MIX_UP, answer_of, service


def test_what_is_recorded_is_what_was_shown_under_the_rule_s_own_name(knowledge: Knowledge, tmp_path: Path) -> None:
    http, settings = service(knowledge, tmp_path, Client("general", "i", profile="epic"))
    [shown] = wire.ask(http, wire.example(MIX_UP))
    [line] = wire.spooled(settings)
    [kept] = line["cards"]
    assert (line["client"], kept["uuid"], kept["rule"]) == ("general", shown["uuid"], "dose_unit_mismatch")
    assert kept["suggestions"] == []
    assert shown["source"]["topic"]["code"] == "doseunitmismatch"


def changed(
    knowledge: Knowledge, folder: Path, rules: RuleChanges, name: str = MIX_UP
) -> tuple[list[wire.Json], wire.Json]:
    """The cards of a client whose site changed rules, and what was recorded."""
    http, settings = service(knowledge, folder, Client("c", "i", rules=rules))
    cards = wire.ask(http, wire.example(name))
    [line] = wire.spooled(settings)
    return cards, line


def of_rule(line: wire.Json, rule: str) -> list[wire.Json]:
    return [one for one in line["verdicts"] if one["rule"] == rule]


def test_a_rule_that_is_off_is_not_asked(knowledge: Knowledge, tmp_path: Path) -> None:
    cards, line = changed(knowledge, tmp_path, RuleChanges(off=frozenset({"dose_unit_mismatch"})))
    assert "dose_unit_mismatch" not in wire.topics(cards)
    assert of_rule(line, "dose_unit_mismatch") == []
    assert of_rule(line, "dose_text_conflict")


def test_a_rule_in_shadow_is_recorded_and_not_shown(knowledge: Knowledge, tmp_path: Path) -> None:
    shown, _ = changed(knowledge, tmp_path / "shown", RuleChanges())
    cards, line = changed(knowledge, tmp_path / "shadow", RuleChanges(shadow=frozenset({"dose_unit_mismatch"})))
    assert "dose_unit_mismatch" in wire.topics(shown)
    assert "dose_unit_mismatch" not in wire.topics(cards)
    assert "Unit mix-up" not in json.dumps(cards)
    [verdict] = of_rule(line, "dose_unit_mismatch")
    assert (verdict["finding"], verdict["shadow"]) == ("too_high", True)
    assert [one for one in line["verdicts"] if one.get("shadow")] == [verdict]
    [kept] = [one for one in line["cards"] if one.get("held") == "shadow"]
    assert (kept["rule"], kept["summary"]) == ("dose_unit_mismatch", shown[0]["summary"])
    assert [one["uuid"] for one in line["cards"] if one is not kept] == [one["uuid"] for one in cards]


def test_a_rule_in_shadow_lends_its_words_to_no_other_card(knowledge: Knowledge, tmp_path: Path) -> None:
    """The refill example joins two findings in one card."""
    name = "medication-refill-unit-mix-up"
    [both], _ = changed(knowledge, tmp_path / "both", RuleChanges(), name)
    assert "Also: " in both["detail"]
    [one], line = changed(knowledge, tmp_path / "one", RuleChanges(shadow=frozenset({"dose_text_conflict"})), name)
    assert "Also: " not in one["detail"]
    assert one["uuid"] == both["uuid"]
    assert [kept["rule"] for kept in line["cards"] if kept.get("held") == "shadow"] == ["dose_text_conflict"]


def test_a_site_changes_how_loud_a_rule_is(knowledge: Knowledge, tmp_path: Path) -> None:
    rules = RuleChanges(indicators={"dose_unit_mismatch": "info"})
    cards, line = changed(knowledge, tmp_path, rules)
    assert wire.topics(cards)["dose_unit_mismatch"] == "info"
    assert [kept["indicator"] for kept in line["cards"] if kept["rule"] == "dose_unit_mismatch"] == ["info"]


def test_what_a_site_says_goes_before_what_a_finding_says(knowledge: Knowledge, tmp_path: Path) -> None:
    """maintenance_overdue says itself that it is critical when therapy has lapsed with pernicious anaemia."""
    for word in ("info", "warning"):
        client = Client("c", "i", rules=RuleChanges(indicators={"maintenance_overdue": word}))
        [found] = answer_of(knowledge, tmp_path / word, client, "a chart with critical advice")["cards"]
        assert found["indicator"] == word


def test_the_all_clear_is_not_given_where_a_rule_is_off_or_doubts_in_shadow(
    knowledge: Knowledge, tmp_path: Path
) -> None:
    chart = wire.example("patient-view-overdue")
    on_time = json.loads(json.dumps(chart).replace("2026-10-04", "2026-11-10"))
    for name, request, rules, cleared in (
        ("unchanged", on_time, RuleChanges(), True),
        ("off", on_time, RuleChanges(off=frozenset({"maintenance_overdue"})), False),
        ("shadow and silent", on_time, RuleChanges(shadow=frozenset({"maintenance_overdue"})), True),
        ("shadow and found", chart, RuleChanges(shadow=frozenset({"maintenance_overdue"})), False),
    ):
        http, _ = service(knowledge, tmp_path / name, Client("c", "i", rules=rules), all_clear=True)
        assert ("all_clear" in wire.topics(wire.ask(http, request))) is cleared, name
