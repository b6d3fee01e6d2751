"""
Who may see the insights: an operator whom a proxy in front names, or who has logged in by OpenID Connect.

A header alone is anybody's word, and so is an address behind a proxy: the proxy has to know a secret too. Without
either, there are no insights, but in demo mode, which is for made-up patients and, without a file of clients, for this
machine only.
"""

from __future__ import annotations

from collections.abc import Callable
from hmac import compare_digest

from flask import Flask, Response, abort, g, request

from cds_service.addresses import base_of
from cds_service.errors import SettingsFault
from cds_service.settings import PREFIX, Settings
from cds_service.trust.start import is_loopback

SECRET_HEADER = "X-Login-Secret"  # noqa: S105 - the name of a header
LEAST_SECRET = 32
WAY = "cobalamin-login"
NOBODY = ""

Gate = Callable[[], str | Response]
"""Gives the operator of the current request ("" where nobody logs in), or an answer that leads to a login."""


def install_login(app: Flask, settings: Settings) -> bool:
    """
    Put the way in that is set before the insights; False if there is none, and nothing to be served.

    Raises SettingsFault for half a way, two ways, or a way that is not safe.
    """
    gate = _gate(app, settings)
    if gate is None:
        return False
    app.extensions[WAY] = gate
    return True


def enter(app: Flask) -> Response | None:
    """Let the operator of the current request in; an answer instead if there is none yet. Aborts with 403."""
    gate: Gate = app.extensions[WAY]
    found = gate()
    if isinstance(found, Response):
        return found
    g.operator = found
    return None


def operator() -> str:
    """Who is logged in; "" where nobody has to."""
    found: str = g.operator
    return found


def _gate(app: Flask, settings: Settings) -> Gate | None:
    by_proxy = _all_or_none(settings, "login_header", "login_proxy_secret")
    by_oidc = _all_or_none(
        settings, "oidc_issuer", "oidc_client_id", "oidc_client_secret", "oidc_allowed", "session_key"
    )
    if by_proxy and by_oidc:
        raise SettingsFault(f"{_name('login_header')}: expected this or {_name('oidc_issuer')}, got both")
    if by_proxy:
        return _proxy_gate(settings)
    if by_oidc:
        return _oidc_gate(app, settings)
    return _open if settings.demo and is_loopback(settings.host) else None


def _open() -> str:
    return NOBODY


def _proxy_gate(settings: Settings) -> Gate:
    secret = _long(settings, "login_proxy_secret").encode()

    def named_by_proxy() -> str:
        name = request.headers.get(settings.login_header, "").strip()
        given = request.headers.get(SECRET_HEADER, "").encode()
        # Two headers of one name come joined by a comma: the proxy has added its own to that of a caller.
        if not compare_digest(given, secret) or not name or "," in name:
            abort(403)
        return name

    return named_by_proxy


def _oidc_gate(app: Flask, settings: Settings) -> Gate:
    _long(settings, "session_key")
    for name in ("base_url", "oidc_issuer"):
        if not _is_safe(getattr(settings, name), private=settings.private_networks):
            raise SettingsFault(f"{_name(name)}: expected an https URL for logins, got none")
    try:
        from cds_service.web.oidc import install_oidc  # noqa: PLC0415 - authlib is an extra
    except ModuleNotFoundError as fault:
        raise SettingsFault(
            f"{_name('oidc_issuer')}: expected authlib, got none; install cobalamin-cds[login]"
        ) from fault
    return install_oidc(app, settings)


def _is_safe(url: str, *, private: bool) -> bool:
    return bool(base_of(url)) and (url.startswith("https://") or private)


def _all_or_none(settings: Settings, *names: str) -> bool:
    missing = [name for name in names if not _value(settings, name)]
    if 0 < len(missing) < len(names):
        raise SettingsFault(f"{_name(missing[0])}: expected a value, because {_name(names[0])} belongs to it, got none")
    return not missing


def _long(settings: Settings, name: str) -> str:
    value = _value(settings, name)
    if len(value) < LEAST_SECRET:
        raise SettingsFault(f"{_name(name)}: expected {LEAST_SECRET} characters or more, got fewer")
    return value


def _value(settings: Settings, name: str) -> str:
    value = getattr(settings, name)
    return value if isinstance(value, str) else str(value.get_secret_value())


def _name(setting: str) -> str:
    return f"{PREFIX}{setting.upper()}"
