"""Calling out under TLS: a host is trusted by its certificate and its name, whatever its address."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from cds_service.errors import OutboundFault
from cds_service.outbound import Outbound
from tests.helpers.fhir_server import FhirServer, Reply, serving

SECONDS = 10.0
TODAY = datetime.now(UTC)


def certified(path: Path, *names: x509.GeneralName, days: int = 1) -> str:
    """A file of a key and a certificate that vouches for itself under these names."""
    key = ec.generate_private_key(ec.SECP256R1())
    own = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "made for a test")])
    certificate = (
        x509.CertificateBuilder(own, own, key.public_key(), x509.random_serial_number())
        .not_valid_before(TODAY - timedelta(days=2))
        .not_valid_after(TODAY + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    return str(path)


LOOPBACK = x509.IPAddress(ip_address("127.0.0.1"))


@pytest.fixture
def certificate(tmp_path: Path) -> str:
    return certified(tmp_path / "own.pem", LOOPBACK)


def under(certificate: str) -> Iterator[FhirServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with serving(tls=context) as running:
        running.fail(Reply({"a": 1}))
        yield running


@pytest.fixture
def server(certificate: str) -> Iterator[FhirServer]:
    yield from under(certificate)


def kind_of(server: FhirServer, trusted: str) -> str:
    """What comes of a call that trusts this file: the kind of fault, or nothing."""
    with closing(Outbound(private_networks=True, most_bytes=1000, at_once=1, ca_bundle=trusted)) as outbound:
        try:
            outbound.get(f"{server.base}/x", {}, SECONDS)
        except OutboundFault as fault:
            return fault.kind
    return ""


def test_a_host_is_trusted_by_the_authorities_of_the_setting(server: FhirServer, certificate: str) -> None:
    assert kind_of(server, certificate) == ""
    assert len(server.seen) == 1


def test_a_host_is_not_trusted_by_others(server: FhirServer, tmp_path: Path) -> None:
    assert kind_of(server, "") == "unreachable"
    assert kind_of(server, certified(tmp_path / "other.pem", LOOPBACK)) == "unreachable"
    assert server.seen == []


UNTRUE = {"another name": ((x509.DNSName("ehr.example"),), 1), "a certificate of yesterday": ((LOOPBACK,), -1)}


@pytest.mark.parametrize(("names", "days"), UNTRUE.values(), ids=UNTRUE)
def test_a_certificate_must_be_for_this_host_and_day(
    tmp_path: Path, names: tuple[x509.GeneralName, ...], days: int
) -> None:
    own = certified(tmp_path / "own.pem", *names, days=days)
    for server in under(own):
        assert kind_of(server, own) == "unreachable"
        assert server.seen == []
