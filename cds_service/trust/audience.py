"""The addresses that a token may be meant for, compared as addresses and not as text."""

from __future__ import annotations

import re

from cds_service.addresses import base_of

SLASHES = re.compile("/{2,}")
FEEDBACK = "/feedback"


def audiences_of(base_url: str, path: str) -> frozenset[str]:
    """What `aud` may name when `path` is called: that address; at the feedback address its service's address too."""
    called = canonical(base_url + path)
    return frozenset({called, called.removesuffix(FEEDBACK)}) - {""}


def canonical(url: str) -> str:
    """A URL without what clients and proxies vary: case of the host, default port, repeated and last slashes."""
    scheme, mark, rest = url.partition("://")
    return base_of(scheme + mark + SLASHES.sub("/", rest))
