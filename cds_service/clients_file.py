"""The file of clients, read strictly: a fault is told with file, line, key and what was expected, and no value."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jwt
import msgspec
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from msgspec import Struct

from cds_service.clients import Client, RuleChanges
from cds_service.errors import ClientsFault
from cds_service.knowledge import Knowledge, roots
from cds_service.settings import Settings
from cds_service.texts import LANGUAGE, LANGUAGES

MOST_BYTES = 1_000_000
LONGEST_NAME = 40
SANDBOX = "https://sandbox.cds-hooks.org"
TEST_TOOLS = ("sandbox", "inferno")
"""Everybody can sign as one of these: their private keys lie in their public repositories."""
HEADER = re.compile(r"^\s*\[\[\s*client\s*\]\]")

Step = str | int
Entry = Mapping[str, Any]
Clients = Mapping[str, Client]


class Leeway(Struct, frozen=True):
    """What a file may hold in development only: addresses without TLS, and test tools as clients."""

    plain_http: bool = False
    test_tools: bool = False


STRICT = Leeway()


def leeway_of(settings: Settings) -> Leeway:
    """What the settings allow."""
    return Leeway(settings.private_networks, settings.private_networks or settings.demo)


class Source(Struct, frozen=True):
    """The file as text, so that a fault finds its line."""

    name: str
    text: str

    def fault(self, path: Sequence[Step], message: str) -> ClientsFault:
        """The fault at this path."""
        return ClientsFault(self.name, _key(path), message, self._line(path))

    def _line(self, path: Sequence[Step]) -> int | None:
        """The first line that names the path's last word that stands there, within the client that the path is in."""
        lines = self.text.splitlines()
        headers = [number for number, line in enumerate(lines) if HEADER.match(line)]
        index = path[1] if len(path) > 1 else None
        start = headers[index] if isinstance(index, int) and index < len(headers) else 0
        end = next((number for number in headers if number > start), len(lines)) if index is not None else len(lines)
        for word in reversed([step for step in path if isinstance(step, str)]):
            named = re.compile(rf"^(?:.*[\s.\[{{,])?[\"']?{re.escape(word)}[\"']?\s*[=\]]")
            if found := [number for number in range(start, end) if named.match(lines[number])]:
                return found[0] + 1
        return start + 1


def load_clients(path: Path, leeway: Leeway = STRICT) -> Clients:
    """
    The clients by issuer. What they name of the knowledge (rules, protocols) is not checked: see check_clients.

    Raises ClientsFault.
    """
    source, loaded = _read(path)
    _check_form(source, loaded)
    entries: Sequence[Entry] = loaded["client"]
    for index, entry in enumerate(entries):
        _check_addresses(source, entry, index, leeway)
        _check_keys(source, entry, index)
        _check_words(source, entry, index)
    for name in ("id", "issuer"):
        _check_unique(source, entries, name)
    return {entry["issuer"]: msgspec.convert(entry, Client) for entry in entries}


def check_clients(path: Path, clients: Clients, knowledge: Knowledge) -> None:
    """Raises ClientsFault for a rule or protocol that the knowledge does not have."""
    source, _ = _read(path)
    for index, client in enumerate(clients.values()):
        if client.protocol and client.protocol not in knowledge.protocols:
            known = ", ".join(knowledge.protocols)
            raise source.fault(("client", index, "protocol"), f"expected one of {known}, got another")
        for where, rule in _rules(client.rules):
            if rule not in knowledge.rules:
                message = f"expected the id of a rule, got {rule}, which none has"
                raise source.fault(("client", index, "rules", *where), message)


def _rules(changes: RuleChanges) -> Iterator[tuple[tuple[str, ...], str]]:
    yield from ((("off",), rule) for rule in sorted(changes.off))
    yield from ((("shadow",), rule) for rule in sorted(changes.shadow))
    yield from ((("indicators", rule), rule) for rule in changes.indicators)


def schema() -> dict[str, Any]:
    """The JSON Schema of the file."""
    path = roots().fhir_profiles / "schemas" / "config" / "clients.schema.json"
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def _read(path: Path) -> tuple[Source, dict[str, Any]]:
    try:
        with path.open("rb") as file:
            body = file.read(MOST_BYTES + 1)
    except OSError as fault:
        raise ClientsFault(str(path), "$", f"expected a file that can be read, got {type(fault).__name__}") from None
    if len(body) > MOST_BYTES:
        raise ClientsFault(str(path), "$", f"expected at most {MOST_BYTES} bytes, got more")
    try:
        text = body.decode()
        source, loaded = Source(str(path), text), tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as fault:
        line = re.search(r"at line (\d+)", str(fault))
        raise ClientsFault(str(path), "$", "expected TOML, got another form", int(line[1]) if line else None) from None
    return source, _with_key_sets(source, loaded)


