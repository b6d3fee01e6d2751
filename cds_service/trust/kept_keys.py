"""
Key sets as they were last fetched, in files beside the spool, so that a new worker needs no client's host.

Without them a worker that starts while a client's host of keys is down would refuse all that client's calls. The files
hold public keys alone. Whoever may write there may also write the spool, and is trusted as much.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

LOG = logging.getLogger(__name__)


class KeptKeys:
    """One folder of key sets by URL. `clock` gives seconds since 1970, as files tell their age by."""

    def __init__(self, folder: Path, clock: Callable[[], float]) -> None:
        self._folder, self._clock = folder, clock

    def keep(self, url: str, body: bytes) -> None:
        """Write down what was fetched; that it could not be is logged, and costs nothing but the next restart."""
        path = self._path(url)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            file, name = tempfile.mkstemp(dir=self._folder, prefix=path.stem)
            try:
                with os.fdopen(file, "wb") as opened:
                    opened.write(body)
                Path(name).replace(path)  # whole or not at all, whoever else does the same
            finally:
                with suppress(FileNotFoundError):
                    Path(name).unlink()
        except OSError as fault:
            LOG.warning("key set not kept", extra={"fault": type(fault).__name__})

    def recall(self, url: str) -> tuple[bytes, float] | None:
        """(what was fetched last, how many seconds ago), or None."""
        path = self._path(url)
        try:
            written = path.stat().st_mtime
            return path.read_bytes(), max(self._clock() - written, 0.0)
        except FileNotFoundError:
            return None
        except OSError as fault:
            LOG.warning("kept key set not read", extra={"fault": type(fault).__name__})
            return None

    def _path(self, url: str) -> Path:
        return self._folder / f"key-set-{hashlib.sha256(url.encode()).hexdigest()[:32]}.json"
