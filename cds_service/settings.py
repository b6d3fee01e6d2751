"""Settings: one table (name, default, type, help) that the command line, the README and the checks come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal, get_args, get_origin
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from cds_service.errors import SettingsFault

PREFIX = "COBALAMIN_"
FILE = "_FILE"


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("expected a time zone such as Europe/London") from None
    return name


class Settings(BaseModel):
    """
    Everything that can be set. Each is read from the environment under PREFIX and its name in capitals.

    The same name with _FILE behind it may name a file that holds the value instead.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8095, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    workers: int = Field(1, ge=1, le=64, description="Worker processes.")
    threads: int = Field(
        32, ge=1, le=256, description="Threads in each worker; some more than calls at once keep health answering."
    )
    demo: bool = Field(
        default=False,
        description="Demo mode: a request may set its own day and protocol by extension. Never with real patients.",
    )
    database_url: str = Field(
        "sqlite:///var/cobalamin.db", description="Database of evaluations and feedback, as an SQLAlchemy URL."
    )
    spool_dir: Path = Field(
        Path("var/spool"), description="Folder on a local disk where records wait for the database."
    )
    drain_seconds: float = Field(2.0, gt=0, le=3600, description="Seconds between two drains of the spool.")
    protocol: str = Field(
        "us-practice",
        description="Protocol in force: us-label, us-practice, uk-nice-bnf, nl-kompas, de-label, ch-label or be-label.",
    )
    site_codes: str = Field(
        "",
        description="Folder of FHIR ValueSets (*.json) whose ids are among ours: your own codes and phrases are added.",
    )
    time_zone: Annotated[str, AfterValidator(_zone)] = Field(
        "UTC", description="Zone of the clinic's calendar day, such as America/New_York."
    )
    max_body_bytes: int = Field(10_000_000, ge=1000, description="Largest request body; a larger one gets 413.")
    max_resources: int = Field(20_000, ge=1, description="Most FHIR resources in one request; more get 413.")
    max_cards: int = Field(
        5, ge=1, le=50, description="Most cards in one answer while ordering; critical ones are never cut."
    )
    max_chart_cards: int = Field(
        3, ge=1, le=50, description="The same while a chart is opened or written, or a patient discharged."
    )
    all_clear: bool = Field(
        default=False, description="Say so in a card when a chart is opened and B12 therapy is on schedule."
    )
    clients: str = Field(
        "",
        description="TOML file of the clients that may call. Empty: development, nobody is checked, loopback only.",
    )
    replay_check: bool = Field(
        default=True, description="Refuse a token whose jti was seen; off for harnesses that replay."
    )
    replay_url: str = Field(
        "",
        description="Database of used tokens, as an SQLAlchemy URL, where several hosts share them; "
        "empty: a SQLite file in the spool folder.",
    )
    budget_ms: int = Field(450, ge=50, le=10_000, description="Milliseconds for one call, fetching included.")
    fetch: bool = Field(default=True, description="Fetch from the client's FHIR server what prefetch did not bring.")
    fetch_threads: int = Field(16, ge=1, le=256, description="FHIR queries at once in each worker.")
    fetch_pages: int = Field(
        20, ge=1, le=1000, description="Most pages of one FHIR search; the rest is named as not seen."
    )
    fetch_bytes: int = Field(10_000_000, ge=1000, description="Largest answer of a FHIR server or key set.")
    ca_bundle: str = Field(
        "", description="PEM file of authorities to trust for FHIR servers and key sets; empty: the public ones."
    )
    private_networks: bool = Field(
        default=False,
        description="FHIR servers and key sets may be on private or loopback addresses, also without TLS: for a"
        " hospital's own network, with a file of clients that names each server, or for development.",
    )
    calls_per_minute: int = Field(
        12_000, ge=1, description="Most calls of one client in a minute, per worker; more get 429."
    )
    calls_at_once: int = Field(24, ge=1, le=1024, description="Most calls at once in each worker; more get 429.")
    repeat_hours: float = Field(
        12,
        ge=0,
        le=8760,
        description="Hours for which the same advice on a chart is not shown again to the same user; 0: always shown."
        " Needs pseudonym_key; off in demo mode.",
    )
    mute_days: float = Field(
        30,
        ge=0,
        le=3650,
        description="Days for which an override with a reason mutes that advice for that user and patient, unless it"
        " is critical; 0: never. Needs pseudonym_key; off in demo mode.",
    )
    retention_days: int = Field(
        730,
        ge=0,
        description="Days for which evaluations and feedback are kept; what is older is removed; 0: kept for good.",
    )
    spool_bytes: int = Field(
        2_000_000_000,
        ge=1_000_000,
        description="Most bytes in the spool; beyond it feedback gets 503, evaluations are dropped and counted.",
    )
    pseudonym_key: SecretStr = Field(
        SecretStr(""),
        description="Secret under which patients and users are hashed before they are kept; the same on all hosts,"
        " and for good. Empty: they are not kept, and every repeat is shown.",
    )
    keep_comments: bool = Field(
        default=False,
        description="Keep what clinicians write in feedback; it may hold names. Off: only that something was written.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severity that is logged."
    )
    metrics_port: int = Field(
        0, ge=0, le=65535, description="Port of its own for /metrics; 0 serves it beside everything else."
    )
    metrics_dir: str = Field(
        "", description="Empty folder in which workers share metrics; empty: one under the system's temporary folder."
    )
    telemetry_url: str = Field(
        "", description="OTLP/HTTP address for traces; empty: none. Needs the extra `telemetry`."
    )
    login_header: str = Field(
        "",
        description="Header in which a proxy in front names the logged-in operator, for /insights; needs"
        " login_proxy_secret.",
    )
    login_proxy_secret: SecretStr = Field(
        SecretStr(""),
        description="What the proxy sends as X-Login-Secret, 32 characters or more: without it login_header is"
        " anybody's word.",
    )
    oidc_issuer: str = Field(
        "",
        description="OpenID Connect issuer (https) at which operators log in, for /insights; needs base_url, the other"
        " oidc settings, session_key and the extra `login`.",
    )
    oidc_client_id: str = Field("", description="Id under which the issuer knows this service.")
    oidc_client_secret: SecretStr = Field(SecretStr(""), description="Secret for the issuer.")
    oidc_scope: str = Field(
        "openid email", description="Scopes to ask the issuer for; some give groups only with one of their own."
    )
    oidc_allowed: str = Field(
        "", description="Who may see /insights: verified e-mail addresses and names of groups, separated by commas."
    )
    session_key: SecretStr = Field(
        SecretStr(""),
        description="Secret that signs the cookie of a login, 32 characters or more; the same on all hosts.",
    )
    cors_origins: str = Field("*", description="Origins of browser clients, separated by commas.")
    base_url: str = Field(
        "", description="Public URL of this service, for links in its OpenAPI page; empty: as it is called."
    )

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], **given: object) -> Settings:
        """
        Read settings from an environment; `given` (from the command line) go first, None meaning not given.

        Raises SettingsFault for a name that is not a setting, and for a wrong value, without repeating it.
        """
        names = {f"{PREFIX}{name.upper()}": name for name in cls.model_fields}
        found = dict(_from_files({name: value for name, value in environ.items() if name.startswith(PREFIX)}))
        if unknown := sorted(set(found) - set(names)):
            raise SettingsFault(f"expected a setting, got {', '.join(unknown)}; known: {', '.join(sorted(names))}")
        values = {names[name]: value for name, value in found.items()}
        values |= {name: value for name, value in given.items() if value is not None}  # type: ignore[misc] # checked next
        try:
            return cls.model_validate(values)
        except ValidationError as fault:
            first = fault.errors(include_input=False, include_url=False)[0]
            name = f"{PREFIX}{str(first['loc'][0]).upper()}"
            raise SettingsFault(f"{name}: {first['msg']}") from None


def _from_files(found: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """A name with _FILE behind it stands for the words in that file: so secrets stay out of the environment."""
    for name, value in found.items():
        if not name.endswith(FILE):
            yield name, value
            continue
        if name.removesuffix(FILE) in found:
            raise SettingsFault(f"{name}: expected this or {name.removesuffix(FILE)}, got both")
        try:
            yield name.removesuffix(FILE), Path(value).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as fault:
            raise SettingsFault(f"{name}: expected a readable file, got {type(fault).__name__}") from None


def settings_table() -> Iterator[tuple[str, str, str, str]]:
    """(environment name, default, type, help) of every setting."""
    for name, field in Settings.model_fields.items():
        yield f"{PREFIX}{name.upper()}", str(field.default), _kind(field.annotation), field.description or ""


def _kind(annotation: object) -> str:
    """How a person calls the type: a choice by its words."""
    if get_origin(annotation) is Literal:
        return " or ".join(get_args(annotation))
    return getattr(annotation, "__name__", str(annotation))
