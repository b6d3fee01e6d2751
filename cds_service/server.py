"""Running under gunicorn: threads, because one slow call must not hold up the others."""

from __future__ import annotations

import gc
import shlex
import sys
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from cds_service.knowledge import roots
from cds_service.settings import Settings
from cds_service.store.database import engine_of, migrate
from cds_service.store.drain import DrainThread
from cds_service.web.state import state
from cds_service.wsgi import build, start_drain

SAMPLE = "order-sign-unit-mix-up.json"


class Server(BaseApplication):  # type: ignore[misc] # gunicorn ships no types
    """gunicorn with our settings in place of its own configuration files."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.app = build(settings)
        super().__init__()

    def load_config(self) -> None:
        """Threads in preloaded workers; each drains the spool behind its calls."""
        settings = self.settings
        options = {
            "bind": f"{settings.host}:{settings.port}",
            "workers": settings.workers,
            "threads": settings.threads,
            "worker_class": "gthread",
            "preload_app": True,
            "loglevel": "warning",
            "on_starting": self._on_starting,
            "when_ready": self._when_ready,
            "post_worker_init": self._post_worker_init,
            "worker_exit": self._worker_exit,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """The application, built once before the workers fork."""
        return self.app

    def _on_starting(self, _: Any) -> None:  # noqa: ANN401 - gunicorn's arbiter has no types
        engine = engine_of(self.settings.database_url)
        migrate(engine)
        engine.dispose()
        gc.collect()
        gc.freeze()

    def _when_ready(self, arbiter: Any) -> None:  # noqa: ANN401
        host, port = arbiter.LISTENERS[0].sock.getsockname()[:2]
        sys.stdout.write(banner(self.settings, f"http://{host}:{port}"))
        sys.stdout.flush()

    def _post_worker_init(self, worker: Any) -> None:  # noqa: ANN401
        worker.drain = start_drain(self.settings)

    def _worker_exit(self, _: Any, worker: Any) -> None:  # noqa: ANN401
        """The spool first, so that the last drain finds it closed and leaves nothing behind."""
        with self.app.app_context():
            state().recorder.spool.close()
        drain: DrainThread | None = getattr(worker, "drain", None)
        if drain is not None:
            drain.stop()


def banner(settings: Settings, base: str) -> str:
    """Where to find the service, and in demo mode a line to paste."""
    lines = ["", f"Cobalamin CDS is ready. Discovery: {base}/cds-services"]
    if settings.demo:
        sample = shlex.quote(str(example(SAMPLE)))
        call = f"curl -s {base}/cds-services/b12-order-sign -H 'Content-Type: application/json' -d @{sample}"
        lines += [
            "Demo mode: for made-up patients only.",
            "",
            "Try an order for cyanocobalamin 1000 mg (milligrams!) into a muscle:",
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
    """Serve until told to stop."""
    Server(settings).run()
