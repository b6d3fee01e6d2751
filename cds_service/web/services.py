"""The services that discovery advertises: one id for each hook, because clients key services by id."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from cds_service.fhir.prefetch import TEMPLATES

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


PREFETCH = {key: query for key, (_, query) in TEMPLATES.items()}
NEEDS = "Without prefetch the order itself is still checked; the patient's history is then named as not seen."
VIEW_NEEDS = "Needs the prefetch keys patient and medicationRequests; without them the answer is 412."
SERVICES: Mapping[str, Service] = {
    service.id: service
    for service in (
        Service(
            "patient-view",
            "Vitamin B12 therapy at a glance",
            "Says when B12 loading was broken off, when a maintenance injection is overdue, and when a B12 result"
            " contradicts its own unit.",
            "b12-patient-view",
            PREFETCH,
            VIEW_NEEDS,
            VERSION,
        ),
        Service(
            "order-select",
            "Vitamin B12 order check while choosing",
            "Checks dose, unit, volume, route and schedule of a B12 order as it is chosen, against the patient's"
            " history and cause of deficiency.",
            "b12-order-select",
            PREFETCH,
            NEEDS,
            VERSION,
        ),
        Service(
            "order-sign",
            "Vitamin B12 order check at signing",
            "Checks dose, unit, volume, route and schedule of every B12 order before it is signed, and offers the"
            " corrected order.",
            "b12-order-sign",
            PREFETCH,
            NEEDS,
            VERSION,
        ),
    )
}
