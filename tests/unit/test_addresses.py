"""Which URLs are read, which addresses may be called, and what lies below a base."""

from __future__ import annotations

import pytest

from cds_service.addresses import base_of, lies_below, link_of, may_connect, origin_of

BASES = {
    "https://ehr.example/fhir": "https://ehr.example/fhir",
    "https://ehr.example/fhir/": "https://ehr.example/fhir",
    "HTTPS://EHR.example:443/FHIR/R4/": "https://ehr.example/FHIR/R4",
    "http://ehr.example:80": "http://ehr.example",
    "http://ehr.example:0080/": "http://ehr.example",
    "https://ehr.example:8443/a/b": "https://ehr.example:8443/a/b",
    "https://[2001:DB8::1]:443/r4": "https://[2001:db8::1]/r4",
    "https://ehr.example/api/FHIR/R4/a=b~c": "https://ehr.example/api/FHIR/R4/a=b~c",
}


@pytest.mark.parametrize(("url", "form"), BASES.items())
def test_a_base_has_one_form(url: str, form: str) -> None:
    assert base_of(url) == form


HOSTILE = (
    "",
    "ehr.example/fhir",
    "//ehr.example/fhir",
    "ftp://ehr.example/fhir",
    "file:///etc/passwd",
    "gopher://ehr.example/",
    "javascript:alert(1)",
    "https://",
    "https:///fhir",
    "https:ehr.example",
    "https://user@ehr.example/fhir",
    "https://user:word@ehr.example/fhir",
    "https://ehr.example@evil.example/fhir",
    "https://ehr.example#@evil.example/",
    "https://ehr.example?@evil.example/",
    "https://ehr.example\\@evil.example/",
    "https://ehr.example\\.evil.example/",
    "https://ehr.example/fhir/../admin",
    "https://ehr.example/fhir/./admin",
    "https://ehr.example/fhir/...",
    "https://ehr.example/fhir/%2e%2e/admin",
    "https://ehr.example/fhir/..;/admin",
    "https://ehr.example/fhir%2Fadmin",
    "https://ehr.example/fhir?x=1",
    "https://ehr.example/fhir#x",
    "https://ehr.example:x/fhir",
    "https://ehr.example:443443/fhir",
    "https://ehr.example/fhir admin",
    " https://ehr.example/fhir",
    "https://ehr.example/fhir\n",
    "https://ehr.example\r\nHost: evil.example/",
    "https://ehr.example/\x00",
    "https://ehr。example/fhir",
    "https://ｅhr.example/fhir",
    "https://ehr.example/fhír",
    "https://ehr_example/fhir",
    "https://[::1/fhir",
    "https://[fe80::1%25eth0]/fhir",
    "https://" + "a" * 5000,
)


@pytest.mark.parametrize("url", HOSTILE)
def test_what_two_readers_could_read_in_two_ways_is_no_base(url: str) -> None:
    assert base_of(url) == ""
    assert not lies_below(url, "https://ehr.example/fhir")
    assert not lies_below(url, url)


PUBLIC = ("8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808")
PRIVATE = ("127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "::1", "fc00::1",
           "fd12::1", "::ffff:127.0.0.1", "::ffff:10.1.1.1", "64:ff9b::7f00:1")  # fmt: skip
NEVER = (
    "0.0.0.0", "0.1.2.3", "169.254.169.254", "169.254.0.1", "100.64.0.1", "192.0.0.1", "198.18.0.1",  # noqa: S104 - not bound
    "192.0.2.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "::", "fe80::1", "fe80::1%eth0", "ff02::1",
    "::ffff:169.254.169.254", "::ffff:0.0.0.0", "::127.0.0.1", "fec0::1", "2002:7f00:1::", "2001:db8::1", "100::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2", "64:ff9b:1::1", "64:ff9b::a9fe:a9fe", "5f00::1", "", "ehr.example",
    "2130706433", "0x7f.1", "127.1", "/var/run/x.sock",
)  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_be_called(address: str) -> None:
    assert may_connect(address, private_networks=False)
    assert may_connect(address, private_networks=True)


@pytest.mark.parametrize("address", PRIVATE)
def test_loopback_and_private_ranges_are_opened_by_a_setting(address: str) -> None:
    assert not may_connect(address, private_networks=False)
    assert may_connect(address, private_networks=True)


@pytest.mark.parametrize("address", NEVER)
def test_no_setting_opens_link_local_or_special_addresses(address: str) -> None:
    assert not may_connect(address, private_networks=False)
    assert not may_connect(address, private_networks=True)


BELOW = [
    ("https://ehr.example/fhir", "https://ehr.example/fhir/", True),
    ("https://EHR.example:443/fhir/R4", "https://ehr.example/fhir", True),
    ("https://ehr.example/fhir", "https://ehr.example", True),
    ("https://ehr.example/fhir2", "https://ehr.example/fhir", False),
    ("https://ehr.example", "https://ehr.example/fhir", False),
    ("https://ehr.example/FHIR", "https://ehr.example/fhir", False),
    ("http://ehr.example/fhir", "https://ehr.example/fhir", False),
    ("https://ehr.example:8443/fhir", "https://ehr.example/fhir", False),
    ("https://ehr.example.evil.example/fhir", "https://ehr.example", False),
    ("https://evil.example/ehr.example/fhir", "https://ehr.example/fhir", False),
    ("https://ehr.example/fhir", "", False),
]


@pytest.mark.parametrize(("url", "base", "below"), BELOW)
def test_below_means_by_whole_segments_on_the_same_host(url: str, base: str, *, below: bool) -> None:
    assert lies_below(url, base) is below


BASE = "https://ehr.example/fhir"
LINKS = {
    "https://ehr.example/fhir/Observation?page=2": "https://ehr.example/fhir/Observation?page=2",
    "https://EHR.example:443/fhir?_getpages=a-b&x=%7C": "https://ehr.example/fhir?_getpages=a-b&x=%7C",
    "Observation?page=2": "https://ehr.example/fhir/Observation?page=2",
    "/fhir/Observation?page=2": "https://ehr.example/fhir/Observation?page=2",
    "?page=2": "https://ehr.example/fhir?page=2",
    "/admin?page=2": "",
    "//evil.example/fhir?page=2": "",
    "https://evil.example/fhir?page=2": "",
    "http://ehr.example/fhir?page=2": "",
    "https://ehr.example/fhir/../admin?page=2": "",
    "../admin?page=2": "",
    "https://ehr.example/fhir?page=2#x": "",
    "https://ehr.example/fhir?page= 2": "",
    "https://ehr.example/fhir?page=\r\nHost: x": "",
    "https://ehr.example/fhir?" + "x" * 5000: "",
    "file:///etc/passwd": "",
    "": "",
    "\x00": "",
    "Observation?page=2\n": "",
}


@pytest.mark.parametrize(("link", "followed"), LINKS.items())
def test_a_link_is_followed_only_below_its_base(link: str, followed: str) -> None:
    assert link_of(link, BASE) == followed


def test_an_origin_is_scheme_host_and_port() -> None:
    assert origin_of("https://EHR.example:443/fhir/x?y=1") == "https://ehr.example"
    assert origin_of("http://ehr.example:8080") == "http://ehr.example:8080"
    assert origin_of("https://a@b/") == ""
