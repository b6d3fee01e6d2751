"""The file of clients: what is read from it, and what is refused, told by line and key and never by value."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric import ec
from jsonschema import Draft202012Validator
from jwt.algorithms import ECAlgorithm

from cds_service.cli import main
from cds_service.cli_clients import EXAMPLES
from cds_service.clients import ALGORITHMS, RuleChanges
from cds_service.clients_file import MOST_BYTES, Leeway, check_clients, leeway_of, load_clients, schema
from cds_service.errors import ClientsFault, SettingsFault
from cds_service.knowledge import Knowledge, roots
from cds_service.settings import Settings
from cds_service.wsgi import build
from tests.helpers import wire

FOLDER = roots().fhir_profiles / "clients"
OPEN = Leeway(plain_http=True, test_tools=True)
PLANTED = "s3cr3t-value-that-no-message-repeats"
LEAST = """\
[[client]]
id = "hospital"
issuer = "https://ehr.example.org"
jwks_urls = ["https://ehr.example.org/jwks.json"]
"""
FULL = """
algorithms = ["ES384"]
tenants = ["a", "b"]
fhir_servers = ["https://ehr.example.org/fhir/r4"]
protocol = "uk-nice-bnf"
language = "en"
profile = "epic"

[client.preference_list]
"2132-9" = "12345"

[client.rules]
off = ["potassium_check"]
shadow = ["level_falling"]
indicators = { dose_out_of_range = "critical" }
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "clients.toml"
    path.write_text(text, "utf-8")
    return path


def key_pair() -> tuple[wire.Json, wire.Json]:
    """A new key, as its private and its public JWK."""
    private: wire.Json = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP384R1()), as_dict=True) | {"kid": "k1"}
    return private, {name: value for name, value in private.items() if name not in {"d", "key_ops"}}


# What is read


def test_a_client_needs_an_id_an_issuer_and_keys_and_the_rest_has_defaults(tmp_path: Path) -> None:
    [(issuer, client)] = load_clients(written(tmp_path, LEAST)).items()
    assert issuer == client.issuer == "https://ehr.example.org"
    assert (client.id, client.profile, client.language, client.protocol) == ("hospital", "standard", "", "")
    assert client.jwks_urls == ("https://ehr.example.org/jwks.json",)
    assert client.algorithms == ALGORITHMS
    assert (client.fhir_servers, client.tenants, client.rules) == ((), (), RuleChanges())


def test_everything_that_can_be_said_of_a_client_is_read(tmp_path: Path, knowledge: Knowledge) -> None:
    path = written(tmp_path, LEAST + FULL)
    loaded = load_clients(path)
    check_clients(path, loaded, knowledge)
    client = loaded["https://ehr.example.org"]
    assert (client.algorithms, client.tenants) == (("ES384",), ("a", "b"))
    assert client.fhir_servers == ("https://ehr.example.org/fhir/r4",)
    assert (client.protocol, client.profile) == ("uk-nice-bnf", "epic")
    assert client.preference_list == {"2132-9": "12345"}
    assert client.rules == RuleChanges(
        frozenset({"potassium_check"}), frozenset({"level_falling"}), {"dose_out_of_range": "critical"}
    )


def test_keys_may_be_pasted_as_the_json_in_which_they_came(tmp_path: Path) -> None:
    _, public = key_pair()
    pasted = f"jwks = '''{json.dumps({'keys': [public]}, indent=2)}'''\n"
    client = load_clients(written(tmp_path, LEAST.replace("jwks_urls", "# ") + pasted))["https://ehr.example.org"]
    assert client.jwks == {"keys": [public]}
    table = "\n".join(["[[client.jwks.keys]]", *(f'{name} = "{value}"' for name, value in public.items())])
    again = load_clients(written(tmp_path, LEAST.replace("jwks_urls", "# ") + table))["https://ehr.example.org"]
    assert again.jwks == client.jwks


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_sound_in_development(name: str, knowledge: Knowledge) -> None:
    path = FOLDER / f"{name}.toml"
    loaded = load_clients(path, OPEN)
    check_clients(path, loaded, knowledge)
    assert [client.profile for client in loaded.values()] == [name]
    assert all(line == "" or len(line) <= 120 for line in path.read_text("utf-8").splitlines())


