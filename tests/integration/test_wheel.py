"""The wheel, installed into an empty environment outside the checkout, serves the same cards."""

from __future__ import annotations

import json
import re
import site
import subprocess
import sys
import venv
from pathlib import Path

import pytest
import requests

from tests.helpers.processes import ROOT, checkout, clean_environ, running

SLIP = (ROOT / "fhir_profiles" / "examples" / "order-sign-unit-mix-up.json").read_bytes()


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    An environment with the wheel in it.

    Its dependencies are those of this environment, by a path file; cds_service is not among them.
    """
    folder = tmp_path_factory.mktemp("wheel")
    source = checkout(folder)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    subprocess.run(build, cwd=source, env=clean_environ(), check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    environment = folder / "env"
    venv.create(environment, with_pip=True)
    python = environment / "bin" / "python"
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel],
        env=clean_environ(),
        check=True,
        capture_output=True,
    )
    (packages,) = (environment / "lib").glob("python*/site-packages")
    (packages / "dependencies.pth").write_text("\n".join(site.getsitepackages()))
    return environment


def test_the_installed_service_gives_the_same_cards(installed: Path, tmp_path: Path) -> None:
    serve = (str(installed / "bin" / "cobalamin-cds"), "serve", "--demo", "--port", "0")
    with running(serve, tmp_path) as service:
        reply = requests.post(
            f"{service.url}/cds-services/b12-order-sign", SLIP, headers={"Content-Type": "application/json"}, timeout=20
        )
        page = requests.get(f"{service.url}/", timeout=20)
        scripts = re.findall(r'/static/[^"]+', page.text)
        assert {requests.get(f"{service.url}{name}", timeout=20).status_code for name in scripts} == {200}
    here = subprocess.run(
        [sys.executable, "-m", "cds_service", "evaluate", "--json", "-"],
        input=SLIP,
        cwd=ROOT,
        env=clean_environ(),
        check=True,
        capture_output=True,
    )
    served, expected = reply.json(), json.loads(here.stdout)
    assert served["cards"][0]["summary"] == expected["cards"][0]["summary"]
    assert without_instants(served) == without_instants(expected)


def test_the_package_is_the_installed_one(installed: Path, tmp_path: Path) -> None:
    asked = subprocess.run(
        [installed / "bin" / "python", "-c", "import cds_service; print(cds_service.__file__)"],
        cwd=tmp_path,
        env=clean_environ(),
        check=True,
        capture_output=True,
        text=True,
    )
    assert str(installed) in asked.stdout


def without_instants(response: dict[str, object]) -> str:
    """
    Two calls at two instants differ in nothing but the instant, and the uuids that follow from it.

    And only a running service has an address to which its cards can link.
    """
    text = json.dumps(response, sort_keys=True)
    loaded = json.loads(text)
    for card in loaded["cards"]:
        card["extension"]["org.cobalamin-cds.trace"].pop("asOf")
        card.pop("uuid")
        card.pop("links", None)
        for suggestion in card["suggestions"]:
            suggestion.pop("uuid")
    return json.dumps(loaded, sort_keys=True)
