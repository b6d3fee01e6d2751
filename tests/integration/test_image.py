"""The Dockerfile's steps, run in an empty folder: there need be no container engine to know that they work."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.processes import ROOT, clean_environ, running

TEXT = re.sub(r"\\\n\s*", " ", (ROOT / "Dockerfile").read_text("utf-8"))
STAGES = [stage.strip().splitlines() for stage in re.split(r"^(?=FROM )", TEXT, flags=re.MULTILINE) if "FROM" in stage]


def steps(stage: list[str], word: str) -> list[str]:
    return [line.removeprefix(f"{word} ") for line in stage if line.startswith(f"{word} ")]


def test_the_last_stage_is_not_root_and_checks_its_health() -> None:
    build, image = [stage for stage in STAGES if stage[0].startswith("FROM")]
    assert steps(image, "USER") == ["10001"]
    assert json.loads(steps(image, "HEALTHCHECK")[0].rpartition("CMD ")[2]) == ["cobalamin-cds", "health"]
    assert json.loads(steps(image, "CMD")[0]) == ["cobalamin-cds", "serve"]
    assert [line for line in steps(image, "COPY") if not line.startswith("--from=build")] == []
    assert steps(build, "FROM")[0].endswith("AS build")


def test_without_a_file_of_clients_the_image_says_so_and_does_not_start(tmp_path: Path) -> None:
    """A container listens on every address: there, nobody may come in unchecked."""
    env = dict(re.findall(r"(COBALAMIN_\w+)=(\S+)", " ".join(steps(STAGES[-1], "ENV"))))
    assert env["COBALAMIN_HOST"] == "0.0.0.0"  # noqa: S104 - as the image does
    there = {"COBALAMIN_CLIENTS": str(tmp_path / "clients.toml"), "COBALAMIN_SPOOL_DIR": str(tmp_path / "spool")}
    done = subprocess.run(
        [sys.executable, "-m", "cds_service", "serve"], cwd=ROOT, env=clean_environ() | env | there,
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 1
    assert "clients.toml" in done.stderr
    assert "expected a file that can be read" in done.stderr


def test_everything_that_is_copied_exists() -> None:
    for line in steps(STAGES[-2], "COPY"):
        *sources, _ = line.split()
        for source in sources:
            assert (ROOT / source).exists(), source


def test_the_steps_build_a_service_that_answers(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("--network"):
        pytest.skip("installs packages from the registry; runs with --network")
    prefix, source = tmp_path / "opt" / "cobalamin", tmp_path / "src"
    source.mkdir(parents=True)
    build, image = STAGES[-2], STAGES[-1]
    for line in steps(build, "COPY"):
        *names, target = line.split()
        for name in names:
            copy = source / target / (Path(name).name if len(names) > 1 else "")
            (shutil.copytree if (ROOT / name).is_dir() else shutil.copy2)(ROOT / name, copy)
    for step in steps(build, "RUN"):
        command = step.replace("/opt/cobalamin", str(prefix))
        done = subprocess.run(
            ["bash", "-c", command], cwd=source, env=clean_environ(), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    serve = json.loads(steps(image, "CMD")[0])
    shutil.rmtree(source)  # the image carries the environment only
    path = f"{prefix}/bin{os.pathsep}{os.environ['PATH']}"
    with running((f"{prefix}/bin/{serve[0]}", *serve[1:], "--demo", "--port", "0"), tmp_path, PATH=path) as service:
        health = subprocess.run(
            [f"{prefix}/bin/cobalamin-cds", "health", "--url", service.url], check=True, capture_output=True, text=True
        )
    assert json.loads(health.stdout)["status"] == "ok"
