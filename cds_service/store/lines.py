"""
The lines of the spool: one JSON object each, told apart by `kind`.

A field that came after the first version has a default: lines of the version before may still lie in the
spool when a new one starts.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Raw, Struct

Key = Annotated[str, Meta(min_length=1, max_length=255)]
Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Digest = Annotated[str, Meta(max_length=32)]


class ShownCard(Struct, frozen=True):
    """
    A card as it was shown, or `held` back and why; `trace` is why it spoke, JSON already.

    `suggestions` are uuids, `advice` is the fingerprint of what the card says.
    """

    uuid: Key
    rule: str
    subject: str
    indicator: str
    summary: str
    trace: Raw
    suggestions: list[str]
    advice: Digest = ""
    held: Literal["", "repeat", "muted", "shadow"] = ""


class Evaluation(Struct, frozen=True, tag_field="kind", tag="evaluation"):
    """
    One hook call: who asked what, under which knowledge, with which verdicts (JSON already) and cards.

    `at` is an RFC 3339 instant; `client` and the pseudonyms `patient_key` and `user_key` are "" when unknown.
    `fetched` is a JSON list: key, outcome and milliseconds of what was fetched.
    """

    id: Key
    at: str
    service: str
    hook: str
    hook_instance: str
    client: str
    as_of: str
    knowledge: str
    protocol: str
    microseconds: Count
    verdicts: Raw
    cards: list[ShownCard]
    patient_key: Digest = ""
    user_key: Digest = ""
    fetched: Raw = Raw(b"[]")
    protocol_version: str = ""


class Feedback(Struct, frozen=True, tag_field="kind", tag="feedback"):
    """
    What a clinician did with a card, in the client's words.

    `id` is the caller's deterministic key: a repeat has the same one. `card` may be a card nobody here showed.
    """

    id: Key
    at: str
    service: str
    client: str
    card: Key
    outcome: Literal["accepted", "overridden"]
    outcome_timestamp: str
    suggestions: list[str]
    reason_code: str
    reason_system: str
    reason_display: str
    comment: str


LineDecoder = msgspec.json.Decoder[Evaluation | Feedback]


def line_decoder() -> LineDecoder:
    """Build a reader of lines; costs more than many lines, so keep it."""
    return msgspec.json.Decoder(Evaluation | Feedback)


def instant_of(text: str) -> datetime:
    """Read an RFC 3339 instant as UTC; raises ValueError, also where the zone is missing."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("expected an instant with a zone")
    try:
        return instant.astimezone(UTC)
    except OverflowError as fault:  # year 1 or 9999, and a zone that leads out of it
        raise ValueError("expected an instant that UTC can say") from fault


def evaluation_line(evaluation: Evaluation) -> bytes:
    """Write an evaluation as one line."""
    return _line(evaluation)


def feedback_line(feedback: Feedback) -> bytes:
    """
    Write feedback as one line.

    Raises ValueError for what a drain would reject later: feedback is acknowledged on the strength of
    this line, and is rare enough to be read back.
    """
    line = _line(feedback)
    msgspec.json.decode(line, type=Feedback)
    instant_of(feedback.at)
    return line


def _line(record: Evaluation | Feedback) -> bytes:
    # Raw parts are copied as they are. In JSON a bare newline can only be space between tokens.
    return msgspec.json.encode(record).replace(b"\n", b" ") + b"\n"
