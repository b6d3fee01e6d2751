"""
The service as it is, but with a clock that a test moves: started as a process.

The file named by CLOCK_OFFSET holds the seconds by which this process's idea of the time of day is wrong; what counts
seconds from the start of the machine goes on as before, as it does when an operator sets the clock.
"""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path

OFFSET = "CLOCK_OFFSET"
REAL_NS = time.time_ns


def skewed_ns() -> int:
    """Nanoseconds since 1970, by this clock."""
    return REAL_NS() + int(float(Path(os.environ[OFFSET]).read_text("utf-8")) * 1e9)


def set_clock(file: Path, seconds: float) -> None:
    """Move the clock; a reader sees it moved or not, never half."""
    fresh = file.with_suffix(".new")
    fresh.write_text(str(seconds), "utf-8")
    fresh.replace(file)


if __name__ == "__main__":
    time.time_ns, time.time = skewed_ns, lambda: skewed_ns() / 1e9
    from cds_service import server, wsgi
    from cds_service.settings import Settings

    wsgi.now = lambda: datetime.fromtimestamp(time.time(), UTC)
    server.run(Settings.from_environ({name: one for name, one in os.environ.items() if name != OFFSET}))
