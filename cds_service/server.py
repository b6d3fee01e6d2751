"""Running under gunicorn: threads, because one slow call must not hold up the others."""

from __future__ import annotations

import errno
import gc
import os
import shlex
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from cds_service import logs
from cds_service.errors import SettingsFault
from cds_service.knowledge import roots
from cds_service.metrics import forget, share
from cds_service.settings import PREFIX, Settings
from cds_service.store.database import engine_of
from cds_service.store.upkeep import DrainThread, migrate_if_there
from cds_service.trust.door import TokenDoor
from cds_service.web.state import state
from cds_service.workers import StandardLogger, Worker, shape_answers
from cds_service.wsgi import build, start_drain

SAMPLE = "order-sign-unit-mix-up.json"
OPTIONS: Mapping[str, object] = {
    "worker_class": Worker,
    "logger_class": StandardLogger,
    "preload_app": True,
    "loglevel": "warning",
    "timeout": 30,
    "graceful_timeout": 30,  # longer than any call may take
    "keepalive": 75,  # longer than the 60 seconds for which usual proxies keep a connection
    "worker_connections": 1000,
    "sendfile": False,  # it would pass by the time that an answer has
    "limit_request_line": 4094,
    "limit_request_fields": 64,
    "limit_request_field_size": 16_384,  # tokens of some EHRs are long
}


class Server(BaseApplication):  # type: ignore[misc] # gunicorn ships no types
    """gunicorn with our settings in place of its own configuration files; workers share metrics in a folder."""

    def __init__(self, settings: Settings, app: Flask, metrics_dir: Path) -> None:
        self.settings, self.app, self.metrics_dir = settings, app, metrics_dir
        super().__init__()

    def load_config(self) -> None:
        """Threads in preloaded workers; each drains the spool behind its calls."""
        settings = self.settings
        hooks: dict[str, object] = {
            "on_starting": self._on_starting,
            "when_ready": self._when_ready,
            "post_worker_init": self._post_worker_init,
            "worker_exit": self._worker_exit,
            "child_exit": self._child_exit,
        }
        options = {**OPTIONS} | hooks | {
            "bind": binds(settings),
            "workers": settings.workers,
            "threads": settings.threads,
        }  # fmt: skip
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """The application, built once before the workers fork."""
        return self.app

    def _on_starting(self, _: Any) -> None:  # noqa: ANN401 - gunicorn's arbiter has no types
        engine = engine_of(self.settings.database_url)
        migrate_if_there(engine)
        engine.dispose()
        gc.collect()
        gc.freeze()

    def _when_ready(self, arbiter: Any) -> None:  # noqa: ANN401
        host, port = arbiter.LISTENERS[0].sock.getsockname()[:2]
        sys.stdout.write(banner(self.settings, f"http://{place(host, port)}"))
        sys.stdout.flush()

    def _post_worker_init(self, worker: Any) -> None:  # noqa: ANN401
        worker.drain = start_drain(self.settings)
        with self.app.app_context():
            if isinstance(door := state().door, TokenDoor):
                door.warm()

    def _worker_exit(self, _: Any, worker: Any) -> None:  # noqa: ANN401
        """The spool first, so that the last drain finds it closed and leaves nothing behind."""
        with self.app.app_context():
            here = state()
            here.recorder.spool.close()
        drain: DrainThread | None = getattr(worker, "drain", None)
        if drain is not None:
            drain.stop()
        here.tracing.close()

    def _child_exit(self, _: Any, worker: Any) -> None:  # noqa: ANN401
        forget(worker.pid, str(self.metrics_dir))


def binds(settings: Settings) -> list[str]:
    """Where to listen: at the service's own port, and at that of the metrics if they have one."""
    ports = [settings.port, settings.metrics_port] if settings.metrics_port else [settings.port]
    return [place(settings.host, port) for port in ports]


def place(host: str, port: int) -> str:
    """Both as they stand in a URL."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def check_free(settings: Settings) -> None:
    """Raises SettingsFault for an address that is taken or none of this machine's: gunicorn's words name none."""
    for name, port in (("port", settings.port), ("metrics_port", settings.metrics_port)):
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        at, named = place(settings.host, port), f"{PREFIX}{name.upper()}"
        try:
            socket.create_server((settings.host, port), family=family).close()
        except OSError as fault:
            if fault.errno == errno.EADDRINUSE:
                raise SettingsFault(f"expected a free port at {at}, got one in use; set {named}") from None
            wanted = f"expected an address to listen on, got {at} ({fault.strerror})"
            raise SettingsFault(f"{wanted}; set {PREFIX}HOST and {named}") from None


def banner(settings: Settings, base: str) -> str:
    """Where to find the service, and in demo mode a line to paste."""
    lines = ["", f"Cobalamin CDS is ready. Discovery: {base}/cds-services"]
    if not settings.clients:
        lines.append("Trust is off: nobody who calls is checked. For development; it listens on loopback only.")
    if settings.clients and not settings.pseudonym_key.get_secret_value():
        lines.append("No pseudonym_key is set: the same advice is shown at every call, and overrides mute nothing.")
    if settings.private_networks:
        lines.append("Private networks are open: FHIR servers and key sets may be on private addresses, without TLS.")
    if settings.demo:
        sample = shlex.quote(str(example(SAMPLE)))
        call = f"curl -s {base}/cds-services/b12-order-sign -H 'Content-Type: application/json' -d @{sample}"
        lines += [
            f"Demo mode, for made-up patients only. Open {base}/ in a browser.",
            "",
            "Or send an order for cyanocobalamin 1000 mg (milligrams!) into a muscle:",
            "",
            f"  {call} | python3 -m json.tool",
            "",
            "Stop with Ctrl-C.",
        ]
    return "\n".join([*lines, "", ""])


def example(name: str) -> Path:
    """The path of an example request, as short as it can be typed from here."""
    path = roots().fhir_profiles / "examples" / name
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def run(settings: Settings) -> None:
    """Serve until told to stop; raises SettingsFault where it cannot listen."""
    allowed = logs.configure(settings.log_level, people=settings.demo and sys.stderr.isatty())
    check_free(settings)
    with metrics_folder(settings.metrics_dir) as folder:
        share(folder, os.environ)
        app = build(settings, str(folder))
        with app.app_context():
            allowed.tell = state().metrics.dropped.inc
        shape_answers()
        Server(settings, app, folder).run()


@contextmanager
def metrics_folder(named: str) -> Iterator[Path]:
    """The folder that workers share, which stays; or one for this run."""
    if named:
        yield Path(named)
        return
    own = os.getpid()
    folder = Path(tempfile.mkdtemp(prefix="cobalamin-metrics-"))
    try:
        yield folder
    finally:
        if os.getpid() == own:  # a worker, which is a fork, passes here too
            shutil.rmtree(folder, ignore_errors=True)
