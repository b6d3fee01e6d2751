"""What must be set before the service starts, and what it says where nobody is checked."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from cds_service.errors import OutboundFault, SettingsFault
from cds_service.server import banner
from cds_service.settings import Settings
from cds_service.trust.audience import audiences_of, canonical
from cds_service.trust.door import TokenDoor
from cds_service.trust.start import REPLAYS, check_development, token_door
from cds_service.web.state import anybody, state
from cds_service.wsgi import build
from tests.helpers.tokens import BASE, client, jwk, jwks, private_key
from tests.helpers.wire import NOW


def unreachable(*_: object) -> bytes:
    raise OutboundFault("unreachable")


def door(settings: Settings, *clients: object) -> TokenDoor:
    return token_door(settings, clients, unreachable, lambda: NOW, lambda: 0.0, lambda: None)  # type: ignore[arg-type]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", "LOCALHOST"])
def test_without_clients_the_service_listens_on_loopback(host: str) -> None:
    check_development(Settings(host=host))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "10.1.2.3", "cds.example", "localhost.example", "127.0.0.1.x"])  # noqa: S104 - refused
def test_without_clients_it_does_not_start_where_others_could_call(host: str) -> None:
    with pytest.raises(SettingsFault, match="COBALAMIN_HOST: expected a loopback address"):
        build(Settings(host=host))
    check_development(Settings(host=host, clients="clients.toml"))


@pytest.mark.parametrize("base_url", ["", "cds.example", "ftp://cds.example", "https://", "https://u:p@cds.example"])
def test_with_clients_the_public_address_must_be_set(base_url: str) -> None:
    with pytest.raises(SettingsFault, match="COBALAMIN_BASE_URL: expected"):
        door(Settings(clients="clients.toml", base_url=base_url), client())


WRONG = {
    "none": (client(algorithms=("none",)), "expected algorithms that sign, got none"),
    "a shared secret": (client(algorithms=("ES384", "HS256")), "got HS256"),
    "no key": (client(jwks={}), "expected a public key"),
    "a key too short": (client(jwks=jwks(jwk(private_key("RS384", bits=1024)))), "expected a public key"),
    "no key set": (client(jwks={"keys": "x"}), "expected a list"),
}


@pytest.mark.parametrize(("wrong", "said"), WRONG.values(), ids=WRONG)
def test_a_client_that_could_never_come_in_is_refused_at_start(wrong: object, said: str) -> None:
    with pytest.raises(SettingsFault, match=said):
        door(Settings(base_url=BASE), wrong)


def test_two_clients_of_one_issuer_are_refused_at_start() -> None:
    with pytest.raises(SettingsFault, match="one client for each issuer"):
        door(Settings(base_url=BASE), client(), replace(client(), id="second"))


def test_the_door_is_the_one_that_the_settings_ask_for(tmp_path: Path) -> None:
    file = tmp_path / "clients.toml"
    file.write_text('[[client]]\nid = "a"\nissuer = "https://a.example"\njwks_urls = ["https://a.example/jwks"]\n')
    spool = tmp_path / "spool"
    shut = build(Settings(clients=str(file), base_url=BASE, host="0.0.0.0", spool_dir=spool))  # noqa: S104 - allowed with clients
    open_ = build(Settings(spool_dir=spool))
    with shut.app_context():
        found = state().door
        assert isinstance(found, TokenDoor)
        assert found.replays
        assert list(found.trusted.by_issuer) == ["https://a.example"]
    with open_.app_context():
        assert state().door is anybody
    assert not (spool / REPLAYS).exists(), "nothing is opened before a call, or forked workers would share it"


def test_the_banner_says_when_nobody_is_checked() -> None:
    assert "Trust is off" in banner(Settings(), "http://127.0.0.1:1")
    assert "Trust is off" in banner(Settings(demo=True), "http://127.0.0.1:1")
    assert "Trust is off" not in banner(Settings(clients="clients.toml"), "http://127.0.0.1:1")


ALIKE = ["https://a.example/b/", "HTTPS://A.Example:443//b", "https://a.example:0443/b//"]
UNLIKE = ["", "b", "//a.example/b", "http://a.example/b", "https://a.example:8443/b", "https:///a.example/b"]
UNLIKE += ["https://a.example/b?x", "https://a.example/b#x", "https://u@a.example/b", "https://a.example/b/../b"]
UNLIKE += ["https://a.example/B", "https://a.example/%62", "https://a.example/b\n", " https://a.example/b"]


@pytest.mark.parametrize("url", ALIKE)
def test_addresses_that_proxies_and_clients_write_differently_are_alike(url: str) -> None:
    assert canonical(url) == "https://a.example/b"


@pytest.mark.parametrize("url", UNLIKE)
def test_addresses_that_are_others_are_not_alike(url: str) -> None:
    assert canonical(url) != "https://a.example/b"


def test_an_address_that_is_none_has_no_audience() -> None:
    assert audiences_of("nothing", "/x") == frozenset()
    assert audiences_of("https://a.example/b", "/s/feedback") == {
        "https://a.example/b/s",
        "https://a.example/b/s/feedback",
    }
