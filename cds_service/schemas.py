"""Where a document departs from a JSON Schema, told by path and never by value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, relevance
from referencing import Registry, Resource


def remarks_on(document: object, schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> list[str]:
    """Every departure, shortest path first."""
    registry: Registry[Any] = Registry().with_resources(
        (one["$id"], Resource.from_contents(one)) for one in schemas.values()
    )
    validator = Draft202012Validator(schema, registry=registry, format_checker=Draft202012Validator.FORMAT_CHECKER)
    found = sorted(validator.iter_errors(document), key=lambda fault: (len(fault.absolute_path), fault.json_path))
    return list(dict.fromkeys(_remark(fault) for fault in found))


def _remark(fault: ValidationError) -> str:
    """Of alternatives that all fail, the one that fits best."""
    if fault.context:
        fault = min(fault.context, key=relevance)
    expected = fault.validator_value if isinstance(fault.validator_value, str | int | list) else "another form"
    return f"expected {fault.validator} {expected} at {fault.json_path}"