def test_there_is_an_example_for_every_profile_that_differs() -> None:
    profiles = schema()["$defs"]["client"]["properties"]["profile"]["enum"]
    assert set(profiles) - {"standard"} == set(EXAMPLES) == {path.stem for path in FOLDER.glob("*.toml")}


def test_the_schema_is_one_and_no_part_of_the_interface() -> None:
    Draft202012Validator.check_schema(schema())
    assert not [name for name in wire.SCHEMAS if "client" in name]


# What is refused

JWKS = 'jwks_urls = ["https://ehr.example.org/jwks.json"]'
BAD: list[tuple[str, str, str]] = [
    ("", "1: $", "(required: client)"),
    ("client = 1", "1: $.client", "1 to 1000 tables"),
    ("not toml", "1: $", "expected TOML"),
    ("[[client]]\nid = 'a'\n" + JWKS, "1: $.client[0]", "(required: id, issuer)"),
    ("[[client]]\nid = 'a'\nissuer = 'i'", "1: $.client[0]", "jwks or jwks_urls"),
    (LEAST.replace("hospital", "A B"), "2: $.client[0].id", "small letters"),
    (LEAST.replace("hospital", "development"), "2: $.client[0].id", "not `development`"),
    (LEAST.replace('"https://ehr.example.org"', '"a b"'), "3: $.client[0].issuer", "one word"),
    (LEAST + "isuer = 1", "5: $.client[0].isuer", "got another key"),
    (LEAST + 'algorithms = ["none"]', "5: $.client[0].algorithms[0]", "never none or HS*"),
    (LEAST + 'algorithms = ["ES384", "HS256"]', "5: $.client[0].algorithms[1]", "never none or HS*"),
    (LEAST + "algorithms = []", "5: $.client[0].algorithms", "1 to 10"),
    (LEAST + 'algorithms = ["ES384", "ES384"]', "5: $.client[0].algorithms", "each once"),
    (LEAST + 'fhir_servers = ["http://ehr.example.org"]', "5: $.client[0].fhir_servers", "private_networks"),
    (LEAST.replace('["https', '["http'), "4: $.client[0].jwks_urls", "private_networks"),
    (LEAST + 'fhir_servers = ["https://u:p@ehr.example.org"]', "5: $.client[0].fhir_servers[0]", "password"),
    (LEAST + 'fhir_servers = ["https://ehr.example.org?x=1"]', "5: $.client[0].fhir_servers[0]", "query"),
    (LEAST + 'fhir_servers = ["file:///etc/passwd"]', "5: $.client[0].fhir_servers[0]", "an address such as"),
    (LEAST + 'fhir_servers = ["https://a.example", "https://a.example"]', "5: $.client[0].fhir_servers", "each once"),
    (LEAST + 'profile = "cerner"', "5: $.client[0].profile", "one of standard, epic, oracle, sandbox, inferno"),
    (LEAST + 'profile = "inferno"', "5: $.client[0].profile", "whose private key is public"),
    (LEAST + 'language = "English"', "5: $.client[0].language", "a language tag"),
    (LEAST + 'language = "fr"', "5: $.client[0].language", "expected one of en, es, de"),
    (LEAST + "tenants = [1]", "5: $.client[0].tenants[0]", "1 to 500 characters"),
    (LEAST + '[client.rules]\noff = "x"', "6: $.client[0].rules.off", "a list of up to 200"),
    (LEAST + '[client.rules]\nof = ["x"]', "6: $.client[0].rules.of", "one of off, shadow, indicators"),
    (LEAST + '[client.rules]\noff = ["a"]\nshadow = ["a"]', "7: $.client[0].rules.shadow", "in off or in shadow"),
    (LEAST + '[client.rules.indicators]\na = "loud"', "6: $.client[0].rules.indicators.a", "info, warning or critical"),
    (LEAST + '[client.preference_list]\nb12 = "1"', "5: $.client[0].preference_list", "a LOINC code"),
    (LEAST + '[client.preference_list]\n"2132-9" = "a b"', "6: $.client[0].preference_list.2132-9", "one word"),
    (LEAST + LEAST, "6: $.client[1].id", "another id for each client"),
    (LEAST + LEAST.replace("hospital", "clinic"), "7: $.client[1].issuer", "another issuer for each client"),
    (LEAST + LEAST.replace("https://ehr", "ftp://ehr"), "8: $.client[1].jwks_urls[0]", "an address such as"),
    (LEAST + "jwks = 'x'", "5: $.client[0].jwks", "text that is not JSON"),
    (LEAST + "jwks = '{}'", "5: $.client[0].jwks", "(required: keys)"),
    (LEAST + "jwks = '{\"keys\": []}'", "5: $.client[0].jwks.keys", "1 to 100 public keys"),
]


