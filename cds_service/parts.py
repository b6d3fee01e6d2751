"""Parts of a message that were left as bytes, read once it is known that they are needed."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from msgspec import Raw

Part = TypeVar("Part")


def read_part(raw: Raw, decoder: msgspec.json.Decoder[Part]) -> Part:
    """
    The part; raises msgspec.ValidationError if it is of another shape.

    So it does of one nested too deeply: the body as a whole was not, but a part is read from further within.
    """
    try:
        return decoder.decode(raw)
    except RecursionError:
        raise msgspec.ValidationError("Expected JSON of ordinary depth, got one nested too deeply") from None