def _with_key_sets(source: Source, loaded: dict[str, Any]) -> dict[str, Any]:
    """A key set may stand as the JSON text in which it was handed over."""
    entries = loaded.get("client")
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, dict) and isinstance(entry.get("jwks"), str):
            try:
                entry["jwks"] = json.loads(entry["jwks"])
            except (ValueError, RecursionError):
                path = ("client", index, "jwks")
                raise source.fault(path, "expected a JSON Web Key Set, got text that is not JSON") from None
    return loaded


def _check_form(source: Source, loaded: object) -> None:
    faults = sorted(Draft202012Validator(schema()).iter_errors(loaded), key=lambda one: len(one.absolute_path))
    if faults:
        path = list(faults[0].absolute_path)
        path += _unknown(faults[0])[:1]
        raise source.fault(path, _expected(faults[0]))


def _unknown(fault: ValidationError) -> list[str]:
    """The keys that the schema does not know, if that is the fault."""
    if fault.validator != "additionalProperties" or not isinstance(fault.instance, Mapping):
        return []
    return sorted(set(fault.instance) - set(fault.schema.get("properties", ())))  # type: ignore[union-attr] # not a bool


def _expected(fault: ValidationError) -> str:
    described = fault.schema if isinstance(fault.schema, Mapping) else {}
    if _unknown(fault):
        return f"expected one of {', '.join(described['properties'])}, got another key"
    got = "none" if fault.validator in {"required", "anyOf"} else "another"
    lacking = f" (required: {', '.join(fault.validator_value)})" if fault.validator == "required" else ""  # type: ignore[arg-type] # a list
    return f"expected {described.get('description', 'another form')}{lacking}, got {got}"


def _check_addresses(source: Source, entry: Entry, index: int, leeway: Leeway) -> None:
    for name in ("jwks_urls", "fhir_servers", "smart_origins", "smart_frames"):
        if not leeway.plain_http and any(not url.startswith("https://") for url in entry.get(name, ())):
            message = "expected https:// addresses, got http://, which the setting private_networks alone allows"
            raise source.fault(("client", index, name), message)
    if leeway.test_tools:
        return
    message = (
        "expected no client whose private key is public, got a test tool;"
        " the settings demo and private_networks allow it, without real patients"
    )
    if any(url.startswith(SANDBOX) for url in (entry["issuer"], *entry.get("jwks_urls", ()))):
        raise source.fault(("client", index, "issuer"), message)
    if entry.get("profile") in TEST_TOOLS:
        raise source.fault(("client", index, "profile"), message)


def _check_keys(source: Source, entry: Entry, index: int) -> None:
    keys: Sequence[Entry] = entry.get("jwks", {}).get("keys", ())
    for number, key in enumerate(keys):
        path = ("client", index, "jwks", "keys", number)
        try:
            jwt.PyJWK.from_dict(dict(key))
        except (jwt.PyJWTError, ValueError, TypeError, KeyError):
            raise source.fault(path, "expected a public key that can be read, got another") from None
    if _repeated(key["kid"] for key in keys):
        raise source.fault(("client", index, "jwks"), "expected every kid once, got one twice")


def _check_words(source: Source, entry: Entry, index: int) -> None:
    if entry.get("language", LANGUAGE).partition("-")[0] not in LANGUAGES:
        message = f"expected one of {', '.join(LANGUAGES)}, with a country or without, got another language"
        raise source.fault(("client", index, "language"), message)
    rules = entry.get("rules", {})
    if both := sorted({*rules.get("off", ())} & {*rules.get("shadow", ())}):
        raise source.fault(("client", index, "rules", "shadow"), f"expected {both[0]} in off or in shadow, got both")


def _check_unique(source: Source, entries: Sequence[Entry], name: str) -> None:
    repeated = _repeated(entry[name] for entry in entries)
    for index in reversed(range(len(entries))):
        if entries[index][name] in repeated:
            raise source.fault(("client", index, name), f"expected another {name} for each client, got one twice")


def _repeated(values: Iterable[str]) -> frozenset[str]:
    return frozenset(value for value, times in Counter(values).items() if times > 1)


def _key(path: Sequence[Step]) -> str:
    """A JSONPath; a long name in it may be a secret in the wrong place and is cut."""
    named = (f"[{step}]" if isinstance(step, int) else f".{_short(step)}" for step in path)
    return f"${''.join(named)}"


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[:8]}…"
