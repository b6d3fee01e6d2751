"""Care plans: the regimen's phases and checks, no dates that nobody gave, and found again when they come back."""

from __future__ import annotations

from cds_service.b12.protocol import RegimenFor
from cds_service.b12.verdict import RecordPlan
from cds_service.fhir.care_plans import plan_of
from cds_service.fhir.valid import check
from cds_service.knowledge import Knowledge
from tests.helpers.reading import Json, read


def uk(knowledge: Knowledge, *cause: str) -> Json:
    protocol = knowledge.protocols["uk-nice-bnf"]
    return check(plan_of(RecordPlan(protocol.regimens[0], protocol.monitoring.checks[:1], cause), "p1"))


def test_every_regimen_of_every_protocol_makes_a_valid_plan(knowledge: Knowledge) -> None:
    for protocol in knowledge.protocols.values():
        for regimen in protocol.regimens:
            plan = check(plan_of(RecordPlan(regimen, protocol.monitoring.checks), "p1"))
            phases = len(regimen.loading) + bool(regimen.maintenance)
            assert len(plan["activity"]) == phases + len(protocol.monitoring.checks)
            assert "." not in "".join(one["detail"]["description"] for one in plan["activity"]).replace("0.", "")


def test_a_plan_says_phases_and_checks_in_words_and_as_timing(knowledge: Knowledge) -> None:
    loading, upkeep, recheck = (one["detail"] for one in uk(knowledge)["activity"])

    assert loading["description"] == "Loading: hydroxocobalamin intramuscular, 1000 mcg every 2 to 3 days, 6 doses"
    assert loading["scheduledTiming"]["repeat"]["count"] == 6
    assert upkeep["description"].startswith("Maintenance: hydroxocobalamin intramuscular, 1000 mcg every 2 to 3 months")
    assert upkeep["scheduledTiming"]["repeat"]["periodUnit"] == "mo"
    assert recheck["description"] == "Check: Blood count, 1 month after the first dose"
    assert recheck["code"]["coding"][0]["code"] == "58410-2"


def test_loading_without_a_number_says_until_when(knowledge: Knowledge) -> None:
    regimen = knowledge.protocols["uk-nice-bnf"].regimen(RegimenFor.NEUROLOGICAL)
    assert regimen
    [loading, *_] = plan_of(RecordPlan(regimen, ()), "p1")["activity"]

    assert loading["detail"]["description"].endswith(regimen.loading[0].until)


def test_a_check_of_several_tests_names_them_and_has_no_single_code(knowledge: Knowledge) -> None:
    checks = knowledge.protocols["uk-nice-bnf"].monitoring.checks
    several = [one for one in checks if len(one.tests) > 1] or [
        type(checks[0])(checks[0].whom, checks[0].after, (*checks[0].tests, *checks[0].tests))
    ]
    plan = plan_of(RecordPlan(knowledge.protocols["uk-nice-bnf"].regimens[0], tuple(several[:1])), "p1")
    detail = plan["activity"][-1]["detail"]

    assert "code" not in detail
    assert ", " in detail["description"]


def test_only_a_problem_can_be_addressed(knowledge: Knowledge) -> None:
    assert uk(knowledge, "Condition/1", "Procedure/2")["addresses"] == [{"reference": "Condition/1"}]
    assert "addresses" not in uk(knowledge, "Procedure/2")


def test_no_date_and_no_author_is_invented(knowledge: Knowledge) -> None:
    assert set(uk(knowledge)) == {"resourceType", "status", "intent", "title", "subject", "activity"}


def test_a_plan_that_comes_back_is_read_as_one_about_b12(knowledge: Knowledge) -> None:
    [plan] = read(knowledge, uk(knowledge) | {"id": "c1", "status": "active"}).record.plans

    assert (plan.ref, plan.status) == ("CarePlan/c1", "active")