@pytest.mark.parametrize(("text", "where", "message"), BAD, ids=[f"{one[1]} {one[2]}" for one in BAD])
def test_what_is_wrong_is_named_with_line_and_key(tmp_path: Path, text: str, where: str, message: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ClientsFault) as found:
        load_clients(path)
    assert str(found.value).startswith(f"{path}:{where}: expected "), str(found.value)
    assert message in str(found.value)


def test_a_fault_of_the_knowledge_is_named_with_line_and_key(tmp_path: Path, knowledge: Knowledge) -> None:
    for text, where, message in (
        ('protocol = "us-praxis"', "5: $.client[0].protocol", "expected one of be-label, "),
        ('[client.rules]\noff = ["potasium"]', "6: $.client[0].rules.off", "got potasium, which none has"),
        ("[client.rules]\nshadow = ['x']", "6: $.client[0].rules.shadow", "got x, which none has"),
        ("[client.rules]\nindicators = { x = 'info' }", "6: $.client[0].rules.indicators.x", "got x, which none has"),
    ):
        path = written(tmp_path, LEAST + text)
        with pytest.raises(ClientsFault) as found:
            check_clients(path, load_clients(path), knowledge)
        assert str(found.value).startswith(f"{path}:{where}: "), str(found.value)
        assert message in str(found.value)


def pasted(*keys: wire.Json) -> str:
    return LEAST + f"jwks = '''{json.dumps({'keys': keys})}'''\n"


def keys_refused() -> list[tuple[str, list[wire.Json]]]:
    private, public = key_pair()
    return [
        ("never its private part", [private]),
        ("never a shared secret", [{"kty": "oct", "kid": "k", "k": PLANTED}]),
        ("never a shared secret", [public | {"k": PLANTED}]),
        ("never its private part", [{"kty": "RSA", "kid": "k", "n": "x", "e": "AQAB", "p": PLANTED}]),
        ("a public key with kid", [{name: value for name, value in public.items() if name != "kid"}]),
        ("that can be read", [public | {"crv": "P-1"}]),
        ("that can be read", [public | {"x": "AAAA"}]),
        ("every kid once", [public, public]),
    ]


@pytest.mark.parametrize("index", range(8))
def test_keys_that_are_private_shared_unreadable_or_named_twice_are_refused(tmp_path: Path, index: int) -> None:
    message, keys = keys_refused()[index]
    with pytest.raises(ClientsFault) as found:
        load_clients(written(tmp_path, pasted(*keys)))
    said = str(found.value)
    assert message.split(" ", 1)[1] in said
    for value in (value for key in keys for name, value in key.items() if name in {"d", "k", "p"}):
        assert value not in said


