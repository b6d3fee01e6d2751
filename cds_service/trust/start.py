"""What must be set before the service may start, and the door that the settings ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from ipaddress import ip_address

from cds_service.addresses import base_of
from cds_service.clients import Client
from cds_service.errors import SettingsFault
from cds_service.settings import Settings
from cds_service.trust.door import TokenDoor, trusted
from cds_service.trust.kept_keys import KeptKeys
from cds_service.trust.key_sets import FetchKeys, KeySets
from cds_service.trust.replay import Replays

REPLAYS = "used-tokens.sqlite"


def check_development(settings: Settings) -> None:
    """Raises SettingsFault where nobody would be checked and others than this machine could call."""
    if not settings.clients and not is_loopback(settings.host):
        raise SettingsFault(
            "COBALAMIN_HOST: expected a loopback address such as 127.0.0.1 as long as COBALAMIN_CLIENTS is empty "
            "and nobody is checked, got another; to serve others, name a file of clients"
        )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens there."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def token_door(
    settings: Settings,
    clients: Iterable[Client],
    fetch: FetchKeys,
    clock: Callable[[], datetime],
    monotonic: Callable[[], float],
    unchecked: Callable[[], object],
) -> TokenDoor:
    """
    The door for these clients; connects to nothing yet. `unchecked` is called for every token that passes although
    nobody could know whether it was used before.

    Raises SettingsFault. The public URL must be set, because the Host header of a call is the caller's own word.
    """
    if not base_of(settings.base_url):
        raise SettingsFault("COBALAMIN_BASE_URL: expected this service's public http(s) URL, which tokens name as aud")
    listed = tuple(clients)
    kept = KeptKeys(settings.spool_dir, lambda: clock().timestamp())
    published = KeySets({url for client in listed for url in client.jwks_urls}, fetch, monotonic, kept=kept)
    url = settings.replay_url or f"sqlite:///{settings.spool_dir / REPLAYS}"
    replays = Replays(url, monotonic, unchecked) if settings.replay_check else None
    return TokenDoor(trusted(listed, published), settings.base_url.rstrip("/"), replays, clock)
