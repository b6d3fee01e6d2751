"""The service, called by a machine that knows nothing of it but its own OpenAPI description: what that says is true."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.schemas import BaseSchema

from cds_service.knowledge import Knowledge
from cds_service.openapi import openapi_of
from cds_service.settings import Settings
from tests.helpers import wire

ADDRESSES = [
    (path, method.upper()) for path, methods in openapi_of("", wire.SCHEMAS)["paths"].items() for method in methods
]
CALLED = [one for one in ADDRESSES if one[1] == "POST"]
SECONDS = 60
"""For one call; longer is a hang."""
CONFIG = {"seed": 1, "checks": {"positive_data_acceptance": {"expected-statuses": ["200", "412"]}}}


@pytest.fixture(scope="module")
def described(knowledge: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> BaseSchema:
    spool = tmp_path_factory.mktemp("schemathesis") / "spool"
    app = wire.application(knowledge, Settings(spool_dir=spool, calls_per_minute=1_000_000))
    return schemathesis.openapi.from_wsgi("/openapi.json", app, config=SchemathesisConfig.from_dict(CONFIG))


@pytest.mark.parametrize(("path", "method"), ADDRESSES)
@settings(max_examples=8, deadline=SECONDS * 1000, derandomize=True, database=None)
@given(data=st.data())
def test_what_is_asked_as_described_is_answered_as_described(
    described: BaseSchema, data: st.DataObject, path: str, method: str
) -> None:
    data.draw(described[path][method].as_strategy(GenerationMode.POSITIVE)).call_and_validate()


@pytest.mark.parametrize(("path", "method"), CALLED)
@settings(max_examples=12, deadline=SECONDS * 1000, derandomize=True, database=None)
@given(data=st.data())
def test_what_departs_from_the_description_is_answered_as_described(
    described: BaseSchema, data: st.DataObject, path: str, method: str
) -> None:
    case = data.draw(described[path][method].as_strategy(GenerationMode.NEGATIVE))
    case.call_and_validate(excluded_checks=[schemathesis.checks.negative_data_rejection])
