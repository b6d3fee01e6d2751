"""Queries to the client's FHIR server: all at once, page after page, within bounds, and in time."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest
from msgspec.structs import replace

from cds_service.clients import DEVELOPMENT
from cds_service.fhir.fetching import JUDGING
from cds_service.fhir.prefetch import Prefetched
from cds_service.fhir.queries import Job
from cds_service.fhir.templates import ASKED_FOR, LAB_CODES, TEMPLATES, expected_type
from tests.helpers.fetching import LIMITS, condition, fetched, fetching, ids, nothing_but, outcomes, request_to
from tests.helpers.fhir_server import FhirServer, Reply, Seen, outcome, serving

PATIENT = {"resourceType": "Patient", "id": "p1"}


@pytest.fixture
def server() -> Iterator[FhirServer]:
    with serving([PATIENT, *(condition(number) for number in range(5))]) as running:
        yield running


def test_every_absent_key_is_asked_for_as_its_template_says(server: FhirServer) -> None:
    found = fetched(server, {})
    assert server.asked() == sorted(expected_type(key) for key in ASKED_FOR["patient-view"])
    assert found.seen == {kind for kind, _ in TEMPLATES.values()}
    assert outcomes(found) == dict.fromkeys(ASKED_FOR["patient-view"], "fetched")
    assert found.partial == frozenset()
    [labs] = [seen for seen in server.seen if seen.target == "Observation"]
    asked = parse_qs(labs.query)
    assert asked["patient"] == ["p1"]
    assert asked["code"] == [",".join(f"http://loinc.org|{code}" for code in LAB_CODES)]


@pytest.mark.parametrize("hook", sorted(ASKED_FOR))
def test_each_hook_asks_for_its_own_keys_only(server: FhirServer, hook: str) -> None:
    with fetching() as way:
        found = way(request_to(server), DEVELOPMENT, 10)(hook, Prefetched(), Prefetched())
    assert tuple(outcomes(found)) == ASKED_FOR[hook]


def test_the_queries_run_at_once(server: FhirServer) -> None:
    together = threading.Barrier(12, timeout=30)

    def meet(_: Seen) -> None:
        together.wait()

    server.faults.append(meet)
    assert set(outcomes(fetched(server, {}, seconds=40)).values()) == {"fetched"}


def test_resources_stand_in_the_order_of_the_keys_whichever_came_first(server: FhirServer) -> None:
    server.fail(Reply(PATIENT, wait=0.2), "Patient")
    assert ids(fetched(server, {}))[0] == "Patient/p1"


def test_pages_are_followed_to_the_end() -> None:
    with serving([condition(number) for number in range(7)], page=2) as server:
        found = fetched(server, nothing_but("conditions"))
    assert ids(found) == [f"Condition/c{number}" for number in range(7)]
    assert len(server.seen) == 4
    assert found.partial == frozenset()


def test_pages_are_bounded_and_the_rest_is_named() -> None:
    with serving([condition(number) for number in range(7)], page=1) as server:
        found = fetched(server, nothing_but("conditions"), replace(LIMITS, pages=3))
    assert ids(found) == ["Condition/c0", "Condition/c1", "Condition/c2"]
    assert (outcomes(found), found.partial) == ({"conditions": "too-many-pages"}, {"Condition"})


def going_on(url: str) -> Reply:
    bundle = {
        "resourceType": "Bundle",
        "entry": [{"resource": condition(0)}],
        "link": [{"relation": "next", "url": url}],
    }
    return Reply(bundle)


def told(total: int, *numbers: int, url: str = "") -> Reply:
    entry = [{"resource": condition(number)} for number in numbers]
    link = [{"relation": "next", "url": url}] if url else []
    return Reply({"resourceType": "Bundle", "total": total, "entry": entry, "link": link})


@pytest.mark.parametrize(("total", "outcome"), [(0, "fetched"), (3, "fetched"), (4, "fewer-than-total")])
def test_the_total_counts_over_all_pages(total: int, outcome: str) -> None:
    with serving() as server:
        server.fail(told(total, 0, 1, url=f"{server.base}/Condition?page=2"), times=1)
        server.fail(told(total, 2))
        found = fetched(server, nothing_but("conditions"))
    assert ids(found) == [f"Condition/c{number}" for number in range(3)]
    assert outcomes(found) == {"conditions": outcome}
    assert found.partial == (frozenset() if outcome == "fetched" else {"Condition"})


@pytest.mark.parametrize(("total", "outcome"), [(3, "fetched"), (4, "fewer-than-total")])
def test_the_total_counts_the_page_that_was_sent(total: int, outcome: str) -> None:
    with serving() as server:
        sent = nothing_but("conditions")
        first = told(total, 0, 1, url=f"{server.base}/Condition?page=2")
        server.fail(told(total, 2))
        found = fetched(server, sent | {"conditions": first.body})
    assert outcomes(found) == {"conditions.next": outcome}
    assert found.partial == (frozenset() if outcome == "fetched" else {"Condition"})


def test_pages_that_go_in_a_circle_end() -> None:
    with serving() as server:
        server.fail(going_on(f"{server.base}/Condition?page=2"))
        found = fetched(server, nothing_but("conditions"))
    assert len(server.seen) == 2
    assert (outcomes(found), found.partial) == ({"conditions": "page-loop"}, {"Condition"})


@pytest.mark.parametrize("url", ["https://evil.example/fhir/Condition?page=2", "{base}/../x?page=2", "", "\u0000"])
def test_a_page_elsewhere_is_not_followed(url: str) -> None:
    with serving() as server:
        server.fail(going_on(url.format(base=server.base)))
        found = fetched(server, nothing_but("conditions"))
    assert len(server.seen) == 1
    assert (outcomes(found), found.partial) == ({"conditions": "page-elsewhere"}, {"Condition"})


def test_a_page_that_fails_leaves_those_before_it() -> None:
    with serving([condition(number) for number in range(4)], page=2) as server:
        server.faults.append(lambda seen: Reply({}, 500) if "_page" in seen.query else None)
        found = fetched(server, nothing_but("conditions"))
    assert ids(found) == ["Condition/c0", "Condition/c1"]
    assert (outcomes(found), found.seen >= {"Condition"}) == ({"conditions": "status-500"}, True)
    assert found.partial == {"Condition"}


def test_a_page_that_is_late_leaves_those_before_it() -> None:
    with serving([condition(number) for number in range(4)], page=2) as server:
        server.faults.append(lambda seen: Reply({}, wait=60) if "_page" in seen.query else None)
        found = fetched(server, nothing_but("conditions"), seconds=1.5)
    assert ids(found) == ["Condition/c0", "Condition/c1"]
    assert outcomes(found)["conditions"] in {"late", "timeout"}
    assert found.partial == {"Condition"}


@pytest.mark.parametrize("key", ["labs of Mrs Smith", "x.y", ""])
def test_what_a_client_calls_its_first_page_is_told_nowhere(key: str) -> None:
    with serving([condition(number) for number in range(3)], page=1) as server:
        first = {"resourceType": "Bundle", "entry": [{"resource": condition(0)}]}
        link = {"relation": "next", "url": f"{server.base}/Condition?patient=p1&_page=1"}
        found = fetched(server, nothing_but("conditions") | {key: first | {"link": [link]}})
    assert outcomes(found) == {"conditions.next": "fetched"}


def test_the_first_page_that_was_sent_is_joined_by_those_fetched() -> None:
    with serving([condition(number) for number in range(3)], page=1) as server:
        first = {"resourceType": "Bundle", "entry": [{"resource": condition(0)}]}
        link = {"relation": "next", "url": f"{server.base}/Condition?patient=p1&_page=1"}
        found = fetched(server, nothing_but("conditions") | {"conditions": first | {"link": [link]}})
    assert ids(found) == ["Condition/c0", "Condition/c1", "Condition/c2"]
    assert (outcomes(found), found.partial) == ({"conditions.next": "fetched"}, frozenset())


def test_a_call_holds_no_more_resources_than_allowed_sent_and_fetched_together(server: FhirServer) -> None:
    sent = nothing_but("conditions") | {"patient": PATIENT}
    assert outcomes(fetched(server, sent, replace(LIMITS, resources=6)))["conditions"] == "fetched"
    found = fetched(server, sent, replace(LIMITS, resources=5))
    assert (ids(found), outcomes(found)) == (["Patient/p1"], {"conditions": "too-large"})
    assert "Condition" not in found.seen


def test_an_answer_of_too_many_bytes_is_not_read(server: FhirServer) -> None:
    server.resources.append(condition("x" * 2_000_000))
    assert outcomes(fetched(server, nothing_but("conditions"))) == {"conditions": "too-large"}


def test_a_search_sees_its_own_type_only(server: FhirServer) -> None:
    stray = {"resourceType": "Observation", "id": "o", "subject": {"reference": "Patient/p1"}}
    server.fail(Reply({"resourceType": "Bundle", "entry": [{"resource": stray}, {"resource": outcome()}]}), "Condition")
    server.fail(Reply({}, 500), "Observation")
    found = fetched(server, nothing_but("conditions", "observations"))
    assert "Condition" in found.seen
    assert "Observation" not in found.seen


def test_another_patient_is_a_failure_of_the_server_and_not_of_the_caller(server: FhirServer) -> None:
    other = {"resourceType": "Patient", "id": "p2"}
    server.fail(Reply(other), "Patient")
    server.fail(
        Reply({"resourceType": "Bundle", "entry": [{"resource": other}, {"resource": condition(1)}]}), "Condition"
    )
    found = fetched(server, nothing_but("patient", "conditions"))
    assert ids(found) == ["Condition/c1"]
    assert outcomes(found) == {"patient": "unusable", "conditions": "fetched"}
    assert "Patient" not in found.seen


@pytest.mark.parametrize("patient", ["..", ".", "a/../b?x", "a&b=c", "a b", "", "é", "x" * 300])
def test_an_id_that_could_be_something_else_in_a_url_is_not_asked_for(server: FhirServer, patient: str) -> None:
    with fetching() as way:
        fetch = way(request_to(server, patient.replace("/", "%2F")), DEVELOPMENT, 10)
        found = fetch("patient-view", Prefetched(), Prefetched())
    assert server.seen == []
    assert set(outcomes(found).values()) == {"not-allowed"}


def test_without_a_server_nothing_is_fetched_and_nothing_noted(server: FhirServer) -> None:
    with fetching() as way:
        nothing = request_to(server, fhirServer=None)
        assert way(nothing, DEVELOPMENT, 10)("patient-view", Prefetched(), Prefetched()) == Prefetched()


def test_without_time_left_nothing_is_asked(server: FhirServer) -> None:
    assert set(outcomes(fetched(server, {}, seconds=JUDGING)).values()) == {"late"}
    assert server.seen == []


def test_a_dead_server_costs_the_time_given_and_no_more(server: FhirServer) -> None:
    server.fail(Reply({}, wait=60))
    begun = time.monotonic()
    found = fetched(server, {}, replace(LIMITS, threads=2), seconds=0.5)
    assert time.monotonic() - begun < 10
    assert set(outcomes(found).values()) <= {"late", "timeout"}
    assert found.seen == frozenset()


def test_one_query_that_breaks_inside_the_service_leaves_the_others(
    server: FhirServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    run = Job.run

    def broken(job: Job) -> None:
        if job.query.key == "conditions":
            raise ValueError("planted")
        run(job)

    monkeypatch.setattr(Job, "run", broken)
    found = fetched(server, {})
    assert outcomes(found)["conditions"] == "failed"
    assert outcomes(found)["patient"] == "fetched"
    assert "planted" not in caplog.text


def test_what_failed_is_logged_once_by_kind_and_without_a_value(
    server: FhirServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.fail(Reply({}, 403), "Condition", "Procedure")
    fetched(server, {})
    [line] = [one for one in caplog.records if one.name.startswith("cds_service")]
    assert (vars(line)["outcome"], vars(line)["count"]) == ("status-403", 2)


def test_a_note_tells_explain_what_did_not_come(server: FhirServer) -> None:
    server.fail(Reply({}, 403), "Condition")
    [note] = fetched(server, {}).unread
    assert (note.where, note.reason.endswith("got status-403")) == ("fetched.conditions", True)