def test_no_fault_repeats_a_value(tmp_path: Path) -> None:
    for key in ("id", "issuer", "profile", "protocol", "language", "jwks"):
        text = re.sub(rf"(?m)^{key} = .*\n", "", LEAST) + f'{key} = "{PLANTED} {PLANTED}"\n'
        with pytest.raises(ClientsFault) as found:
            load_clients(written(tmp_path, text))
        assert PLANTED not in str(found.value)
    with pytest.raises(ClientsFault) as found:
        load_clients(written(tmp_path, LEAST + f"{PLANTED * 3} = 1"))
    assert PLANTED not in str(found.value)


def test_the_public_sandbox_is_refused_outside_development(tmp_path: Path) -> None:
    example = (FOLDER / "sandbox.toml").read_text("utf-8")
    disguised = LEAST.replace("https://ehr.example.org/jwks", "https://sandbox.cds-hooks.org/.well-known/jwks")
    for text in (example, example.replace('profile = "sandbox"', ""), disguised):
        path = written(tmp_path, text)
        with pytest.raises(ClientsFault, match="issuer: expected no client whose private key is public"):
            load_clients(path)
        assert load_clients(path, leeway_of(Settings(demo=True)))
        assert load_clients(path, leeway_of(Settings(private_networks=True)))


def test_plain_http_is_for_private_networks_and_not_for_demo_mode(tmp_path: Path) -> None:
    path = written(tmp_path, LEAST.replace('["https', '["http'))
    assert load_clients(path, leeway_of(Settings(private_networks=True)))
    with pytest.raises(ClientsFault, match="private_networks"):
        load_clients(path, leeway_of(Settings(demo=True)))


def test_a_file_that_is_missing_too_large_too_deep_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ClientsFault, match="a file that can be read, got FileNotFoundError"):
        load_clients(tmp_path / "none.toml")
    with pytest.raises(ClientsFault, match="at most 1000000 bytes"):
        load_clients(written(tmp_path, LEAST + "#" * MOST_BYTES))
    with pytest.raises(ClientsFault, match="expected TOML"):
        load_clients(written(tmp_path, "client = " + "[" * 5000))
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ClientsFault, match="expected TOML"):
        load_clients(tmp_path / "bytes.toml")
    with pytest.raises(ClientsFault, match="1 to 1000 tables"):
        load_clients(written(tmp_path, "\n".join(LEAST.replace("hospital", f"h{n}") for n in range(1001))))


# Where it is used


def test_the_service_does_not_start_on_a_broken_file_of_clients(tmp_path: Path) -> None:
    path = written(tmp_path, LEAST + '[client.rules]\noff = ["potasium"]')
    own: dict[str, Any] = {"spool_dir": tmp_path / "spool", "base_url": "https://cds.example.org"}
    with pytest.raises(SettingsFault, match=r"clients\.toml:6: \$\.client\[0\]\.rules\.off: expected the id of a rule"):
        build(Settings(clients=str(path), **own))


def test_the_command_line_checks_a_file_and_prints_examples(tmp_path: Path) -> None:
    sound = CliRunner().invoke(main, ["clients", "check", str(written(tmp_path, LEAST + FULL))])
    assert sound.exit_code == 0, sound.output
    for said in ("Client hospital", "https://ehr.example.org/fhir/r4", "off: potassium_check", "shadow: level_falling"):
        assert said in sound.output
    broken = CliRunner().invoke(main, ["clients", "check", str(written(tmp_path, LEAST + "x = 1"))])
    assert broken.exit_code == 1
    assert ":5: $.client[0].x: expected one of id, issuer," in broken.output
    for name in EXAMPLES:
        printed = CliRunner().invoke(main, ["clients", "example", name])
        assert printed.output == (FOLDER / f"{name}.toml").read_text("utf-8")
