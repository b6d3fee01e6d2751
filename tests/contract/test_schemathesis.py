"""The service called by a machine that knows nothing of it but its own OpenAPI description: what it says is true."""

from __future__ import annotations

from pathlib import Path

import pytest
import schemathesis
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig

from cds_service.knowledge import Knowledge
from cds_service.settings import Settings
from tests.helpers import wire
print([n for n in dir(schemathesis.checks) if not n.startswith('_')])
