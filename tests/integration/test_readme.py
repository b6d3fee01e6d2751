"""Every command in the README, run in a copy of the checkout."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import requests

from tests.helpers.processes import ROOT, checkout, clean_environ, running

BLOCK = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
COMMANDS = [line for block in BLOCK.findall((ROOT / "README.md").read_text("utf-8")) for line in block.splitlines()]
RUN, TEST, BENCH, SILENCE = "make run", "make test", "make bench", "make silence"
MAKE = ("make", "--old-file=.venv/.run", "--old-file=.venv/.dev")  # the environment is this one, already made


def test_the_two_commands_are_there() -> None:
    assert {RUN, TEST} <= set(COMMANDS)


@pytest.mark.parametrize("command", [one for one in COMMANDS if one not in {RUN, TEST, BENCH, SILENCE}])
def test_command_works(command: str, tmp_path: Path) -> None:
    folder = checkout(tmp_path)
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=clean_environ(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_run_starts_the_demo(tmp_path: Path) -> None:
    folder = checkout(tmp_path)
    with running((*MAKE, "run"), folder, COBALAMIN_PORT="0") as service:
        assert requests.get(f"{service.url}/health", timeout=20).json()["status"] == "ok"
    assert (folder / "var" / "cobalamin.db").exists()


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize(
    ("command", "starts"), [(TEST, "-m pytest -n auto"), (BENCH, "bench/calls.py"), (SILENCE, "bench/silence.py")]
)
def test_make_would_run_what_runs_here(command: str, starts: str, tmp_path: Path) -> None:
    """`make test` is what runs this very test, and a benchmark is no test: all are only asked what they would do."""
    done = subprocess.run(
        [*MAKE, "--dry-run", command.split()[1]],
        cwd=checkout(tmp_path),
        env=clean_environ(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert starts in done.stdout


def test_generated_parts_are_fresh() -> None:
    from tests.readme import fresh  # noqa: PLC0415 - loads all knowledge

    text = (ROOT / "README.md").read_text("utf-8")
    assert fresh(text) == text, "run `make readme`"
