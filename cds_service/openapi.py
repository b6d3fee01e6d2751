"""The interface as OpenAPI 3.1, built around the JSON Schemas in fhir_profiles/schemas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cds_service import __version__
from cds_service.knowledge import roots


def load_schemas(folder: Path) -> dict[str, Any]:
    """Every JSON Schema by its file stem."""
    return {
        path.name.removesuffix(".schema.json"): json.loads(path.read_text("utf-8")) for path in folder.glob("*.json")
    }


def openapi_of(base_url: str) -> dict[str, Any]:
    """The description; `base_url` empty means: relative to where it is served."""
    raise NotImplementedError
