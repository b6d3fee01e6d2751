"""The knowledge itself as FHIR: a rule as PlanDefinition, a regimen as ActivityDefinition, checked before it leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from fhir.resources.R4B import get_fhir_model_class
from msgspec import Struct
from pydantic import ValidationError

from cds_service.b12.protocol import Regimen
from cds_service.errors import OutputFault
from cds_service.fhir.new_orders import whole_order
from cds_service.fhir.valid import check

CANONICAL = "https://cobalamin-cds.org/fhir"
PLAN_TYPE = "http://terminology.hl7.org/CodeSystem/plan-definition-type"
Resource = dict[str, Any]


class Edition(Struct, frozen=True):
    """What every definition says of itself: version of the knowledge, day of release, who wrote it."""

    version: str
    released: date
    publisher: str


class RuleText(Struct, frozen=True):
    """A rule as its readers know it. `summaries` are the words of each variant, templates as they stand."""

    id: str
    title: str
    says: str
    hooks: Sequence[str]
    indicator: str
    summaries: Mapping[str, str]
    citations: Sequence[str]


def plan_definition(rule: RuleText, edition: Edition) -> Resource:
    """A rule as an event-condition-action PlanDefinition; raises OutputFault if that is not valid FHIR."""
    triggers = [{"type": "named-event", "name": hook} for hook in sorted(rule.hooks)]
    actions = [
        {"title": variant, "description": summary, "trigger": triggers} for variant, summary in rule.summaries.items()
    ]
    return checked({
        "resourceType": "PlanDefinition",
        **_head("PlanDefinition", fhir_id(rule.id), rule.title, edition),
        "type": {"coding": [{"system": PLAN_TYPE, "code": "eca-rule", "display": "ECA Rule"}]},
        "description": rule.says,
        "relatedArtifact": [{"type": "citation", "citation": one} for one in rule.citations],
        "action": actions,
    })  # fmt: skip


def activity_definition(regimen: Regimen, protocol: str, citations: Sequence[str], edition: Edition) -> Resource:
    """A regimen as an ActivityDefinition of a MedicationRequest; raises OutputFault if that is not valid FHIR."""
    order = check(whole_order(regimen, "any"))  # also: fhir.resources builds its models now, and not in a call
    return checked({
        "resourceType": "ActivityDefinition",
        **_head("ActivityDefinition", fhir_id(f"{protocol}.{regimen.id}"), regimen.title, edition),
        "kind": "MedicationRequest",
        "intent": "proposal",
        "productCodeableConcept": order["medicationCodeableConcept"],
        "dosage": order["dosageInstruction"],
        "relatedArtifact": [{"type": "citation", "citation": one} for one in citations],
    })  # fmt: skip


def searchset(resources: Sequence[Resource], base: str) -> Resource:
    """A Bundle of them; `base` is the URL under which they are served."""
    entries = [{"fullUrl": f"{base}/{one['resourceType']}/{one['id']}", "resource": one} for one in resources]
    return {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}


def capability_statement(types: Sequence[str], edition: Edition) -> Resource:
    """What can be read here: single resources and whole lists, no search parameters."""
    interactions = [{"code": "read"}, {"code": "search-type"}]
    return checked({
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": edition.released.isoformat(),
        "publisher": edition.publisher,
        "kind": "instance",
        "implementation": {"description": "Vitamin B12 knowledge, read only"},
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "rest": [{"mode": "server", "resource": [{"type": one, "interaction": interactions} for one in types]}],
    })  # fmt: skip


def checked(resource: Resource) -> Resource:
    """The resource, if it is valid FHIR; raises OutputFault naming the elements that are not."""
    try:
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    except ValidationError as fault:
        where = ", ".join(sorted({".".join(str(part) for part in error["loc"]) for error in fault.errors()}))
        raise OutputFault(f"expected a valid {resource['resourceType']}, got faults at {where}") from None
    return resource


def fhir_id(name: str) -> str:
    """An id that FHIR takes: letters, digits, hyphens and dots."""
    return name.replace("_", "-")


def _head(kind: str, name: str, title: str, edition: Edition) -> Resource:
    return {
        "id": name,
        "url": f"{CANONICAL}/{kind}/{name}",
        "version": edition.version,
        "name": "".join(part.capitalize() for part in name.replace(".", "-").split("-")),
        "title": title,
        "status": "active",
        "experimental": False,
        "date": edition.released.isoformat(),
        "publisher": edition.publisher,
    }
