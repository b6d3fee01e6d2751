"""The clients that may call: who they are, their keys, their FHIR servers, and how they are answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

Profile = Literal["standard", "epic", "oracle", "sandbox", "inferno"]
"""What a client can take: see dialects.py."""
ALGORITHMS = ("ES384", "RS384")
"""What CDS Hooks recommends; others are named in the file of clients."""


class RuleChanges(Struct, frozen=True):
    """
    What a client's site changes about the rules, by rule id.

    `off` are not asked; `shadow` are asked and recorded but not shown; `indicators` replace a card's own.
    """

    off: frozenset[str] = frozenset()
    shadow: frozenset[str] = frozenset()
    indicators: Mapping[str, str] = {}


UNCHANGED = RuleChanges()


class Client(Struct, frozen=True):
    """
    One client by the issuer of its tokens.

    `jwks` is a key set handed over, `jwks_urls` the addresses (`jku`) from which its keys may be fetched.
    `fhir_servers` are base URLs; none but these are called. An empty `protocol` means the service's own,
    an empty `language` the one that a call prefers.
    `preference_list` gives, by LOINC code, the key under which the client's record orders a test.
    `smart_app`: its users may open our SMART app, registered there as `smart_client_id`; `smart_origins` are what that
    calls beside the FHIR servers, as a rule the authorization server, `smart_frames` what may show it in a frame.
    """

    id: str
    issuer: str
    jwks: Mapping[str, Any] = {}
    jwks_urls: tuple[str, ...] = ()
    algorithms: tuple[str, ...] = ALGORITHMS
    tenants: tuple[str, ...] = ()
    fhir_servers: tuple[str, ...] = ()
    protocol: str = ""
    language: str = ""
    profile: Profile = "standard"
    rules: RuleChanges = UNCHANGED
    preference_list: Mapping[str, str] = {}
    smart_app: bool = False
    smart_client_id: str = ""
    smart_origins: tuple[str, ...] = ()
    smart_frames: tuple[str, ...] = ()


DEVELOPMENT = Client("development", "")
"""Who calls where no file of clients is set: nobody is checked, and the service listens on loopback only."""
