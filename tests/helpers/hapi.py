"""
A HAPI FHIR JPA server (R4) on loopback, shared by all test processes: `python -m tests.helpers.hapi start | stop`.

It is slow to start, so `make hapi` builds and starts it once; tests only look whether it is there.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import requests

from tests.helpers.on_server import load_examples

ROOT = Path(__file__).parents[2]
SOURCE, BUILT, KEPT = ROOT / "tests" / "hapi", ROOT / "build" / "hapi", ROOT / "var" / "hapi"
RUNNING = KEPT / "running.json"
SECONDS_TO_START = 300
WANTED = "no HAPI FHIR server is running; `make hapi` starts one (needs Java 17, Maven and the registry)"
JAVA = ("java", "-Xmx1g", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")


def address() -> str:
    """The base URL of the running server; empty where there is none."""
    try:
        running = json.loads(RUNNING.read_text("utf-8"))
    except FileNotFoundError:
        return ""
    base: str = running["base"]
    return base if _answers(base) else ""


def start() -> str:
    """
    The base URL of the server, which is built and started unless it runs, with our example patients on it.

    Raises SystemExit saying what is wrong.
    """
    base = address() or _started()
    load_examples(base)
    return base


def stop() -> None:
    """End the server that `start` left running, if it still answers."""
    if address():
        os.kill(json.loads(RUNNING.read_text("utf-8"))["pid"], signal.SIGTERM)
    RUNNING.unlink(missing_ok=True)


def free_port() -> int:
    """A loopback port that nothing listens on."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port: int = asked.getsockname()[1]
        return port


def _started() -> str:
    _build()
    port = free_port()
    base = f"http://127.0.0.1:{port}/fhir"
    KEPT.mkdir(parents=True, exist_ok=True)
    paths = os.pathsep.join([str(BUILT / "classes"), str(BUILT / "lib" / "*")])
    logging = f"-Dlogback.configurationFile={SOURCE / 'logback.xml'}"
    with (KEPT / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            [*JAVA, logging, "-cp", paths, "Hapi", str(port)],
            cwd=KEPT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    RUNNING.write_text(json.dumps({"base": base, "pid": process.pid}), "utf-8")
    _wait(process, base)
    return base


def _build() -> None:
    """With Maven, from its own repository and cache; again only where the sources are newer."""
    stamp = BUILT / "built"
    newest = max(path.stat().st_mtime for path in SOURCE.rglob("*") if path.is_file())
    if stamp.exists() and stamp.stat().st_mtime >= newest:
        return
    for tool in ("mvn", "javac"):
        if shutil.which(tool) is None:
            sys.exit(f"expected {tool} on the path, got none; Debian has it in maven and openjdk-17-jdk-headless")
    quiet = ("-B", "-ntp", "-q", f"-Dbuilt={BUILT}")
    if subprocess.run(["mvn", *quiet, "-f", str(SOURCE / "pom.xml"), "compile"], check=False).returncode:
        sys.exit("expected Maven to build tests/hapi, got a failure")
    stamp.touch()


def _wait(process: subprocess.Popen[bytes], base: str) -> None:
    until = time.monotonic() + SECONDS_TO_START
    while not _answers(base):
        if process.poll() is not None or time.monotonic() > until:
            process.kill()
            sys.exit(f"expected HAPI FHIR to answer at {base}, got nothing; see {KEPT / 'log.txt'}")
        time.sleep(0.5)


def _answers(base: str) -> bool:
    try:
        found = requests.get(f"{base}/metadata", timeout=60)
    except requests.RequestException:
        return False
    return bool(found.ok and found.json()["software"]["name"] == "HAPI FHIR Server")


if __name__ == "__main__":
    if sys.argv[1:] == ["stop"]:
        stop()
    elif sys.argv[1:] == ["start"]:
        sys.stdout.write(f"HAPI FHIR answers at {start()}\n")
    else:
        sys.exit("expected start or stop")
