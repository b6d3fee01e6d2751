from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cds_service.knowledge import Knowledge, load_knowledge, roots
from cds_service.settings import Settings
from tests.helpers import wire

pytest_plugins = ["tests.helpers.postgres"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--network", action="store_true", help="Also run what installs packages from the registry.")


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    return load_knowledge(roots())


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(spool_dir=tmp_path / "spool")


@pytest.fixture
def app(knowledge: Knowledge, settings: Settings) -> Flask:
    return wire.application(knowledge, settings)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
