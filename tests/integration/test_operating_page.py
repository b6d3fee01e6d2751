"""The operator's page, typed word for word into an empty folder: install, run, upgrade, back up, restore."""

from __future__ import annotations

import re
import shlex
import shutil
import site
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.helpers.processes import ROOT, checkout, clean_environ

PAGE = (ROOT / "deploy" / "README.md").read_text("utf-8")
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
OTHER = {"SQLite": "PostgreSQL", "PostgreSQL": "SQLite"}
DATABASE = "postgresql+psycopg://cobalamin@db.example.org/cobalamin"
LOCKED = re.compile(r"^(env-\w)/bin/python -m pip install .* --require-hashes .*$", re.MULTILINE)
SECONDS = 900
BACK_UP = "mkdir backup/today\n"
EXPORT = "env/bin/cobalamin-cds store export"
DRAINED = """for _ in {1..60}; do
  if env/bin/cobalamin-cds store status | grep --quiet "^spool lines: 0$"; then break; fi
  sleep 1
done
"""
"""What is still in the spool as the service starts is in no export yet."""
KEPT = "kept-and-restored"
TOOLS = ("bash", "curl")
FEEDBACK = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from cds_service.store.lines import Feedback, feedback_line
from cds_service.store.spool import Spool
line = Feedback("{KEPT}", "2026-11-20T09:00:00Z", "b12-order-sign", "c", "x", "accepted", "", [], "", "", "", "")
spool = Spool(Path("data/spool"))
spool.append_safely(feedback_line(line))
spool.close()
"""
"""Feedback as a worker keeps it, so that there is something to back up: nobody here has a client's private key."""
ENDS = "trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT\nset -ex -o pipefail\nPS4=\"typed: \"\n"


def typed(database: str) -> str:
    """What the operator types who keeps records in this database."""
    parts = re.split(r"^(?=##+ )", PAGE, flags=re.MULTILINE)
    blocks = [
        block for part in parts if OTHER[database] not in part.partition("\n")[0] for block in BLOCK.findall(part)
    ]
    return "\n".join(blocks)


def free_ports() -> Iterator[int]:
    """Ports that nobody listens on; held together, so that no two are the same."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(2)]
        found = [one.getsockname()[1] for one in sockets]
    yield from found


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    subprocess.run(build, cwd=checkout(folder), env=clean_environ(), check=True, capture_output=True)
    [built] = folder.glob("*.whl")
    return built


def here(text: str, url: str, *, network: bool) -> str:
    """
    The same with this machine's free ports and database, and one reaction of a clinician to back up.

    With the registry the first environment gets its locked packages from there; those of others, which would be the
    same, and of all without it, are those of this environment, by a path file.
    """
    http, metrics = free_ports()
    text = text.replace(":8095/", f":{http}/").replace("9095", str(metrics)).replace(DATABASE, url)
    text = text.replace("COBALAMIN_WORKERS=2", f"COBALAMIN_WORKERS=2\nCOBALAMIN_PORT={http}")
    packages = ":".join(site.getsitepackages())
    text = text.replace(BACK_UP, f"{shlex.join([sys.executable, '-c', FEEDBACK])}\n{BACK_UP}")
    text = text.replace(EXPORT, f"{DRAINED}{EXPORT}")
    path_file = rf"echo '{packages}' | tr ':' '\\n' > $(echo \1/lib/python3*/site-packages)/dependencies.pth"
    first = LOCKED.search(text)
    typed_as_it_is = first.end() if network and first else 0
    return text[:typed_as_it_is] + LOCKED.sub(path_file, text[typed_as_it_is:])


@pytest.mark.parametrize("database", sorted(OTHER))
def test_the_page_works_word_for_word(
    database: str, wheel: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    for tool in (*TOOLS, "pg_dump", "pg_restore") if database == "PostgreSQL" else TOOLS:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    url = ""
    if database == "PostgreSQL":
        url = request.getfixturevalue("postgres_url").replace("postgresql:", "postgresql+psycopg:")
    shutil.copy2(wheel, tmp_path)
    shutil.copy2(ROOT / "requirements.lock", tmp_path)
    script = here(typed(database), url, network=request.config.getoption("--network") and not url)
    done = subprocess.run(
        ["bash", "-c", ENDS + script], cwd=tmp_path, env=clean_environ(), capture_output=True, text=True,
        timeout=SECONDS, check=False,
    )  # fmt: skip
    log = tmp_path / "service.log"
    said = log.read_text("utf-8") if log.exists() else ""
    assert done.returncode == 0, f"{done.stderr[-3000:]}\n{done.stdout[-3000:]}\n{said[-3000:]}"
    assert done.stdout.count('"status":"ready"') >= 4
    assert "}401\n" in done.stdout
    assert (tmp_path / "export.jsonl").read_text("utf-8").count(KEPT) == 1
    secret = (tmp_path / "secrets" / "pseudonym_key").read_text("utf-8").strip()
    assert secret
    assert secret not in said + done.stdout


def test_blocks_are_typed_by_the_test_or_say_that_they_are_not() -> None:
    kinds = re.findall(r"^```(\w*)$", PAGE, re.MULTILINE)
    assert {kind for kind in kinds if kind} == {"sh", "shell"}
    assert BLOCK.findall(PAGE)[-1].split() != []
    assert typed("SQLite") != typed("PostgreSQL")
