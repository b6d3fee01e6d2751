"""In which language a caller or reader is answered."""

from __future__ import annotations

from collections.abc import Sequence

from flask import request

from cds_service.language import Language
from cds_service.texts import LANGUAGE
from cds_service.web.state import state

TRANSLATED = frozenset({"smart"})
"""Blueprints whose pages have their words in t(...); the others are in English from head to foot."""


def preferred(offered: Sequence[str]) -> str | None:
    """The one of these that the Accept-Language of the current request likes best; es-MX is content with es."""
    accepted = request.accept_languages
    return accepted.best_match(offered) if accepted else None


def of_page() -> Language:
    """The language of the page that is asked for; its words are in cards/pages.toml."""
    words = state().knowledge.words
    code = preferred(tuple(words)) if request.blueprint in TRANSLATED else None
    return words[code or LANGUAGE].language
