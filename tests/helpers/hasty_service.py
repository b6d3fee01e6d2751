"""The command line of a service that waits for a client as long as a test can wait (`python -m`)."""

from __future__ import annotations

from cds_service import workers
from cds_service.cli import main

READ_SECONDS, ANSWER_SECONDS = 3, 5

if __name__ == "__main__":
    workers.READ_SECONDS, workers.ANSWER_SECONDS = READ_SECONDS, ANSWER_SECONDS
    main()
