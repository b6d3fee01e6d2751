"""In which language a caller or reader is answered."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response, after_this_request, request

from cds_service.language import Language
from cds_service.texts import LANGUAGE
from cds_service.web.state import state


def preferred(offered: Sequence[str]) -> str | None:
    """The one of these that the Accept-Language of the current request likes best; es-MX is content with es."""
    after_this_request(_varies)
    wanted = [code for code, quality in request.accept_languages if quality > 0]
    primary = [offered[0] if code == "*" else code.replace("_", "-").partition("-")[0].lower() for code in wanted]
    return next((code for code in primary if code in offered), None)


def of_page() -> Language:
    """The language of the page that is asked for; its words are in cards/pages.toml."""
    words = state().knowledge.words
    return words[preferred(tuple(words)) or LANGUAGE].language


def _varies(response: Response) -> Response:
    """Another reader of the same address may be answered otherwise: a cache has to ask."""
    response.vary.add("Accept-Language")
    return response
