"""What the file of clients says of the SMART app, and what is refused of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cds_service.clients import Client
from cds_service.clients_file import Leeway, load_clients
from cds_service.errors import ClientsFault

LEAST = """\
[[client]]
id = "hospital"
issuer = "https://ehr.example.org"
jwks_urls = ["https://ehr.example.org/jwks.json"]
fhir_servers = ["https://ehr.example.org/fhir"]
"""
APP = """\
smart_app = true
smart_client_id = "b12-app"
smart_origins = ["https://login.example.org", "https://login.example.org:8443"]
smart_frames = ["https://ehr.example.org"]
"""


def loaded(folder: Path, text: str, leeway: Leeway | None = None) -> Client:
    path = folder / "clients.toml"
    path.write_text(text, "utf-8")
    [client] = load_clients(path, leeway or Leeway()).values()
    return client


def test_a_client_s_users_may_open_the_app_where_the_file_says_so(tmp_path: Path) -> None:
    client = loaded(tmp_path, LEAST + APP)
    assert (client.smart_app, client.smart_client_id) == (True, "b12-app")
    assert client.smart_origins == ("https://login.example.org", "https://login.example.org:8443")
    assert client.smart_frames == ("https://ehr.example.org",)
    assert not loaded(tmp_path, LEAST).smart_app


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (LEAST + "smart_app = true\n", "$.client[0]"),
        (LEAST.replace("fhir_servers", "# fhir_servers") + APP, "$.client[0]"),
        (LEAST + APP.replace("true", '"yes"'), "$.client[0].smart_app"),
        (LEAST + APP.replace("b12-app", "b12 app"), "$.client[0].smart_client_id"),
        (LEAST + APP.replace("https://login.example.org:8443", "https://login.example.org/auth"), "smart_origins[1]"),
        (LEAST + APP.replace("https://login.example.org:8443", "https://*.example.org"), "smart_origins[1]"),
        (LEAST + APP.replace("https://login.example.org:8443", "https://x; script-src *"), "smart_origins[1]"),
        (LEAST + APP.replace('["https://ehr.example.org"]', '["http://ehr.example.org"]'), "smart_frames"),
    ],
)
def test_what_would_open_more_than_is_meant_is_refused(tmp_path: Path, text: str, key: str) -> None:
    with pytest.raises(ClientsFault, match=r"clients\.toml") as fault:
        loaded(tmp_path, text)
    assert key in str(fault.value)


def test_addresses_without_tls_are_for_development(tmp_path: Path) -> None:
    text = LEAST + APP.replace('["https://ehr.example.org"]', '["http://127.0.0.1:9000"]')
    assert loaded(tmp_path, text, Leeway(plain_http=True)).smart_frames == ("http://127.0.0.1:9000",)
