from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from cds_service.fhir.fetching import Fetching
from cds_service.knowledge import Knowledge
from cds_service.settings import Settings
from cds_service.wsgi import fetching_of, outbound_of
from tests.helpers import hapi, sekmet, wire
from tests.helpers.on_server import load_examples

BUDGET_MS = 10_000
"""For one call: here it is answers that are tested, not speed, on machines of any kind."""


@pytest.fixture(scope="session")
def sekmet_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sekmet.Sekmet]:
    with sekmet.serving(tmp_path_factory.mktemp("sekmet")) as server:
        load_examples(server.base)
        yield server


@pytest.fixture(scope="session")
def hapi_base() -> str:
    return hapi.address() or pytest.skip(hapi.WANTED)


@pytest.fixture(scope="session", params=["sekmet", "hapi"])
def base(request: pytest.FixtureRequest) -> str:
    """The base URL of each real FHIR server, with our example patients on it."""
    if request.param == "hapi":
        found: str = request.getfixturevalue("hapi_base")
        return found
    server: sekmet.Sekmet = request.getfixturevalue("sekmet_server")
    return server.base


@pytest.fixture(scope="session")
def fetching_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    spool = tmp_path_factory.mktemp("fetching") / "spool"
    return Settings(
        demo=True, private_networks=True, budget_ms=BUDGET_MS, max_cards=20, max_chart_cards=20, spool_dir=spool
    )


@pytest.fixture(scope="session")
def fetching(knowledge: Knowledge, fetching_settings: Settings) -> Iterator[Fetching]:
    outbound = outbound_of(fetching_settings)
    way = fetching_of(fetching_settings, knowledge, outbound)
    yield way
    way.close()
    outbound.close()


@pytest.fixture(scope="session")
def service(knowledge: Knowledge, fetching_settings: Settings, fetching: Fetching) -> FlaskClient:
    """The service in this process, which really fetches."""
    return wire.application(knowledge, fetching_settings, fetching=fetching).test_client()
