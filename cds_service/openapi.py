"""The interface as OpenAPI 3.1, built around the JSON Schemas in fhir_profiles/schemas."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cds_service import __version__
from cds_service.web.services import SERVICES, Service

SUFFIX = ".schema.json"
COMPONENTS = "#/components/schemas/"
JSON, FHIR_JSON = "application/json", "application/fhir+json"
IDENTITY = frozenset({"$schema", "$id"})
ERRORS = {
    "400": "Not JSON, a field is missing or of the wrong type, or the Patient is not the one of the context.",
    "412": "Prefetch data without which nothing true can be said is missing; the diagnostics name the keys.",
    "413": "The body is larger, or holds more resources, than this server takes.",
    "415": "The content type is not JSON.",
    "429": "More calls at once or in a minute than this client may make; Retry-After says when to come back.",
    "503": "The feedback could not be kept safely; send it again.",
    "default": "Any other failure, such as 404 for another address, 405 for another method, 500 for a fault of ours.",
}
REFUSALS = ("400", "413", "415", "429")
STRANGER = {"401": {"description": "The caller is not trusted; nothing more is said."}}

Schemas = Mapping[str, Any]


def load_schemas(folder: Path) -> dict[str, Any]:
    """Every JSON Schema in a folder by its name."""
    return {
        path.name.removesuffix(SUFFIX): json.loads(path.read_text("utf-8"))
        for path in sorted(folder.glob(f"*{SUFFIX}"))
    }


def openapi_of(base_url: str, schemas: Schemas) -> dict[str, Any]:
    """The description; `base_url` empty means: relative to where it is served."""
    paths: dict[str, Any] = {"/cds-services": {"get": _get("Discovery", "discovery")}}
    for service in SERVICES.values():
        paths[f"/cds-services/{service.id}"] = {"post": _call(service)}
        paths[f"/cds-services/{service.id}/feedback"] = {"post": _feedback(service)}
    paths["/health"] = {"get": _get("Health", "health")}
    paths["/health/live"] = {"get": _get("The process answers", "health-live")}
    paths["/health/ready"] = {"get": _ready()}
    paths["/version"] = {"get": _get("Versions of code and knowledge", "version")}
    paths["/openapi.json"] = {"get": _get("This description", "openapi")}
    served = {"servers": [{"url": base_url.rstrip("/")}]} if base_url else {}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Cobalamin CDS",
            "version": __version__,
            "summary": "CDS Hooks 2.0 service that checks vitamin B12 orders and follows B12 therapy.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        **served,
        "paths": paths,
        "components": {"schemas": _components(schemas)},
    }


def _call(service: Service) -> dict[str, Any]:
    refused = (*REFUSALS, "412")
    return {
        "operationId": service.id,
        "summary": service.title,
        "description": f"{service.description} {service.usageRequirements}",
        "requestBody": _body(f"request-{service.hook}"),
        "responses": {"200": _reply("The cards; none if there is nothing to say.", "response")}
        | STRANGER
        | _errors(refused),
    }


def _feedback(service: Service) -> dict[str, Any]:
    return {
        "operationId": f"{service.id}-feedback",
        "summary": f"What was done with the cards of {service.id}",
        "description": "Answered once it is safely kept. Repeats count once; cards that are not known are taken too.",
        "requestBody": _body("feedback"),
        "responses": {"200": _reply("Kept.", "acknowledgement")} | STRANGER | _errors((*REFUSALS, "503")),
    }


def _get(summary: str, schema: str) -> dict[str, Any]:
    return {
        "operationId": schema,
        "summary": summary,
        "responses": {"200": _reply("As asked.", schema)} | _errors(()),
    }


def _ready() -> dict[str, Any]:
    described = _get("Whether to send calls here", "health-ready")
    unready = {"503": _reply("Not now; the checks say why.", "health-ready")}
    return described | {"responses": described["responses"] | unready}


def _body(schema: str) -> dict[str, Any]:
    return {"required": True, "content": {JSON: {"schema": {"$ref": COMPONENTS + schema}}}}


def _reply(description: str, schema: str) -> dict[str, Any]:
    return {"description": description, "content": {JSON: {"schema": {"$ref": COMPONENTS + schema}}}}


def _errors(statuses: tuple[str, ...]) -> dict[str, Any]:
    outcome = {FHIR_JSON: {"schema": {"$ref": f"{COMPONENTS}operation-outcome"}}}
    return {status: {"description": ERRORS[status], "content": outcome} for status in (*statuses, "default")}


def _components(schemas: Schemas) -> dict[str, Any]:
    """The schemas with every reference pointing into this one document."""
    own = {"acknowledgement": {"type": "object", "maxProperties": 0}, "openapi": {"type": "object"}}
    named = {name: _moved(schema, name) for name, schema in schemas.items()}
    return {
        name: {key: part for key, part in schema.items() if key not in IDENTITY} for name, schema in named.items()
    } | own


def _moved(node: Any, name: str) -> Any:  # noqa: ANN401 - JSON
    if isinstance(node, list):
        return [_moved(one, name) for one in node]
    if not isinstance(node, dict):
        return node
    moved = {key: _moved(one, name) for key, one in node.items()}
    if isinstance(ref := node.get("$ref"), str):
        file, _, inside = ref.partition("#")
        moved["$ref"] = COMPONENTS + (file or name) + inside
    return moved
