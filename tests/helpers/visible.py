"""What a reader of a page meets: its texts and the names that assistive technology tells, by their language."""

from __future__ import annotations

from html.parser import HTMLParser

TOLD = frozenset({"aria-label", "alt", "title"})
"""Attributes that a reader meets as words."""
EMPTY = frozenset({"br", "hr", "img", "input", "link", "meta"})
SILENT = frozenset({"code", "script", "style"})
ROOT = "html"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        outside = bool(self.open) and self.open[-1][1]
        inside = outside or tag in SILENT or (tag != ROOT and "lang" in given)
        self.texts += [value for name, value in attrs if name in TOLD and value and not inside]
        if tag not in EMPTY:
            self.open.append((tag, inside))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip() and not self.open[-1][1]:
            self.texts.append(" ".join(data.split(" ")).strip())


def texts_of(page: str) -> list[str]:
    """Every text in the page's own language, in order; neither code nor what is marked as of another language."""
    reader = _Reader()
    reader.feed(page)
    return reader.texts
