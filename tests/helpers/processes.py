"""Real processes for integration tests: the service as a user starts it, and a scratch copy of the checkout."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
SECONDS_TO_START = 60


class Service:
    """A running service: its base URL, everything it printed before it was ready, and its lines since."""

    def __init__(self, process: subprocess.Popen[str], banner: str) -> None:
        self.process, self.banner = process, banner
        self.lines: list[str] = []
        found = re.search(r"Discovery: (\S+)/cds-services", banner)
        assert found, banner
        self.url = found[1]


@contextmanager
def running(command: Sequence[str], folder: Path, **environ: str) -> Iterator[Service]:
    """Start a command that prints the banner; stop it, and what it started, at the end."""
    with subprocess.Popen(
        command,
        cwd=folder,
        env=clean_environ() | environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        clock = threading.Timer(SECONDS_TO_START, lambda: os.killpg(process.pid, 9))
        clock.start()
        try:
            assert process.stdout
            service = Service(process, _until_ready(process.stdout))
            clock.cancel()  # it was to start in time; how long it runs is the test's business
            # Somebody has to read on: a service whose log is stuck in a full pipe stands still.
            reader = threading.Thread(target=service.lines.extend, args=(process.stdout,), daemon=True)
            reader.start()
            yield service
            _stop(process)
            reader.join(SECONDS_TO_START)
        finally:
            clock.cancel()
            _stop(process)


def _stop(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, 15)
    process.wait(timeout=SECONDS_TO_START)


def _until_ready(output: Iterator[str]) -> str:
    printed = ""
    for line in output:
        printed += line
        # Outside demo mode an empty line ends what is printed.
        bare = "Discovery:" in printed and "Demo mode" not in printed and line == "\n"
        if "Stop with Ctrl-C" in line or bare:
            break
    return printed


def clean_environ() -> dict[str, str]:
    """This environment without settings, make's variables, coverage's hooks and paths."""
    unwanted = ("COBALAMIN_", "MAKE", "MFLAGS", "COV_", "PYTEST_", "PYTHONPATH")
    return {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}


def checkout(folder: Path) -> Path:
    """A copy of the files of this checkout, with this Python as its `.venv`."""
    copy = folder / "checkout"
    skipped = shutil.ignore_patterns(".git", ".venv", "var", "dist", "build", ".*_cache", ".hypothesis", "__pycache__")
    shutil.copytree(ROOT, copy, ignore=skipped)
    (copy / ".venv").symlink_to(sys.prefix)
    return copy
