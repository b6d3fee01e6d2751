"""The services that discovery advertises: one id for each hook, because clients key services by id."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from cds_service.fhir.templates import ASKED_FOR, TEMPLATES

VERSION = "2.0.1"


class Service(Struct, frozen=True, omit_defaults=True):
    """One entry of the discovery answer."""

    hook: str
    title: str
    description: str
    id: str
    prefetch: Mapping[str, str]
    usageRequirements: str  # noqa: N815 - CDS Hooks' name
    version: str = ""


ORDER_NEEDS = "Without prefetch the order itself is still checked; the patient's history is then named as not seen."
CHART_NEEDS = (
    "Needs the prefetch keys patient and medicationRequests, or a fhirServer that gives them; else the answer is 412."
)
PROBLEM_NEEDS = "Without prefetch little can be said; what was not seen is named."
ALLERGY_NEEDS = (
    "Needs the prefetch key medicationRequests where the allergy bears on B12; without it the answer is 412."
)


def _service(hook: str, title: str, description: str, needs: str) -> Service:
    queries = {key: TEMPLATES[key][1] for key in ASKED_FOR[hook]}
    return Service(hook, title, description, f"b12-{hook}", queries, needs, VERSION)


SERVICES: Mapping[str, Service] = {
    service.id: service
    for service in (
        _service(
            "patient-view",
            "Vitamin B12 therapy at a glance",
            "Says when B12 therapy is overdue, was broken off or does not work, when a B12 result is low, unclear or"
            " contradicts its own unit, and when a risk calls for a test.",
            CHART_NEEDS,
        ),
        _service(
            "encounter-start",
            "Vitamin B12 therapy as a visit begins",
            "Says as a visit begins what b12-patient-view says when a chart is opened.",
            CHART_NEEDS,
        ),
        _service(
            "order-select",
            "Vitamin B12 order check while choosing",
            "Checks dose, unit, volume, route and schedule of a B12 order as it is chosen, against the patient's"
            " history and cause of deficiency; and orders of drugs and tests that bear on B12.",
            ORDER_NEEDS,
        ),
        _service(
            "order-sign",
            "Vitamin B12 order check at signing",
            "Checks dose, unit, volume, route and schedule of every B12 order before it is signed, and offers the"
            " corrected order; and orders of drugs and tests that bear on B12.",
            ORDER_NEEDS,
        ),
        _service(
            "medication-refill",
            "Vitamin B12 refill check",
            "Checks a B12 refill as b12-order-sign checks an order. A refill without a user is checked too.",
            ORDER_NEEDS,
        ),
        _service(
            "encounter-discharge",
            "Vitamin B12 therapy at discharge",
            "Says when a patient who needs B12 for good leaves without an order for it.",
            CHART_NEEDS,
        ),
        _service(
            "problem-list-item-create",
            "Vitamin B12 and a new problem",
            "Says when a problem being added to the list puts the patient at risk of B12 deficiency and calls for a"
            " test or treatment. Other problems are met with silence.",
            PROBLEM_NEEDS,
        ),
        _service(
            "allergyintolerance-create",
            "Vitamin B12 and a new allergy",
            "Says when an allergy being added speaks against a B12 order that is in force. Other allergies are met"
            " with silence.",
            ALLERGY_NEEDS,
        ),
    )
}
